import { POLYNOMIAL, SEGMENT_WORDS } from '../../kernels/layout/lidar.js';
import { compose, exp, inverse, log, type Pose, type Twist } from '../../geometry/se3.js';

/** Most knots of a motion table. */
export const MAX_KNOTS = 64;

/** The sensor's motion through a sweep: T_stamp_sensor at rising times (seconds relative to the stamp). */
export interface MotionKnots {
  readonly times: ArrayLike<number>;
  readonly poses: readonly Pose[];
}

/**
 * One segment of motion with constant body twist ξ: T(t) = M·exp((t − t₀)ξ), as a cubic in s = t − t₀. With the
 * segments short enough (|ω|·|s| ≤ 0.05) the remainder (|ω|·s)⁴/24 is below float32 resolution.
 *
 * @param out SEGMENT_WORDS numbers
 */
export function writeSegment(out: Float32Array, M: Pose, xi: ArrayLike<number>, t0: number): void {
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
 * @returns number of segments written (1…MAX_KNOTS)
 */
export function twistSegments(out: Float32Array, twist: Twist, start: number, end: number): number {
  const turn = Math.hypot(twist[3]!, twist[4]!, twist[5]!) * (end - start);
  const count = Math.max(1, Math.min(MAX_KNOTS, Math.ceil(turn / 0.08)));
  const step = (end - start) / count;
  for (let k = 0; k < count; k++) {
    const middle = start + (k + 0.5) * step;
    const M = exp(twist.map((v) => v * middle));
    writeSegment(out.subarray(k * SEGMENT_WORDS, (k + 1) * SEGMENT_WORDS), M, twist, middle);
  }
  return count;
}

/**
 * MAX_KNOTS equal segments over [start, end] that follow a table of knots, each with the twist between its ends.
 * Before the first and after the last knot the nearest twist goes on.
 */
export function knotSegments(out: Float32Array, knots: MotionKnots, start: number, end: number): number {
  const step = (end - start) / MAX_KNOTS;
  let a = poseAt(knots, start);
  for (let k = 0; k < MAX_KNOTS; k++) {
    const b = poseAt(knots, start + (k + 1) * step);
    const xi = log(compose(inverse(a), b)).map((v) => v / step);
    const M = compose(a, exp(xi.map((v) => v * 0.5 * step)));
    writeSegment(out.subarray(k * SEGMENT_WORDS, (k + 1) * SEGMENT_WORDS), M, xi, start + (k + 0.5) * step);
    a = b;
  }
  return MAX_KNOTS;
}

/** Pose of a knot table at a time: geodesic between knots, the nearest twist outside. */
export function poseAt(knots: MotionKnots, time: number): Pose {
  const { times, poses } = knots;
  const n = poses.length;
  if (n === 1) return poses[0]!;
  let k = 0;
  while (k < n - 2 && time > times[k + 1]!) k++;
  const share = (time - times[k]!) / (times[k + 1]! - times[k]!);
  const xi = log(compose(inverse(poses[k]!), poses[k + 1]!));
  return compose(poses[k]!, exp(xi.map((v) => v * share)));
}
