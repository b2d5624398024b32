import { compose, exp, identity, inverse, log, type Pose, type Twist } from '../../geometry/se3.js';
import { LATE_SECONDS } from '../../sensors/arrival.js';
import { CORRELATED, type MotionSteps } from '../../field/terms/motion-tie.js';
import { sensorPose, sensorTwist } from '../body-frame.js';
import { GravityPrior } from '../../field/terms/gravity-prior.js';
import type { InertialFilter } from '../../sensors/imu/inertial-filter.js';
import type { ImuTrack } from '../../sensors/imu/imu-track.js';
import type { PoseTerm } from '../../field/terms/pose-term.js';
import type { Departure, ExternalOdometry } from './external-odometry.js';
import { ALIKE } from './track-covariance.js';
import type { Observation, SensorId } from '../../sensors/observation.js';

/** What {@link BodyMotion.update} takes beside the pose. */
export interface BodyUpdate {
  /** Which sensor was tracked; its velocity is the difference between two poses of its own. */
  readonly sensor?: SensorId;
  /** Velocity in the body frame where tracking measured it, [v, ω], m/s and rad/s. */
  readonly twist?: Twist | undefined;
  /** Whether the track is good enough to learn the IMU's bias from; true if left out. */
  readonly certain?: boolean;
  /** Whether some direction was hardly told by the observation alone: there other measurements count for more. */
  readonly slides?: boolean | undefined;
  /** Of the pose, 6×6, [x y z rotX rotY rotZ], axes of odom. */
  readonly covariance?: Float64Array | undefined;
}

/** The parts of an observation that tell when its samples were taken, and from where. */
export type Sweep = Pick<Observation, 'stampNs' | 'T_body_sensor' | 'mountTwist' | 'motion'> & {
  readonly surface: Pick<Observation['surface'], 'count' | 'tau'>;
};

interface StampedPose {
  readonly stampNs: bigint;
  readonly pose: Pose;
  /** Mean velocity (body frame) from the pose of the same sensor before, where that was not long ago. */
  readonly step?: Twist | undefined;
  /** That of the pose before. */
  readonly stepBefore?: Twist | undefined;
  /** Velocity that tracking measured during the sweep (body frame). */
  readonly sweep?: Twist | undefined;
  /** Running variances of the steps' velocities about their acceleration carried on, odom axes. */
  readonly spread?: Float64Array;
}

/** Two sensors measure within milliseconds of each other: the difference of such poses is no velocity (s). */
const SHORTEST_BASELINE = 0.02;
/** Steps longer than this (s) say little about the velocity at their end. */
const LONGEST_STEP = 0.25;
/** Share of the newest step in the running variances. */
const SPREAD_RATE = 0.15;
/**
 * A registration gives priors the weight of {@link CORRELATED} points each, for the sake of directions that slide. Where scans
 * tell them all, what an odometry claims is weighed against what they are found to know, with {@link ALIKE} points as one: else
 * wheels that claim centimetres drag scans that know millimetres.
 */
const AGAINST_SCANS = ALIKE / CORRELATED;
/** A way that the accelerometer knows to this (m) is measured. */
const SURE_WAY = 0.5;
/** Real residuals are alike beyond what the covariance counts. */
const SCAN_ALIKE = 3;
/** Share of a scan's information about roll and pitch that gravity has at least, known as well as this (rad). */
const GRAVITY_SHARE = 8;
const GOOD_TILT = 0.002;
/** Least standard deviation of the direction of up (rad): axes and scale of an IMU are no better. */
const LEAST_TILT = 0.0003;
/** Poses of one sensor farther apart than this (s) say little once others have been tracked in between. */
const LONGEST_BASELINE = 1;

/**
 * How the robot's body moves, whatever sensors are on it: constant velocity on SE(3), with turn rates from an IMU and
 * motion from an external odometry where there are any. Poses are T_odom_body, twists are in the body frame.
 *
 * @example
 * const motion = new BodyMotion(imu);
 * const predicted = compose(motion.predict(o.stampNs), o.T_body_sensor); // T_odom_sensor
 * o.undistort(motion.sweepTwist(o));
 * motion.update(o.stampNs, tracked, { sensor: o.sensor });
 */
export class BodyMotion {
  readonly #imu: ImuTrack | undefined;
  readonly #odometry: ExternalOdometry | undefined;
  #usesOdometry = true;
  #slides = false;
  readonly #inertial: InertialFilter | undefined;
  #pose: Pose = identity();
  #twist: Twist = new Float64Array(6);
  #stampNs: bigint | undefined;
  /** Standard deviation of roll and pitch that the scan before gave, neighbouring points being correlated; rad. */
  #scanTilt = Infinity;
  /** The state that was set, before any sensor was tracked from it. */
  #origin: StampedPose | undefined;
  /** Where the body was when each sensor was tracked last. */
  readonly #tracked = new Map<SensorId, StampedPose>();

