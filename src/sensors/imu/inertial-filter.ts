import { seconds } from '../clock-shift.js';
import { compose, exp, identity, inverse, rotationVector, type Pose } from '../../geometry/se3.js';
import { ErrorState, PART } from './error-state.js';
import { GyroTurn } from './gyro-turn.js';
import { InertialReadings } from './inertial-readings.js';
import type { ImuBatch } from './batch.js';
import { aboutUp, alike, attitudeVariance, inLevel, levelled, rotationOf, turn } from './rotations.js';

const GRAVITY = 9.80665;
/** What the noise of usual IMUs adds per second: rad²/s, m²/s³; drift of their biases. */
const ATTITUDE_NOISE = 3e-4 ** 2;
const VELOCITY_NOISE = 0.01 ** 2;
const ACCEL_BIAS_DRIFT = 1e-3 ** 2;
const GYRO_BIAS_DRIFT = 5e-5 ** 2;
/** Error of a turn rate by its scale and axes, as a share, for as long as it stays the same (s). */
const RATE_ERROR = 2e-3;
const RATE_HOLDS = 0.1;
/** Before anything is known: tilt (rad), velocity (m/s), biases (m/s², rad/s). */
const TILT = 0.15;
const SPEED = 10;
const ACCEL_BIAS = 0.1;
const GYRO_BIAS = 0.01;
/** A gap in the readings: how the body may have turned and sped up meanwhile (rad/s, m/s²). */
const GAP_TURN = 0.5;
const GAP_SPEED = 5;
/** Errors of a tracked step between two poses (m, rad), and per rad/s of turning. */
const STEP = 0.003;
const STEP_TURN = 0.0022;
const STEP_TURN_RATE = 0.002;
/** Error of the attitude that tracking has in odom, rad, and rad per metre since its beginning: alike in so many poses. */
const TRACKED_TILT = 0.0007;
const TRACKED_DRIFT = 0.0004;
const SAME_TILT = 10;
/** In small rooms attitudes are off by several times what their covariance says, alike for seconds: so much its variance counts. */
const SAME_TURN = 10;
const SAME_ROOM = 100;
/** Turns are compared over so long (s): of shorter ones the tracked error hides the bias. */
const TURN_OVER = 0.5;
/** Until the gyroscope's bias is known to this (rad/s), it would turn what is tracked, which then would confirm it. */
const KNOWN_GYRO = 9e-4;
/** Squared standard deviations beyond which a step is an outlier; mean of them beyond which the IMU is not trusted. */
const OUTLIER = 30;
const DISTRUST = 20;
const MEAN_OVER = 20;
/** Steps at the start whose misfits do not count: velocity and biases are being found. */
const SETTLED = 10;
/** Steps after the start or a gap until anything is known. */
const KNOWN_AFTER = 3;
/** A velocity is known when it is sure to this (m/s). */
const KNOWN_SPEED = 0.5;

/** A stamp that lies so far before the present (s) begins another recording. */
const GOES_BACK = 0.5;

/** Where up is, as tracking may use it. */
export interface Up {
  /** Unit vectors: in the frame of the body, and in odom. */
  readonly body: Float64Array;
  readonly odom: Float64Array;
  /** Standard deviation of the angle between the first, turned into odom, and the second; radians. */
  readonly sigma: number;
}

/**
 * What an IMU's gyroscope and accelerometer say about the body together with tracked poses: which way is up, how the body
 * moves until the next pose, and the biases. An error-state Kalman filter in a level frame of its own. Of tracked poses it
 * takes the way and turn from one to the next only, so that their drift does not become its own; the direction of up in odom
 * is estimated with it from the first pose on, by being the same unknown as the attitude was then.
 *
 * @example
 * const filter = new InertialFilter();
 * filter.add(batch);
 * filter.advance(scan.stampNs);
 * filter.anchor(scan.stampNs, T_odom_body, true); // the first pose; later ones: filter.measure(…)
 * const { body, odom, sigma } = filter.up()!;
 */
