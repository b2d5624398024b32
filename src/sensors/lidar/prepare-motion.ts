import { POLYNOMIAL, SEGMENT_WORDS } from '../../kernels/layout/lidar.js';
import { exp, type Pose, type Twist } from '../../geometry/se3.js';

/** Most segments of a sweep. */
export const MAX_SEGMENTS = 64;

/**
 * One segment of motion with constant body twist ξ: T(t) = M·exp((t − t₀)ξ), as a cubic in s = t − t₀. With the
 * segments short enough (|ω|·|s| ≤ 0.05) the remainder (|ω|·s)⁴/24 is below float32 resolution.
 *
 * @param out SEGMENT_WORDS numbers
 */
function writeSegment(out: Float32Array, M: Pose, xi: ArrayLike<number>, t0: number): void {
  const [v0, v1, v2, w0, w1, w2] = [xi[0]!, xi[1]!, xi[2]!, xi[3]!, xi[4]!, xi[5]!];
  // Powers of the 4×4 twist matrix, applied from the right: M·Ξᵏ/k!
  const A = Float64Array.of(
    M[0]!,
    M[1]!,
    M[2]!,
    M[3]!,
    M[4]!,
    M[5]!,
    M[6]!,
    M[7]!,
    M[8]!,
    M[9]!,
    M[10]!,
    M[11]!,
  );
  for (let k = 0; k < 4; k++) {
    for (let c = 0; c < 4; c++) {
      for (let r = 0; r < 3; r++) out[c * 16 + k * 4 + r] = A[r * 4 + c]!;
      out[c * 16 + k * 4 + 3] = 0;
    }
    const f = 1 / (k + 1);
    for (let r = 0; r < 12; r += 4) {
      const [a, b, c] = [A[r]!, A[r + 1]!, A[r + 2]!];
      A[r] = f * (b * w2 - c * w1);
      A[r + 1] = f * (c * w0 - a * w2);
      A[r + 2] = f * (a * w1 - b * w0);
      A[r + 3] = f * (a * v0 + b * v1 + c * v2);
    }
  }
  out.set([w0, w1, w2, 0, v0, v1, v2, 0, t0, 0, 0, 0], 64);
}

/** Largest rotation (rad) from the stamp for which the series of {@link writeSeries} are exact to float32. */
export const MAX_SERIES_ANGLE = 1.6;

/**
 * Coefficients of the series in τ² of sin(θ)/(|ω|τ), (1 − cos θ)/θ² and (θ − sin θ)/θ³ with θ = |ω|τ: the terms
 * (−1)ᵏ·|ω|²ᵏ/(2k + 1)!, /(2k + 2)! and /(2k + 3)!.
 *
 * @param out 3·POLYNOMIAL numbers
 */
export function writeSeries(out: Float32Array, twist: Twist): void {
  const w2 = twist[3]! ** 2 + twist[4]! ** 2 + twist[5]! ** 2;
  let term = 1;
  for (let k = 0; k < POLYNOMIAL; k++) {
    out[k] = term;
    out[k + POLYNOMIAL] = term / (2 * k + 2);
    out[k + 2 * POLYNOMIAL] = term / ((2 * k + 2) * (2 * k + 3));
    term *= -w2 / ((2 * k + 2) * (2 * k + 3));
  }
}

/**
 * Segments of constant twist over [start, end].
 *
 * @returns number of segments written (1…MAX_SEGMENTS)
 */
export function twistSegments(out: Float32Array, twist: Twist, start: number, end: number): number {
  const turn = Math.hypot(twist[3]!, twist[4]!, twist[5]!) * (end - start);
  const count = Math.max(1, Math.min(MAX_SEGMENTS, Math.ceil(turn / 0.08)));
  const step = (end - start) / count;
  for (let k = 0; k < count; k++) {
    const middle = start + (k + 0.5) * step;
    const M = exp(twist.map((v) => v * middle));
    writeSegment(out.subarray(k * SEGMENT_WORDS, (k + 1) * SEGMENT_WORDS), M, twist, middle);
  }
  return count;
}
