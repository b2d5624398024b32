import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity, inverse, transformTwist, type Pose } from '../../../src/geometry/se3.js';
import { ImuTrack } from '../../../src/sensors/imu/imu-track.js';
import { BodyMotion, type Sweep } from '../../../src/slam/tracking/motion.js';

const ns = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9));
const MOUNTS: Pose[] = [identity(), exp([-0.5, 0.1, -0.2, 0, 0, Math.PI]), exp([1, 0.3, 2, 0.4, -0.7, 1.2])];
const TWIST = [3, 0.5, 0.1, 0.1, -0.2, 0.4];

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));
}

function sweep(
  stamp: number,
  T_body_sensor: Pose,
  tau: number[] = [-0.05, 0.05],
  motion: Sweep['motion'] = 'sweep',
) {
  return {
    stampNs: ns(stamp),
    T_body_sensor,
    motion,
    surface: { count: tau.length, tau: Float32Array.from(tau) },
  };
}

/** 200 Hz readings of turn rates (body frame) over [from, to] s. */
function imuOf(
  rate: (t: number) => number[],
  from: number,
  to: number,
  T_body_imu: Pose,
  bias = [0, 0, 0],
): ImuTrack {
  const imu = new ImuTrack();
  const count = Math.round((to - from) * 200) + 1;
  const times = Array.from({ length: count }, (_, i) => from + i / 200);
  const seen = times.map((t) => transformTwist(inverse(T_body_imu), [0, 0, 0, ...rate(t)]).subarray(3));
  imu.add({
    stampsNs: BigInt64Array.from(times, ns),
    rates: Float64Array.from(seen.flatMap((v) => [...v].map((r, k) => r + bias[k]!))),
    T_body_imu,
  });
  return imu;
}

describe('BodyMotion', () => {
  it('stands still before it has seen anything', () => {
    const motion = new BodyMotion();
    expect(motion.elapsed(ns(5))).toBe(0);
    expect(motion.predict(ns(5))).toEqual(identity());
    expect([...motion.sweepTwist(sweep(5, MOUNTS[2]!))].every((v) => Math.abs(v) === 0)).toBe(true);
  });

  it('says how far velocities are from their acceleration carried on, along the axes of odom', () => {
    const T = exp([0, 0, 0, 0, 0, Math.PI / 2]); // the body's x is odom's y
    const run = (x: (t: number) => number): Float64Array => {
      const motion = new BodyMotion();
      for (let k = 0; k <= 40; k++)
        motion.update(ns(k / 10), compose(T, exp([x(k / 10), 0, 0, 0, 0, 0])), {
          sensor: 'a',
          twist: Float64Array.of(k, 0, 0, 0, 0, 0),
        });
      const steps = motion.steps({ ...sweep(4.1, identity()), sensor: 'a' })!;
      expect(steps.sweep![0]).toBe(40);
      return steps.spread!;
    };
    // Constant acceleration is carried on exactly; x = A sin(ωt) has steps that are off by ω²dt² of themselves.
    for (const v of run((t) => 3 * t * t)) expect(v).toBeLessThan(1e-9);
    const [A, w] = [0.05, 12];
    const spread = run((t) => A * Math.sin(w * t));
    const off = ((2 * A * Math.sin(w * 0.05)) / 0.1) * (2 - 2 * Math.cos(w * 0.1));
    expect(Math.sqrt(spread[1]!)).toBeGreaterThan((0.5 * off) / Math.SQRT2);
    expect(Math.sqrt(spread[1]!)).toBeLessThan((1.5 * off) / Math.SQRT2);
    for (const i of [0, 2, 3, 4, 5]) expect(spread[i]).toBeLessThan(1e-9);
  });

  it('predicts a constant twist exactly from sensors at several mounts, each with its own period', () => {
    const random = new Random('body');
    for (let round = 0; round < 20; round++) {
      const twist = [20, 2, 1, 0.5, 0.5, 2].map((size) => size * random.range(-1, 1));
      const at = (t: number): Pose => compose(exp([1, 2, 3, 0.3, 0.2, 0.1]), exp(twist.map((v) => v * t)));
      const motion = new BodyMotion();
      // Observations 3 and 50 ms after the first sensor's.
      for (let k = 0; k < 4; k++)
        [0, 0.003, 0.05].forEach((late, i) => {
          const t = 0.1 * k + late;
          motion.update(ns(t), at(t), { sensor: `s${i}` });
        });
      expect(distance(motion.twist, twist)).toBeLessThan(1e-5);
      for (const t of [0.35, 0.4, 0.6, 0.2])
        expect(distance(motion.predict(ns(t)), at(t))).toBeLessThan(1e-5);
      for (const mount of MOUNTS) {
        // The sensor's own path gives its twist: T_odom_body · T_body_sensor.
        const h = 1e-4;
        const moved = compose(inverse(compose(at(0.4), mount)), compose(at(0.4 + h), mount));
        const expected = transformTwist(inverse(mount), twist);
        expect(distance(moved, exp(expected.map((v) => v * h)))).toBeLessThan(1e-9);
        expect(distance(motion.sweepTwist(sweep(0.4, mount)), expected)).toBeLessThan(1e-4);
      }
    }
  });

  it('does not take the difference of two sensors within milliseconds for a velocity', () => {
    const motion = new BodyMotion();
    motion.set(0n, identity(), new Float64Array(6));
    for (let k = 1; k < 5; k++) {
      motion.update(ns(0.1 * k), exp([0.1 * k, 0, 0, 0, 0, 0]), { sensor: 'a' });
      // 2 cm of calibration error, 3 ms later
      motion.update(ns(0.1 * k + 0.003), exp([0.1 * k + 0.003, 0.02, 0, 0, 0, 0]), { sensor: 'b' });
      expect(distance(motion.twist, [1, 0, 0, 0, 0, 0])).toBeLessThan(1e-6);
    }
  });

  it('keeps the newest pose when a late one comes, and its velocity through a repeated stamp', () => {
    const motion = new BodyMotion();
    motion.update(0n, identity());
    motion.update(ns(1), exp([1, 0, 0, 0, 0, 0]));
    motion.update(ns(1), exp([1.01, 0, 0, 0, 0, 0]));
    motion.update(ns(0.5), exp([0.4, 0, 0, 0, 0, 0]), { sensor: 'late' });
    expect(motion.twist[0]).toBeCloseTo(1, 12);
    expect(motion.pose[3]).toBe(1.01);
    expect(motion.stampNs).toBe(ns(1));
    expect(motion.predict(ns(0.5))[3]).toBeCloseTo(0.51, 9);
  });

  it('follows time that goes back, but no late loss of track', () => {
    const motion = new BodyMotion();
    motion.update(ns(10), exp([1, 0, 0, 0, 0, 0]));
    motion.set(ns(9.8), identity(), new Float64Array(6));
    expect([motion.stampNs, motion.pose[3]]).toEqual([ns(10), 1]);
    motion.update(ns(2), exp([3, 0, 0, 0, 0, 0]));
    expect([motion.stampNs, motion.pose[3]]).toEqual([ns(2), 3]);
    expect(motion.twist.every((v) => v === 0)).toBe(true);
  });

  it('takes a measured twist and a state set from outside', () => {
    const motion = new BodyMotion();
    motion.update(0n, identity());
    motion.update(ns(1), exp([1, 0, 0, 0, 0, 0]), { twist: Float64Array.of(2, 0, 0, 0, 0, 0) });
    expect(motion.predict(ns(2))[3]).toBeCloseTo(3, 12);
    motion.set(ns(3), exp([9, 0, 0, 0, 0, 0]), new Float64Array(6));
    expect(motion.predict(ns(10))[3]).toBe(9);
    motion.update(ns(4), exp([10, 0, 0, 0, 0, 0]));
    expect(motion.twist[0]).toBeCloseTo(1, 12);
  });
});

