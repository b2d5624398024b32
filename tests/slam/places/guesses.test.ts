import { describe, expect, it } from 'vitest';
import { compose, exp, identity, inverse, type Pose } from '../../../src/geometry/se3.js';
import { rolled, shifted, shifted3, tilted, turned } from '../../../src/slam/places/guesses.js';

/** T_body_sensor of a LiDAR that looks down at an angle, and of a camera with optical axes that does. */
const TILTED = exp([0.3, 0, 0.5, 0, 0.6, 0]);
const CAMERA = compose(exp([0.2, 0, 0.3, 0, 0.2, 0]), Float64Array.of(0, 0, 1, 0, -1, 0, 0, 0, 0, -1, 0, 0));

/** T_center_guess of the body's orientation: where the body would be turned to. */
const bodyTurn = (center: Pose, guess: Pose, mount: Pose): Pose =>
  compose(compose(mount, compose(inverse(center), guess)), inverse(mount));

describe('shifted', () => {
  it('covers a circle in the horizontal plane, the centre first', () => {
    const poses = shifted(identity(), 3, 1, identity());
    expect(Array.from(poses[0]!)).toEqual(Array.from(identity()));
    expect(poses).toHaveLength(29); // lattice points within a radius of 3
    for (const pose of poses) {
      expect(Math.hypot(pose[3]!, pose[7]!)).toBeLessThanOrEqual(3);
      expect(pose[11]).toBe(0);
    }
    expect(new Set(poses.map((pose) => `${pose[3]},${pose[7]}`)).size).toBe(29);
  });

  it('shifts along the axes of the body, wherever it looks', () => {
    const center = exp([4, 5, 6, 0, 0, Math.PI / 2]);
    const ahead = shifted(center, 1, 1, identity()).find((pose) => Math.abs(pose[7]! - 6) < 0.5)!;
    expect(ahead).toBeDefined();
    expect(shifted(center, 0.5, 1, identity())).toHaveLength(1);
  });

  it.each([
    ['LiDAR', TILTED],
    ['camera', CAMERA],
  ])('keeps the height of a body whose %s is mounted at a tilt', (_name, mount) => {
    const body = exp([1, 2, 0.5, 0, 0, 0.8]);
    const poses = shifted(compose(body, mount), 2, 1, mount).map((pose) => compose(pose, inverse(mount)));
    expect(poses).toHaveLength(13);
    for (const pose of poses) {
      expect(pose[11]).toBeCloseTo(body[11]!, 9);
      expect(Math.hypot(pose[3]! - body[3]!, pose[7]! - body[7]!)).toBeLessThanOrEqual(2 + 1e-9);
    }
  });
});

describe('turned', () => {
  it.each([
    ['LiDAR', TILTED],
    ['camera', CAMERA],
  ])('turns a body whose %s is mounted at a tilt about its own up axis', (_name, mount) => {
    const center = compose(exp([1, 2, 0.5, 0, 0, 0.8]), mount);
    const [guess] = turned([center], [0.3], mount);
    const turn = bodyTurn(center, guess!, mount);
    expect(turn[10]).toBeCloseTo(1, 9);
    expect(Math.atan2(turn[4]!, turn[0]!)).toBeCloseTo(0.3, 9);
  });
});

describe('tilted', () => {
  it('tilts a body up and down', () => {
    const [guess] = tilted([CAMERA], [0.2], CAMERA);
    const turn = bodyTurn(CAMERA, guess!, CAMERA);
    expect(turn[5]).toBeCloseTo(1, 9);
    expect(Math.atan2(turn[2]!, turn[0]!)).toBeCloseTo(0.2, 9);
  });
});

describe('shifted3', () => {
  it('is the centre and six places beside it, along the axes of the sensor', () => {
    const center = exp([4, 5, 6, 0.3, -0.2, 1]);
    const poses = shifted3(center, 0.2);
    const moved = poses.map((pose) => compose(inverse(center), pose));
    expect(moved.map((pose) => [3, 7, 11].map((k) => Math.round(pose[k]! * 1e9) / 1e9 + 0))).toEqual([
      [0, 0, 0],
      [-0.2, 0, 0],
      [0.2, 0, 0],
      [0, -0.2, 0],
      [0, 0.2, 0],
      [0, 0, -0.2],
      [0, 0, 0.2],
    ]);
    for (const pose of moved) expect(pose[0]).toBeCloseTo(1, 12);
  });
});

describe('rolled', () => {
  it.each([
    ['LiDAR', TILTED],
    ['camera', CAMERA],
  ])('rolls about where the body of a %s looks', (_name, mount) => {
    const center = exp([1, 2, 3, 0.3, 0.2, 0.1]);
    const [pose] = rolled([center], [0.25], mount);
    const turn = bodyTurn(center, pose!, mount);
    const expected = exp([0, 0, 0, 0.25, 0, 0]);
    for (const k of [0, 1, 2, 4, 5, 6, 8, 9, 10]) expect(turn[k]).toBeCloseTo(expected[k]!, 9);
  });
});
