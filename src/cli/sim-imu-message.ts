import type { Imu } from '../messages/imu.js';
import type { ImuSample } from '../sim/imu.js';

/** A reading as a message; without an orientation (REP-145). */
export function imuMessage({ stampNs, gyro, accel }: ImuSample, frameId: string): Imu {
  return {
    stampNs,
    frameId,
    orientation: Float64Array.of(0, 0, 0, 1),
    orientationCovariance: Float64Array.of(-1, 0, 0, 0, 0, 0, 0, 0, 0),
    angularVelocity: gyro,
    angularVelocityCovariance: new Float64Array(9),
    linearAcceleration: accel,
    linearAccelerationCovariance: new Float64Array(9),
  };
}
