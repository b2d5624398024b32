/** What a map can be made with: kinds of sensors, coarsest grid first. */
export const SENSOR_SETS = [
  'lidar',
  'rgbd',
  'touch',
  'lidar+rgbd',
  'lidar+touch',
  'rgbd+touch',
  'lidar+rgbd+touch',
] as const;
export type SensorSet = (typeof SENSOR_SETS)[number];
