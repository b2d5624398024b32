import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import {
  compose,
  exp,
  identity,
  inverse,
  rotationAngle,
  translationNorm,
  type Pose,
} from '../../../src/geometry/se3.js';
import { InertialFilter } from '../../../src/sensors/imu/inertial-filter.js';
import { simulate } from '../../../src/sim/index.js';

const ns = (s: number): bigint => BigInt(Math.round(s * 1e9));
const DEGREE = Math.PI / 180;

interface Run {
  readonly filter: InertialFilter;
  /** T_odom_body as tracking has it, and in truth. */
  readonly tracked: (k: number) => Pose;
  readonly truth: (k: number) => Pose;
  /** Up in odom, in truth. */
  readonly up: Float64Array;
}

interface Options {
  readonly mount?: Pose;
  readonly unit?: number;
  readonly gyroBias?: readonly number[];
  readonly accelBias?: readonly number[];
  /** Error of a tracked pose in the frame of the body: scan number in, twist out. */
  readonly drift?: (k: number) => number[];
  readonly scans?: number;
  /** Tracking takes the filter's up as its own from when it is known on. */
  readonly echo?: boolean;
  /** Standard deviation of attitudes that tracking claims (rad). */
  readonly claimed?: number;
  /** Readings that are missing, s. */
  readonly missing?: readonly [number, number];
}

/** A sensor that is walked about; poses at 10 Hz, noisy readings at 200 Hz from an IMU that may sit elsewhere. */
function run(options: Options = {}): Run {
  const { mount = identity(), unit = 1, gyroBias = [0, 0, 0], accelBias = [0, 0, 0], scans = 80 } = options;
  const { drift = () => [0, 0, 0, 0, 0, 0], missing = [99, 99] } = options;
  const { trajectory } = simulate({ world: 'quad', seed: 4, beams: 16, duration: 1, maxRate: 60 });
  const T = inverse(trajectory.pose(3));
  const truth = (k: number): Pose => compose(T, trajectory.pose(3 + 0.1 * k));
  let off = identity();
  const offs = Array.from({ length: scans + 1 }, (_, k) => (off = compose(off, exp(drift(k)))));
  const random = new Random('inertial');
  const noise = (sigma: number): number => sigma * random.normal();
  const tracked = (k: number): Pose =>
    compose(
      compose(truth(k), offs[k]!),
      exp(Array.from({ length: 6 }, (_, i) => noise(i < 3 ? 0.003 : 0.0003))),
    );
  const imuPose = (t: number): Pose => compose(trajectory.pose(3 + t), mount);
  const filter = new InertialFilter();
  let next = 0;
  for (let k = 0; k < scans; k++) {
    const [stamps, rates, forces]: [bigint[], number[], number[]] = [[], [], []];
    for (; next <= 20 * (k + 1); next++) {
      const t = next / 200;
      if (t > missing[0] && t < missing[1]) continue;
      const h = 4e-3;
      const [a, b, c] = [imuPose(t - h), imuPose(t), imuPose(t + h)];
      const turn = compose(inverse(a), c);
      const rate = [turn[9]! - turn[6]!, turn[2]! - turn[8]!, turn[4]! - turn[1]!].map((v) => v / (4 * h));
      const f = [3, 7, 11].map((i) => (a[i]! - 2 * b[i]! + c[i]!) / h ** 2 + (i === 11 ? 9.80665 : 0));
      stamps.push(ns(t));
      rates.push(...rate.map((v, i) => v + gyroBias[i]! + noise(0.002)));
      forces.push(
        ...[0, 1, 2].map(
          (i) => (b[i]! * f[0]! + b[4 + i]! * f[1]! + b[8 + i]! * f[2]! + accelBias[i]! + noise(0.03)) / unit,
        ),
      );
    }
    const batch = { stampsNs: BigInt64Array.from(stamps), rates: Float64Array.from(rates) };
    filter.add({ ...batch, accelerations: Float64Array.from(forces), T_body_imu: mount });
    filter.advance(ns(0.1 * k));
    const seen = options.echo ? upright(tracked(k), filter) : tracked(k);
    if (k === 0) filter.anchor(0n, seen, true);
    else filter.measure(ns(0.1 * k), seen, attitudeCovariance(options.claimed));
  }
  return { filter, tracked, truth, up: Float64Array.of(T[2]!, T[6]!, T[10]!) };
}

