import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { KernelPool } from '../../../src/compute/pool.js';
import { eigenSymmetric } from '../../../src/geometry/linear.js';
import { Random } from '../../../src/geometry/random.js';
import {
  compose,
  exp,
  identity,
  inverse,
  rotationAngle,
  translationNorm,
  type Pose,
  transformPoint,
  type Twist,
  moveAtSensor,
} from '../../../src/geometry/se3.js';
import { OpenDirection } from '../../../src/slam/tracking/open-direction.js';
import { Tracker } from '../../../src/slam/tracking/tracker.js';
import {
  corridor,
  OPTIONS,
  place,
  room,
  scan,
  type Patch,
  type Placed,
  without,
} from '../../field/helpers.js';
import { all, cameraField, pinholeOf, planeOf, samplesOf, viewOf } from '../../field/views.js';
import { trackerOptions } from '../options.js';
import { makeField, type TestField } from '../../field/test-field.js';

const STILL = new Float64Array(6);

describe('tracker', () => {
  let pool: KernelPool;
  let field: TestField;
  const random = new Random('tracker');
  const walls = room(8, 6, 3);
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 1024 });
    field = makeField(pool, { ...OPTIONS, maxScanPoints: 60000 });
    map(walls, 60000);
  });
  afterAll(() => pool.close());

  function map(patches: readonly Patch[], count: number, noise = 0.01): void {
    field.clear();
    const placed = place(pool.memory, scan(random, patches, identity(), { count, noise }), 3);
    field.fuse(placed.points, identity(), 0);
  }

  const scanFrom = (pose: Pose, patches = walls, noise = 0.02, range = 50): Placed =>
    place(pool.memory, scan(random, patches, pose, { count: 6000, noise, range }), 2);

  const off = (a: Pose, b: Pose): { metres: number; radians: number } => {
    const d = compose(inverse(a), b);
    return { metres: translationNorm(d), radians: rotationAngle(d) };
  };

  it('finds a scan from any start within its basin', () => {
    const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
    for (let i = 0; i < 12; i++) {
      const truth = exp([
        random.range(-3, 3),
        random.range(-2, 2),
        random.range(-0.5, 0.5),
        0,
        0,
        random.range(-3, 3),
      ]);
      const { points } = scanFrom(truth);
      const start = moveAtSensor(
        truth,
        [0.25, 0.25, 0.15, 0.02, 0.02, 0.08].map((size) => size * random.range(-1, 1)),
      );
      const track = tracker.track({ surface: points, predicted: start, twist: STILL });
      const { metres, radians } = off(truth, track.pose);
      expect(metres, `run ${i}`).toBeLessThan(0.01);
      expect(radians, `run ${i}`).toBeLessThan(0.003);
      expect(track.converged).toBe(true);
      expect(track.inlierRatio).toBeGreaterThan(0.9);
      expect(track.valuedRatio).toBeGreaterThan(0.9);
      expect(track.residual).toBeLessThan(0.03);
      expect(track.conditioning).toBeGreaterThan(0.05);
    }
  });

  it('is not misled by a third of the points that belong to something else', () => {
    const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
    const truth = exp([1, -1, 0, 0, 0, 0.4]);
    const mixed = scan(random, walls, truth, { count: 4000, noise: 0.02 });
    for (let i = 0; i < 2000; i++) {
      const p = mixed.points[i * 2]!;
      const keep = i % 3 === 0 ? random.range(0.3, 0.97) : 1; // something nearer stands in front of the wall
      mixed.points[i * 2] = [p[0] * keep, p[1] * keep, p[2] * keep];
    }
    const { points } = place(pool.memory, mixed, 1);
    const track = tracker.track({
      surface: points,
      predicted: moveAtSensor(truth, [0.1, -0.1, 0.05, 0, 0, 0.03]),
      twist: STILL,
    });
    expect(off(truth, track.pose).metres).toBeLessThan(0.02);
  });

  it('once settled, is not pulled by a shape that the map has a little elsewhere', () => {
    const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
    const truth = exp([1, -1, 0, 0, 0, 0.4]);
    const cloud = scan(random, walls, truth, { count: 6000, noise: 0.02 });
    // A third of each wall stands 6 to 12 cm nearer, as edges do that a grid rounds off.
    cloud.points.forEach((p, i) => {
      const n = cloud.normals[i]!;
      const nearer = i % 3 === 0 ? random.range(0.06, 0.12) : 0;
      if (n[0] > 0.3 || n[1] > 0.3) for (let c = 0; c < 3; c++) p[c] = p[c]! + nearer * n[c]!;
    });
    const { points } = place(pool.memory, cloud, 1);
    const first = tracker.track({ surface: points, predicted: truth, twist: STILL });
    const again = tracker.track({ surface: points, predicted: first.pose, twist: STILL, settled: 0.012 });
    expect(off(truth, first.pose).metres).toBeGreaterThan(0.01);
    expect(off(truth, again.pose).metres).toBeLessThan(0.6 * off(truth, first.pose).metres);
    // Judged by the same scale.
    expect(Math.abs(again.inlierRatio - first.inlierRatio)).toBeLessThan(0.02);
    expect(Math.abs(again.valuedRatio - first.valuedRatio)).toBeLessThan(0.02);
  });

  it('says how sure it is: errors agree with the covariance', () => {
    const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
    let sum = 0;
    const runs = 12;
    for (let i = 0; i < runs; i++) {
      const truth = exp([random.range(-2, 2), random.range(-2, 2), 0, 0, 0, 0]);
      const { points } = scanFrom(truth, walls, 0.04);
      const { pose, covariance } = tracker.track({ surface: points, predicted: truth, twist: STILL });
      for (let k = 0; k < 3; k++) {
        expect(covariance[k * 7]!).toBeGreaterThan(0);
        sum += (pose[k * 4 + 3]! - truth[k * 4 + 3]!) ** 2 / covariance[k * 7]!;
      }
      for (let r = 0; r < 6; r++)
        for (let c = 0; c < 6; c++) expect(covariance[r * 6 + c]!).toBeCloseTo(covariance[c * 6 + r]!, 12);
      expect(eigenSymmetric(covariance, 6).values[0]!).toBeGreaterThan(0);
    }
    // The map's own error comes on top: within a factor of a few, not of a hundred.
    expect(sum / (3 * runs)).toBeGreaterThan(0.1);
    expect(sum / (3 * runs)).toBeLessThan(30);
  });

  it.each([
    ['slow', [1, -0.5, 0.2, 0.02, -0.03, 0.035]],
    ['fast', [6, -2, 0.5, 0.3, -0.4, 1.5]],
  ])('recovers the motion within a sweep when points carry times: %s', (_, motion) => {
    const options = trackerOptions(field, { maxIterations: 40, twistSigmaLinear: 5, twistSigmaAngular: 5 });
    const twist = Float64Array.from(motion); // m/s and rad/s in the sensor frame
    const truth = exp([0.5, 0.3, 0, 0, 0, 0.2]);
    const measured = scan(random, walls, truth, {
      count: 12000,
      noise: 0.01,
      motion: (tau) => compose(truth, exp(twist.map((v) => v * tau))),
    });
    const { points } = place(pool.memory, measured, 1);
    const columns = [points.x, points.y, points.z];
    /** p(0) = exp(ν τ) p(τ) for every point as it was measured. */
    const deskew = (nu: Twist): void =>
      measured.points.forEach((p, i) =>
        transformPoint(exp(nu.map((v) => v * measured.taus[i]!)), ...p).forEach(
          (x, k) => (columns[k]![i] = x),
        ),
      );
    deskew(STILL);
    const track = new Tracker(field.backend, field.field, options).track({
      surface: points,
      predicted: truth,
      twist: STILL,
      undistort: deskew,
    });
    for (let i = 0; i < 3; i++) expect(Math.abs(track.twist[i]! - twist[i]!), `v${i}`).toBeLessThan(0.08);
    for (let i = 3; i < 6; i++) expect(Math.abs(track.twist[i]! - twist[i]!), `w${i}`).toBeLessThan(0.015);
    expect(off(truth, track.pose).metres).toBeLessThan(0.01);

    deskew(STILL);
    const held = new Tracker(field.backend, field.field, { ...options, twistSigmaLinear: 0 });
    const fixed = held.track({ surface: points, predicted: truth, twist: STILL, undistort: deskew });
    expect(fixed.twist).toEqual(STILL);
    expect(fixed.residual).toBeGreaterThan(track.residual * 1.2);
  });

  it('keeps the predicted pose and trusts nothing where there is no map', () => {
    const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
    const nowhere = exp([300, 0, 0, 0, 0, 0.3]);
    const { points } = scanFrom(identity());
    for (const surface of [points, without(points)]) {
      const track = tracker.track({ surface, predicted: nowhere, twist: STILL });
      expect(off(nowhere, track.pose).metres).toBeLessThan(1e-9);
      expect(track.valuedRatio).toBe(0);
      expect(track.inlierRatio).toBe(0);
      expect(track.covariance.every(Number.isFinite)).toBe(true);
      expect(track.covariance[0]!).toBeGreaterThan(1);
    }
  });

  it('scores the right pose better than wrong ones', () => {
    const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
    const truth = exp([1, 0.5, 0, 0, 0, 0.3]);
    const { points } = scanFrom(truth);
    const score = (pose: Pose): number => tracker.score(points, pose, 0.6);
    for (let i = 0; i < 20; i++) {
      const wrong = moveAtSensor(
        truth,
        [0.5, 0.5, 0.3, 0.05, 0.05, 0.3].map((size) => size * (random.chance(0.5) ? 1 : -1)),
      );
      expect(score(truth)).toBeLessThan(score(wrong));
    }
    expect(tracker.score(without(points), truth, 0.6)).toBe(1);
  });

  describe('in a corridor without ends', () => {
    const passage = corridor(20, 1.5, 1.4);
    const truth = exp([1, 0.1, 0, 0, 0, 0]);
    const start = moveAtSensor(truth, [0.1, 0.05, -0.05, 0, 0, 0.01]);
    beforeAll(() => map(passage, 60000, 0));
    afterAll(() => map(walls, 60000));

    it('holds the direction that slides to the prediction, reports it, and finds the others', () => {
      const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
      const { points } = scanFrom(truth, passage, 0.02, 12);
      const { pose, unconstrained, conditioning } = tracker.track({
        surface: points,
        predicted: start,
        twist: STILL,
      });
      expect(conditioning).toBeLessThan(configSchema.parse({}).tracking.minConditioning);
      expect(Math.abs(pose[3]! - start[3]!)).toBeLessThan(0.02);
      expect(Math.abs(pose[7]! - truth[7]!)).toBeLessThan(0.01);
      expect(Math.abs(pose[11]! - truth[11]!)).toBeLessThan(0.01);
      // The projector on the x axis.
      Array.from(unconstrained).forEach((v, i) =>
        expect(Math.abs(v - (i === 0 ? 1 : 0)), `${i}`).toBeLessThan(0.05),
      );
    });

    it('stays nearer to the prediction than without holding, for any noise', () => {
      const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
      let [held, free] = [0, 0];
      for (let i = 0; i < 5; i++) {
        const { points } = scanFrom(truth, passage, 0.04, 12);
        const away = (hold: boolean): number =>
          Math.abs(
            tracker.track({ surface: points, predicted: start, twist: STILL, hold }).pose[3]! - start[3]!,
          );
        held = Math.max(held, away(true));
        free = Math.max(free, away(false));
      }
      expect(held).toBeLessThan(0.02);
      expect(free).toBeGreaterThan(2 * held);
    });

    it('holds the velocity within the sweep along it, too', () => {
      const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
      const scanned = scan(random, passage, truth, { count: 6000, noise: 0.02, range: 12 });
      const { points } = place(pool.memory, scanned, 1);
      const predicted = Float64Array.of(1.5, 0, 0, 0, 0, 0); // nothing can tell that it is wrong
      const columns = [points.x, points.y, points.z];
      const deskew = (nu: Twist): void =>
        scanned.points.forEach((p, i) =>
          transformPoint(exp(nu.map((v) => v * scanned.taus[i]!)), ...p).forEach(
            (x, k) => (columns[k]![i] = x),
          ),
        );
      deskew(predicted);
      const { twist, unconstrained } = tracker.track({
        surface: points,
        predicted: start,
        twist: predicted,
        undistort: deskew,
      });
      expect(unconstrained[0]!).toBeGreaterThan(0.95);
      expect(Math.abs(twist[0]! - predicted[0]!)).toBeLessThan(0.2);
      expect(Math.abs(twist[1]!)).toBeLessThan(0.1);
      expect(Math.abs(twist[2]!)).toBeLessThan(0.1);
    });
  });

  it('holds nothing where all directions are seen', () => {
    const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
    const truth = exp([1, -0.5, 0.2, 0, 0, 0.3]);
    const { points } = scanFrom(truth);
    const start = moveAtSensor(truth, [0.2, -0.2, 0.1, 0, 0, 0.02]);
    const track = tracker.track({ surface: points, predicted: start, twist: STILL });
    expect(track.unconstrained.every((v) => v === 0)).toBe(true);
    expect(track.coarseRatio).toBeGreaterThan(0.9);
    expect(off(truth, track.pose).metres).toBeLessThan(0.01);
    expect(tracker.track({ surface: points, predicted: start, twist: STILL, hold: false }).pose).toEqual(
      track.pose,
    );
  });

  it('knows that it slides in a corridor without ends, and along which direction', () => {
    const box = scanFrom(identity());
    const closed = new Tracker(field.backend, field.field, trackerOptions(field)).track({
      surface: box.points,
      predicted: identity(),
      twist: STILL,
    }).conditioning;
    const passage = corridor(20, 1.5, 1.4);
    map(passage, 60000, 0);
    const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
    const truth = exp([1, 0.1, 0, 0, 0, 0]);
    const { points } = scanFrom(truth, passage, 0.01, 12);
    const track = tracker.track({
      surface: points,
      predicted: moveAtSensor(truth, [0.1, 0.05, -0.05, 0, 0, 0.01]),
      twist: STILL,
    });
    expect(track.conditioning).toBeLessThan(0.1 * closed);
    expect(track.covariance.every(Number.isFinite)).toBe(true);
    const sigma = [0, 1, 2].map((k) => Math.sqrt(track.covariance[k * 7]!)) as [number, number, number];
    expect(sigma[0]).toBeGreaterThan(5 * sigma[1]);
    expect(sigma[0]).toBeGreaterThan(5 * sigma[2]);
    expect(Math.abs(track.pose[7]! - 0.1)).toBeLessThan(0.01); // across the corridor it is as sure as ever
    expect(Math.abs(track.pose[11]!)).toBeLessThan(0.01);
    expect(Math.abs(track.pose[3]! - 1)).toBeLessThan(0.5); // and along it does not run away
  });
});

