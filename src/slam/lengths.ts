import type { Config } from '../config/schema.js';

/** Factor on every scaled length: sensor range relative to the 100 m for which the defaults are given. */
export function lengthScale(config: Config): number {
  return config.sensor.maxRange / 100;
}
