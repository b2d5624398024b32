import type { Pose } from './se3.js';

/** J·Σ·Jᵀ with J = [R, −[r]ₓR; 0, R], R the rotation of `T` and r = `arm` in the rotated axes. */
export function transformCovariance(S: Float64Array, T: Pose, arm: ArrayLike<number>): Float64Array {
  const J = new Float64Array(36);
  const [x, y, z] = [arm[0]!, arm[1]!, arm[2]!];
  const skew = [0, -z, y, z, 0, -x, -y, x, 0];
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++) {
      J[r * 6 + c] = J[(r + 3) * 6 + c + 3] = T[r * 4 + c]!;
      for (let k = 0; k < 3; k++) J[r * 6 + c + 3]! -= skew[r * 3 + k]! * T[k * 4 + c]!;
    }
  const JS = multiply(J, S);
  return multiply(JS, J, true);
}

/** A·B, or A·Bᵀ, of 6×6 matrices. */
export function multiply(A: Float64Array, B: Float64Array, transposed = false): Float64Array {
  const out = new Float64Array(36);
  for (let r = 0; r < 6; r++)
    for (let c = 0; c < 6; c++)
      for (let k = 0; k < 6; k++)
        out[r * 6 + c]! += A[r * 6 + k]! * (transposed ? B[c * 6 + k]! : B[k * 6 + c]!);
  return out;
}