export class InertialFilter {
  /** What the user should know, oldest first. */
  readonly notices: string[] = [];
  readonly #readings = new InertialReadings();
  readonly #errors = new ErrorState();
  #T_body_imu: Pose = identity();
  #stampNs: bigint | undefined;
  /** Level frame: T_level_imu (rotation only), velocity (m/s), way since the last pose (m). */
  #R: Pose = identity();
  #v = new Float64Array(3);
  #p = new Float64Array(3);
  #accelBias = new Float64Array(3);
  #gyroBias = new Float64Array(3);
  /** T_odom_imu and the attitude at the last pose. */
  #anchor: { readonly stampNs: bigint; readonly T_odom_imu: Pose; readonly R: Pose } | undefined;
  /** Seconds since then. */
  #sinceAnchor = 0;
  /** By the gyroscope alone since a tracked attitude, with the bias as it was thought to be then. */
  #turning: GyroTurn | undefined;
  /** T_level_odom, rotation only. */
  #odom: Pose | undefined;
  /** Way since odom's frame is known, m. */
  #metres = 0;
  #steps = 0;
  /** Steps until up is known again after a gap. */
  #blind = 0;
  #misfit = 1;
  #agrees = true;

  /** @param gyro what is known of the gyroscope apart from this filter: without it nothing is told */
  constructor(private readonly gyro: { readonly trusted: boolean } = { trusted: true }) {}

