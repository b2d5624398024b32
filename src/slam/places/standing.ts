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

/** Heights of ground samples, and samples that were chosen; as many as there ever were. */
let heights = new Float64Array(0);
let room = new Uint32Array(0);

function roomFor(count: number): Uint32Array {
  if (room.length < count) room = new Uint32Array(count);
  return room;
}

/** Those of some samples that are not on the ground. */
export function samplesOffGround({ flags }: SurfaceSamples, samples: Uint32Array): Uint32Array {
  const chosen = roomFor(samples.length);
  let n = 0;
  for (const i of samples) if ((flags[i]! & GROUND) === 0) chosen[n++] = i;
  return chosen.slice(0, n);
}

/**
 * Those of some samples of a scan that are higher than what drives.
 *
 * @param pose T_submap_sensor, z up
 * @returns none where the ground around the sensor is not seen
 */
export function standingOf(surface: SurfaceSamples, samples: Uint32Array, pose: Pose): Uint32Array {
  const level = groundLevel(surface, samples, pose);
  return level === undefined ? new Uint32Array(0) : samplesAbove(surface, samples, pose, level + HIGH);
}

/** Height of the ground around the sensor, less that of the sensor (m); undefined where it is not seen. */
function groundLevel(
  { flags, x, y, z }: SurfaceSamples,
  samples: Uint32Array,
  pose: Pose,
): number | undefined {
  const [a, b, c] = [pose[8]!, pose[9]!, pose[10]!];
  if (heights.length < samples.length) heights = new Float64Array(samples.length);
  let n = 0;
  for (let k = 0; k < samples.length; k++) {
    const i = samples[k]!;
    if ((flags[i]! & GROUND) === 0 || Math.sqrt(x[i]! ** 2 + y[i]! ** 2) >= AROUND) continue;
    heights[n++] = a * x[i]! + b * y[i]! + c * z[i]!;
  }
  return n < LEAST_GROUND ? undefined : heights.subarray(0, n).sort()[n >> 1]!;
}

/** Samples off the ground that are higher than `level`, less the height of the sensor (m), as far as roads may slope. */
function samplesAbove(
  { flags, x, y, z }: SurfaceSamples,
  samples: Uint32Array,
  pose: Pose,
  level: number,
): Uint32Array {
  const [a, b, c] = [pose[8]!, pose[9]!, pose[10]!];
  const chosen = roomFor(samples.length);
  let n = 0;
  for (let k = 0; k < samples.length; k++) {
    const i = samples[k]!;
    if (flags[i]! & GROUND) continue;
    const height = a * x[i]! + b * y[i]! + c * z[i]!;
    const away = Math.sqrt(x[i]! ** 2 + y[i]! ** 2);
    if (height > level + SLOPE * Math.max(0, away - NEAR)) chosen[n++] = i;
  }
  return chosen.slice(0, n);
}