describe('moveAtSensor', () => {
  it('turns about the sensor, in the axes of the map', () => {
    const random = new Random('move');
    for (let i = 0; i < 50; i++) {
      const pose = exp(Array.from({ length: 6 }, () => random.range(-2, 2)));
      const step = Array.from({ length: 6 }, () => random.range(-1, 1));
      const moved = moveAtSensor(pose, step);
      for (let k = 0; k < 3; k++) expect(moved[k * 4 + 3]).toBeCloseTo(pose[k * 4 + 3]! + step[k]!, 12);
      const turn = compose(moved, inverse(pose));
      const expected = exp([0, 0, 0, ...step.slice(3)]);
      for (const at of [0, 1, 2, 4, 5, 6, 8, 9, 10]) expect(turn[at]).toBeCloseTo(expected[at]!, 12);
    }
  });
});

describe('a camera after a gap, before a wall and a floor that leaves the way along it open', () => {
  let pool: KernelPool;
  beforeAll(async () => (pool = await KernelPool.create({ threads: 1, memoryMiB: 768 })));
  afterAll(() => pool.close());
  afterEach(() => vi.restoreAllMocks());

  const CORNER = all([planeOf([0, 0, -1], -0.8), planeOf([0, -1, 0], -0.25)]);
  const grey = (): [number, number, number] => [120, 120, 120];

  /** The track where nothing fits as well beyond `voxels` along the wall. */
  function track(voxels: number) {
    const { backend, field } = cameraField(pool);
    const voxel = field.levels[0]!.voxel;
    vi.spyOn(OpenDirection.prototype, 'farthest').mockReturnValue(voxels * voxel);
    const there = exp([0, 0, 0, 0, 0, 0]);
    const view = viewOf(pool.memory, pinholeOf(128, 96), CORNER, there, { color: grey });
    backend.gathering.fuse(field, view, there, { scan: 0 });
    const surface = samplesOf(pool.memory, view, 3);
    const photometric = { metresPerLevel: 5e-4, kernel: 20, reach: 0.03, hold: 10 };
    const tracker = new Tracker(backend, field, {
      ...trackerOptions({ levels: field.levels } as TestField),
      minConditioning: 0.02,
      photometric,
    });
    return tracker.track({ surface, predicted: there, twist: STILL, gap: 0.5 });
  }

  it('is mapped where it is known to four voxels, tracked where to five, and open beyond', () => {
    expect(track(3.9)).toMatchObject({ imprecise: false, unconstrained: new Float64Array(9) });
    expect(track(4.5)).toMatchObject({ imprecise: true, unconstrained: new Float64Array(9) });
    expect(track(6).imprecise).toBeUndefined();
    expect(track(6).unconstrained.some((v) => v !== 0)).toBe(true);
  });
});