  /** m/s² and rad/s, frame of the IMU. */
  get biases(): { readonly accel: Readonly<Float64Array>; readonly gyro: Readonly<Float64Array> } {
    return { accel: this.#accelBias, gyro: this.#gyroBias };
  }

  /** Takes readings; without accelerations there is nothing to filter. */
  add(batch: ImuBatch): void {
    this.#T_body_imu = batch.T_body_imu;
    this.#readings.add(batch);
  }

  /** Goes on to a stamp; false where there are no readings for that, or it lies before the present. */
  advance(toNs: bigint): boolean {
    if (this.#stampNs === toNs) return true;
    if (this.#stampNs !== undefined && seconds(this.#stampNs - toNs) > GOES_BACK) this.clear();
    if (this.#stampNs === undefined) return this.#start(toNs);
    if (toNs < this.#stampNs) return false;
    if (!this.#readings.cover(this.#stampNs, toNs)) {
      this.#skip(toNs);
      return false;
    }
    this.#readings.each(this.#stampNs, toNs, (rate, force, dt) => this.#propagate(rate, force, dt));
    this.#stampNs = toNs;
    this.#readings.forget(toNs);
    return true;
  }

  /** T_body(from)_body(now) since the last pose; undefined where that was at another stamp or the velocity is not known yet. */
  moved(fromNs: bigint): Pose | undefined {
    if (this.#anchor?.stampNs !== fromNs || !this.#isKnown()) return undefined;
    const back = inverse(this.#anchor.R);
    const turned = compose(back, this.#R);
    const step = Float64Array.from(turned);
    turn(back, this.#p).forEach((v, i) => (step[4 * i + 3] = v));
    return compose(compose(this.#T_body_imu, step), inverse(this.#T_body_imu));
  }

  /** Standard deviation of the way since the last known pose, m. */
  get waySigma(): number {
    return this.#anchor && this.#trusted ? this.#errors.sigma(PART.way) : Infinity;
  }

  /** Velocity of the body now but for its turn, body frame, m/s; undefined where it is not known. @param rate rad/s, body frame */
  velocity(rate: ArrayLike<number>): Float64Array | undefined {
    if (!this.#isKnown()) return undefined;
    const T = this.#T_body_imu;
    const v = turn(T, turn(inverse(this.#R), this.#v));
    // Of the body's origin: v_body = v_imu − ω × (imu − body).
    const [x, y, z] = [T[3]!, T[7]!, T[11]!];
    const [a, b, c] = [rate[0]!, rate[1]!, rate[2]!];
    return Float64Array.of(v[0]! - (b * z - c * y), v[1]! - (c * x - a * z), v[2]! - (a * y - b * x));
  }

  /** Which way is up; undefined before the first pose, after a gap, and of an IMU that contradicts what is tracked. */
  up(): Up | undefined {
    if (!this.#odom || !this.#trusted || this.#blind > 0 || !this.#gyroKnown) return undefined;
    const spread = this.#errors.difference(PART.attitude, PART.odom);
    const sigma = Math.sqrt(Math.max(0, (spread[0]! + spread[4]!) / 2));
    const inImu = Float64Array.of(this.#R[8]!, this.#R[9]!, this.#R[10]!);
    const odom = Float64Array.of(this.#odom[8]!, this.#odom[9]!, this.#odom[10]!);
    return { body: turn(this.#T_body_imu, inImu), odom, sigma };
  }

  /**
   * Sets where the body is: the way is counted from here.
   *
   * @param known whether that is a pose in the map; it begins odom's frame where there is none yet, or another one
   */
  anchor(stampNs: bigint, T_odom_body: Pose, known: boolean): void {
    if (stampNs !== this.#stampNs) return;
    const T_odom_imu = compose(T_odom_body, this.#T_body_imu);
    this.#anchor = { stampNs, T_odom_imu, R: this.#R.slice() };
    if (!known) this.#turning = undefined;
    else this.#turning ??= new GyroTurn(rotationOf(T_odom_imu), this.#gyroBias.slice());
    this.#sinceAnchor = 0;
    this.#p.fill(0);
    // The error of a prediction goes on growing from the pose before.
    if (known) this.#errors.set(PART.way, 0);
    if (!known || !this.#contradicts(T_odom_imu)) return;
    this.#odom = compose(this.#R, inverse(rotationOf(T_odom_imu)));
    this.#errors.clone(PART.odom, PART.attitude);
    this.#metres = 0;
  }

  /**
   * Learns from a tracked pose, and counts the way from there.
   *
   * @param covariance of the pose, 6×6, [x y z rotX rotY rotZ], axes of odom
   */
  measure(stampNs: bigint, T_odom_body: Pose, covariance?: Float64Array): void {
    const anchor = this.#anchor;
    if (stampNs !== this.#stampNs) return;
    const T_odom_imu = compose(T_odom_body, this.#T_body_imu);
    const dt = anchor ? this.#sinceAnchor : 0;
    if (anchor && dt > 0) {
      // Where gravity is a prior of tracking, the tilt that was tracked is this filter's own: nothing is to be learnt from it.
      const leans = this.up() === undefined;
      const moved = compose(inverse(anchor.T_odom_imu), T_odom_imu);
      const T_level_odom = compose(anchor.R, inverse(rotationOf(anchor.T_odom_imu)));
      this.#learnWay(turn(anchor.R, [moved[3]!, moved[7]!, moved[11]!]), inLevel(T_level_odom, covariance));
      const attitude = attitudeVariance(covariance);
      this.#learnTurn(rotationOf(T_odom_imu), attitude, leans);
      this.#metres += Math.hypot(moved[3]!, moved[7]!, moved[11]!);
      if (leans && this.#odom) this.#learnTilt(compose(this.#odom, rotationOf(T_odom_imu)), attitude);
      this.#judge();
    }
    this.anchor(stampNs, T_odom_body, true);
  }

  /** Forgets the motion, not the biases: time has gone back. */
  clear(): void {
    this.#readings.rewind();
    this.#stampNs = this.#anchor = this.#odom = this.#turning = undefined;
  }

  get #trusted(): boolean {
    return this.#agrees && this.gyro.trusted;
  }

  get #gyroKnown(): boolean {
    return this.#errors.sigma(PART.gyroBias) < KNOWN_GYRO;
  }

  #isKnown(): boolean {
    return this.#trusted && this.#steps >= KNOWN_AFTER && this.#errors.sigma(PART.velocity) < KNOWN_SPEED;
  }

  /** Whether a pose's tilt is not what the attitude and odom's direction of up say, or there is none yet. */
  #contradicts(T_odom_imu: Pose): boolean {
    if (!this.#odom) return true;
    const expected = compose(inverse(this.#odom), this.#R);
    const [a, b] = [expected, T_odom_imu];
    // Angle between the two directions of odom's up in the frame of the IMU.
    const g = [this.#odom[8]!, this.#odom[9]!, this.#odom[10]!];
    const [ua, ub] = [turn(inverse(rotationOf(a)), g), turn(inverse(rotationOf(b)), g)];
    const cosine = ua[0]! * ub[0]! + ua[1]! * ub[1]! + ua[2]! * ub[2]!;
    const spread = this.#errors.difference(PART.attitude, PART.odom);
    const sigma = Math.sqrt(Math.max(spread[0]!, spread[4]!, 0));
    return Math.acos(Math.min(1, Math.max(-1, cosine))) > Math.max(0.1, 5 * sigma);
  }

  #start(stampNs: bigint): boolean {
    const force = this.#readings.meanForce(stampNs);
    if (!force) {
      const { unusable } = this.#readings;
      if (unusable !== undefined && this.notices.length === 0) this.notices.push(unusable);
      return false;
    }
    const errors = this.#errors;
    // Level with the mean force as up; the heading is arbitrary, so that nothing is unknown about it.
    this.#R = levelled(force);
    errors.set(PART.attitude, TILT ** 2);
    errors.certain(PART.attitude + 2);
    errors.set(PART.velocity, SPEED ** 2);
    errors.set(PART.way, 0);
    errors.set(PART.accelBias, ACCEL_BIAS ** 2);
    errors.set(PART.gyroBias, GYRO_BIAS ** 2);
    errors.set(PART.odom, 1);
    this.#v.fill(0);
    this.#p.fill(0);
    this.#stampNs = stampNs;
    this.#readings.forget(stampNs);
    return true;
  }

  /** A gap: what happened meanwhile is not known. */
  #skip(toNs: bigint): void {
    const dt = seconds(toNs - this.#stampNs!);
    this.#errors.widen(PART.attitude, Math.min(1, GAP_TURN * dt) ** 2);
    this.#errors.widen(PART.velocity, Math.min(SPEED, GAP_SPEED * dt) ** 2);
    this.#errors.widen(PART.way, (SPEED * dt) ** 2);
    this.#stampNs = toNs;
    this.#steps = 0;
    this.#turning = undefined;
    this.#blind = KNOWN_AFTER;
    this.#readings.forget(toNs);
  }

  #propagate(rate: ArrayLike<number>, force: ArrayLike<number>, dt: number): void {
    const w = [0, 1, 2].map((i) => rate[i]! - this.#gyroBias[i]!);
    const a = [0, 1, 2].map((i) => force[i]! - this.#accelBias[i]!);
    // The force acts in the middle of the interval.
    const middle = compose(this.#R, exp([0, 0, 0, ...w.map((v) => (v * dt) / 2)]));
    const f = turn(middle, a);
    for (let i = 0; i < 3; i++) {
      const acceleration = f[i]! - (i === 2 ? GRAVITY : 0);
      this.#p[i]! += dt * (this.#v[i]! + (dt * acceleration) / 2);
      this.#v[i]! += dt * acceleration;
    }
    this.#R = compose(this.#R, exp([0, 0, 0, ...w.map((v) => v * dt)]));
    const turning = RATE_ERROR ** 2 * (w[0]! ** 2 + w[1]! ** 2 + w[2]! ** 2) * RATE_HOLDS;
    this.#errors.grow({
      dt,
      R: [0, 1, 2, 4, 5, 6, 8, 9, 10].map((i) => this.#R[i]!),
      force: f,
      attitude: ATTITUDE_NOISE + turning,
      velocity: VELOCITY_NOISE,
      accelBias: ACCEL_BIAS_DRIFT,
      gyroBias: GYRO_BIAS_DRIFT,
    });
    this.#sinceAnchor += dt;
    this.#turning?.add(rate, dt);
  }

  /** @param way in the level frame, as tracking has it: way + [way]× attitude error = p + its error */
  #learnWay(way: Float64Array, spread: Float64Array): void {
    const H = new Float64Array(3 * 18);
    const [x, y, z] = [way[0]!, way[1]!, way[2]!];
    [0, -z, y, z, 0, -x, -y, x, 0].forEach(
      (v, k) => (H[Math.floor(k / 3) * 18 + PART.attitude + (k % 3)] = v),
    );
    for (let i = 0; i < 3; i++) H[i * 18 + PART.way + i] = 1;
    const noise = spread.map((v, k) => v + (k % 4 === 0 ? STEP ** 2 : 0));
    this.#take(
      way.map((v, i) => v - this.#p[i]!),
      H,
      noise,
    );
  }

  /**
   * Learns the gyroscope's bias from the turn that was tracked since a while.
   *
   * @param R T_odom_imu, rotation only
   * @param attitude its variance, rad²
   * @param whole false: of the turn about up only
   */
  #learnTurn(R: Pose, attitude: number, whole: boolean): void {
    const turning = this.#turning;
    if (!turning || turning.seconds < TURN_OVER) return;
    this.#turning = undefined; // begins anew with this pose
    const { from, turned, bias, seconds: dt } = turning;
    const off = rotationVector(compose(inverse(turned), compose(inverse(from), R)));
    const H = new Float64Array(3 * 18);
    for (let i = 0; i < 3; i++) H[i * 18 + PART.gyroBias + i] = -dt;
    const rate = Math.hypot(...Array.from(this.#readings.latestRate));
    const variance = STEP_TURN ** 2 + (STEP_TURN_RATE * rate * dt) ** 2 + 2 * SAME_TURN * attitude;
    const y = off.map((v, i) => v + (this.#gyroBias[i]! - bias[i]!) * dt);
    this.#take(y, H, whole ? alike(variance) : aboutUp(variance, this.#R.subarray(8, 11)));
  }

  /** @param tracked T_level_imu as tracking has it: off by the difference of the errors of attitude and odom; and variance, rad² */
  #learnTilt(tracked: Pose, attitude: number): void {
    const H = new Float64Array(3 * 18);
    for (let i = 0; i < 3; i++) {
      H[i * 18 + PART.attitude + i] = 1;
      H[i * 18 + PART.odom + i] = -1;
    }
    const variance =
      SAME_TILT * (TRACKED_TILT ** 2 + (TRACKED_DRIFT * this.#metres) ** 2 + SAME_ROOM * attitude);
    this.#take(rotationVector(compose(tracked, inverse(this.#R))), H, alike(variance));
  }

  #take(y: ArrayLike<number>, H: Float64Array, noise: Float64Array): void {
    const taken = this.#errors.measure(y, H, noise, OUTLIER);
    if (!taken) return;
    const { correction: d, square } = taken;
    if (this.#steps > SETTLED) this.#misfit += (Math.min(square / 3, 100) - this.#misfit) / MEAN_OVER;
    const rotated = exp([0, 0, 0, d[0]!, d[1]!, d[2]!]);
    this.#R = compose(rotated, this.#R);
    // The attitude at the last pose was off by the same.
    if (this.#anchor) this.#anchor = { ...this.#anchor, R: compose(rotated, this.#anchor.R) };
    if (this.#odom)
      this.#odom = compose(exp([0, 0, 0, d[PART.odom]!, d[PART.odom + 1]!, d[PART.odom + 2]!]), this.#odom);
    for (let i = 0; i < 3; i++) {
      this.#v[i]! += d[PART.velocity + i]!;
      this.#p[i]! += d[PART.way + i]!;
      this.#accelBias[i]! += d[PART.accelBias + i]!;
      this.#gyroBias[i]! += d[PART.gyroBias + i]!;
    }
  }

  #judge(): void {
    this.#steps++;
    this.#blind--;
    const agrees = this.#agrees ? this.#misfit < DISTRUST : this.#misfit < DISTRUST / 4;
    if (agrees === this.#agrees) return;
    this.#agrees = agrees;
    // Where the gyroscope is not used, that has been said with its cause.
    if (!this.gyro.trusted) return;
    this.notices.push(
      agrees
        ? 'The IMU agrees with the scans again; its accelerometer is used.'
        : 'The IMU contradicts the motion that the scans show; its accelerometer is not used until it agrees again. Check the transform to its frame, its units and its stamps.',
    );
  }
}
