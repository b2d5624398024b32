import type { RgbdFrame } from './camera/frame.js';
import type { ImuBatch } from './imu/batch.js';
import type { LidarScan } from './lidar/scan.js';
import type { OdometryBatch } from './odometry/batch.js';

/** A measurement that gets a pose: it is tracked and mapped. */
export type PosedMeasurement = LidarScan | RgbdFrame;

/** What a recording or a driver hands to the core. */
export type Measurement = PosedMeasurement | ImuBatch | OdometryBatch;

export function isImuBatch(measurement: Measurement): measurement is ImuBatch {
  return 'rates' in measurement;
}

export function isOdometryBatch(measurement: Measurement): measurement is OdometryBatch {
  return 'poses' in measurement;
}

export function isScan(measurement: Measurement): measurement is LidarScan {
  return 'positions' in measurement;
}

export function isFrame(measurement: Measurement): measurement is RgbdFrame {
  return 'depth' in measurement;
}

export function isPosed(measurement: Measurement): measurement is PosedMeasurement {
  return isScan(measurement) || isFrame(measurement);
}
