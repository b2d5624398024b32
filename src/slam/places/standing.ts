// Which samples of a scan stand, as seen from a road: what is higher than cars has no wheels, mostly.
import type { Pose } from '../../geometry/se3.js';
import type { SurfaceSamples } from '../../sensors/observation.js';

/** Bit of the flags: ground fits anywhere on a road. */
export const GROUND = 2;
/** Higher than cars and vans, over the ground around the sensor (m), and by how much more so per metre beyond NEAR: roads slope. */
const HIGH = 2.5;
const SLOPE = 0.05;
const NEAR = 10;
/** How far around it the ground is looked at (m), and how many of its samples tell its height. */
const AROUND = 20;
const LEAST_GROUND = 20;

/** Those of some samples that are not on the ground. */
export function samplesOffGround({ flags }: SurfaceSamples, samples: Uint32Array): Uint32Array {
  return samples.filter((i) => (flags[i]! & GROUND) === 0);
}

/**
 * Those of some samples of a scan that are higher than what drives.
 *
 * @param pose T_submap_sensor, z up
 * @returns none where the ground around the sensor is not seen
 */
export function standingOf(surface: SurfaceSamples, samples: Uint32Array, pose: Pose): Uint32Array {
  const { flags, x, y, z } = surface;
  const height = (i: number): number => pose[8]! * x[i]! + pose[9]! * y[i]! + pose[10]! * z[i]!;
  const away = (i: number): number => Math.hypot(x[i]!, y[i]!);
  const ground = samples.filter((i) => flags[i]! & GROUND && away(i) < AROUND);
  if (ground.length < LEAST_GROUND) return new Uint32Array(0);
  const level = Float64Array.from(ground, height).sort()[ground.length >> 1]! + HIGH;
  return samplesOffGround(surface, samples).filter(
    (i) => height(i) > level + SLOPE * Math.max(0, away(i) - NEAR),
  );
}
