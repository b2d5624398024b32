import { median } from '../../geometry/median.js';
import type { Change, CoarseImage } from './coarse.js';

/**
 * Multiple of the roughness by which a gel at rest differs from its reference at most, until it has shown its own: 1,629 untouched
 * frames of a GelSight Mini, JPEG, had 1.65 in the median and 2.23 at most; soft foam over the whole gel 2.6 to 7.
 */
const MOST_AT_REST = 2.3;
/** The same as a multiple of its own median: the largest of those frames had 1.35 times it. */
const ABOVE_MEDIAN = 1.36;
/** Images at rest from which on, and up to which, the median is taken. */
const [ENOUGH, MOST] = [8, 32];
/** Roughness (grey levels) below which nothing is measured: rounding. */
const LEAST_ROUGHNESS = 0.1;
/**
 * Colours that move apart by so much from one image to the next: at rest it was 0.004 at most, the uniform slope of a flat thing that
 * is pressed in askew by a degree makes 0.03.
 */
const COLOURS_APART = 0.02;

type Gains = Change['gains'];

/**
 * Whether a gel looks as it does at rest, by the noise that it has there. A flat thing over the whole gel changes no place
 * more than another, so that no cell is touched: what is left is a change that is smooth, and larger than neighbours differ.
 *
 * @example
 * const unrest = new Unrest();
 * const changed = unrest.show(before, after, gains); // false: as at rest
 */
export class Unrest {
  #shares: number[] = [];
  #gains: Gains = [1, 1, 1];

  /** From now on images are compared with another reference. */
  begin(): void {
    this.#gains = [1, 1, 1];
  }

  /**
   * @param gains brightness of each channel of `after` relative to `before`
   * @returns whether more changed than noise and drift do
   */
  show(before: CoarseImage, after: CoarseImage, gains: Gains): boolean {
    const share = smoothShare(before, after, gains);
    if (share > this.#limit() || apart(gains, this.#gains) > COLOURS_APART) return true;
    this.#gains = gains;
    this.#shares.push(share);
    if (this.#shares.length > MOST) this.#shares.shift();
    return false;
  }

  #limit(): number {
    if (this.#shares.length < ENOUGH) return MOST_AT_REST;
    return Math.min(MOST_AT_REST, ABOVE_MEDIAN * median(this.#shares));
  }
}

/** Root mean square of the change that brightness does not explain, as a multiple of what a quarter of neighbours differ by less than. */
export function smoothShare(before: CoarseImage, after: CoarseImage, gains: Gains): number {
  const { columns, rows } = before;
  const change = Float32Array.from(after.data, (v, i) => v - gains[i % 3]! * before.data[i]!);
  let sum = 0;
  for (const v of change) sum += v * v;
  const rough = new Float32Array(Math.max(1, (columns - 1) * rows));
  for (let y = 0, k = 0; y < rows; y++)
    for (let x = 0; x < columns - 1; x++, k++) {
      const i = 3 * (y * columns + x);
      for (let c = i; c < i + 3; c++) rough[k] = Math.max(rough[k]!, Math.abs(change[c + 3]! - change[c]!));
    }
  const quarter = rough.sort()[rough.length >> 2]!;
  return Math.sqrt(sum / change.length) / Math.max(LEAST_ROUGHNESS, quarter);
}

/** By how much the colours of two images differ, whatever their brightness. */
function apart(a: Gains, b: Gains): number {
  const ratios = a.map((gain, c) => gain / b[c]!);
  return Math.max(...ratios) / Math.min(...ratios) - 1;
}
