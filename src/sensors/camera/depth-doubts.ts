import type { DepthImage } from './frame.js';

/** Whole numbers of millimetres below this in every pixel are metres, or something else. */
const TOO_NEAR = 20;
/** Metres beyond this in the median pixel are millimetres. */
const TOO_FAR = 200;
/** Pixels that are looked at. */
const SAMPLES = 4096;

/**
 * What looks wrong in a depth image: nothing measured, or values in another unit than the one they should have.
 *
 * @returns a sentence without its end; undefined where nothing looks wrong
 */
export function doubtOfDepth({ data, scale }: DepthImage): string | undefined {
  let known = 0;
  let far = 0;
  let most = 0;
  const step = Math.max(1, Math.floor(data.length / SAMPLES));
  for (let i = 0; i < data.length; i += step) {
    const value = data[i]!;
    if (!(value > 0 && value < Infinity)) continue;
    known++;
    if (value > most) most = value;
    if (value * scale > TOO_FAR) far++;
  }
  if (known === 0) {
    for (const value of data) if (value > 0 && value < Infinity) return undefined;
    return 'the depth image holds no distance at all (only zeros or NaN); check that nothing covers the camera';
  }
  if (data instanceof Uint16Array && scale === 0.001 && most < TOO_NEAR)
    return (
      `the largest depth is ${most} mm: are these metres in an image of 16UC1, whose unit is the millimetre (REP-118)? ` +
      'Publish 32FC1 for metres'
    );
  if (data instanceof Float32Array && 2 * far > known)
    return (
      `most depths are beyond ${TOO_FAR} m: are these millimetres in an image of 32FC1, whose unit is the metre (REP-118)? ` +
      'Publish 16UC1 for millimetres'
    );
  return undefined;
}
