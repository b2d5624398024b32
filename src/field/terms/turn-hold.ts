import { eigenSymmetric } from '../../geometry/linear.js';
import { rotationVector, type Pose } from '../../geometry/se3.js';
import type { LinearSystem, Unknowns } from '../linear-system.js';
import type { PriorContext, PriorTerm } from './prior.js';

/** Smallest eigenvalue of the rotation part per its trace: empty walls have 0.026 at most, rooms 0.043 and more. */
const TURNS_BELOW = 0.03;

/**
 * Holds turns that the surface does not constrain to the prediction: a camera before an empty wall may turn about its axis
 * without seeing a change, and noise would run away with the angular velocity.
 *
 * @example
 * const terms = [geometric, new TurnHold(predicted)];
 */
export class TurnHold implements PriorTerm {
  readonly kind = 'prior';
  readonly ownUnknowns = 0;

  /** @param predicted T_submap_sensor */
  constructor(readonly predicted: Pose) {}

  add({ A, b, size: n }: LinearSystem, at: Unknowns, { measured, final }: PriorContext): void {
    if (!final) return;
    const block = new Float64Array(9);
    for (let r = 0; r < 3; r++)
      for (let c = 0; c < 3; c++) block[r * 3 + c] = measured.A[(3 + r) * measured.size + 3 + c]!;
    const trace = block[0]! + block[4]! + block[8]!;
    const { values, vectors } = eigenSymmetric(block, 3);
    const away = turnFrom(this.predicted, at.pose);
    for (let k = 0; k < 3 && values[k]! < TURNS_BELOW * trace; k++) {
      const e = [vectors[k]!, vectors[3 + k]!, vectors[6 + k]!];
      const turned = e[0]! * away[0]! + e[1]! * away[1]! + e[2]! * away[2]!;
      // As stiff as a direction that is seen well.
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) A[(3 + i) * n + 3 + j]! += (trace / 3) * e[i]! * e[j]!;
        b[3 + i]! -= (trace / 3) * e[i]! * turned;
      }
    }
  }
}

/** Log(R P⁻¹), submap axes, of the rotations of two poses. */
function turnFrom(P: Pose, T: Pose): readonly number[] | Float64Array {
  const turned = new Float64Array(12);
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++)
      for (let k = 0; k < 3; k++) turned[r * 4 + c]! += T[r * 4 + k]! * P[c * 4 + k]!;
  return rotationVector(turned);
}
