import type { Random } from '../../geometry/random.js';
import { eigenSymmetric } from '../../geometry/linear.js';

/** Rows of equal length, samples by samples. */
export interface SampleTable {
  readonly rows: number;
  readonly columns: number;
  /** rows · columns. */
  readonly values: Int16Array;
}

/** The largest directions of variation of the rows around their mean. */
export interface PrincipalComponents {
  /** columns. */
  readonly mean: Float32Array;
  /** rank · columns, orthonormal rows, the largest variance first. */
  readonly directions: Float32Array;
  /** Variance along each. */
  readonly variances: Float64Array;
  /** Variance in all, summed over the columns. */
  readonly total: number;
}

const EXTRA = 16;
/** Products with the transposed table that the directions are sharpened by. */
const POWER_STEPS = 2;

/**
 * Principal components by a randomised range finder with power iterations (Halko, Martinsson and Tropp 2011, algorithms
 * 4.4 and 5.1). The table is read 2·POWER_STEPS + 1 times, nothing of its size is allocated.
 */
export function principalComponents(
  table: SampleTable,
  rank: number,
  random: Random,
  note: (text: string) => void = () => undefined,
): PrincipalComponents {
  const { rows, columns, values } = table;
  const mean = new Float32Array(columns);
  const sums = new Float64Array(columns);
  for (let i = 0, at = 0; i < rows; i++) for (let d = 0; d < columns; d++) sums[d]! += values[at++]!;
  for (let d = 0; d < columns; d++) mean[d] = sums[d]! / rows;
  let total = 0;
  for (let i = 0, at = 0; i < rows; i++) for (let d = 0; d < columns; d++) total += (values[at++]! - mean[d]!) ** 2;
  total /= rows;

  const width = Math.min(rank + EXTRA, rows);
  let basis = new Float32Array(columns * width); // columns · width
  for (let i = 0; i < basis.length; i++) basis[i] = random.normal();
  for (let step = 0; step < POWER_STEPS; step++) {
    const projected = multiply(table, mean, basis, width);
    orthonormalise(projected, rows, width);
    basis = multiplyTransposed(table, mean, projected, width);
    orthonormalise(basis, columns, width);
    note(`pass ${step + 1} of ${POWER_STEPS}`);
  }
  // Rayleigh–Ritz: the covariance within the basis.
  const projected = multiply(table, mean, basis, width);
  const gram = new Float64Array(width * width);
  for (let i = 0; i < rows; i++)
    for (let a = 0; a < width; a++) {
      const f = projected[i * width + a]! / rows;
      for (let b = 0; b <= a; b++) gram[a * width + b]! += f * projected[i * width + b]!;
    }
  for (let a = 0; a < width; a++) for (let b = 0; b < a; b++) gram[b * width + a] = gram[a * width + b]!;
  const { values: eigenvalues, vectors } = eigenSymmetric(gram, width);
  const directions = new Float32Array(rank * columns);
  const variances = new Float64Array(rank);
  for (let k = 0; k < rank; k++) {
    const from = width - 1 - k;
    variances[k] = Math.max(0, eigenvalues[from]!);
    for (let d = 0; d < columns; d++) {
      let sum = 0;
      for (let a = 0; a < width; a++) sum += basis[d * width + a]! * vectors[a * width + from]!;
      directions[k * columns + d] = sum;
    }
  }
  return { mean, directions, variances, total };
} // prettier-ignore

/** (X − mean) B: rows · width. */
function multiply(
  { rows, columns, values }: SampleTable,
  mean: Float32Array,
  B: Float32Array,
  width: number,
) {
  const out = new Float32Array(rows * width);
  const sum = new Float64Array(width);
  const even = columns & ~3;
  for (let i = 0; i < rows; i++) {
    const row = i * columns;
    sum.fill(0);
    for (let d = 0; d < even; d += 4) {
      const x0 = values[row + d]! - mean[d]!;
      const x1 = values[row + d + 1]! - mean[d + 1]!;
      const x2 = values[row + d + 2]! - mean[d + 2]!;
      const x3 = values[row + d + 3]! - mean[d + 3]!;
      const b0 = d * width;
      const [b1, b2, b3] = [b0 + width, b0 + 2 * width, b0 + 3 * width];
      for (let a = 0; a < width; a++)
        sum[a]! += x0 * B[b0 + a]! + x1 * B[b1 + a]! + x2 * B[b2 + a]! + x3 * B[b3 + a]!;
    }
    for (let d = even; d < columns; d++)
      for (let a = 0; a < width; a++) sum[a]! += (values[row + d]! - mean[d]!) * B[d * width + a]!;
    for (let a = 0; a < width; a++) out[i * width + a] = sum[a]!;
  }
  return out;
}

/** (X − mean)ᵀ Y: columns · width. */
function multiplyTransposed({ rows, columns, values }: SampleTable, mean: Float32Array, Y: Float32Array, width: number) {
  const out = new Float32Array(columns * width);
  // Four samples at once, a stretch of columns that stays in the cache.
  const BAND = 512;
  for (let from = 0; from < columns; from += BAND) {
    const to = Math.min(columns, from + BAND);
    let i = 0;
    for (; i + 4 <= rows; i += 4) {
      const [r0, r1, r2, r3] = [i * columns, (i + 1) * columns, (i + 2) * columns, (i + 3) * columns];
      const [y0, y1, y2, y3] = [i * width, (i + 1) * width, (i + 2) * width, (i + 3) * width];
      for (let d = from; d < to; d++) {
        const m = mean[d]!;
        const x0 = values[r0 + d]! - m;
        const x1 = values[r1 + d]! - m;
        const x2 = values[r2 + d]! - m;
        const x3 = values[r3 + d]! - m;
        const at = d * width;
        for (let a = 0; a < width; a++)
          out[at + a]! += x0 * Y[y0 + a]! + x1 * Y[y1 + a]! + x2 * Y[y2 + a]! + x3 * Y[y3 + a]!;
      }
    }
    for (; i < rows; i++)
      for (let d = from; d < to; d++) {
        const x = values[i * columns + d]! - mean[d]!;
        for (let a = 0; a < width; a++) out[d * width + a]! += x * Y[i * width + a]!;
      }
  }
  return out;
} // prettier-ignore

/** Gram–Schmidt on the columns of A (n · width), twice for accuracy, through transposed copies. */
function orthonormalise(A: Float32Array, n: number, width: number): void {
  const Q = Array.from({ length: width }, (_, a) => Float64Array.from({ length: n }, (_, i) => A[i * width + a]!));
  for (let a = 0; a < width; a++) {
    const q = Q[a]!;
    for (let round = 0; round < 2; round++)
      for (let b = 0; b < a; b++) {
        const p = Q[b]!;
        let dot = 0;
        for (let i = 0; i < n; i++) dot += p[i]! * q[i]!;
        for (let i = 0; i < n; i++) q[i]! -= dot * p[i]!;
      }
    let norm = 0;
    for (let i = 0; i < n; i++) norm += q[i]! * q[i]!;
    const scale = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    for (let i = 0; i < n; i++) q[i]! *= scale;
  }
  for (let a = 0; a < width; a++) for (let i = 0; i < n; i++) A[i * width + a] = Q[a]![i]!;
} // prettier-ignore
