import type { ImuBatch } from './imu/batch.js';
import type { LidarScan } from './lidar/scan.js';

/** What a recording or a driver hands to the core. */
export type Measurement = LidarScan | ImuBatch;

export function isImuBatch(measurement: Measurement): measurement is ImuBatch {
  return 'stampsNs' in measurement;
}
