import { azimuthCoverage } from './azimuth-times.js';
import type { LidarScan } from './scan.js';

/** A sweep of a sensor that spins takes as long as from scan to scan, within this share. */
const TOLERANCE = 0.2;
/** No sensor turns once in less (s): a longer sweep may be one of which scans were left out. */
export const SHORTEST_TURN = 0.035;
/** A prime, so that all lasers of a firing are met. */
const STRIDE = 61;
/** Sectors with points: of a whole turn, and in its first fifth at most. Several sensors in one cloud look everywhere at once. */
const WHOLE = 0.9;
const FIRST = 0.2;
const FIRST_COVERED = 0.35;

/**
 * What the times of a scan must be multiplied by where their unit is another than the usual ones: the power of ten with which a
 * whole turn takes as long as it is from scan to scan. 1 where they are right, or nothing tells.
 *
 * @param period seconds from scan to scan
 */
export function unitFactor(scan: LidarScan, period: number): number {
  const { times, positions, count } = scan;
  if (!times) return 1;
  // Some points tell that the unit is right; only where they do not, all are looked at.
  const some = spanOf(scan, STRIDE).spread;
  if (some > 0 && powerOfTen(some, period) === 1) return 1;
  const { first, spread } = spanOf(scan, 1);
  const factor = powerOfTen(spread, period);
  if (factor === 1 || (factor > 1 && spread > SHORTEST_TURN)) return 1;
  if (Math.abs(factor * spread - period) > TOLERANCE * period) return 1;
  const early = new Float32Array(3 * count).fill(NaN);
  for (let i = 0; i < count; i++)
    if (times[i]! - first < FIRST * spread) early.set(positions.subarray(3 * i, 3 * i + 3), 3 * i);
  const turns = azimuthCoverage(positions, count) > WHOLE && azimuthCoverage(early, count) < FIRST_COVERED;
  return turns ? factor : 1;
}

/** What a spread of times must be multiplied by to be of the order of the period. */
function powerOfTen(spread: number, period: number): number {
  return spread > 0 ? 10 ** Math.round(Math.log10(period / spread)) : 1;
}

/** First time and spread of every n-th point, without those that measured nothing. */
function spanOf({ times, positions, count }: LidarScan, stride: number): { first: number; spread: number } {
  let [first, last] = [Infinity, -Infinity];
  for (let i = 0; i < count; i += stride) {
    const x = positions[3 * i]!;
    if (x - x !== 0 || (x === 0 && positions[3 * i + 1] === 0)) continue;
    const t = times![i]!;
    if (t < first) first = t;
    if (t > last) last = t;
  }
  return { first, spread: last - first };
}
