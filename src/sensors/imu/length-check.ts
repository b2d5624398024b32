import { seconds } from '../clock-shift.js';
import { compose, exp, inverse, log, type Pose } from '../../geometry/se3.js';
import type { SensorId } from '../observation.js';
import type { ImuBatch } from './batch.js';
import { InertialReadings } from './inertial-readings.js';
import { turn } from './rotations.js';

const GRAVITY = 9.80665;
/** Mean specific forces within this of gravity (m/s²) show that the accelerometer's own unit is right. */
const GRAVITY_WITHIN = 1;
/** Poses are compared over so much time at least, and across gaps of so much at most (s): over less, noise of poses hides what they speed up by. */
const SPAN = 0.7;
const LONGEST = 1.5;
/** Comparisons that are kept, and with which it is judged. */
const KEPT = 40;
const ENOUGH = 8;
/**
 * Root of the mean square of what the accelerometer has about its mean, m/s²: where the motion is steadier, tracking's own noise is as
 * much. A lean that tracking has not seen passes for acceleration, too: below so small a factor it could be all there is, if it were as much as two degrees.
 */
const LEAST = 0.08;
const SMALL = 0.3;
const LEAST_OF_SMALL = 0.35;
/** Lengths within this of each other, as a factor, are alike. */
const ALIKE = 1.5;
/** Standard deviations by which the factor is known to be no such one, and none that is zero; and by which it is one again. */
const SURELY = 4;
const NOT_ZERO = 4;
const AGAIN = 2;
/** Comparisons with which one that may as well be zero is believed. */
const ENOUGH_OF_NOTHING = 12;
/** Noise of the accelerometer by what its readings scatter within a stretch, as a share of what is compared: vibrations are no motion. */
const MOST_NOISE = 0.25;
/** Of the variance of n readings, what a comparison over two stretches of n has: they count less towards its ends. */
const OF_READINGS = 2 / 3;
/** With the right factor, the sum of squares of what is off falls to this share. */
const EXPLAINS = 0.35;

/** What an accelerometer says about the lengths of what a sensor measures. */
export interface ComparedLengths {
  /** `right`: lengths are those of the accelerometer; `wrong`: they are not; `none`: there may be no motion at all. */
  readonly kind: 'right' | 'wrong' | 'none';
  /** Lengths as the sensor has them, in those of the accelerometer, and its standard deviation. */
  readonly factor: number;
  readonly sigma: number;
  /** Root of the mean square of the accelerations that were compared, m/s²: by the accelerometer, and by the sensor's poses. */
  readonly measured: number;
  readonly tracked: number;
  /** Seconds over which they were compared. */
  readonly seconds: number;
}

/** A pose with what the accelerometer had on the way to the next one: ∫f dt and ∬f dt², axes of odom. */
interface Node {
  readonly stampNs: bigint;
  /** T_odom_sensor. */
  readonly pose: Pose;
  /** From the sensor to the IMU, axes of odom. */
  readonly arm: Float64Array;
}

interface Stretch {
  seconds: number;
  /** Readings, their sum, and the sum of their squares over the axes. */
  count: number;
  readonly sum: Float64Array;
  squares: number;
  readonly velocity: Float64Array;
  readonly way: Float64Array;
}

interface Sensor {
  /** The last two poses that were compared, what lies between them, and what has come since. */
  before: Node | undefined;
  between: Stretch | undefined;
  from: Node | undefined;
  since: Stretch;
  newest: Node | undefined;
  /** Mean acceleration of the sensor over two stretches, by the IMU (but for gravity) and by its poses; axes of odom, m/s². */
  readonly pairs: Pair[];
}

interface Pair {
  readonly measured: Float64Array;
  readonly tracked: Float64Array;
  /** Variance of `measured` if the readings scatter by noise, sum of the axes. */
  readonly noise: number;
  readonly seconds: number;
}

const none = (): Stretch => ({
  ...{ seconds: 0, count: 0, squares: 0 },
  ...{ sum: new Float64Array(3), velocity: new Float64Array(3), way: new Float64Array(3) },
});

/**
 * Whether the lengths of what a sensor measures are those of the accelerometer beside it: whatever moves speeds up by as much in
 * both. Clouds in the wrong unit, and depth images, fit themselves as well as those in the right one, and only something that
 * knows the metre can tell. Gravity shows that the accelerometer does; the gyroscope is asked for nothing but whether it is turned as tracked.
 *
 * From three poses p₀ p₁ p₂ and the force f between them, with R as it was tracked:
 * ((p₂−p₁)/t₂ − (p₁−p₀)/t₁) · 2/(t₁+t₂) = k (mean of R f, weighted alike, + g), and k is 1.
 *
 * @example
 * const check = new LengthCheck();
 * check.add(batch);
 * const wrong = check.see('/points', scan.stampNs, T_odom_sensor, T_sensor_body); // of every scan that was tracked
 */
