import type { Pose } from '../../geometry/se3.js';

/** Readings of an inertial sensor in the order of their stamps, as they are handed to the core. */
export interface ImuBatch {
  readonly stampsNs: BigInt64Array;
  /** Turn rates, 3 per stamp, rad/s, frame of the IMU. */
  readonly rates: Float64Array;
  /** Specific forces, 3 per stamp, m/s², frame of the IMU. */
  readonly accelerations?: Float64Array;
  readonly T_body_imu: Pose;
}
