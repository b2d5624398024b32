import {
  compose,
  exp,
  inverse,
  rotationAngle,
  rotationVector,
  separation,
  type Pose,
} from '../../geometry/se3.js';
import { CORRELATED } from '../../field/terms/motion-tie.js';
import { ALIKE } from './track-covariance.js';

/** What a way and turns add to the variance of the drift (m²/m, rad²/rad): simulated rooms, 2 to 4.5 mm a metre, 2 mrad a radian. */
const PER_METRE = 0.003 ** 2;
const PER_RADIAN = 0.002 ** 2;
/**
 * Share of the drift that the grid takes in with each observation that is fused where the body really is: of some thirty
 * that share the view.
 */
const TAKEN_IN = 0.03;
/** A step that far beyond what was expected, in standard deviations, is no drift. */
const WILD = 3;

/** A scan of the coarse grid's sensor that found the body beside where the finer grid's sensor had it. */
export interface DriftMeasurement {
  /** T_odom_body expected from the finer grid's sensor, with the drift known so far. */
  readonly predicted: Pose;
  /** T_odom_body, found with that as a prior. */
  readonly found: Pose;
  /** Variances of the prior beside the drift's own, [x y z rotX rotY rotZ], m² and rad². */
  readonly prior: ArrayLike<number>;
  /** Of the registration alone: 6×6, [x y z rotX rotY rotZ], axes of odom. */
  readonly covariance: Float64Array;
}

/**
 * How far a finer grid has drifted against the coarsest one. A narrow view meets new surroundings all the time, and each is
 * mapped with the error of the pose; a sensor that sees the whole room keeps to what it saw first, though each of its scans is
 * worse. So the one says how the body moves from frame to frame, the other, slowly, where it is: a Kalman filter of six
 * numbers, their correlations left out, whose measurement is what a scan moves the predicted pose by.
 *
 * @example
 * const drift = new GridDrift();
 * drift.measured({ predicted, found, prior, covariance }); // a scan's
 * const T_odom_body = drift.fromGrid(registered); // a frame's
 */
export class GridDrift {
  readonly #mean = new Float64Array(6);
  readonly #variance = new Float64Array(6);
  #last: Pose | undefined;

  /** Of the drift, [x y z rotX rotY rotZ] about the body, axes of odom; m² and rad². */
  get variance(): ArrayLike<number> {
    return this.#variance;
  }

  /** T_odom_body as the finer grid has it. */
  intoGrid(T_odom_body: Pose): Pose {
    return this.#moved(T_odom_body, -1);
  }

  /** T_odom_body of a pose that was registered with the finer grid. */
  fromGrid(T_odom_body: Pose): Pose {
    return this.#moved(T_odom_body, 1);
  }

  /** An observation was tracked against the finer grid and placed where the body is: the grid follows. */
  followed(): void {
    for (let i = 0; i < 6; i++) this.#mean[i]! *= 1 - TAKEN_IN;
  }

  measured({ predicted, found, prior, covariance }: DriftMeasurement): void {
    this.#grow(found);
    const turned = rotationVector(compose(found, inverse(predicted)));
    for (let i = 0; i < 6; i++) {
      const step = i < 3 ? found[4 * i + 3]! - predicted[4 * i + 3]! : turned[i - 3]!;
      const own = this.#variance[i]!;
      const expected = own + prior[i]!;
      if (!(expected > 0) || step ** 2 > WILD ** 2 * expected) continue;
      // As the registration weighs its prior, whose share of the step is the drift's.
      const measurement = (covariance[i * 7]! * CORRELATED) / ALIKE;
      this.#mean[i]! += (own / expected) * step;
      this.#variance[i]! -= own ** 2 / (expected + measurement);
    }
  }

  clear(): void {
    this.#mean.fill(0);
    this.#variance.fill(0);
    this.#last = undefined;
  }

  /** With the way since the last measurement. */
  #grow(body: Pose): void {
    const last = this.#last;
    this.#last = body;
    if (!last) return;
    const linear = PER_METRE * separation(last, body);
    const angular = PER_RADIAN * rotationAngle(compose(inverse(last), body));
    for (let i = 0; i < 6; i++) this.#variance[i]! += i < 3 ? linear : angular;
  }

  #moved(body: Pose, sign: 1 | -1): Pose {
    const m = this.#mean;
    const moved = compose(exp([0, 0, 0, sign * m[3]!, sign * m[4]!, sign * m[5]!]), body);
    for (let i = 0; i < 3; i++) moved[4 * i + 3] = body[4 * i + 3]! + sign * m[i]!;
    return moved;
  }
}
