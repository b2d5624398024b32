/** What people call one measurement of a sensor. */
export type MeasurementNoun = 'scan' | 'frame';

/** A LiDAR takes scans, a camera frames. */
export function nounOf(sensor: 'lidar' | 'rgbd' | undefined): MeasurementNoun {
  return sensor === 'rgbd' ? 'frame' : 'scan';
}

/** With a capital letter. */
export function capital(noun: MeasurementNoun): string {
  return noun === 'frame' ? 'Frame' : 'Scan';
}