  /**
   * Whoever owns these adds readings before the observations they belong to.
   *
   * @param imu turn rates of the body
   * @param odometry its motion, as wheels or another estimate have it
   * @param inertial gravity and motion, from an IMU with an accelerometer
   */
  constructor(imu?: ImuTrack, odometry?: ExternalOdometry, inertial?: InertialFilter) {
    this.#imu = imu;
    this.#odometry = odometry;
    this.#inertial = inertial;
  }

  /** Newest pose, T_odom_body. */
  get pose(): Pose {
    return this.#pose;
  }

  /** Velocity in the body frame at the newest pose, m/s and rad/s. */
  get twist(): Twist {
    return this.#twist;
  }

  /** Stamp of the newest pose. */
  get stampNs(): bigint | undefined {
    return this.#stampNs;
  }

  /** Seconds from the newest pose to `stampNs`, negative for a late observation; 0 before the first. */
  elapsed(stampNs: bigint): number {
    return this.#stampNs === undefined ? 0 : Number(stampNs - this.#stampNs) * 1e-9;
  }

  /** T_odom_body at `stampNs`, which may also lie before the newest pose. */
  predict(stampNs: bigint): Pose {
    const dt = this.elapsed(stampNs);
    const moved = this.#wheels?.twist(this.#stampNs ?? 0n, stampNs, this.#twist)
      ? undefined
      : this.#inertialStep(stampNs);
    if (moved) return compose(this.#pose, moved);
    const twist = withRate(this.#steadyUntil(stampNs), this.#rateUntil(stampNs));
    return compose(this.#pose, exp(twist.map((v) => v * dt)));
  }

  /** Velocity in the body frame to expect while an observation was taken: the turn rate is the IMU's where it has one. */
  expectedTwist({ stampNs, motion, surface }: Omit<Sweep, 'T_body_sensor' | 'mountTwist'>): Twist {
    const since = this.#rateUntil(stampNs);
    const steady = this.#steadyUntil(stampNs);
    if (motion === 'rigid' || (!this.#imu && !this.#wheels)) return withRate(steady, since);
    const [first, last] = timeSpan(surface.tau, surface.count);
    const [begin, end] = [stampNs + first, stampNs + last];
    const rate = since && (this.#imu?.mean(begin, end) ?? since);
    const during = this.#wheels?.twist(begin, end, this.#twist) ?? this.#velocityAt(stampNs, rate) ?? steady;
    return withRate(during, rate);
  }

  /** Whether the external odometry counts from here on, where there is one; see {@link OdometryTrial}. */
  useOdometry(on: boolean): void {
    this.#usesOdometry = on;
  }

  /** The external odometry, where there is one. */
  get odometry(): ExternalOdometry | undefined {
    return this.#odometry;
  }

  /**
   * What the external odometry expects otherwise than one would without it, until an observation and during its sweep, m and rad;
   * with the seconds that takes. Empty where it says nothing.
   */
  odometryDepartures(observation: Omit<Sweep, 'T_body_sensor' | 'mountTwist'>): readonly Departure[] {
    if (!this.#wheels || this.#stampNs === undefined) return [];
    const { stampNs, motion, surface } = observation;
    const [first, last] = timeSpan(surface.tau, surface.count);
    const spans = [this.elapsed(stampNs), motion === 'sweep' ? Number(last - first) * 1e-9 : 0];
    const expected = (): Twist[] => [this.#steadyUntil(stampNs), this.expectedTwist(observation)];
    const leaning = expected();
    this.#usesOdometry = false;
    const otherwise = expected();
    this.#usesOdometry = true;
    return spans.flatMap((seconds, k) =>
      seconds > 0 ? { seconds, motion: leaning[k]!.map((v, i) => (v - otherwise[k]![i]!) * seconds) } : [],
    );
  }

  /** Whether the motion from the newest pose to a stamp is measured, not only assumed to go on. */
  isMeasured(stampNs: bigint): boolean {
    const newest = this.#stampNs;
    if (newest === undefined) return false;
    if (this.#wheels?.twist(newest, stampNs, this.#twist)) return true;
    return this.#inertialStep(stampNs) !== undefined && this.#inertial!.waySigma < SURE_WAY;
  }

  /** What is known of an observation's pose before it is registered, given that the newest pose is right. */
  priors({ stampNs, T_body_sensor }: Pick<Observation, 'stampNs' | 'T_body_sensor'>): readonly PoseTerm[] {
    const newest = this.#stampNs;
    if (newest === undefined) return [];
    const expected = sensorPose(this.predict(stampNs), T_body_sensor);
    const prior = this.#wheels?.prior(
      this.#pose,
      newest,
      stampNs,
      expected,
      T_body_sensor,
      this.#slides ? 1 : AGAINST_SCANS,
    );
    const up = this.#inertial?.advance(stampNs) ? this.#inertial.up() : undefined;
    const gravity =
      up && new GravityPrior(inSensor(up.body, T_body_sensor), up.odom, this.#tiltSigma(up.sigma));
    return [...(prior ? [prior] : []), ...(gravity ? [gravity] : [])];
  }

  /** The twist to undistort an observation with: sensor frame, [v, ω], m/s and rad/s. */
  sweepTwist(observation: Sweep): Twist {
    return sensorTwist(this.expectedTwist(observation), observation);
  }

  /**
   * Takes a tracked pose. Without a measured twist the velocity is the mean one between two poses of the same sensor. An
   * observation from before the newest pose leaves the body where it is.
   */
  update(stampNs: bigint, T_odom_body: Pose, how: BodyUpdate = {}): void {
    const { sensor = '', twist, certain = true, slides = false, covariance } = how;
    const before = this.#stampNs;
    if (this.#isLate(stampNs)) return;
    const last = this.#tracked.get(sensor);
    const dt = last ? Number(stampNs - last.stampNs) * 1e-9 : 0;
    const step =
      last && dt >= SHORTEST_BASELINE && dt <= LONGEST_STEP
        ? log(compose(inverse(last.pose), T_odom_body)).map((v) => v / dt)
        : undefined;
    this.#twist = twist ?? this.meanTwist(sensor, stampNs, T_odom_body) ?? this.#twist;
    const spread = spreadAfter(last, step, T_odom_body);
    this.#tracked.set(sensor, {
      stampNs,
      pose: T_odom_body,
      step,
      stepBefore: last?.step,
      sweep: twist,
      spread,
    });
    if (certain && before !== undefined && this.#odometry)
      this.#odometry.compare(before, stampNs, compose(inverse(this.#pose), T_odom_body));
    this.#pose = T_odom_body;
    this.#stampNs = stampNs;
    this.#slides = slides;
    if (certain && before !== undefined) this.#imu?.learn(before, stampNs, this.#twist.subarray(3));
    if (covariance) this.#scanTilt = Math.sqrt((SCAN_ALIKE * (covariance[21]! + covariance[28]!)) / 2);
    if (this.#inertial?.advance(stampNs)) this.#inertial.measure(stampNs, T_odom_body, covariance);
  }

  /** What the latest steps of the sensor say about its velocity during an observation; undefined where they are too old. */
  steps(observation: Sweep & Pick<Observation, 'sensor'>): MotionSteps | undefined {
    const { sensor, stampNs, surface, T_body_sensor, motion } = observation;
    const last = this.#tracked.get(sensor);
    const dt = last ? Number(stampNs - last.stampNs) * 1e-9 : 0;
    if (!last || motion !== 'sweep' || dt < SHORTEST_BASELINE || dt > LONGEST_STEP) return undefined;
    const [first, end] = timeSpan(surface.tau, surface.count);
    return {
      last: sensorPose(last.pose, T_body_sensor),
      dt,
      before: last.step && sensorTwist(last.step, observation),
      sweep: last.sweep && sensorTwist(last.sweep, observation),
      spread: last.spread,
      middle: Number(first + end) * 0.5e-9,
      duration: Number(end - first) * 1e-9,
    };
  }

  /**
   * Sets pose and velocity, after a reset, a bootstrap or a loss of track; a late one changes nothing.
   *
   * @param known whether the pose is one in the map, not only a prediction
   */
  set(stampNs: bigint, T_odom_body: Pose, twist: Twist, known = true): void {
    if (this.#isLate(stampNs)) return;
    this.#pose = T_odom_body;
    this.#twist = twist;
    this.#stampNs = stampNs;
    this.#origin = { stampNs, pose: T_odom_body };
    this.#tracked.clear();
    if (this.#inertial?.advance(stampNs)) this.#inertial.anchor(stampNs, T_odom_body, known);
  }

  /** The external odometry while it counts. */
  get #wheels(): ExternalOdometry | undefined {
    return this.#usesOdometry ? this.#odometry : undefined;
  }

  /** From before the newest pose; longer before it, time itself has gone back. */
  #isLate(stampNs: bigint): boolean {
    const seconds = this.elapsed(stampNs);
    return seconds < 0 && seconds >= -LATE_SECONDS;
  }

  /**
   * Standard deviation that gravity counts with against a scan. The scan knows the turn to a map that leans as it was built, by
   * a little more with every scan where the beams' elevations are off: about roll and pitch against gravity it knows less than
   * its own matrix says. So a good IMU counts {@link GRAVITY_SHARE} of the scan before at least.
   */
  #tiltSigma(sigma: number): number {
    const share = GRAVITY_SHARE * Math.min(1, GOOD_TILT / sigma) ** 2;
    return Math.max(LEAST_TILT, Math.min(sigma, this.#scanTilt / Math.sqrt(share)));
  }

  /** Velocity from the newest pose to a stamp: what odometry or IMU measured, else what it was. */
  #steadyUntil(stampNs: bigint): Twist {
    const newest = this.#stampNs;
    if (newest === undefined) return this.#twist;
    const measured = this.#wheels?.twist(newest, stampNs, this.#twist);
    if (measured) return measured;
    const moved = this.#inertialStep(stampNs);
    const dt = this.elapsed(stampNs);
    return moved && dt > 0 ? log(moved).map((v) => v / dt) : this.#twist;
  }

  /** T_body(newest)_body(stamp), by gyroscope and accelerometer. */
  #inertialStep(stampNs: bigint): Pose | undefined {
    const newest = this.#stampNs;
    if (newest === undefined || stampNs <= newest || !this.#inertial?.advance(stampNs)) return undefined;
    return this.#inertial.moved(newest);
  }

  /** Velocity at a stamp by the accelerometer, body frame. */
  #velocityAt(stampNs: bigint, rate: Float64Array | undefined): Twist | undefined {
    const v = rate && this.#inertialStep(stampNs) && this.#inertial!.velocity(rate);
    return v && rate && Float64Array.of(...v, ...rate);
  }

  /** Mean turn rate between the newest pose and a stamp; undefined without an IMU that covers it. */
  #rateUntil(stampNs: bigint): Float64Array | undefined {
    const newest = this.#stampNs;
    if (newest === undefined) return undefined;
    return stampNs < newest ? this.#imu?.mean(stampNs, newest) : this.#imu?.mean(newest, stampNs);
  }

  /**
   * Mean velocity (body frame) up to a tracked pose, from where the same sensor was tracked last; undefined where that is
   * too near in time or too long ago.
   */
  meanTwist(sensor: SensorId, stampNs: bigint, T_odom_body: Pose): Twist | undefined {
    const own = this.#tracked.get(sensor);
    const from = own ?? (this.#tracked.size === 0 ? this.#origin : undefined);
    if (!from) return undefined;
    const dt = Number(stampNs - from.stampNs) * 1e-9;
    const isNewest = from.stampNs === this.#stampNs;
    if (dt <= 0 || (!isNewest && (dt < SHORTEST_BASELINE || dt > LONGEST_BASELINE))) return undefined;
    if (!own && dt < SHORTEST_BASELINE) return undefined;
    return log(compose(inverse(from.pose), T_odom_body)).map((v) => v / dt);
  }
}

/** With every step: how far the velocity was from that of the two steps before carried on, v₃ − 2v₂ + v₁, squared. */
function spreadAfter(last: StampedPose | undefined, step: Twist | undefined, pose: Pose): Float64Array {
  const before = last?.spread ?? new Float64Array(6);
  const [v2, v1] = [last?.step, last?.stepBefore];
  if (!step || !v2 || !v1) return before;
  const off = step.map((v, i) => v - 2 * v2[i]! + v1[i]!);
  return before.map((variance, i) => {
    const [row, half] = [(i % 3) * 4, i - (i % 3)];
    const along = pose[row]! * off[half]! + pose[row + 1]! * off[half + 1]! + pose[row + 2]! * off[half + 2]!;
    return variance + SPREAD_RATE * (along * along - variance);
  });
}

/** A direction in the body, in a sensor's frame. */
function inSensor(body: ArrayLike<number>, T: Pose): Float64Array {
  return Float64Array.from([0, 1, 2], (c) => T[c]! * body[0]! + T[4 + c]! * body[1]! + T[8 + c]! * body[2]!);
}

/** A twist with another turn rate. */
function withRate(twist: Twist, rate: Float64Array | undefined): Twist {
  return rate ? Float64Array.of(twist[0]!, twist[1]!, twist[2]!, rate[0]!, rate[1]!, rate[2]!) : twist;
}

/** First and last sample's time relative to the stamp, ns. */
function timeSpan(tau: Float32Array, count: number): [bigint, bigint] {
  let [first, last] = [0, 0];
  for (let i = 0; i < count; i++) {
    if (tau[i]! < first) first = tau[i]!;
    if (tau[i]! > last) last = tau[i]!;
  }
  return [BigInt(Math.round(first * 1e9)), BigInt(Math.round(last * 1e9))];
}
