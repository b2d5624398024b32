import { cameraConfig } from './camera.js';
import type { Config } from './schema.js';
import type { SensorSet } from './sensor-sets.js';
import { besideTouch, touchConfig } from './touch.js';

/** Kinds of sensors that a map has a grid for, coarsest first. */
const SENSOR_KINDS = ['lidar', 'rgbd', 'touch'] as const;
export type SensorKind = (typeof SENSOR_KINDS)[number];

/** The kinds of sensors that a map is made with, coarsest grid first. */
export function sensorKinds({ sensor }: Config): SensorKind[] {
  return SENSOR_KINDS.filter((kind) => sensor.kind.split('+').includes(kind));
}

/** The set of some kinds, undefined for none. */
export function sensorSetOf(kinds: readonly SensorKind[]): SensorSet | undefined {
  const set = SENSOR_KINDS.filter((kind) => kinds.includes(kind)).join('+');
  return set === '' ? undefined : (set as SensorSet);
}

/** The configuration as the grid of one kind of sensor has it. */
export function configOf(config: Config, kind: SensorKind): Config {
  const own = config.sensor.kind === kind ? config : { ...config, sensor: { ...config.sensor, kind } };
  if (kind === 'rgbd') return cameraConfig(own);
  if (kind === 'touch') return touchConfig(own);
  return sensorKinds(config).includes('touch') ? besideTouch(own) : own;
}
