import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity, inverse, type Pose } from '../../../src/geometry/se3.js';
import type { OdometryBatch } from '../../../src/sensors/odometry/batch.js';
import { OdometryTrack } from '../../../src/sensors/odometry/odometry-track.js';
import { UNMEASURED } from '../../../src/sensors/odometry/step-sigmas.js';
import { odometryReadings, DEFAULT_ODOMETRY_NOISE } from '../../../src/sim/odometry.js';
import { simulate } from '../../../src/sim/simulate.js';

const ns = (s: number): bigint => BigInt(Math.round(s * 1e9));
const MOUNT = exp([0.4, -0.2, 0.9, 0.1, -0.3, 1.2]);
const diagonal = (values: readonly number[]): number[] =>
  Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? values[i / 7]! : 0));

interface Extra {
  readonly mount?: Pose;
  readonly pose?: (t: number) => number[];
  readonly twist?: number[];
}

/** Readings of a path T_frame_child(t) at given times. */
function batch(times: readonly number[], at: (t: number) => Pose, extra: Extra = {}): OdometryBatch {
  const { mount = identity(), pose, twist } = extra;
  return {
    stampsNs: BigInt64Array.from(times, ns),
    poses: Float64Array.from(times.flatMap((t) => [...at(t)])),
    ...(pose && { poseCovariances: Float64Array.from(times.flatMap((t) => diagonal(pose(t)))) }),
    ...(twist && { twistCovariances: Float64Array.from(times.flatMap(() => diagonal(twist))) }),
    T_body_child: mount,
  };
}

const every = (period: number, to: number): number[] =>
  Array.from({ length: Math.round(to / period) + 1 }, (_, i) => i * period);

function track(...args: Parameters<typeof batch>): OdometryTrack {
  const odometry = new OdometryTrack();
  odometry.add(batch(...args));
  return odometry;
}

