import type { PointSet } from '../field/engine.js';
import type { PreparedScan } from '../sensors/lidar/prepared-scan.js';

/** The deskewed fine points of a prepared scan, as the engine takes them. */
export function pointsOf({ pointers: p, mapCount, up }: PreparedScan): PointSet {
  return {
    x: p.deskewedX,
    y: p.deskewedY,
    z: p.deskewedZ,
    nx: p.deskewedNx,
    ny: p.deskewedNy,
    nz: p.deskewedNz,
    tau: p.tau,
    quality: p.quality,
    flags: p.flags,
    up,
    count: mapCount,
  };
}

/** Its coarse points, as indices of the fine ones. */
export function coarseOf({ pointers, trackCount }: PreparedScan): { pointer: number; count: number } {
  return { pointer: pointers.track, count: trackCount };
}