function attitudeCovariance(sigma: number | undefined): Float64Array | undefined {
  if (sigma === undefined) return undefined;
  return Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? (i < 21 ? 0.001 : sigma) ** 2 : 0));
}

/** A pose with the tilt that a filter expects. */
function upright(pose: Pose, filter: InertialFilter): Pose {
  const up = filter.up();
  if (!up) return pose;
  const u = up.body;
  const [a, b, c] = [0, 1, 2].map(
    (i) => pose[i]! * up.odom[0]! + pose[4 + i]! * up.odom[1]! + pose[8 + i]! * up.odom[2]!,
  );
  // The turn that takes the filter's up to the pose's own, both in the body.
  return compose(
    pose,
    exp([0, 0, 0, u[1]! * c! - u[2]! * b!, u[2]! * a! - u[0]! * c!, u[0]! * b! - u[1]! * a!]),
  );
}

/** Angle between up in the body, turned into odom by the true pose, and up in odom, as the filter has both. */
function tilt({ filter, truth }: Run, k: number): number {
  const { body, odom } = filter.up()!;
  const T = truth(k);
  const turned = [0, 4, 8].map((r) => T[r]! * body[0]! + T[r + 1]! * body[1]! + T[r + 2]! * body[2]!);
  return 2 * Math.asin(Math.hypot(...turned.map((v, i) => v - odom[i]!)) / 2);
}