describe('OdometryTrack', () => {
  const twist = [2, 0.3, -0.1, 0.1, -0.2, 0.7];
  const start = exp([50, -20, 3, 1, 0.5, -2]);
  const steady = (t: number): Pose => compose(start, exp(twist.map((v) => v * t)));

  it('gives the motion of the body between stamps, wherever its frame and the child are', () => {
    const odometry = track(every(0.02, 1), steady, { mount: MOUNT });
    for (const [from, to] of [
      [0.1, 0.2],
      [0.113, 0.5],
      [0.9, 1.05], // the last reading is still on its way
    ] as const) {
      const step = odometry.step(ns(from), ns(to))!;
      const body = (t: number): Pose => compose(steady(t), inverse(MOUNT));
      const expected = compose(inverse(body(from)), body(to));
      step.pose.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 6));
    }
  });

  it('says nothing where readings are missing, and begins anew after a jump of place or time', () => {
    const odometry = track([...every(0.02, 0.5), 1.2, 1.22], steady);
    expect(odometry.step(ns(0.4), ns(1.21))).toBeUndefined();
    expect(odometry.step(ns(-0.1), ns(0.2))).toBeUndefined();
    expect(odometry.step(ns(0.2), ns(0.2))).toBeUndefined();
    expect(odometry.step(ns(1.2), ns(1.6))).toBeUndefined();
    expect(odometry.step(ns(1.2), ns(1.21))).toBeDefined();
    expect(odometry.add(batch([1.24], () => identity()))).toBe(1); // 54 m in 20 ms
    expect(odometry.length).toBe(1);
    expect(odometry.add(batch([1.23], steady))).toBe(0);
    expect(odometry.add(batch([1.3], () => exp([NaN, 0, 0, 0, 0, 0])))).toBe(0);
    expect(odometry.add(batch([-100], steady))).toBe(1);
    expect(odometry.length).toBe(1);
  });

  it('refuses a batch whose arrays do not fit together', () => {
    const bad = { ...batch([1], steady), poses: new Float64Array(3) };
    expect(() => new OdometryTrack().add(bad)).toThrow(/1 stamps but 3 numbers of poses/);
  });

  it('takes the growth of the pose covariance for that of a step', () => {
    const rates = [0.01, 0.02, 0.03, 0.004, 0.005, 0.006];
    // Straight along x with its own axes: each variance grows with time, and the heading's leaks into y and z.
    const forward = (t: number): Pose => exp([t, 0, 1e-4 * t, 0, 0, 0]);
    const odometry = track(every(0.02, 2), forward, { pose: (t) => rates.map((v) => v ** 2 * t) });
    const { sigmas } = odometry.step(ns(1), ns(1.5))!;
    expect(sigmas[0]).toBeCloseTo(rates[0]! * Math.sqrt(0.5), 6);
    [3, 4, 5].forEach((i) => expect(sigmas[i]).toBeCloseTo(rates[i]! * Math.sqrt(0.5), 9));
    expect(sigmas[1]).toBeLessThan(rates[1]! * Math.sqrt(0.5));
  });

  it('else that of the velocity, and else a default that grows with the way', () => {
    const constant = { pose: () => [1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3] };
    const velocity = [0.3, 0.2, 0.2, 0.1, 0.1, 0.1].map((v) => v * v);
    const { sigmas } = track(every(0.02, 1), steady, { ...constant, twist: velocity }).step(
      ns(0.5),
      ns(0.7),
    )!;
    sigmas.forEach((v, i) => expect(v).toBeCloseTo(Math.sqrt(velocity[i]!) * 0.2, 9));
    // 1e-12 is nobody's measurement.
    for (const claim of [undefined, 1e-12, NaN, -1]) {
      const extra = claim === undefined ? {} : { twist: Array<number>(6).fill(claim) };
      const odometry = track(every(0.02, 1), steady, { ...constant, ...extra });
      const [short, long] = [0.1, 0.4].map((dt) => odometry.step(ns(0.5), ns(0.5 + dt))!.sigmas);
      for (let i = 0; i < 6; i++) {
        expect(short![i]).toBeGreaterThan(5e-4);
        expect(long![i]! / short![i]!).toBeGreaterThan(2);
      }
      expect(short![0]).toBeLessThan(0.05);
    }
  });

  it('knows that wheels measure neither height, roll nor pitch', () => {
    const flat = (t: number): Pose => exp([t, 0, 0, 0, 0, 0.2 * t]);
    const { sigmas } = track(every(0.02, 1), flat).step(ns(0.5), ns(0.6))!;
    [2, 3, 4].forEach((i) => expect(sigmas[i]).toBe(UNMEASURED));
    [0, 1, 5].forEach((i) => expect(sigmas[i]).toBeLessThan(0.05));
  });

  it('is honest about simulated wheels: their steps are within their covariance, and it is that of the noise', () => {
    const { trajectory } = simulate({ world: 'street', seed: 2, beams: 16, duration: 1 });
    const noise = { ...DEFAULT_ODOMETRY_NOISE, scale: 0, distance: 0.04 };
    const readings = [...odometryReadings(trajectory, 0, 40, 50, noise, new Random('wheels'), 0n)];
    const odometry = new OdometryTrack();
    let [square, count] = [0, 0];
    for (const reading of readings) {
      odometry.add({
        stampsNs: BigInt64Array.of(reading.stampNs),
        poses: reading.pose,
        poseCovariances: reading.poseCovariance,
        twistCovariances: reading.twistCovariance,
        T_body_child: identity(),
      });
      const t = Number(reading.stampNs) * 1e-9;
      if (count * 0.2 + 0.2 > t) continue;
      count++;
      const step = odometry.step(ns(t - 0.2), ns(t))!;
      const truth = compose(inverse(trajectory.pose(t - 0.2)), trajectory.pose(t));
      square += ((step.pose[3]! - Math.hypot(truth[3]!, truth[7]!)) / step.sigmas[0]!) ** 2;
    }
    expect(count).toBeGreaterThan(150);
    expect(square / count).toBeGreaterThan(0.6);
    expect(square / count).toBeLessThan(1.5);
  });
});
