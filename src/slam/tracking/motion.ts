import {
  compose,
  exp,
  identity,
  inverse,
  log,
  transformTwist,
  type Pose,
  type Twist,
} from '../../geometry/se3.js';

/** Constant velocity on SE(3): translation and rotation, from the last two poses. */
export class ConstantVelocity {
  #pose: Pose = identity();
  #twist: Twist = new Float64Array(6);
  #stampNs: bigint | undefined;
  #mount: Pose | undefined;

  /** Last pose, T_odom_sensor. */
  get pose(): Pose {
    return this.#pose;
  }

  /** Velocity in the sensor frame, m/s and rad/s. */
  get twist(): Twist {
    return this.#twist;
  }

  get stampNs(): bigint | undefined {
    return this.#stampNs;
  }

  /** Seconds from the last pose to `stampNs`; 0 before the first. */
  elapsed(stampNs: bigint): number {
    return this.#stampNs === undefined ? 0 : Number(stampNs - this.#stampNs) * 1e-9;
  }

  /** T_odom_sensor at `stampNs`. */
  predict(stampNs: bigint): Pose {
    const dt = this.elapsed(stampNs);
    return compose(this.#pose, exp(this.#twist.map((v) => v * dt)));
  }

  /** Takes a tracked pose and its twist where that was measured; else the mean one since the last pose. */
  update(stampNs: bigint, pose: Pose, twist?: Twist): void {
    const dt = this.elapsed(stampNs);
    if (twist) this.#twist = twist;
    else if (dt > 0) this.#twist = log(compose(inverse(this.#pose), pose)).map((v) => v / dt);
    this.#pose = pose;
    this.#stampNs = stampNs;
  }

  /**
   * From now on poses and twists are those of a sensor mounted elsewhere on the same body (T_body_sensor): they are
   * carried over from where the last sensor was.
   */
  ride(mount: Pose): void {
    const before = this.#mount;
    this.#mount = mount;
    if (!before || mount.every((v, i) => v === before[i])) return;
    const T_before_now = compose(inverse(before), mount);
    this.#pose = compose(this.#pose, T_before_now);
    this.#twist = transformTwist(inverse(T_before_now), this.#twist);
  }

  /** Takes the turn rate (rad/s, sensor frame) from a gyroscope. */
  turn(rate: ArrayLike<number>): void {
    this.#twist = Float64Array.of(...this.#twist.subarray(0, 3), rate[0]!, rate[1]!, rate[2]!);
  }

  /** Sets pose and velocity, after a reset or a bootstrap. */
  set(stampNs: bigint, pose: Pose, twist: Twist): void {
    this.#pose = pose;
    this.#twist = twist;
    this.#stampNs = stampNs;
  }
}
