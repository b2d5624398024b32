import { describe, expect, it } from 'vitest';
import { identity } from '../../../src/geometry/se3.js';
import { patchOf } from '../../../src/sensors/tactile/patch.js';
import type { FeltGel } from '../../../src/slam/touch/felt-gels.js';
import { heldBack, heldBackNotice } from '../../../src/slam/touch/held-back.js';
import { kinematicInformation } from '../../../src/slam/touch/kinematics.js';
import { above, feel, floor, KINEMATICS } from './felt.js';

const [ARM, VOXEL] = [0.002, 0.001];
const patch = patchOf(feel(floor(), above(0, 0, 0)));

function gels(count: number): FeltGel[] {
  const information = kinematicInformation(KINEMATICS);
  return Array.from({ length: count }, () => ({
    patch,
    prior: { pose: identity(), information },
    pose: identity(),
  }));
}

describe('touches that no other overlaps', () => {
  it('are left out where they are few', () => {
    const all = gels(20);
    const overlaps = all.map((_, i) => (i === 3 || i === 11 ? 0 : 5));
    expect(heldBack(all, overlaps, ARM, VOXEL)).toEqual(new Set([all[3], all[11]]));
    overlaps[12] = 0;
    expect(heldBack(all, overlaps, ARM, VOXEL).size).toBe(0);
    const none = all.map(() => 0);
    expect(heldBack(all, none, ARM, VOXEL).size).toBe(0);
  });

  it('are kept where the arm knows the voxel, or a camera saw them', () => {
    const all = gels(20);
    const overlaps = all.map((_, i) => (i === 3 ? 0 : 5));
    expect(heldBack(all, overlaps, 0.0009, VOXEL).size).toBe(0);
    all[3] = { ...all[3]!, prior: { ...all[3]!.prior, seen: true } };
    expect(heldBack(all, overlaps, ARM, VOXEL).size).toBe(0);
  });

  it('are kept where another of their contact is overlapped', () => {
    const all = gels(20);
    const step = { pose: identity(), information: kinematicInformation(KINEMATICS), rows: 9, inliers: 9 };
    const slide = { ...step, rests: false, from: all[2]!, first: all[2]!, drifted: 0, held: false };
    all[3] = { ...all[3]!, slide };
    const overlaps = all.map((_, i) => (i === 3 ? 0 : 5));
    expect(heldBack(all, overlaps, ARM, VOXEL).size).toBe(0);
    overlaps[2] = 0;
    expect(heldBack(all, overlaps, ARM, VOXEL)).toEqual(new Set([all[2], all[3]]));
  });

  it('are told with what they are known to', () => {
    expect(heldBackNotice(4, 240, ARM)).toMatch(/^4 of 240 touches overlap no other.*2\.0 mm/);
  });
});
