import { describe, expect, it } from 'vitest';
import { identity, type Pose } from '../../../src/geometry/se3.js';
import type { Patch } from '../../../src/sensors/tactile/patch.js';
import { BlockSystem } from '../../../src/slam/touch/block-system.js';
import { finish } from '../../../src/slam/touch/finish.js';
import { weaklyHeldSigmas } from '../../../src/slam/touch/weakly-held.js';

const ARM = 0.002;
/** A flat square of 1 cm about the sensor, whose axis is its normal. */
const piece = {
  patch: {} as Patch,
  points: Float32Array.of(-0.005, -0.005, 0, 0.005, -0.005, 0, -0.005, 0.005, 0, 0.005, 0.005, 0),
  normals: Float32Array.of(0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1),
};

/** Information of shifts and turns, 6×6. */
function diagonal(shift: number, turn: number): Float64Array {
  const out = new Float64Array(36);
  for (let k = 0; k < 6; k++) out[7 * k] = k < 3 ? shift : turn;
  return out;
}

/** Touches that the arm knows to 2 mm and not to turn; those of each pair tied to each other. */
function tied(count: number, pairs: readonly (readonly [number, number, number])[]): BlockSystem {
  const system = new BlockSystem(count);
  for (let i = 0; i < count; i++) system.add(i, i, diagonal(1 / ARM ** 2, 1e12));
  for (const [i, j, sigma] of pairs) {
    const tie = diagonal(1 / sigma ** 2, 1);
    system.add(i, i, tie);
    system.add(j, j, tie);
    system.add(i, j, tie, -1);
  }
  return system;
}
/** @param inliers of 10 rows of each touch; default: all */
function sigmasOf(
  system: BlockSystem,
  overlaps: readonly number[],
  inliers: readonly number[] = overlaps.map(() => 10),
): Float64Array {
  const compared = { overlaps, rows: overlaps.map(() => 10), inliers };
  const poses = overlaps.map((): Pose => identity());
  return finish(weaklyHeldSigmas(system, overlaps.map(() => piece), poses, compared)); // prettier-ignore
}

describe('how well touches are known along what they felt', () => {
  const FIRM = new Array<number>(10).fill(6);

  it('is as the arm knows them alone, and as all others do where they are tied to those', () => {
    const system = tied(12, [[1, 5, 1e-4]]);
    const sigmas = sigmasOf(system, [0, 1, ...FIRM]);
    expect(sigmas[0]).toBeCloseTo(ARM, 6);
    // The prior and the tie, to a touch that is taken as right.
    expect(sigmas[1]).toBeCloseTo(1 / Math.sqrt(1 / ARM ** 2 + 1 / 1e-4 ** 2), 6);
    expect(Array.from(sigmas.subarray(2))).toEqual(new Array(10).fill(0));
  });

  it('is the arm’s still where two lie on nothing but each other', () => {
    const sigmas = sigmasOf(tied(12, [[0, 1, 1e-5]]), [1, 1, ...FIRM]);
    for (const i of [0, 1]) expect(sigmas[i]).toBeCloseTo(ARM / Math.SQRT2, 5);
  });

  it('grows with turns: a square that may turn lifts its corners', () => {
    const system = tied(12, []);
    system.clear();
    for (let i = 0; i < 12; i++) system.add(i, i, diagonal(1e16, 1 / 0.1 ** 2));
    // Corners lie 5 mm from each of the two axes that lift them.
    expect(sigmasOf(system, [0, 6, ...FIRM])[0]).toBeCloseTo(0.1 * 0.005 * Math.SQRT2, 6);
  });

  it('is the arm’s still where five lie on nothing but one another', () => {
    const pairs = [0, 1, 2, 3, 4].flatMap((i) =>
      [0, 1, 2, 3, 4].slice(i + 1).map((j) => [i, j, 1e-5] as const),
    );
    const sigmas = sigmasOf(tied(15, pairs), [4, 4, 4, 4, 4, ...FIRM]);
    for (const i of [0, 1, 2, 3, 4]) expect(sigmas[i]).toBeCloseTo(ARM / Math.sqrt(5), 5);
  });

  it('goes by those that overlap more than most where all overlap few', () => {
    // Two lie on one other each, all the rest on three or four.
    const sigmas = sigmasOf(tied(12, [[0, 1, 1e-5]]), [1, 1, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3]);
    expect(sigmas[0]).toBeCloseTo(ARM / Math.SQRT2, 5);
    expect(Array.from(sigmas.subarray(2))).toEqual(new Array(10).fill(0));
  });

  it('is nothing for a touch that does not fit those it overlaps, whatever its place among them', () => {
    const sigmas = sigmasOf(tied(10, []), FIRM, [10, 4, 5, 10, 10, 10, 10, 10, 10, 10]);
    expect(Array.from(sigmas.subarray(0, 3))).toEqual([0, Infinity, 0]);
  });

  it('is not said where most overlap nothing', () => {
    expect(Math.max(...sigmasOf(tied(12, []), [0, 0, 0, 0, 0, 0, 0, ...FIRM.slice(5)]))).toBe(0);
    expect(Math.max(...sigmasOf(tied(12, []), [0, 0, 0, 0, 0, 0, ...FIRM.slice(4)]))).toBeGreaterThan(0);
  });
});
