import type { ColorImage } from '../camera/frame.js';
import { greyOf } from './depth-table.js';
import { TURNS, turnedPlace, type Turn } from './image-turns.js';

/** Pixels of each side of the grain, in the middle of the image. */
export const GRAIN_SIDE = 128;
/** Numbers of a grain. */
export const GRAIN_SIZE = GRAIN_SIDE * GRAIN_SIDE;

/**
 * The fine pattern of an untouched gel and of its camera: by how much each pixel in the middle of the image is brighter than
 * those around it, in thousandths, row by row.
 */
export type GelGrain = Int8Array;

/** Pixels on each side that a pixel is compared with. */
const AROUND = 4;
/** Grey levels that keep the logarithm of dark pixels at peace. */
const FLOOR = 5;
/** Of a brightness. */
const THOUSANDTH = 1e-3;
/** What differs by more is no grain (thousandths). */
const MOST = 30;
/**
 * A grain is found in another image from this correlation on, and if no other way to hold it has a third of it. References of one sensor
 * correlate by 0.3 to 0.43, saved as JPEG (quality 90) still by 0.1; turned ones and other sensors by 0.03 at most, by chance.
 */
const FOUND = 0.08;
const CLEARER = 3;

/**
 * @param rgb 3 bytes a pixel, row by row
 * @param turn of the image: of one with odd sides the middle lies a pixel elsewhere then
 * @returns undefined of an image that is too small
 */
export function grainOf(
  rgb: Uint8Array,
  width: number,
  height: number,
  { right, down }: Pick<Turn, 'right' | 'down'> = TURNS[0],
): GelGrain | undefined {
  const side = GRAIN_SIDE + 2 * AROUND;
  if (width < side || height < side) return undefined;
  const [left, top] = [(width - side + Number(right)) >> 1, (height - side + Number(down)) >> 1];
  const light = Float64Array.from({ length: side * side }, (_, i) =>
    Math.log(greyOf(rgb, (top + Math.floor(i / side)) * width + left + (i % side)) + FLOOR),
  );
  return Int8Array.from(boxMeans(light, side), (mean, i) => {
    const at = (Math.floor(i / GRAIN_SIDE) + AROUND) * side + (i % GRAIN_SIDE) + AROUND;
    return Math.round(Math.min(MOST, Math.max(-MOST, (light[at]! - mean) / THOUSANDTH)));
  });
}

/**
 * How images of a gel lie to those of its calibration, by the grain of both: gels that are lit evenly with white light look the
 * same from all sides, but no two have the same dust.
 *
 * @param known of the calibration
 * @returns `mirrored left to right` and the like; undefined where they lie as they should, or nobody can tell: another gel has
 *   another grain, and strong compression or noise leaves none
 */
export function wrongGrain(known: GelGrain, { data, width, height }: ColorImage): string | undefined {
  const found = TURNS.filter(({ across }) => width === height || !across).map((turn) => {
    const seen = grainOf(data, width, height, turn);
    return { turn, alike: seen ? correlation(known, seen, turn) : 0 };
  });
  const best = found.reduce((most, one) => (one.alike > most.alike ? one : most));
  const next = Math.max(...found.map(({ turn, alike }) => (turn === best.turn ? 0 : Math.abs(alike))));
  const told = best.alike >= FOUND && best.alike >= CLEARER * next && best.turn.words !== '';
  return told ? best.turn.words : undefined;
}

/** Of a grain with another one that is turned back. */
function correlation(a: GelGrain, b: GelGrain, turn: Turn): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let y = 0, i = 0; y < GRAIN_SIDE; y++)
    for (let x = 0; x < GRAIN_SIDE; x++, i++) {
      const [p, q] = [a[i]!, b[turnedPlace(turn, x, y, GRAIN_SIDE)]!];
      ab += p * q;
      aa += p * p;
      bb += q * q;
    }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** Means of 2·AROUND + 1 pixels each way, of those that have so many around them. */
function boxMeans(values: Float64Array, side: number): Float64Array {
  const wide = 2 * AROUND + 1;
  const rows = new Float64Array(side * GRAIN_SIDE);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < GRAIN_SIDE; x++)
      for (let k = 0; k < wide; k++) rows[y * GRAIN_SIDE + x]! += values[y * side + x + k]!;
  return Float64Array.from({ length: GRAIN_SIZE }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < wide; k++) sum += rows[i + k * GRAIN_SIDE]!;
    return sum / (wide * wide);
  });
}
