import { type Encoding, WireReader, WireWriter } from './wire.js';
import { type Header, readHeader, writeHeader } from './header.js';

/** sensor_msgs/Imu. A covariance whose first element is −1 says that the quantity is not measured (REP-145). */
export interface Imu extends Header {
  /** Quaternion [x, y, z, w]. */
  readonly orientation: Float64Array;
  readonly orientationCovariance: Float64Array;
  /** rad/s, sensor frame. */
  readonly angularVelocity: Float64Array;
  readonly angularVelocityCovariance: Float64Array;
  /** m/s², sensor frame, gravity included. */
  readonly linearAcceleration: Float64Array;
  readonly linearAccelerationCovariance: Float64Array;
}

export function decodeImu(bytes: Uint8Array, encoding: Encoding = 'cdr'): Imu {
  const r = new WireReader(bytes, encoding, 'sensor_msgs/Imu');
  return {
    ...readHeader(r),
    orientation: r.float64s(4),
    orientationCovariance: r.float64s(9),
    angularVelocity: r.float64s(3),
    angularVelocityCovariance: r.float64s(9),
    linearAcceleration: r.float64s(3),
    linearAccelerationCovariance: r.float64s(9),
  };
}

export function encodeImu(m: Imu, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding, 400);
  writeHeader(w, m);
  w.float64s(m.orientation);
  w.float64s(m.orientationCovariance);
  w.float64s(m.angularVelocity);
  w.float64s(m.angularVelocityCovariance);
  w.float64s(m.linearAcceleration);
  w.float64s(m.linearAccelerationCovariance);
  return w.finish();
}
