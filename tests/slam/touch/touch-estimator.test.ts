import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSavedMap } from '../../../src/field/saved/saved-map.js';
import {
  compose,
  exp,
  identity,
  inverse,
  separation,
  transformPoint,
  type Pose,
} from '../../../src/geometry/se3.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import type { TouchMeasurement } from '../../../src/sensors/tactile/touch.js';
import { createSlam } from '../../../src/slam/create.js';
import type { SlamEvent } from '../../../src/slam/events.js';
import type { ScanResult, Slam } from '../../../src/slam/types.js';
import { bodyAt, frameAt, offSurface, scanAt } from '../camera-room.js';
import { above, feel, floor } from './felt.js';
import { configureRoom, pressedFrom, touchOf } from './felt-room.js';

const nothing = (touch: TouchMeasurement): TouchMeasurement =>
  touch.kind === 'touch-image'
    ? { ...touch, depth: touch.depth.map(() => 0), contact: touch.contact.map(() => 0) }
    : touch;

/** Along the gel's axis into what it touches, and across. */
const TOO_DEEP = exp([0.0005, 0, 0.003, 0, 0, 0]);
const off = (T_room_gel: Pose, { pose }: ScanResult): number =>
  separation(compose(inverse(bodyAt(0)), T_room_gel), pose);

describe('a tactile sensor on a body with a LiDAR and a depth camera', () => {
  let slam: Slam;
  const events: SlamEvent[] = [];
  const near = pressedFrom(Math.PI, 0.5);
  const beside = pressedFrom(Math.PI + 0.03, 0.5);
  const results: Record<string, ScanResult> = {};
  beforeAll(async () => {
    slam = await createSlam(await configureRoom('lidar+rgbd+touch', 0.006));
    slam.listen((event) => events.push(event));
    results.early = slam.process(touchOf(0, near));
    for (let k = 0; k < 8; k++) {
      slam.process(scanAt(k));
      slam.process({ ...frameAt(k), mount: CAMERA_ON_BODY });
    }
    results.first = slam.process(touchOf(7, near, TOO_DEEP));
    results.again = slam.process(touchOf(7, beside, TOO_DEEP));
    results.free = slam.process(nothing(touchOf(7, compose(near, exp([0, 0, -0.03, 0, 0, 0])))));
    results.nowhere = slam.process({ ...touchOf(7, near), frameId: 'other', stampNs: 9_000_000_000n });
  }, 120_000);
  afterAll(() => slam.close());

  it('is mapped where the other sensors know the body, and nowhere before that', () => {
    for (const name of ['early', 'nowhere']) {
      expect(results[name]).toMatchObject({ state: 'degraded', touch: { state: 'unknown' } });
      expect(results[name]!.reason).toMatch(/No other sensor says where the body is/);
    }
  });

  it('is registered with what the camera saw, then with what was felt', () => {
    expect(separation(TOO_DEEP, identity())).toBeGreaterThan(0.003);
    expect(results.first!.touch!.state).not.toBe('unknown');
    // The camera's surface is taken to be good to 1.2 mm, the arm to 2 mm.
    expect(off(near, results.first!)).toBeLessThan(0.7 * separation(TOO_DEEP, identity()));
    expect(results.again!.touch!.state).not.toBe('unknown');
    // The same surface was felt twice: the two lie on one another better than either does on the truth.
    const twice = compose(inverse(results.first!.pose), results.again!.pose);
    const truth = compose(inverse(near), beside);
    expect(Math.abs(twice[11]! - truth[11]!)).toBeLessThan(3e-4);
  });

  it('says nothing about the body: its path is that of the others', () => {
    expect(events.filter((event) => event.type === 'pose')).toHaveLength(16);
    expect(slam.trajectory.length).toBe(16);
    expect(results.free).toMatchObject({ state: 'tracking', touch: { state: 'unknown' } });
    expect(results.free!.touch!.points).toHaveLength(0);
  });

  it('has a grid of its own in mesh and saved map', () => {
    const { positions } = slam.mesh();
    const gel = results.first!.pose;
    const felt: number[] = [];
    for (let i = 0; i < positions.length; i += 3) {
      const p = [positions[i]!, positions[i + 1]!, positions[i + 2]!] as const;
      if (Math.hypot(p[0] - gel[3]!, p[1] - gel[7]!, p[2] - gel[11]!) < 0.007) felt.push(offSurface([...p]));
    }
    // A disc of 14 mm at a millimetre.
    expect(felt.length).toBeGreaterThan(80);
    expect(Math.max(...felt)).toBeLessThan(0.003);
    expect(openSavedMap(slam.save()).submaps[0]!.grids.map(({ spec }) => spec.voxel)).toEqual([
      expect.closeTo(0.03, 6),
      expect.closeTo(0.006, 6),
      expect.closeTo(0.001, 6),
    ]);
  });
});

