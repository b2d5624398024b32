import type { Config } from './schema.js';

/** Factor of the lengths that the configuration gives for a range of 100 m ("scaled"): the only place that knows it. */
export function lengthScale({ sensor }: Config): number {
  return sensor.maxRange / 100;
}
