import { PosePrior } from '../../field/terms/pose-prior.js';
import { multiply, transformCovariance } from '../../geometry/covariance.js';
import { compose, type Pose } from '../../geometry/se3.js';
import type { BlockSystem } from './block-system.js';

/** How a touch lies to another one, of which it is the continuation. */
export interface BundleStep {
  /** Number of the other. */
  readonly touch: number;
  /** T_other_this. */
  readonly pose: Pose;
  /** 6×6, [x y z rotX rotY rotZ] about this sensor, axes of the other; 1/m², 1/rad². */
  readonly information: Float64Array;
}

const ABOUT_ITSELF = [0, 0, 0];

/**
 * Adds that a touch lies to another as a step says: r = x_j − x̂_j(x_i). As i moves by [v, ω] about its sensor, x̂_j moves by
 * A·[v, ω] = [v + ω × d, ω] with d from sensor i to where j is expected.
 *
 * @param j the touch that goes on
 */
export function addStep(system: BlockSystem, poses: readonly Pose[], j: number, step: BundleStep): void {
  const { touch: i } = step;
  const Ti = poses[i]!;
  const expected = compose(Ti, step.pose);
  const inMap = transformCovariance(step.information, Ti, ABOUT_ITSELF);
  const { information: L, residual } = new PosePrior(expected, inMap).quadratic(poses[j]!);
  const A = new Float64Array(36);
  for (let k = 0; k < 6; k++) A[7 * k] = 1;
  const [x, y, z] = [3, 7, 11].map((k) => expected[k]! - Ti[k]!) as [number, number, number];
  [A[4], A[5], A[9], A[11], A[15], A[16]] = [z, -y, -z, x, y, -x];
  const LA = multiply(L, A);
  system.add(j, j, L);
  system.add(i, i, multiply(transposed(A), LA));
  if (j < i) system.add(j, i, LA, -1);
  else system.add(i, j, transposed(LA), -1);
  for (let a = 0; a < 6; a++)
    for (let c = 0; c < 6; c++) {
      system.b[6 * j + a]! -= L[a * 6 + c]! * residual[c]!;
      system.b[6 * i + a]! += LA[c * 6 + a]! * residual[c]!;
    }
}

/** Of 6×6. `out` is another one. */
export function transposed(A: Float64Array, out = new Float64Array(36)): Float64Array {
  for (let r = 0; r < 6; r++) for (let c = 0; c < 6; c++) out[r * 6 + c] = A[c * 6 + r]!;
  return out;
}
