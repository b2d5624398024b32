import { expect, it } from 'vitest';
import * as L from '../../../src/kernels/layout/lidar.js';
import { planLevels } from '../../../src/sensors/lidar/prepare-levels.js';
import type { ScanGeometry } from '../../../src/sensors/lidar/prepare-rows.js';

/** Levels of a sensor with 64 rows, 0.4° apart, and 2048 columns. */
function levels(rangeNoise: number) {
  const words = new ArrayBuffer(L.MAX_LEVELS * L.L_BYTES);
  const records = { i32: new Int32Array(words), f32: new Float32Array(words) };
  const geometry = { rows: 64, rowPitch: (0.4 * Math.PI) / 180, logCols: 11 } as ScanGeometry;
  const count = planLevels(geometry, records, 0, rangeNoise);
  return Array.from({ length: count }, (_, i) => {
    const at = (i * L.L_BYTES) / 4;
    const columns = 2 ** records.i32[at + L.L_LOG_COLS / 4]!;
    return {
      column: (2 * Math.PI) / columns,
      row: records.f32[at + L.L_ROW_PITCH / 4]!,
      maxRange: records.f32[at + L.L_MAX_RANGE / 4]!,
    };
  });
}

it('each level is used up to where its cells are eight times the range noise wide', () => {
  for (const sigma of [0.005, 0.02])
    for (const { column, maxRange } of levels(sigma)) expect(maxRange * column).toBeCloseTo(8 * sigma, 6);
});

it('cells are made square first, then coarser', () => {
  const [first, ...rest] = levels(0.02);
  expect(first!.row / first!.column).toBeGreaterThan(2);
  for (const { row, column } of rest.slice(1)) expect(Math.abs(Math.log2(row / column))).toBeLessThan(1);
  rest.forEach(({ column }, i) => expect(column).toBeCloseTo(first!.column * 2 ** (i + 1), 9));
});
