import type { ColorImage } from '../../sensors/camera/frame.js';
import type { TouchMeasurement } from '../../sensors/tactile/touch.js';
import { shrink } from './shrink.js';

/** Depth that is white at least (m): a gel at rest does not show its noise. */
const LEAST_WHITE = 5e-4;

/**
 * What a gel felt as the viewer shows it: its camera's image, or its depths in grey, the deepest white. Undefined for
 * single points, and for an image that contradicts its size.
 */
export function touchPicture(touch: TouchMeasurement): ColorImage | undefined {
  if (touch.kind === 'touch-points') return undefined;
  const { width, height, data } = touch.kind === 'gel-image' ? touch.image : grey(touch);
  const fits = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  return fits && data.length === 3 * width * height ? shrink({ width, height, data }) : undefined;
}

function grey({ width, height, depth }: { width: number; height: number; depth: Float32Array }): ColorImage {
  let white = LEAST_WHITE;
  for (const d of depth) if (Number.isFinite(d) && d > white) white = d;
  const data = new Uint8Array(3 * depth.length);
  // What is not a number is black.
  for (let i = 0; i < depth.length; i++)
    data.fill(Math.round(255 * Math.min(1, Math.max(0, depth[i]! / white))) || 0, 3 * i, 3 * i + 3);
  return { width, height, data };
}
