import type { SensorSet } from '../config/sensor-sets.js';

/** What people call one measurement of a sensor. */
export type MeasurementNoun = 'scan' | 'frame' | 'measurement';

/** A LiDAR takes scans, a camera frames. */
export function nounOf(sensor: SensorSet | undefined): MeasurementNoun {
  if (sensor === 'lidar+rgbd') return 'measurement';
  return sensor === 'rgbd' ? 'frame' : 'scan';
}

/** With a capital letter. */
export function capital(noun: MeasurementNoun): string {
  return noun[0]!.toUpperCase() + noun.slice(1);
}
