import type { SensorSet } from '../config/sensor-sets.js';

/** What people call one measurement of a sensor. */
export type MeasurementNoun = 'scan' | 'frame' | 'measurement';

/** A LiDAR takes scans, a camera frames; others, and several together, measurements. */
export function nounOf(sensor: SensorSet | undefined): MeasurementNoun {
  if (sensor === undefined || sensor === 'lidar') return 'scan';
  return sensor === 'rgbd' ? 'frame' : 'measurement';
}

/** With a capital letter. */
export function capital(noun: MeasurementNoun): string {
  return noun[0]!.toUpperCase() + noun.slice(1);
}
