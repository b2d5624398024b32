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
  /** The rows along the directions, in standard deviations: rows · rank. */
  readonly scores: Float32Array;
}

const EXTRA = 16;
/** Products with the transposed table that the directions are sharpened by. */
const POWER_STEPS = 1;

/**
 * Principal components by a randomised range finder with power iterations (Halko, Martinsson and Tropp 2011, algorithms
 * 4.4 and 5.1). The table is read 2·POWER_STEPS + 1 times, nothing of its size is allocated.
 */
export function principalComponents(
  table: SampleTable,
  rank: number,
  random: Random,
  product: Product = plainProduct,
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
    const projected = multiply(table, mean, basis, width, product);
    orthonormalise(projected, rows, width);
    basis = multiplyTransposed(table, mean, projected, width, product);
    orthonormalise(basis, columns, width);
  }
  // Rayleigh–Ritz: the covariance within the basis.
  const projected = multiply(table, mean, basis, width, product);
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
  const scores = new Float32Array(rows * rank);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < rank; k++) {
      let sum = 0;
      for (let a = 0; a < width; a++) sum += projected[i * width + a]! * vectors[a * width + width - 1 - k]!;
      scores[i * rank + k] = variances[k]! > 0 ? sum / Math.sqrt(variances[k]!) : 0;
    }
  return { mean, directions, variances, total, scores };
} // prettier-ignore

/** About `count` rows, evenly taken. */
export function everyFew({ rows, columns, values }: SampleTable, count: number): SampleTable {
  if (count >= rows) return { rows, columns, values };
  const out = new Int16Array(count * columns);
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * rows) / count) * columns;
    out.set(values.subarray(from, from + columns), i * columns);
  }
  return { rows: count, columns, values: out };
}

/** Rows of any table along the directions, in standard deviations: rows · rank. */
export function scoresOf(
  table: SampleTable,
  { mean, directions, variances }: PrincipalComponents,
  product: Product = plainProduct,
): Float32Array {
  const rank = variances.length;
  const { columns } = table;
  const scaled = new Float32Array(columns * rank);
  for (let k = 0; k < rank; k++) {
    const scale = variances[k]! > 0 ? 1 / Math.sqrt(variances[k]!) : 0;
    for (let d = 0; d < columns; d++) scaled[d * rank + k] = scale * directions[k * columns + d]!;
  }
  return multiply(table, mean, scaled, rank, product);
}

/** Rows that are centred and multiplied at once. */
const BAND = 256;

/** (X − mean) B: rows · width. */
function multiply(table: SampleTable, mean: Float32Array, B: Float32Array, width: number, product: Product) {
  const out = new Float32Array(table.rows * width);
  for (const [first, band] of bands(table, mean))
    out.set(product(band, band.length / table.columns, table.columns, B, width, false), first * width);
  return out;
}

/** (X − mean)ᵀ Y: columns · width. */
function multiplyTransposed(table: SampleTable, mean: Float32Array, Y: Float32Array, width: number, product: Product) {
  const sum = new Float64Array(table.columns * width);
  for (const [first, band] of bands(table, mean)) {
    const rows = band.length / table.columns;
    const part = product(band, rows, table.columns, Y.slice(first * width, (first + rows) * width), width, true);
    for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!;
  }
  return Float32Array.from(sum);
} // prettier-ignore

/** The centred table band by band, with the number of the first row. */
function* bands(
  { rows, columns, values }: SampleTable,
  mean: Float32Array,
): Generator<[number, Float32Array]> {
  for (let first = 0; first < rows; first += BAND) {
    const band = new Float32Array(Math.min(BAND, rows - first) * columns);
    for (let i = 0, at = first * columns; i < band.length; at += columns)
      for (let d = 0; d < columns; d++) band[i++] = values[at + d]! - mean[d]!;
    yield [first, band];
  }
}

/**
 * A · B or Aᵀ · B of row-major matrices, A of `rows` · `inner`.
 *
 * @returns rows · columns, or inner · columns when transposed
 */
export type Product = (
  A: Float32Array,
  rows: number,
  inner: number,
  B: Float32Array,
  columns: number,
  transposed: boolean,
) => Float32Array;

/** The product in plain loops; a library that uses vector instructions is five times as fast. */
export const plainProduct: Product = (A, rows, inner, B, columns, transposed) => {
  const out = new Float32Array((transposed ? inner : rows) * columns);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < inner; k++) {
      const a = A[i * inner + k]!;
      const [to, from] = transposed ? [k * columns, i * columns] : [i * columns, k * columns];
      for (let c = 0; c < columns; c++) out[to + c]! += a * B[from + c]!;
    }
  return out;
};

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
