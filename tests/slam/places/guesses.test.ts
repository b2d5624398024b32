import { describe, expect, it } from 'vitest';
import { exp, identity, transformPoint } from '../../../src/geometry/se3.js';
import { shifted, turned, uprightAxis, yawFan } from '../../../src/slam/places/guesses.js';

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

describe('turned', () => {
  const UPRIGHT: [string, number[], number][] = [
    ['a LiDAR', [0.1, -0.05, 0.99], 2],
    ['a camera', [0, -1, 0], 1],
    ['a camera that looks downward', [0.05, -0.8, -0.6], 1],
    ['a sensor on its side', [0.9, 0.3, 0.2], 0],
    ['a sensor of which it is not known', [0, 0, 0], 2],
  ];
  it.each(UPRIGHT)('knows the upright axis of %s', (_, up, axis) => {
    expect(uprightAxis(up)).toBe(axis);
  });

  it('turns about that axis where the sensor is: what lies on it stays', () => {
    const pose = exp([1, 2, 3, 0.2, 0.4, -0.3]);
    for (const axis of [0, 1, 2]) {
      const above = [0, 0, 0].map((_, i) => (i === axis ? 2 : 0)) as [number, number, number];
      const poses = turned([pose], yawFan(90, 45), axis);
      expect(poses).toHaveLength(5);
      for (const other of poses)
        transformPoint(other, ...above).forEach((v, i) =>
          expect(v).toBeCloseTo(transformPoint(pose, ...above)[i]!, 12),
        );
      const aside = [1, 1, 1] as const;
      expect(transformPoint(poses[1]!, ...aside)).not.toEqual(transformPoint(pose, ...aside));
    }
  });

  it('goes with shifts across it', () => {
    for (const pose of shifted(identity(), 1, 0.5, 1)) expect(pose[7]).toBe(0);
    expect(shifted(identity(), 1, 0.5, 1).some((pose) => pose[11] === 1)).toBe(true);
  });
});
