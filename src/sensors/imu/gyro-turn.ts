import { compose, exp, identity, type Pose } from '../../geometry/se3.js';

/**
 * A turn by the gyroscope alone, from a tracked attitude on.
 *
 * @example
 * const turning = new GyroTurn(rotationOf(T_odom_imu), gyroBias);
 * turning.add(rate, 0.005);
 * const expected = compose(turning.from, turning.turned); // T_odom_imu, rotation only
 */
export class GyroTurn {
  turned: Pose = identity();
  seconds = 0;

  /**
   * @param from T_odom_imu where it begins, rotation only
   * @param bias that is taken off the rates, rad/s
   */
  constructor(
    readonly from: Pose,
    readonly bias: Float64Array,
  ) {}

  /** @param rate rad/s as the gyroscope measures it, frame of the IMU @param dt s */
  add(rate: ArrayLike<number>, dt: number): void {
    const by = exp([0, 0, 0, ...[0, 1, 2].map((i) => (rate[i]! - this.bias[i]!) * dt)]);
    this.turned = compose(this.turned, by);
    this.seconds += dt;
  }
}