describe('BodyMotion with an IMU', () => {
  const still = Float64Array.from(TWIST);

  it('turns as the IMU says, wherever it is mounted, and keeps its velocity', () => {
    for (const T_body_imu of MOUNTS) {
      const motion = new BodyMotion(imuOf(() => [0.3, -1, 2], 0, 1.1, T_body_imu));
      motion.set(ns(0.5), MOUNTS[2]!, still);
      const turned = [...TWIST.slice(0, 3), 0.3, -1, 2];
      const expected = compose(MOUNTS[2]!, exp(turned.map((v) => v * 0.5)));
      expect(distance(motion.predict(ns(1)), expected)).toBeLessThan(1e-9);
      const before = compose(MOUNTS[2]!, exp(turned.map((v) => v * -0.2)));
      expect(distance(motion.predict(ns(0.3)), before)).toBeLessThan(1e-9);
      for (const mount of MOUNTS) {
        const twist = motion.sweepTwist(sweep(1, mount));
        expect(distance(twist, transformTwist(inverse(mount), turned))).toBeLessThan(1e-9);
      }
    }
  });

  it('undistorts with the rate during the sweep and predicts with the rate since the last pose', () => {
    const motion = new BodyMotion(imuOf((t) => [0, 0, t < 0.9 ? 1 : 3], 0, 1.1, identity()));
    motion.set(ns(0.8), identity(), new Float64Array(6));
    expect(motion.predict(ns(1))[4]).toBeCloseTo(Math.sin(0.1 + 0.3), 6);
    expect(motion.expectedTwist(sweep(1, identity(), [-0.1, 0.02, 0]))[5]).toBeCloseTo(3, 6);
    expect(motion.expectedTwist(sweep(1, identity(), [0], 'rigid'))[5]).toBeCloseTo(2, 6);
  });

  it('goes on with constant velocity where readings are missing', () => {
    const motion = new BodyMotion(imuOf(() => [0, 0, 9], 0, 0.2, identity()));
    motion.set(ns(0.5), identity(), still);
    expect(distance(motion.predict(ns(1)), exp(TWIST.map((v) => v * 0.5)))).toBeLessThan(1e-12);
    expect(motion.expectedTwist(sweep(1, identity()))).toEqual(still);
  });

  it('learns the bias from poses it is certain of, and from no others', () => {
    const T_body_imu = MOUNTS[1]!;
    const at = (t: number): Pose => exp([0, 0, 0, 0, 0, 0.5 * t]);
    for (const certain of [true, false]) {
      const imu = imuOf(() => [0, 0, 0.5], 0, 2.9, T_body_imu, [0.02, 0, -0.01]);
      const motion = new BodyMotion(imu);
      for (let k = 0; k < 250; k++) motion.update(ns(0.1 + 0.01 * k), at(0.1 + 0.01 * k), { certain });
      expect(imu.bias[0]).toBeCloseTo(certain ? 0.02 : 0, 3);
      expect(imu.bias[2]).toBeCloseTo(certain ? -0.01 : 0, 3);
    }
  });
});
