/** What a map can be made with: kinds of sensors, coarsest grid first. */
export const SENSOR_SETS = ['lidar', 'rgbd', 'lidar+rgbd'] as const;
export type SensorSet = (typeof SENSOR_SETS)[number];