describe('InertialFilter', () => {
  it('knows up in the body and in odom, wherever the IMU is mounted and whatever its unit', () => {
    for (const [mount, unit] of [
      [identity(), 1],
      [exp([0.3, -0.2, 0.1, 0.4, -1.1, 2]), 1],
      [identity(), 9.80665],
    ] as const) {
      const all = run({ mount, unit });
      const { odom, sigma } = all.filter.up()!;
      expect(tilt(all, 79)).toBeLessThan(0.15 * DEGREE);
      expect(tilt(all, 79)).toBeLessThan(4 * sigma);
      expect(sigma).toBeLessThan(0.2 * DEGREE);
      expect(Math.hypot(...odom.map((v, i) => v - all.up[i]!))).toBeLessThan(0.5 * DEGREE);
      expect(all.filter.notices).toEqual([]);
    }
  });

  it('finds the biases of both', () => {
    const { filter } = run({ gyroBias: [0.01, -0.02, 0.015], accelBias: [0.1, -0.08, 0.06], scans: 200 });
    [0.01, -0.02, 0.015].forEach((v, i) => expect(Math.abs(filter.biases.gyro[i]! - v)).toBeLessThan(1.5e-3));
    [0.1, -0.08, 0.06].forEach((v, i) => expect(Math.abs(filter.biases.accel[i]! - v)).toBeLessThan(0.03));
  });

  it('does not follow a track whose pitch drifts', () => {
    const all = run({ drift: () => [0, 0, 0, 0, 5e-5, 0], scans: 200 }); // 0.57° in the end
    expect(tilt(all, 199)).toBeLessThan(0.35 * DEGREE);
    expect(tilt(all, 199)).toBeLessThan(5 * all.filter.up()!.sigma);
  });

  it('is not confirmed by a track that takes its tilt', () => {
    // Tracking leans by 0.1° a second at first, which looks like a bias of the gyroscope until the accelerometer says better.
    const all = run({ drift: (k) => [0, 0, 0, 0, k < 20 ? 2e-4 : 0, 0], echo: true, scans: 200 });
    expect(Math.abs(all.filter.biases.gyro[1]!)).toBeLessThan(3e-4);
    expect(tilt(all, 199)).toBeLessThan(0.15 * DEGREE);
    expect(tilt(all, 199)).toBeLessThan(3 * all.filter.up()!.sigma);
  });

  it('does not take the lean of a map that has just begun for a bias', () => {
    // As in small rooms: within the first half second the track leans by 0.7°, and stays so.
    const all = run({
      drift: (k) => [0, 0, 0, 2e-3 * Number(k < 6), 0, 0],
      claimed: 1e-3,
      echo: true,
      scans: 150,
    });
    expect(Math.abs(all.filter.biases.gyro[0]!)).toBeLessThan(3e-4);
    expect(tilt(all, 149)).toBeLessThan(0.25 * DEGREE);
    expect(tilt(all, 149)).toBeLessThan(2 * all.filter.up()!.sigma);
  });

  it('predicts the motion through a gap between poses, and how well', () => {
    const all = run();
    for (const [seconds, metres] of [
      [0.1, 0.01],
      [1, 0.06],
    ] as const) {
      const { filter, truth, tracked } = run();
      // The readings go on for 0.1 s only: give the rest.
      const { trajectory } = simulate({ world: 'quad', seed: 4, beams: 16, duration: 1, maxRate: 60 });
      const stamps = Array.from({ length: 200 }, (_, i) => 8.005 + i / 200);
      const samples = stamps.map((t) => ({
        twist: trajectory.twist(3 + t),
        a: trajectory.acceleration(3 + t),
        T: trajectory.pose(3 + t),
      }));
      filter.add({
        stampsNs: BigInt64Array.from(stamps, ns),
        rates: Float64Array.from(samples.flatMap(({ twist }) => [...twist.subarray(3)])),
        accelerations: Float64Array.from(
          samples.flatMap(({ a, T }) =>
            [0, 1, 2].map((i) => T[i]! * a[0] + T[4 + i]! * a[1] + T[8 + i]! * (a[2] + 9.80665)),
          ),
        ),
        T_body_imu: identity(),
      });
      expect(filter.advance(ns(7.9 + seconds))).toBe(true);
      const moved = filter.moved(ns(7.9))!;
      const expected = compose(
        inverse(truth(79)),
        compose(inverse(trajectory.pose(3)), trajectory.pose(10.9 + seconds)),
      );
      const off = compose(inverse(expected), moved);
      expect(translationNorm(off)).toBeLessThan(metres);
      expect(translationNorm(off)).toBeLessThan(5 * filter.waySigma);
      expect(rotationAngle(off)).toBeLessThan(0.3 * DEGREE);
      const velocity = filter.velocity(trajectory.twist(10.9 + seconds).subarray(3))!;
      expect(Math.hypot(...velocity.map((v, i) => v - trajectory.twist(10.9 + seconds)[i]!))).toBeLessThan(
        0.1,
      );
      expect(tracked(79)).toHaveLength(12);
    }
    expect(all.filter.moved(ns(7.8))).toBeUndefined(); // not the last pose
  });

  it('knows less after a gap in the readings, and comes back', () => {
    const { filter } = run({ missing: [7, 7.5], scans: 76 });
    expect(filter.moved(ns(7.5))).toBeUndefined();
    const later = run({ missing: [7, 7.5], scans: 140 });
    expect(tilt(later, 139)).toBeLessThan(0.5 * DEGREE);
    expect(later.filter.moved(ns(13.9))).toBeDefined();
  });

  it('is not trusted where its frame is wrong, and says so', () => {
    const { filter } = run({
      mount: exp([0, 0, 0, 0, 0, 0]),
      drift: (k) => (k > 30 ? [0, 0, 0, 0, 0, 0.2] : [0, 0, 0, 0, 0, 0]),
    });
    expect(filter.up()).toBeUndefined();
    expect(filter.notices[0]).toMatch(/IMU contradicts the motion that the scans show/);
  });

  it('needs an accelerometer that shows gravity', () => {
    const { filter } = run({ unit: 3 });
    expect(filter.up()).toBeUndefined();
    expect(filter.notices).toEqual([
      expect.stringMatching(/accelerometer .* is not used: it shows \d\.\d+ where gravity is 9\.8/),
    ]);
    const without = new InertialFilter();
    without.add({ stampsNs: BigInt64Array.of(1n), rates: new Float64Array(3), T_body_imu: identity() });
    expect(without.advance(1n)).toBe(false);
    expect(without.notices).toEqual([]);
  });
});
