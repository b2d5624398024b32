import { identity, type Pose } from '../geometry/se3.js';

/** Of a pose or a twist that is not known, 6×6: 10 m and 1 rad, 10 m/s and 1 rad/s. */
export const LOST_COVARIANCE = Float64Array.from({ length: 36 }, (_, i) =>
  i % 7 === 0 ? (i < 21 ? 100 : 1) : 0,
);

/**
 * The tracker's covariance, wider in unconstrained directions: there the pose rests on prediction alone.
 *
 * @param slid 3×3, covariance that those directions have gathered (m²)
 */
export function widened(covariance: Float64Array, slid: Float64Array): Float64Array {
  const wider = covariance.slice();
  for (let r = 0; r < 3; r++) for (let c = 0; c < 3; c++) wider[r * 6 + c]! += slid[r * 3 + c]!;
  return wider;
}

/**
 * A covariance about another point of the same rigid body: J Σ Jᵀ with J = [I −[d]×; 0 I].
 *
 * @param covariance 6×6, [x y z rotX rotY rotZ], axes of the odom frame
 * @param d from the old point to the new one, axes of the odom frame (m)
 */
export function aboutPoint(covariance: Float64Array, d: ArrayLike<number>): Float64Array {
  const [x, y, z] = [d[0]!, d[1]!, d[2]!];
  if (x === 0 && y === 0 && z === 0) return covariance;
  return transformCovariance(covariance, identity(), d);
}

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
  const JS = multiply(J, S, false);
  return multiply(JS, J, true);
}

/** A·B, or A·Bᵀ. */
function multiply(A: Float64Array, B: Float64Array, transposed: boolean): Float64Array {
  const out = new Float64Array(36);
  for (let r = 0; r < 6; r++)
    for (let c = 0; c < 6; c++)
      for (let k = 0; k < 6; k++)
        out[r * 6 + c]! += A[r * 6 + k]! * (transposed ? B[c * 6 + k]! : B[k * 6 + c]!);
  return out;
}