export class LengthCheck {
  readonly #readings = new InertialReadings();
  readonly #sensors = new Map<SensorId, Sensor>();
  #T_body_imu: Pose | undefined;
  #unit = false;

  /** @param gyro whether what is tracked turns as the gyroscope does: else a motion that is not there says nothing */
  constructor(private readonly gyro: { readonly trusted: boolean } = { trusted: true }) {}

  /** Takes readings; without accelerations there is nothing to compare with. */
  add(batch: ImuBatch): void {
    this.#T_body_imu = batch.T_body_imu;
    this.#readings.add(batch);
  }

  /** A sensor was not tracked: what follows is no motion. */
  interrupt(sensor: SensorId): void {
    const known = this.#sensors.get(sensor);
    if (known) known.before = known.from = known.newest = known.between = undefined;
  }

  /**
   * Takes a tracked pose.
   *
   * @param pose T_odom_sensor
   * @param T_body_sensor where the sensor is on the body
   * @returns what the accelerometer says about its lengths; undefined while that is not sure
   */
  see(sensor: SensorId, stampNs: bigint, pose: Pose, T_body_sensor: Pose): ComparedLengths | undefined {
    if (!this.#T_body_imu) return undefined;
    const known = this.#of(sensor);
    const arm = turn(pose, armOf(T_body_sensor, this.#T_body_imu));
    const node = { stampNs, pose: pose.slice(), arm };
    const { newest } = known;
    if (!newest) return this.#begin(known, node);
    if (stampNs <= newest.stampNs) return undefined; // late
    const passed = seconds(stampNs - newest.stampNs);
    if (passed > LONGEST || !this.#readings.cover(newest.stampNs, stampNs)) return this.#begin(known, node);
    this.#integrate(known.since, newest, node, T_body_sensor);
    known.since.seconds += passed;
    known.newest = node;
    return known.since.seconds < SPAN ? undefined : this.#compare(known, node);
  }

  #of(sensor: SensorId): Sensor {
    let known = this.#sensors.get(sensor);
    if (!known) {
      const nothing = { before: undefined, between: undefined, from: undefined, newest: undefined };
      this.#sensors.set(sensor, (known = { ...nothing, since: none(), pairs: [] }));
    }
    return known;
  }

  #begin(known: Sensor, node: Node): undefined {
    // The accelerometer's unit is told by what it measures at the start.
    this.#unit ||= this.#readings.meanForce(node.stampNs) !== undefined;
    known.before = known.between = undefined;
    known.from = known.newest = this.#unit ? node : undefined;
    known.since = none();
  }

  /** Adds the forces between two poses, turned into odom as tracking has it. */
  #integrate(sum: Stretch, from: Node, to: Node, T_body_sensor: Pose): void {
    const total = seconds(to.stampNs - from.stampNs);
    const { velocity, way } = sum;
    const moved = log(compose(inverse(from.pose), to.pose));
    let at = 0;
    this.#readings.each(from.stampNs, to.stampNs, (_, force, dt) => {
      const share = (at + dt / 2) / total;
      const R = compose(from.pose, exp(moved.map((v) => v * share)));
      const f = turn(R, toSensor(T_body_sensor, turn(this.#T_body_imu!, force)));
      sum.count++;
      for (let i = 0; i < 3; i++) {
        sum.sum[i]! += f[i]!;
        sum.squares += f[i]! ** 2;
        way[i]! += dt * (velocity[i]! + (dt * f[i]!) / 2);
        velocity[i]! += dt * f[i]!;
      }
      at += dt;
    });
  }

  #compare(known: Sensor, node: Node): ComparedLengths | undefined {
    const { before, between, from, since, pairs } = known;
    known.before = from;
    known.between = since;
    known.from = node;
    known.since = none();
    let oldest = node.stampNs;
    for (const { from: one } of this.#sensors.values()) if (one && one.stampNs < oldest) oldest = one.stampNs;
    this.#readings.forget(oldest);
    if (!before || !between || !from) return undefined;
    const [t1, t2] = [between.seconds, since.seconds];
    const half = (t1 + t2) / 2;
    const ofStretches = (first: ArrayLike<number>, second: ArrayLike<number>, i: number): number =>
      (second[i]! / t2 - first[i]! / t1) / half;
    const way = (a: Node, b: Node, i: number): number => b.pose[4 * i + 3]! - a.pose[4 * i + 3]!;
    const arm = (a: Node, b: Node, i: number): number => b.arm[i]! - a.arm[i]!;
    const [measured, tracked] = [new Float64Array(3), new Float64Array(3)];
    for (let i = 0; i < 3; i++) {
      const swung = (arm(from, node, i) / t2 - arm(before, from, i) / t1) / half;
      measured[i] = ofStretches(between.way, since.way, i) + between.velocity[i]! / half - swung;
      tracked[i] = (way(from, node, i) / t2 - way(before, from, i) / t1) / half;
    }
    const noise =
      (OF_READINGS * (spread(between) + spread(since))) / Math.max(1, between.count + since.count);
    pairs.push({ measured, tracked, noise, seconds: since.seconds });
    if (pairs.length > KEPT) pairs.shift();
    return pairs.length < ENOUGH ? undefined : judge(pairs, this.gyro.trusted);
  }
}

/** Variance of the readings in a stretch, sum of the axes. */
function spread({ count, sum, squares }: Stretch): number {
  const n = Math.max(1, count);
  return Math.max(0, squares / n - sum.reduce((total, v) => total + (v / n) ** 2, 0));
}

/** k of tracked = k (measured + g), and whether it is 1. @param turnsAlike whether what was tracked turns as the gyroscope does */
function judge(pairs: readonly Pair[], turnsAlike: boolean): ComparedLengths | undefined {
  const n = pairs.length;
  const [mean, meanTracked] = [new Float64Array(3), new Float64Array(3)];
  let noise = 0;
  for (const pair of pairs) {
    noise += pair.noise / n;
    for (let i = 0; i < 3; i++) {
      mean[i]! += pair.measured[i]! / n;
      meanTracked[i]! += pair.tracked[i]! / n;
    }
  }
  // An accelerometer that is not in m/s² knows no metre; turned otherwise than the sensor, it does not know its own up.
  if (Math.abs(Math.hypot(mean[0]!, mean[1]!, mean[2]!) - GRAVITY) > GRAVITY_WITHIN) return undefined;
  let [xx, xy, yy] = [0, 0, 0];
  for (const { measured, tracked } of pairs)
    for (let i = 0; i < 3; i++) {
      const [x, y] = [measured[i]! - mean[i]!, tracked[i]! - meanTracked[i]!];
      xx += x * x;
      xy += x * y;
      yy += y * y;
    }
  if (!(xx > n * LEAST ** 2 && noise * n < MOST_NOISE * xx)) return undefined;
  const factor = xy / xx;
  const off = Math.max(0, yy - factor * xy);
  // Neighbours share a stretch, and the axes of a pose are off together: as if there were one number a pair.
  const sigma = Math.sqrt(off / xx / (n - 2));
  const is = (kind: ComparedLengths['kind']): ComparedLengths => ({
    ...{ kind, factor, sigma },
    measured: Math.sqrt(xx / n),
    tracked: Math.sqrt(yy / n),
    seconds: pairs.reduce((sum, pair) => sum + pair.seconds, 0),
  });
  if (factor - AGAIN * sigma > 1 / ALIKE && factor + AGAIN * sigma < ALIKE) return is('right');
  const asItIs = yy - 2 * xy + xx;
  if (factor < SMALL && xx < n * LEAST_OF_SMALL ** 2) return undefined;
  const differs = factor + SURELY * sigma < 1 / ALIKE || factor - SURELY * sigma > ALIKE;
  if (!differs || off > EXPLAINS * asItIs) return undefined;
  if (factor > NOT_ZERO * sigma) return is('wrong');
  return turnsAlike && n >= ENOUGH_OF_NOTHING && factor > -NOT_ZERO * sigma ? is('none') : undefined;
}

/** From the sensor to the IMU, in the sensor's frame. */
function armOf(T_body_sensor: Pose, T_body_imu: Pose): Float64Array {
  return toSensor(
    T_body_sensor,
    [3, 7, 11].map((i) => T_body_imu[i]! - T_body_sensor[i]!),
  );
}

/** A direction in the body, in the sensor's frame. */
function toSensor(T: Pose, x: ArrayLike<number>): Float64Array {
  return Float64Array.from([0, 1, 2], (c) => T[c]! * x[0]! + T[4 + c]! * x[1]! + T[8 + c]! * x[2]!);
}
