import { transformCovariance } from '../geometry/covariance.js';
import { identity } from '../geometry/se3.js';

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

/** Mean variance of the position of a 6×6 covariance (m²), or of its turns (rad²). */
export function meanVariance(covariance: Float64Array, of: 'position' | 'turns'): number {
  const i = of === 'position' ? 0 : 21;
  return (covariance[i]! + covariance[i + 7]! + covariance[i + 14]!) / 3;
}
