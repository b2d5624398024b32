import { factorCholesky, solveLower, solveUpper } from '../dense.js';

/** Residuals much smaller than this count as this, in the unit of the targets. */
const SMOOTH = 0.02;
const ROUNDS = 200;
const SETTLED = 1e-6;
/** Share of each column's mean square that is added to it: terms that say the same share their weight. */
const RIDGE = 1e-4;

/** Rows to fit: all arrays have one entry a row. */
export interface QuantileRows {
  /** N·K; the first column is 1. */
  readonly terms: Float64Array;
  readonly targets: Float64Array;
  /** How much each row counts, above 0. */
  readonly weights: Float64Array;
}

/**
 * Weights of terms whose sum lies above a share `quantile` of the targets: linear quantile regression (Koenker and Bassett
 * 1978) by majorisation (Hunter and Lange 2000), a weighted least-squares problem a round.
 *
 * @returns K weights
 */
export function fitQuantile({ terms, targets, weights }: QuantileRows, quantile: number): Float64Array {
  const N = targets.length;
  const K = terms.length / N;
  let b = new Float64Array(K);
  for (let round = 0; round < ROUNDS; round++) {
    const A = new Float64Array(K * K);
    const next = new Float64Array(K);
    for (let n = 0; n < N; n++) {
      let left = targets[n]!;
      for (let k = 0; k < K; k++) left -= b[k]! * terms[n * K + k]!;
      // The first round is ordinary least squares.
      const own = round === 0 ? weights[n]! : weights[n]! / Math.max(SMOOTH, Math.abs(left));
      const pull = own * targets[n]! + (round === 0 ? 0 : (2 * quantile - 1) * weights[n]!);
      for (let k = 0; k < K; k++) {
        const term = terms[n * K + k]!;
        next[k]! += pull * term;
        for (let j = 0; j <= k; j++) A[k * K + j]! += own * term * terms[n * K + j]!;
      }
    }
    for (let k = 1; k < K; k++) A[k * K + k]! *= 1 + RIDGE;
    factorCholesky(A, K);
    solveLower(A, K, next);
    solveUpper(A, K, next);
    const moved = next.reduce((most, v, k) => Math.max(most, Math.abs(v - b[k]!)), 0);
    b = next;
    if (round > 0 && moved < SETTLED) break;
  }
  return b;
}
