import type { Twist } from '../../geometry/se3.js';
import { TIME_SCALE, type LinearSystem, type Unknowns } from '../linear-system.js';
import type { PriorContext, PriorTerm } from './prior.js';

/**
 * Gaussian prior of the undistorting twist about its prediction.
 *
 * @example
 * const prior = new TwistPrior(twist, 3, 3); // standard deviations: m/s and rad/s
 * const solution = backend.solve({ ...problem, terms: [geometric, prior] });
 */
export class TwistPrior implements PriorTerm {
  readonly kind = 'prior';
  readonly ownUnknowns = 0;

  /**
   * @param predicted sensor frame, m/s and rad/s
   * @param sigmaLinear standard deviation, m/s
   * @param sigmaAngular rad/s
   */
  constructor(
    readonly predicted: Twist,
    readonly sigmaLinear: number,
    readonly sigmaAngular: number,
  ) {}

  add(total: LinearSystem, at: Unknowns, { variance }: PriorContext): void {
    const offset = twistOffset(this.predicted, at);
    for (let i = 0; i < 6; i++) {
      const sigma = (i < 3 ? this.sigmaLinear : this.sigmaAngular) / TIME_SCALE;
      const information = variance / (sigma * sigma);
      total.A[(6 + i) * (total.size + 1)]! += information;
      total.b[6 + i]! -= information * offset[i]!;
    }
  }
}

/** How far the twist is from its prediction, submap axes and scaled time. */
export function twistOffset(predicted: Twist, { pose, undistorted, correction }: Unknowns): Float64Array {
  const out = Float64Array.from(correction);
  for (let half = 0; half < 6; half += 3)
    for (let i = 0; i < 3; i++)
      for (let k = 0; k < 3; k++)
        out[half + i]! += (pose[i * 4 + k]! * (undistorted[half + k]! - predicted[half + k]!)) / TIME_SCALE;
  return out;
}