it('leaves a touch where the arm says if the camera knows its surface no better', async () => {
  const slam = await createSlam(await configureRoom('lidar+rgbd+touch', 0.015));
  try {
    for (let k = 0; k < 8; k++) {
      slam.process(scanAt(k));
      slam.process({ ...frameAt(k), mount: CAMERA_ON_BODY });
    }
    const { pose, touch } = slam.process(touchOf(7, pressedFrom(Math.PI, 0.5), TOO_DEEP));
    expect(touch!.state).toBe('unknown');
    expect(separation(pose, touch!.predicted)).toBe(0);
  } finally {
    await slam.close();
  }
}, 120_000);

describe('a tactile sensor alone', () => {
  it('maps in the frame that its arm stands on', async () => {
    const slam = await createSlam(await configureRoom('touch'));
    try {
      for (const x of [0, 0.01, 0.02]) {
        const mount = above(x, 0, 0);
        const { state, pose } = slam.process({ ...feel(floor(), mount), mount });
        expect(state).toBe('tracking');
        expect(separation(pose, mount)).toBeLessThan(1e-4);
      }
      const { positions } = slam.mesh();
      expect(positions.length).toBeGreaterThan(3 * 500);
      for (let i = 2; i < positions.length; i += 3) expect(Math.abs(positions[i]!)).toBeLessThan(1e-4);
      // The arm stands.
      expect([...slam.trajectory].map(({ pose }) => [...pose])).toEqual(Array(3).fill([...identity()]));
    } finally {
      await slam.close();
    }
  }, 60_000);

  it('says once what cannot be used, and goes on', async () => {
    const slam = await createSlam(await configureRoom('touch'));
    try {
      const mount = above(0, 0, 0);
      const good = feel(floor(), mount);
      const image = { width: 4, height: 4, data: new Uint8Array(48) };
      for (let k = 0; k < 2; k++) {
        const { stampNs, frameId } = good;
        expect(
          slam.process({ kind: 'gel-image', stampNs, frameId, image, mount }).touch!.points,
        ).toHaveLength(0);
        slam.process({ ...good, width: 41, mount });
      }
      expect(slam.process({ ...good, mount }).touch!.points.length).toBeGreaterThan(100);
      expect(slam.warnings).toHaveLength(2);
      expect(slam.warnings![0]).toMatch(/The gel gel has no calibration/);
      expect(slam.warnings![1]).toMatch(/says 41×30/);
      expect(() => slam.process(scanAt(0))).toThrow(
        /A LiDAR scan of 'lidar' came to a map that is made with touch/,
      );
    } finally {
      await slam.close();
    }
  }, 60_000);
});

it('a point that is felt lies where its sensor says', async () => {
  const slam = await createSlam(await configureRoom('touch'));
  try {
    const mount = exp([0.1, 0, 0, 0, 0, 0.5]);
    const points = Float32Array.of(0.02, 0, 0, 0.021, 0, 0);
    const normals = Float32Array.of(-1, 0, 0, -1, 0, 0);
    const { pose } = slam.process({
      kind: 'touch-points',
      stampNs: 1n,
      frameId: 'whisker',
      points,
      normals,
      sigma: 1e-3,
      mount,
    });
    expect(transformPoint(pose, 0.02, 0, 0)[0]).toBeCloseTo(transformPoint(mount, 0.02, 0, 0)[0], 9);
  } finally {
    await slam.close();
  }
}, 60_000);
