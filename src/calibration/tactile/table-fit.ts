import { FeltmapError } from '../../geometry/errors.js';
import { greyOf } from '../../sensors/tactile/depth-table.js';
import type { Press } from './samples.js';

/** Presses say too little about a level that fewer pixels have. */
const LEAST_PIXELS = 5;

/**
 * The depth that belongs to each grey level that a pixel is darker than the reference, from balls whose circle of contact is
 * known: √(R² − r²) − √(R² − a²) inside it. Means per level, made to rise (pool adjacent violators), straight between.
 *
 * @returns metres at 0, 1, 2 … levels
 * @throws FeltmapError bad-input where the presses leave no trace
 */
export function fitDepthTable(
  presses: readonly Press[],
  reference: Uint8Array,
  width: number,
  pitch: number,
): Float32Array {
  const sum = new Float64Array(256);
  const count = new Float64Array(256);
  for (const { image, circle, ballRadius } of presses) {
    const rim = Math.sqrt(Math.max(0, ballRadius ** 2 - circle.radius ** 2));
    for (let i = 0; 3 * i < image.length; i++) {
      const r = Math.hypot((i % width) - circle.x, Math.floor(i / width) - circle.y);
      const level = Math.round(greyOf(reference, i) - greyOf(image, i));
      if (r > circle.radius || level < 1 || level > 255) continue;
      sum[level]! += (Math.sqrt(ballRadius ** 2 - r * r) - rim) * pitch;
      count[level]!++;
    }
  }
  const knots = risingMeans(sum, count);
  if (knots.length < 3)
    throw new FeltmapError(
      'bad-input',
      'The presses do not darken the gel, so no table of depths can be made of them; check the reference image.',
    );
  const depths = new Float32Array(Math.floor(knots.at(-1)!.level) + 1);
  let next = 0;
  let [level, depth] = [0, 0];
  for (let i = 0; i < depths.length; i++) {
    while (next < knots.length - 1 && knots[next]!.level < i) ({ level, depth } = knots[next++]!);
    const to = knots[next]!;
    depths[i] = i >= to.level ? to.depth : depth + ((to.depth - depth) * (i - level)) / (to.level - level);
  }
  return depths;
}

interface Knot {
  readonly level: number;
  readonly depth: number;
  readonly weight: number;
}

/** Levels with enough pixels; neighbours that fall are put together (isotonic regression). */
function risingMeans(sum: Float64Array, count: Float64Array): Knot[] {
  const knots: Knot[] = [];
  for (let level = 1; level < 256; level++) {
    if (count[level]! < LEAST_PIXELS) continue;
    let knot: Knot = { level, depth: sum[level]! / count[level]!, weight: count[level]! };
    for (let last = knots.at(-1); last && last.depth >= knot.depth; last = knots.at(-1)) {
      knots.pop();
      const weight = last.weight + knot.weight;
      const mean = (a: number, b: number): number => (a * last.weight + b * knot.weight) / weight;
      knot = { level: mean(last.level, knot.level), depth: mean(last.depth, knot.depth), weight };
    }
    knots.push(knot);
  }
  return knots;
}
