import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity, log, moveAtSensor, type Pose } from '../../../src/geometry/se3.js';
import { OdometryTrack } from '../../../src/sensors/odometry/odometry-track.js';
import { BodyMotion } from '../../../src/slam/tracking/motion.js';
import { ExternalOdometry } from '../../../src/slam/tracking/external-odometry.js';

const ns = (s: number): bigint => BigInt(Math.round(s * 1e9));
const CHILD = exp([0.3, 0.1, -0.8, 0, 0, 0.4]);
const LIDAR = exp([0.2, 0, 1.1, 0.1, 0.2, -0.5]);
/** A body that speeds up while it turns. */
const body = (t: number): Pose =>
  compose(exp([1, 2, 0.5, 0, 0, 0.3]), exp([t + 2 * t * t, 0, 0, 0, 0, 0.5 * t]));

function wheels(to: number, at: (t: number) => Pose = body): OdometryTrack {
  const odometry = new OdometryTrack();
  for (let t = 0; t <= to + 1e-9; t += 0.02) {
    const poses = compose(at(t), CHILD);
    odometry.add({ stampsNs: BigInt64Array.of(ns(t)), poses, T_body_child: CHILD });
  }
  return odometry;
}

function known(stamp: number, odometry: OdometryTrack): BodyMotion {
  const motion = new BodyMotion(undefined, new ExternalOdometry(odometry));
  motion.set(ns(stamp), body(stamp), new Float64Array(6));
  return motion;
}

const observation = (t: number) => ({
  stampNs: ns(t),
  T_body_sensor: LIDAR,
  motion: 'sweep' as const,
  surface: { count: 2, tau: Float32Array.of(0, 0.1) },
});

describe('BodyMotion with an external odometry', () => {
  it('predicts the motion that was measured, also through a gap and for the sweep', () => {
    const motion = known(0.5, wheels(2));
    for (const t of [0.6, 1.5]) {
      motion.predict(ns(t)).forEach((v, i) => expect(v).toBeCloseTo(body(t)[i]!, 5));
      expect(motion.isMeasured(ns(t))).toBe(true);
    }
    const twist = motion.expectedTwist(observation(0.6));
    expect(twist[0]).toBeCloseTo(1 + 4 * 0.65, 1); // in the middle of the sweep
    expect(twist[5]).toBeCloseTo(0.5, 6);
    expect(motion.isMeasured(ns(3))).toBe(false);
    expect(motion.predict(ns(3))[3]).toBeCloseTo(body(0.5)[3]!, 9); // the velocity that was set is zero
  });

  it('keeps the velocity in what wheels do not measure', () => {
    const flat = (t: number): Pose => exp([2 * t, 0, 0, 0, 0, 0]);
    const odometry = new OdometryTrack();
    for (let t = 0; t <= 1; t += 0.02)
      odometry.add({ stampsNs: BigInt64Array.of(ns(t)), poses: flat(t), T_body_child: identity() });
    const motion = new BodyMotion(undefined, new ExternalOdometry(odometry));
    motion.set(ns(0.5), identity(), Float64Array.of(9, 9, 0.4, 0.05, -0.06, 9));
    const twist = motion.expectedTwist({ ...observation(0.6), motion: 'rigid' });
    [2, 0, 0.4, 0.05, -0.06, 0].forEach((v, i) => expect(twist[i]).toBeCloseTo(v, 6));
  });

  it('gives a prior about the sensor: where it is, and as sure as the step', () => {
    const [prior] = known(0.5, wheels(2)).priors(observation(0.6));
    const at = compose(body(0.6), LIDAR);
    const { residual, information } = prior!.quadratic(at);
    residual.forEach((v) => expect(Math.abs(v)).toBeLessThan(1e-5));
    // 0.32 m: σ of some centimetres along, and the pull of 10 cm leads back.
    const sigma = 1 / Math.sqrt(information[0]!);
    expect(sigma).toBeGreaterThan(0.002);
    expect(sigma).toBeLessThan(0.1);
    const off = prior!.quadratic(moveAtSensor(at, [0.1, 0, 0, 0, 0, 0])).residual;
    [0.1, 0, 0, 0, 0, 0].forEach((v, i) => expect(off[i]).toBeCloseTo(v, 4));
    expect(known(0.5, new OdometryTrack()).priors(observation(0.6))).toEqual([]);
  });

  it('counts for more against scans that slide than against those that tell all directions', () => {
    const at = compose(body(0.6), LIDAR);
    const [open, told] = [true, false].map((slides) => {
      const motion = known(0.48, wheels(2));
      motion.update(ns(0.5), body(0.5), { slides });
      return motion.priors(observation(0.6))[0]!.quadratic(at).information;
    });
    // Thirty points count as one there, and one and a half here.
    for (let i = 0; i < 36; i += 7) expect(open![i]! / told![i]!).toBeCloseTo(20, 3);
  });

  it('puts an odometry aside that goes on contradicting certain tracks, says so, and takes it again', () => {
    const external = new ExternalOdometry(wheels(8, (t) => exp([t < 2 ? 3 * t : 4 + t, 0, 0, 0, 0, 0])));
    const truth = (t: number): Pose => exp([t, 0, 0, 0, 0, 0]);
    const motion = new BodyMotion(undefined, external);
    const random = new Random('tracked');
    motion.set(0n, truth(0), new Float64Array(6));
    let distrusted = 0;
    for (let k = 1; k < 75; k++) {
      const t = k * 0.1;
      if (!motion.isMeasured(ns(t))) distrusted++;
      motion.update(ns(t), compose(truth(t), exp([0.005 * random.normal(), 0, 0, 0, 0, 0])));
    }
    expect(external.notices).toEqual([
      expect.stringMatching(/contradicts what the scans show.*moved 0\.30 m and 0\.0°, the scans 0\.\d+ m/),
      expect.stringMatching(/agrees with the scans again/),
    ]);
    expect(distrusted).toBeGreaterThan(10);
    expect(motion.isMeasured(ns(7.5))).toBe(true);
  });

  it.each([
    [
      'in another unit',
      exp([3, 0, 0, 0, 0, 0.6]),
      /the same way, but 10 times as far: it or what the sensor measures/,
    ],
    ['another way', exp([0, -0.3, 0, 0, 0, 0.6]), /as far, but another way/],
    [
      'turned the other way round',
      exp([0.3, 0, 0, 0, 0, -0.6]),
      /the other way round.*not mirrored or upside down/,
    ],
    ['standing still', identity(), /it stands still while the sensor moves/],
  ] as const)('says what is wrong with one that is %s', (_, step, says) => {
    // Per 0.3 s; the sensor goes 0.3 m ahead and turns by 0.6 rad.
    const share = (T: Pose, t: number): Pose => exp(log(T).map((v) => (v * t) / 0.3));
    const odometry = new OdometryTrack();
    for (let t = 0; t <= 3; t += 0.02)
      odometry.add({ stampsNs: BigInt64Array.of(ns(t)), poses: share(step, t), T_body_child: identity() });
    const external = new ExternalOdometry(odometry);
    const moved = exp([0.3, 0, 0, 0, 0, 0.6]);
    for (let k = 0; k < 8; k++) external.compare(ns(0.3 * k), ns(0.3 * (k + 1)), moved);
    expect(external.notices).toEqual([expect.stringMatching(says)]);
  });
});
