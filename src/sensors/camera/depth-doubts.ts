import type { DepthImage } from './frame.js';

/** Whole numbers of millimetres below this in every pixel are metres, or something else. */
const TOO_NEAR = 20;
/** Metres beyond this in the median pixel are millimetres. */
const TOO_FAR = 200;
/** Metres beyond this in the median pixel of whole millimetres are a smaller unit: no depth camera sees as far indoors. */
const TOO_FAR_MILLIMETRES = 12;
/**
 * Half of the pixels nearer than this and all but a few nearer than that (m), in whole millimetres, are what a room looks like in centimetres: at such distances few
 * depth cameras measure anything, and those that do mostly see something behind.
 */
const NEAR = { half: 0.25, nearlyAll: 0.5, others: 0.02 } as const;
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
  let near = 0;
  let beyond = 0;
  let most = 0;
  const millimetres = data instanceof Uint16Array && scale === 0.001;
  const limit = millimetres ? TOO_FAR_MILLIMETRES : TOO_FAR;
  const step = Math.max(1, Math.floor(data.length / SAMPLES));
  for (let i = 0; i < data.length; i += step) {
    const value = data[i]!;
    if (!(value > 0 && value < Infinity)) continue;
    known++;
    if (value > most) most = value;
    const metres = value * scale;
    if (metres > limit) far++;
    if (metres < NEAR.half) near++;
    if (metres > NEAR.nearlyAll) beyond++;
  }
  if (known === 0) {
    for (const value of data) if (value > 0 && value < Infinity) return undefined;
    return 'the depth image holds no distance at all (only zeros or NaN); check that nothing covers the camera';
  }
  if (millimetres && most < TOO_NEAR)
    return (
      `the largest depth is ${most} mm: are these metres in an image of 16UC1, whose unit is the millimetre (REP-118)? ` +
      'Publish 32FC1 for metres'
    );
  if (data instanceof Float32Array && 2 * far > known)
    return (
      `most depths are beyond ${TOO_FAR} m: are these millimetres in an image of 32FC1, whose unit is the metre (REP-118)? ` +
      'Publish 16UC1 for millimetres'
    );
  if (millimetres && 2 * far > known)
    return (
      `most depths are beyond ${TOO_FAR_MILLIMETRES} m: are these units smaller than the millimetre of 16UC1 (REP-118), such as tenths, or are ` +
      'the bytes in the other order than the message says?'
    );
  if (millimetres && 2 * near > known && beyond < NEAR.others * known)
    return (
      `half of the depth lies within ${NEAR.half * 100} cm and nearly all within ${NEAR.nearlyAll * 100} cm: unless the camera is as near, these are no ` +
      'millimetres, the unit of 16UC1 (REP-118), but a larger one, such as centimetres'
    );
  return undefined;
}
