/** How a spinning sensor sweeps. */
export interface SpinModel {
  /** Seen from above (z up). */
  readonly direction: 'counter-clockwise' | 'clockwise';
  /** Azimuth (atan2(y, x), radians) at which the sweep starts and ends; π: backward. */
  readonly startAzimuth: number;
  /** Time of one turn, seconds. */
  readonly period: number;
  /** Time of the start of the sweep relative to the stamp, seconds. */
  readonly startTime: number;
}

/**
 * Velodyne HDL-64E as recorded for KITTI: ten turns a second, clockwise, cut where the sensor faces backward and
 * stamped when it faces forward, so that times run from −50 to +50 ms. The direction is measured: among both
 * directions, starting backward or forward, this one alone aligns scans better than no deskewing at all.
 */
export const KITTI_HDL64: SpinModel = {
  direction: 'clockwise',
  startAzimuth: Math.PI,
  period: 0.1,
  startTime: -0.05,
};

/**
 * Seconds relative to the stamp for the points of one sweep of a spinning sensor, from their azimuth. Points without
 * coordinates get 0.
 *
 * @param positions 3·count, metres, in a frame that shares the sensor's axis of rotation (z up)
 */
export function rebuildTimesFromAzimuth(
  positions: Float32Array,
  count: number,
  model: SpinModel,
): Float32Array {
  const out = new Float32Array(count);
  const sign = model.direction === 'counter-clockwise' ? 1 : -1;
  const turn = 2 * Math.PI;
  for (let i = 0; i < count; i++) {
    const azimuth = Math.atan2(positions[3 * i + 1]!, positions[3 * i]!);
    const angle = sign * (azimuth - model.startAzimuth);
    const phase = angle / turn - Math.floor(angle / turn);
    // NaN coordinates: no phase, no time.
    if (phase === phase) out[i] = model.startTime + phase * model.period;
  }
  return out;
}

/** Share of 72 sectors of azimuth that hold points, from 0 to 1: close to 1 for spinning sensors. */
export function azimuthCoverage(positions: Float32Array, count: number): number {
  const sectors = new Uint8Array(72);
  for (let i = 0; i < count; i++) {
    const azimuth = Math.atan2(positions[3 * i + 1]!, positions[3 * i]!);
    if (azimuth === azimuth)
      sectors[Math.min(71, Math.floor(((azimuth + Math.PI) / (2 * Math.PI)) * 72))] = 1;
  }
  return sectors.reduce((sum, hit) => sum + hit, 0) / sectors.length;
}

/**
 * Laser indices of a scan stored laser by laser, each with azimuth increasing from +x (as KITTI stores them): a new
 * laser starts where the azimuth falls by more than half a turn.
 */
export function rebuildRingsFromAzimuth(positions: Float32Array, count: number): Uint16Array {
  const out = new Uint16Array(count);
  let ring = 0;
  let [lastX, lastY] = [1, 0];
  for (let i = 0; i < count; i++) {
    const x = positions[3 * i]!;
    const y = positions[3 * i + 1]!;
    // A fall by more than half a turn leads from the right half (y < 0) to the left one: only then look closer.
    if (lastY < 0 && y >= 0 && Math.atan2(y, x) < Math.atan2(lastY, lastX) + Math.PI) ring++;
    if (x === x && y === y) [lastX, lastY] = [x, y];
    out[i] = ring;
  }
  return out;
}
