import type { Contacts } from '../../sensors/observation.js';

/** (1 + s)·e^−s is e^−½ there. */
const AT_LENGTH = 1.3577;

/**
 * Makes rows whose errors are alike independent: with R = L·Lᵀ the covariance of the errors, rows and residuals times L⁻¹.
 * Errors are alike as Matérn's with ν = 3/2 over the distance between contacts, on top of each contact's own; at the
 * length their correlation is e^−½, as a Gaussian's is.
 *
 * @example
 * const white = new Whitening(contacts, { sigma: 5e-4, length: 0.01, own: 1e-4 });
 * white.apply(rows, 7); // 7 numbers of each contact's row, in place
 */
export class Whitening {
  readonly #L: Float64Array;
  readonly #n: number;

  /**
   * @param sigma standard deviation of what is alike (m)
   * @param length over which it is (m)
   * @param own standard deviation of what is each contact's own (m)
   */
  constructor({ points }: Contacts, { sigma, length, own }: { sigma: number; length: number; own: number }) {
    const n = points.length / 3;
    const L = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        const [a, b] = [3 * i, 3 * j];
        const d = Math.hypot(
          points[a]! - points[b]!,
          points[a + 1]! - points[b + 1]!,
          points[a + 2]! - points[b + 2]!,
        );
        const s = (AT_LENGTH * d) / length;
        L[i * n + j] = sigma ** 2 * (1 + s) * Math.exp(-s) + (i === j ? own ** 2 : 0);
      }
    for (let j = 0; j < n; j++)
      for (let i = j; i < n; i++) {
        let sum = L[i * n + j]!;
        for (let k = 0; k < j; k++) sum -= L[i * n + k]! * L[j * n + k]!;
        L[i * n + j] = i === j ? Math.sqrt(sum) : sum / L[j * n + j]!;
      }
    this.#L = L;
    this.#n = n;
  }

  /** Replaces `rows` (n × width) by L⁻¹ times them. */
  apply(rows: Float64Array, width: number): void {
    const [L, n] = [this.#L, this.#n];
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) {
        const l = L[i * n + k]!;
        for (let c = 0; c < width; c++) rows[i * width + c]! -= l * rows[k * width + c]!;
      }
      for (let c = 0; c < width; c++) rows[i * width + c]! /= L[i * n + i]!;
    }
  }
}
