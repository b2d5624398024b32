import type { PreparedScan } from '../sensors/lidar/prepared-scan.js';
import type { SurfaceSamples } from '../sensors/observation.js';

/** The undistorted points of a prepared scan, as the field takes them. */
export function surfaceOf({
  columns: c,
  flags,
  mapCount,
  up,
  track,
  trackCount,
}: PreparedScan): SurfaceSamples {
  return {
    x: c.deskewedX,
    y: c.deskewedY,
    z: c.deskewedZ,
    nx: c.deskewedNx,
    ny: c.deskewedNy,
    nz: c.deskewedNz,
    tau: c.tau,
    quality: c.quality,
    flags,
    up,
    count: mapCount,
    keypoints: track.subarray(0, trackCount),
  };
}
