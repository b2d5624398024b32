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

  it('is behind a surface that faces the other way, farther the less it faces its side, nearer with more touches', () => {
    const one = openEnd(gatherEvidence([touch([0, 0, 0.03], Math.PI)]), 0.02, never)!;
    expect(one.outwards[0]).toBeCloseTo(1, 6);
    expect(one.gap).toBeCloseTo((0.045 * Math.SQRT2 * 8) / 9, 6);
    const gap = (turned: number, touches: number) => {
      const same = Array.from({ length: touches }, () => touch([0, 0, 0.03], Math.PI + turned));
      return openEnd(gatherEvidence(same), 0.02, never)!.gap;
    };
    expect(gap(0.2, 1)).toBeCloseTo((0.045 * Math.sqrt(1 + Math.cos(0.2)) * 8) / 9, 6);
    expect(gap(0.2, 3)).toBeCloseTo((gap(0.2, 1) * 9) / 11, 6);
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
