import type { Pose } from '../../geometry/se3.js';
import type { LinearSystem, Unknowns } from '../linear-system.js';
import { CORRELATED } from './motion-tie.js';
import type { PriorContext, PriorTerm } from './prior.js';

/**
 * Squared residual (in standard deviations) at which a prior's pull begins to fade: it is wrong more likely than the scan.
 * Beyond 5 σ that hardly ever happens to an honest one.
 */
export const FADING = 25;

/** A prior about the pose, close to one: ½ rᵀ Λ r, with the residual's change that of the pose. */
export interface PoseQuadratic {
  /** Λ, 6×6, over changes of the pose: v, ω at the sensor, submap axes; 1/m², 1/rad². */
  readonly information: Float64Array;
  /** r, m and rad. */
  readonly residual: Float64Array;
}

/** Residual in standard deviations up to which a prior that does not fade pulls harder. */
export const STEADY = 2;

/**
 * A prior about the pose alone with χ² = rᵀ Λ r. One that fades is robust after Geman and McClure, cost
 * ½ χ²/(1 + χ²/{@link FADING}): where the scan determines the pose and the prior is far off (a wheel that slips), it hardly
 * counts; where the scan slides, nothing is far off. One that does not is robust after Huber: beyond {@link STEADY} its pull
 * stays the same.
 *
 * @example
 * const priors: readonly PoseTerm[] = motion.priors(observation);
 */
export abstract class PoseTerm implements PriorTerm {
  readonly kind = 'prior';
  readonly ownUnknowns = 0;
  abstract readonly fades: boolean;

  /** @param T_submap_sensor where the term is linearised */
  abstract quadratic(T_submap_sensor: Pose): PoseQuadratic;

  add({ A, b, size: n }: LinearSystem, at: Unknowns, { variance }: PriorContext): void {
    const { information, residual } = this.quadratic(at.pose);
    // The scan's information counts neighbouring points as if they knew nothing of each other.
    const weight = variance * CORRELATED * robustness(information, residual, this.fades);
    for (let r = 0; r < 6; r++)
      for (let c = 0; c < 6; c++) {
        const v = weight * information[r * 6 + c]!;
        A[r * n + c]! += v;
        b[r]! -= v * residual[c]!;
      }
  }
}

/** What is left of the weight at a residual, 0 … 1. */
function robustness(information: ArrayLike<number>, residual: ArrayLike<number>, fades: boolean): number {
  let square = 0;
  for (let r = 0; r < 6; r++)
    for (let c = 0; c < 6; c++) square += residual[r]! * information[r * 6 + c]! * residual[c]!;
  if (fades) return 1 / (1 + square / FADING) ** 2;
  return square > STEADY ** 2 ? STEADY / Math.sqrt(square) : 1;
}
