import type { LidarScan } from './scan.js';

/** Of a turn, what the lasers must have run through for their points to tell the time. */
const LEAST_TURN = 0.8;
/** Steps against the direction of the sweep that are jitter, rad. */
const JITTER = 0.3;
const TURN = 2 * Math.PI;
const MAX_LASERS = 512;

/**
 * Seconds from the start of the sweep for the points of a spinning sensor, from the order in which they are stored: each
 * laser (its ring, or its row of an organised cloud) runs once around, from where the first point lies.
 *
 * @param period time of one turn, s
 * @returns undefined where the order does not tell: no lasers are known, or they do not run around once in one direction
 */
export function timesFromOrder(scan: LidarScan, period: number): Float32Array | undefined {
  const laser = laserOf(scan);
  if (!laser) return undefined;
  const { count, positions } = scan;
  const last = new Float64Array(MAX_LASERS).fill(NaN);
  const run = new Float64Array(MAX_LASERS);
  // First pass: which way they turn, and how far.
  for (let i = 0; i < count; i++) {
    const azimuth = azimuthOf(positions, i);
    if (azimuth !== azimuth) continue;
    const k = laser(i);
    if (last[k]! === last[k]!) run[k]! += wrap(azimuth - last[k]!);
    last[k] = azimuth;
  }
  let [lasers, turned] = [0, 0];
  for (let k = 0; k < MAX_LASERS; k++)
    if (last[k]! === last[k]!) {
      lasers++;
      turned += run[k]!;
    }
  if (lasers === 0 || Math.abs(turned) < LEAST_TURN * TURN * lasers || Math.abs(turned) > 1.2 * TURN * lasers)
    return undefined;
  const sign = Math.sign(turned);

  const out = new Float32Array(count);
  last.fill(NaN);
  let start = NaN;
  for (let i = 0; i < count; i++) {
    const azimuth = azimuthOf(positions, i);
    if (azimuth !== azimuth) continue;
    if (start !== start) start = azimuth;
    const k = laser(i);
    if (last[k]! === last[k]!) {
      const step = sign * (azimuth - last[k]!) + JITTER;
      run[k]! += step - TURN * Math.floor(step / TURN) - JITTER;
    } else run[k] = wrap(sign * (azimuth - start));
    last[k] = azimuth;
    out[i] = (run[k]! / TURN) * period;
  }
  return out;
}

/** Which laser a point is of, where rings or rows tell. */
function laserOf({ count, rings, width = 0, height = 0 }: LidarScan): ((i: number) => number) | undefined {
  if (rings && rings.length >= count && rings.every((r) => r < MAX_LASERS)) return (i) => rings[i]!;
  if (width * height !== count || Math.min(width, height) < 4 || Math.min(width, height) > MAX_LASERS)
    return undefined;
  return height <= width ? (i) => Math.floor(i / width) : (i) => i % width;
}

function azimuthOf(positions: Float32Array, i: number): number {
  const [x, y] = [positions[3 * i]!, positions[3 * i + 1]!];
  return x === 0 && y === 0 ? NaN : Math.atan2(y, x);
}

/** To [−π, π). */
function wrap(angle: number): number {
  return angle - TURN * Math.floor(angle / TURN + 0.5);
}
