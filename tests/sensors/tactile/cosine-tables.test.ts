import { describe, expect, it } from 'vitest';
import { PANEL } from '../../../src/kernels/layout/tactile.js';
import { cosineTables } from '../../../src/sensors/tactile/cosine-tables.js';

/** Rows times a matrix that lies in panels of columns. */
function times(row: readonly number[], panels: Float32Array, half: number): number[] {
  return Array.from({ length: half }, (_, column) => {
    const first = column - (column % PANEL);
    const wide = Math.min(PANEL, half - first);
    return row.reduce((sum, v, x) => sum + v * panels[first * half + x * wide + column - first]!, 0);
  });
}

describe('the cosine transform of a row', () => {
  // Halves that are a multiple of a panel, and not; widths of both parities.
  for (const width of [64, 40, 37, 7])
    it(`goes there and back, ${width} wide`, () => {
      const { half, forward, backward } = cosineTables(width, 5);
      const row = Array.from({ length: width }, (_, x) => Math.sin(1.7 * x) + 0.01 * x * x);
      const at = (x: number): number => (2 * x < width ? row[x]! : 0);
      const mirrored = (x: number): number => (2 * x + 1 < width ? row[width - 1 - x]! : 0);
      const halves = [1, -1].map((sign) =>
        Array.from({ length: half }, (_, x) => at(x) + sign * mirrored(x)),
      );
      const tables = (all: Float32Array, parity: number): Float32Array =>
        all.subarray(parity * half * half, (parity + 1) * half * half);
      const coefficients = halves.map((values, parity) => times(values, tables(forward, parity), half));
      for (let k = 0; k < width; k++) {
        const scale = Math.sqrt((k === 0 ? 1 : 2) / width);
        const truth = row.reduce(
          (sum, v, x) => sum + v * scale * Math.cos((Math.PI * (x + 0.5) * k) / width),
          0,
        );
        expect(coefficients[k % 2]![k >> 1]!).toBeCloseTo(truth, 4);
      }
      const [even, odd] = coefficients.map((values, parity) => times(values, tables(backward, parity), half));
      for (let x = 0; 2 * x < width; x++) {
        expect(even![x]! + odd![x]!).toBeCloseTo(row[x]!, 4);
        if (2 * x + 1 < width) expect(even![x]! - odd![x]!).toBeCloseTo(row[width - 1 - x]!, 4);
      }
    });
});
