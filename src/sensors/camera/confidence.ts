import { FeltmapError } from '../../geometry/errors.js';
import type { DepthImage } from './frame.js';

/** How sure a depth camera is of each pixel, row by row: 0 is not sure (ARKit: 0 low, 1 medium, 2 high). */
export interface Confidence {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Makes depth unknown where its camera is not sure of it: iPhones guess there from what lies around.
 *
 * @throws FeltmapError bad-input for an image of another size, or one that is sure of nothing
 */
export function dropUnsure(depth: DepthImage, { width, height, data }: Confidence): void {
  if (width !== depth.width || height !== depth.height)
    throw new FeltmapError(
      'bad-input',
      `the confidence of depth has ${width}×${height} pixels for ${depth.width}×${depth.height} of depth`,
    );
  if (data.every((sure) => sure === 0))
    throw new FeltmapError('bad-input', 'the confidence of depth is 0 in the whole image');
  for (let i = 0; i < data.length; i++) if (data[i] === 0) depth.data[i] = 0;
}
