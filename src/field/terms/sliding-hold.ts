import { eigenSymmetric } from '../../geometry/linear.js';
import type { Pose, Twist } from '../../geometry/se3.js';
import type { LinearSystem, Unknowns } from '../linear-system.js';
import type { PriorContext, PriorTerm } from './prior.js';
import { CORRELATED } from './motion-tie.js';
import { twistOffset } from './twist-prior.js';

/** Standard deviation of a prediction along a direction that slides, metres. */
const PREDICTION_SIGMA = 0.05;
/** Eigenvalue per unit weight that noise alone makes: a corridor without ends has 0.012 to 0.03. */
export const NOISE_FLOOR = 0.015;
/** The same with a margin: corridors have 0.012 to 0.032, streets 0.064 or more. */
export const SLIDES_BELOW = 3 * NOISE_FLOOR;
/** Information of the prediction per mean squared residual of the measurements. */
export const HOLD_INFORMATION = CORRELATED / PREDICTION_SIGMA ** 2;

/**
 * Holds directions in which the scan slides to the prediction (after Zhang, Kaess & Singh 2016): noise would else be
 * taken for information and run away with the velocity.
 *
 * @example
 * const terms = [geometric, new TwistPrior(twist, 3, 3), new SlidingHold(predicted, twist, 0.02)];
 * const { pose } = backend.solve({ ...problem, terms });
 */
export class SlidingHold implements PriorTerm {
  readonly kind = 'prior';
  readonly ownUnknowns = 0;

  /**
   * @param predicted T_submap_sensor
   * @param predictedTwist of the samples' undistortion, sensor frame, m/s and rad/s
   * @param minConditioning directions with a smaller eigenvalue per unit weight are held
   */
  constructor(
    readonly predicted: Pose,
    readonly predictedTwist: Twist,
    readonly minConditioning: number,
  ) {}

  add(total: LinearSystem, at: Unknowns, { measured, variance, final }: PriorContext): void {
    if (!final) return;
    const { A, b, size: n } = total;
    const { weight } = measured;
    const offset = twistOffset(this.predictedTwist, at);
    const { values, vectors } = eigenSymmetric(measured.translationBlock(), 3);
    for (let k = 0; k < 3; k++) {
      const lack = 1 - values[k]! / (weight * this.minConditioning);
      if (!(lack > 0)) return; // ascending: the others are better
      // What carries information is not pulled, however little it is beside the others.
      const prior = HOLD_INFORMATION * variance;
      const informed = values[k]! - NOISE_FLOOR * weight;
      const stiffness = informed > 0 ? Math.min(weight, (prior * values[k]!) / informed) : weight;
      const e = [vectors[k]!, vectors[3 + k]!, vectors[6 + k]!];
      let away = 0;
      let drift = 0;
      for (let i = 0; i < 3; i++) {
        away += e[i]! * (at.pose[i * 4 + 3]! - this.predicted[i * 4 + 3]!);
        drift += e[i]! * offset[i]!;
      }
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          A[i * n + j]! += stiffness * e[i]! * e[j]!;
          A[(6 + i) * n + 6 + j]! += stiffness * e[i]! * e[j]!;
        }
        b[i]! -= stiffness * e[i]! * away;
        b[6 + i]! -= stiffness * e[i]! * drift;
      }
    }
  }
}
