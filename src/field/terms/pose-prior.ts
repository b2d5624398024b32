import { rotationVector, type Pose } from '../../geometry/se3.js';
import { PoseTerm, type PoseQuadratic } from './pose-term.js';

/**
 * The pose is known beforehand, with a covariance: where an external odometry has taken the sensor since the pose before.
 *
 * @example
 * const terms = [geometric, new PosePrior(predicted, invertSpd(covariance, 6)!)];
 */
export class PosePrior extends PoseTerm {
  readonly fades = true;

  /**
   * @param predicted T_submap_sensor
   * @param information 6×6, [x y z rotX rotY rotZ] about the sensor, submap axes; 1/m², 1/rad²
   */
  constructor(
    readonly predicted: Pose,
    readonly information: Float64Array,
  ) {
    super();
  }

  /**
   * Residual [p − p̂, Log(R R̂ᵀ)]. A change δ of the pose changes the latter by J δ, J the inverse left Jacobian of SO(3)
   * (Barfoot, State Estimation, eq. 7.77); as J leaves the residual itself alone, JᵀΛJ with the same residual is the whole.
   */
  quadratic(T: Pose): PoseQuadratic {
    const P = this.predicted;
    const turned = new Float64Array(12);
    for (let r = 0; r < 3; r++)
      for (let c = 0; c < 3; c++)
        for (let k = 0; k < 3; k++) turned[r * 4 + c]! += T[r * 4 + k]! * P[c * 4 + k]!;
    const [x, y, z] = rotationVector(turned);
    const residual = Float64Array.of(T[3]! - P[3]!, T[7]! - P[7]!, T[11]! - P[11]!, x, y, z);
    return { information: congruent(this.information, inverseLeftJacobian(x, y, z)), residual };
  }
}

/** I − ½[φ]× + k[φ]×², 3×3. */
function inverseLeftJacobian(x: number, y: number, z: number): Float64Array {
  const angle2 = x * x + y * y + z * z;
  const angle = Math.sqrt(angle2);
  const k =
    angle < 1e-3
      ? 1 / 12 + angle2 / 720
      : (1 - (angle * Math.cos(angle / 2)) / (2 * Math.sin(angle / 2))) / angle2;
  return Float64Array.of(
    1 - k * (y * y + z * z), k * x * y + z / 2, k * x * z - y / 2,
    k * x * y - z / 2, 1 - k * (x * x + z * z), k * y * z + x / 2,
    k * x * z + y / 2, k * y * z - x / 2, 1 - k * (x * x + y * y),
  ); // prettier-ignore
}

/** JᵀΛJ with J the identity for shifts and `turn` (3×3) for turns. */
function congruent(L: Float64Array, turn: Float64Array): Float64Array {
  const right = L.slice();
  for (let r = 0; r < 6; r++)
    for (let c = 0; c < 3; c++) {
      right[r * 6 + 3 + c] = 0;
      for (let k = 0; k < 3; k++) right[r * 6 + 3 + c]! += L[r * 6 + 3 + k]! * turn[k * 3 + c]!;
    }
  const out = right.slice();
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 6; c++) {
      out[(3 + r) * 6 + c] = 0;
      for (let k = 0; k < 3; k++) out[(3 + r) * 6 + c]! += turn[k * 3 + r]! * right[(3 + k) * 6 + c]!;
    }
  return out;
}
