import { cameraConfig } from './camera.js';
import type { Config } from './schema.js';

/** Kinds of sensors that a map has a grid for, coarsest first. */
export const SENSOR_KINDS = ['lidar', 'rgbd'] as const;
export type SensorKind = (typeof SENSOR_KINDS)[number];

/** The kinds of sensors that a map is made with, coarsest grid first. */
export function sensorKinds({ sensor }: Config): SensorKind[] {
  return SENSOR_KINDS.filter((kind) => sensor.kind.split('+').includes(kind));
}

/** The configuration as the grid of one kind of sensor has it. */
export function configOf(config: Config, kind: SensorKind): Config {
  const own = config.sensor.kind === kind ? config : { ...config, sensor: { ...config.sensor, kind } };
  return kind === 'rgbd' ? cameraConfig(own) : own;
}
