import * as L from '../../kernels/layout/lidar.js';
import type { ScanGeometry } from './prepare-rows.js';

/** Side that a cell should have on the surface, in σ of the range: the normal's window is some four of them wide. */
const CELL_SIGMAS = 8;

/** f32 planes that `planLevels` may use for at most `cells` cells at the finest level. */
export function imageFloats(cells: number): number {
  // Halving columns only: cells·(1 + ½ + …) and 2·PAD extra columns per row and level, 256 columns at least.
  return Math.ceil(cells * 2 * (1 + (4 * L.PAD) / 64)) * 4;
}

/**
 * Writes the records of the pyramid: the side that is finer in angle is halved until both are equal, then both are.
 *
 * @param rangeNoise standard deviation of the sensor's range, m
 * @returns number of levels
 */
export function planLevels(
  geometry: ScanGeometry,
  records: { i32: Int32Array; f32: Float32Array },
  planes: number,
  rangeNoise: number,
): number {
  const words = L.L_BYTES / 4;
  let { rows, rowPitch, logCols } = geometry;
  let rowShift = 0;
  let colShift = 0;
  let level = 0;
  for (; ; level++) {
    const colPitch = (2 * Math.PI) / (1 << logCols);
    const planeBytes = ((1 << logCols) + 2 * L.PAD) * 4;
    const at = level * words;
    records.i32[at + L.L_PLANES / 4] = planes;
    records.i32[at + L.L_PLANE_BYTES / 4] = planeBytes;
    records.i32[at + L.L_ROWS / 4] = rows;
    records.i32[at + L.L_LOG_COLS / 4] = logCols;
    records.i32[at + L.L_ROW_SHIFT / 4] = rowShift;
    records.i32[at + L.L_COL_SHIFT / 4] = colShift;
    records.f32[at + L.L_MAX_RANGE / 4] = (CELL_SIGMAS * rangeNoise) / colPitch;
    records.f32[at + L.L_GATE / 4] = 3 * Math.max(colPitch, rowPitch);
    records.f32[at + L.L_ROW_PITCH / 4] = rowPitch;
    planes += rows * 4 * planeBytes;
    if (logCols <= 6 || level + 1 === L.MAX_LEVELS) return level + 1;
    logCols--;
    colShift++;
    if (rows > 1 && rowPitch < 1.5 * colPitch) {
      rows = (rows + 1) >> 1;
      rowPitch *= 2;
      rowShift++;
    }
  }
}
