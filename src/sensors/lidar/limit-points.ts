import type { LidarScan } from './scan.js';

/** Every n-th point of a scan that has more than `most`, spread evenly; rows and columns are gone then. */
export function limitPoints(scan: LidarScan, most: number): LidarScan {
  const { count, positions, times, intensities, rings } = scan;
  const kept = Uint32Array.from({ length: most }, (_, i) => Math.floor((i * count) / most));
  const { stampNs, clockShiftNs, frameId, timing, gathered, mount, mountTwist } = scan;
  const xyz = new Float32Array(3 * most);
  kept.forEach((from, i) => {
    xyz[3 * i] = positions[3 * from]!;
    xyz[3 * i + 1] = positions[3 * from + 1]!;
    xyz[3 * i + 2] = positions[3 * from + 2]!;
  });
  return {
    stampNs,
    ...(clockShiftNs !== undefined && { clockShiftNs }),
    frameId,
    timing,
    ...(gathered && { gathered }),
    ...(mount && { mount }),
    ...(mountTwist && { mountTwist }),
    count: most,
    positions: xyz,
    ...(times && { times: Float32Array.from(kept, (from) => times[from]!) }),
    ...(intensities && { intensities: Float32Array.from(kept, (from) => intensities[from]!) }),
    ...(rings && { rings: Uint16Array.from(kept, (from) => rings[from]!) }),
  };
}
