import type { ColorFrame, RgbdFrame } from './camera/frame.js';
import type { ImuBatch } from './imu/batch.js';
import type { LidarScan } from './lidar/scan.js';
import type { OdometryBatch } from './odometry/batch.js';
import type { TouchMeasurement } from './tactile/touch.js';

/** A measurement that gets a pose and is mapped there. */
export type PosedMeasurement = LidarScan | RgbdFrame | TouchMeasurement;

/** What a recording or a driver hands to the core. */
export type Measurement = PosedMeasurement | ColorFrame | ImuBatch | OdometryBatch;

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
  return 'kind' in measurement && measurement.kind === 'rgbd';
}

export function isColorFrame(measurement: Measurement): measurement is ColorFrame {
  return 'kind' in measurement && measurement.kind === 'color';
}

export function isTouch(measurement: Measurement): measurement is TouchMeasurement {
  return 'kind' in measurement && measurement.kind !== 'rgbd' && measurement.kind !== 'color';
}

export function isPosed(measurement: Measurement): measurement is PosedMeasurement {
  return isScan(measurement) || isFrame(measurement) || isTouch(measurement);
}
