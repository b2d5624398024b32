import { FeltmapError } from '../../geometry/errors.js';

/** Pixels of the largest image that is taken: 8192 × 4096. Claimed sizes are checked before anything is allocated. */
export const MOST_PIXELS = 1 << 25;

/** What an Image message says of its own layout. */
export interface ImageLayout {
  readonly width: number;
  readonly height: number;
  readonly encoding: string;
  /** Bytes of a row. */
  readonly step: number;
  readonly data: Uint8Array;
}

/** @throws FeltmapError bad-input for a size that no camera has */
export function checkSize(width: number, height: number, what: string): void {
  if (width > 0 && height > 0 && width * height <= MOST_PIXELS) return;
  throw new FeltmapError(
    'bad-input',
    `${what} claims ${width}×${height} pixels (1 to ${MOST_PIXELS} can be read); it is damaged or empty`,
  );
}

/**
 * Checks that the rows of an image are there.
 *
 * @param pixelBytes bytes of a pixel
 * @returns bytes of a row; the least that it can be where the message says 0
 * @throws FeltmapError bad-input
 */
export function checkRows(image: ImageLayout, pixelBytes: number): number {
  const { width, height, encoding, data } = image;
  checkSize(width, height, `An image of ${encoding}`);
  const least = width * pixelBytes;
  const step = image.step === 0 ? least : image.step;
  const claims = `An image of ${width}×${height} ${encoding}`;
  if (step < least)
    throw new FeltmapError(
      'bad-input',
      `${claims} has rows of ${step} bytes, but they need ${least}; check what publishes it`,
    );
  const needed = (height - 1) * step + least;
  if (data.length < needed)
    throw new FeltmapError(
      'bad-input',
      `${claims} has ${data.length} bytes, but needs ${needed}; the message is cut off or its size is wrong`,
    );
  return step;
}
