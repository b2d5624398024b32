import type { LidarScan } from './scan.js';

/** In simulated streets and yards 8 rings of a 16-beam LiDAR were tracked, every fourth of them was not. */
const ENOUGH = 8;
/** Points that are needed to tell. */
const FEWEST_POINTS = 200;

/**
 * Whether a LiDAR has so few lasers that its scans hardly meet.
 *
 * @param scan with laser numbers that are those of rings
 * @returns what the user should know
 */
export function fewRings({ frameId, rings, count }: LidarScan): string | undefined {
  if (!rings || count < FEWEST_POINTS) return undefined;
  const rows = new Set(rings.subarray(0, count)).size;
  if (rows >= ENOUGH) return undefined;
  return (
    `The clouds of '${frameId}' have ${rows === 1 ? 'one ring' : `${rows} rings`}: what one scan sees lies between the rings of the ` +
    `next, so that few of its points can be compared with the map. Poses need about ${ENOUGH} rings.`
  );
}
