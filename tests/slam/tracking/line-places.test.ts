import { describe, expect, it } from 'vitest';
import type { Field } from '../../../src/field/field.js';
import { exp } from '../../../src/geometry/se3.js';
import { placesAlong } from '../../../src/slam/tracking/line-places.js';

const field = { levels: [{ voxel: 0.02 }] } as unknown as Field;
const pose = exp([1, 2, 3, 0.1, -0.2, 0.3]);

describe('placesAlong', () => {
  it('steps by three quarters of a voxel to both sides, as far as asked', () => {
    const { places, middle, step } = placesAlong(field, pose, [0.6, 0, 0.8], 0.1, { gain: 1.1, bias: -3 });
    expect(step).toBeCloseTo(0.015, 12);
    expect(places).toHaveLength(2 * middle + 1);
    expect(middle).toBe(7); // 0.105 m
    expect(places[middle]!.pose).toEqual(pose);
    const last = places.at(-1)!;
    expect([3, 7, 11].map((k) => last.pose[k]! - pose[k]!)).toEqual(
      [0.063, 0, 0.084].map((v) => expect.closeTo(v, 9) as number),
    );
    for (const k of [0, 1, 2, 4, 5, 6, 8, 9, 10]) expect(last.pose[k]).toBe(pose[k]);
    expect(last.own).toEqual(Float64Array.of(1.1, -3));
  });

  it('is bounded: forty steps each way at most', () => {
    expect(placesAlong(field, pose, [1, 0, 0], 5, { gain: 1, bias: 0 }).places).toHaveLength(81);
  });
});
