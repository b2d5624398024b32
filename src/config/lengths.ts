import type { Config } from './schema.js';

/** Factor of the lengths that the configuration gives for a range of 100 m ("scaled"): the only place that knows it.
 * Those of cameras are not scaled. */
export function lengthScale({ sensor }: Config): number {
  return sensor.kind === 'rgbd' ? 1 : sensor.maxRange / 100;
}

/** Distance of the finest corners of the map, m. */
export function finestVoxel(config: Config): number {
  return config.sensor.kind === 'rgbd' ? config.rgbd.voxel : config.map.voxel * lengthScale(config);
}
