import { describe, expect, it } from 'vitest';
import { gatherEvidence } from '../../src/completion/evidence.js';
import { openEnd } from '../../src/completion/open-end.js';

/** A touch of 3 × 3 points, 4 mm apart, level with its normal: at (x, y, z) facing azimuth, or up. */
function touch(at: readonly number[], azimuth: number | 'up') {
  const n = azimuth === 'up' ? [0, 0, 1] : [Math.cos(azimuth), Math.sin(azimuth), 0];
  const [points, normals]: [number[], number[]] = [[], []];
  for (let a = -1; a <= 1; a++)
    for (let b = -1; b <= 1; b++) {
      const [u, v] = [0.004 * a, 0.004 * b];
      const aside = azimuth === 'up' ? [u, v, 0] : [-n[1]! * u, n[0]! * u, v];
      points.push(...at.map((value, k) => value + aside[k]!));
      normals.push(...n);
    }
  return { points, normals, sigma: 0.0005, touched: true };
}

const never = () => false;
/** Both ends and both sides of a bar of 100 × 40 mm. */
const ENDS = [
  touch([0.05, 0, 0.03], 0),
  touch([-0.05, 0, 0.03], Math.PI),
  touch([0, 0.02, 0.03], Math.PI / 2),
  touch([0, -0.02, 0.03], -Math.PI / 2),
];

describe('openEnd', () => {
  it('is none where the outermost surface faces all sides, and the one side that it does not', () => {
    // Halfway between two faces the surface faces by cos 60° at most (sides every 30°): 45 mm · √0.5 · 8/12.
    expect(openEnd(gatherEvidence(ENDS), 0.0213, never)).toBeUndefined();
    const [, back, left, right] = ENDS;
    const end = openEnd(gatherEvidence([back!, left!, right!]), 0.0213, never)!;
    expect(end.outwards[0]).toBeCloseTo(1, 6);
    // The outermost points are those of the long sides, 4 mm from their middle; half of 34 mm up, in the middle across.
    expect(end.point[0]).toBeCloseTo(0.004, 6);
    expect(end.point[1]).toBeCloseTo(0, 6);
    expect(end.point[2]).toBeCloseTo(0.017, 6);
    // They do not face that way: all of 45 mm after no touch, 8/11 of it after three.
    expect(end.gap).toBeCloseTo((0.045 * 8) / 11, 6);
  });

  it('is nearer the more the surface faces a side, and the more touches there are', () => {
    // Sides to the right of x = 0 are known: of the others, 90° is the first that faces least.
    const right = (p: readonly number[]) => p[0]! > 0.01;
    const gap = (azimuth: number, touches: number) => {
      const same = Array.from({ length: touches }, () => touch([0, 0, 0.03], azimuth));
      return openEnd(gatherEvidence(same), 0.001, (p) => right(p) || p[0] < -0.001)!.gap;
    };
    expect(gap(-Math.PI / 2, 1)).toBeCloseTo((0.045 * 8) / 9, 6);
    expect(gap(-Math.PI / 2, 3)).toBeCloseTo((0.045 * 8) / 11, 6);
    const all = [0, 0.5, 1].map((turned) => [
      touch([0, 0.02, 0.03], Math.PI / 2 - turned),
      ...ENDS.slice(0, 2),
      ENDS[3]!,
    ]);
    const upper = all.map((touches) => openEnd(gatherEvidence(touches), 0, (p) => p[1] < 0.019 || Math.abs(p[0]) > 0.001)); // prettier-ignore
    expect(upper[0]).toBeUndefined();
    expect(upper[1]!.gap).toBeCloseTo((0.045 * Math.sqrt(1 - Math.cos(0.5)) * 8) / 12, 6);
    expect(upper[2]!.gap).toBeCloseTo((0.045 * Math.sqrt(1 - Math.cos(1)) * 8) / 12, 6);
  });

  it('is another one where a sensor has been, none where all were visited or nothing is known', () => {
    const one = gatherEvidence([touch([0, 0, 0.08], 'up')]);
    const first = openEnd(one, 0.02, never)!;
    const second = openEnd(
      one,
      0.02,
      (p) => Math.hypot(p[0] - first.point[0], p[1] - first.point[1]) < 1e-6,
    )!;
    expect(second.outwards).not.toEqual(first.outwards);
    expect(openEnd(one, 0.02, () => true)).toBeUndefined();
    expect(openEnd(gatherEvidence([]), 0.02, never)).toBeUndefined();
  });

  it('keeps a finger above the table, and takes points without normals for surface that faces no side', () => {
    const low = openEnd(gatherEvidence([touch([0, 0, 0.006], 'up')]), 0.02, never)!;
    expect(low.point[2]).toBe(0.012);
    const seen = gatherEvidence([{ points: [0.05, 0, 0.03, -0.05, 0, 0.03], sigma: 0.002, touched: false }]);
    expect(openEnd(seen, 0.02, never)!.gap).toBeCloseTo(0.045 / 1.125, 6);
  });
});
