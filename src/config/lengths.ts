import type { Config } from './schema.js';
import { configOf } from './sensors.js';

/** Factor of the lengths that the configuration gives for a range of 100 m ("scaled"): the only place that knows it.
 * Those of cameras and of touch are not scaled. */
export function lengthScale({ sensor }: Config): number {
  return sensor.kind === 'rgbd' || sensor.kind === 'touch' ? 1 : sensor.maxRange / 100;
}

/** Distance of the finest corners of the map, m. */
export function finestVoxel(config: Config): number {
  const { sensor, rgbd, touch, map } = config;
  if (sensor.kind === 'touch') return touch.voxel;
  return sensor.kind === 'rgbd' ? rgbd.voxel : map.voxel * lengthScale(configOf(config, 'lidar'));
}
