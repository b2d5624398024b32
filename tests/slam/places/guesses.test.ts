import { describe, expect, it } from 'vitest';
import { exp, identity } from '../../../src/geometry/se3.js';
import { shifted } from '../../../src/slam/places/guesses.js';

describe('shifted', () => {
  it('covers a circle in the horizontal plane of the sensor, the centre first', () => {
    const poses = shifted(identity(), 3, 1);
    expect(Array.from(poses[0]!)).toEqual(Array.from(identity()));
    expect(poses).toHaveLength(29); // lattice points within a radius of 3
    for (const pose of poses) {
      expect(Math.hypot(pose[3]!, pose[7]!)).toBeLessThanOrEqual(3);
      expect(pose[11]).toBe(0);
    }
    expect(new Set(poses.map((pose) => `${pose[3]},${pose[7]}`)).size).toBe(29);
  });

  it('shifts along the axes of the sensor, wherever it looks', () => {
    const center = exp([4, 5, 6, 0, 0, Math.PI / 2]);
    const ahead = shifted(center, 1, 1).find((pose) => Math.abs(pose[7]! - 6) < 0.5)!;
    expect(ahead).toBeDefined();
    expect(shifted(center, 0.5, 1)).toHaveLength(1);
  });
});
