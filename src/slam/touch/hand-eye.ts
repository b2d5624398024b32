import { PosePrior } from '../../field/terms/pose-prior.js';
import { multiply } from '../../geometry/covariance.js';
import { eigenSymmetric } from '../../geometry/linear.js';
import { compose, exp, identity, type Pose } from '../../geometry/se3.js';
import type { BlockSystem } from './block-system.js';
import type { BundleTouch } from './bundle-rows.js';
import { kinematicInformation, type KinematicSigma } from './kinematics.js';
import { transposed } from './step-rows.js';

/** What does not move has so many times the information of its prior. */
const HELD = 1e8;
/** A direction is let go where touches tell more of it than the prior: what they leave of its standard deviation is less. */
const UNKNOWN = Math.SQRT1_2;

/**
 * What is wrong with a sensor's place on the hand, the same in all its touches: held until {@link free} lets those of its
 * directions go that touches tell.
 *
 * @example
 * const hand = new HandEye({ translation: 0.001, rotation: 0.009 });
 * hand.addPrior(system, touches.length);
 * hand.release(); // and sums anew
 * hand.free(system.covariance(touches.length));
 * hand.move(system.solve().subarray(6 * touches.length));
 */
export class HandEye {
  /** T_predicted_sensor so far. */
  pose: Pose = identity();
  /** [v, ω] in the sensor's axes. */
  readonly #offset = new Float64Array(6);
  readonly #prior: Float64Array;
  #information: Float64Array;

  constructor(sigma: KinematicSigma) {
    this.#prior = kinematicInformation(sigma);
    this.#information = this.#prior.map((v) => HELD * v);
  }

  addPrior(system: BlockSystem, at: number): void {
    system.add(at, at, this.#information);
    for (let a = 0; a < 6; a++)
      for (let c = 0; c < 6; c++) system.b[6 * at + a]! -= this.#information[6 * a + c]! * this.#offset[c]!;
  }

  /** Lets the prior alone hold it, as far as {@link free} has to be told what it leads to. */
  release(): void {
    this.#information = this.#prior;
  }

  /** @param covariance of it, 6×6, with the prior alone */
  free(covariance: Float64Array): void {
    const root = Float64Array.from({ length: 6 }, (_, a) => Math.sqrt(this.#prior[7 * a]!));
    const shares = covariance.map((v, k) => v * root[Math.floor(k / 6)]! * root[k % 6]!);
    const { values, vectors } = eigenSymmetric(shares, 6);
    this.#information = new Float64Array(36);
    for (let k = 0; k < 6; k++) {
      const weight = values[k]! <= UNKNOWN ** 2 ? 1 : HELD;
      for (let a = 0; a < 6; a++)
        for (let c = 0; c < 6; c++)
          this.#information[6 * a + c]! +=
            weight * root[a]! * root[c]! * vectors[6 * a + k]! * vectors[6 * c + k]!;
    }
  }

  move(step: Float64Array): void {
    this.pose = compose(this.pose, exp(step));
    for (let a = 0; a < 6; a++) this.#offset[a]! += step[a]!;
  }
}

/**
 * Adds that each touch is where the arm says but for errors of its own, and where the sensor is on the hand: e = x − Q·h
 * with Q turning the sensor's axes into the map's.
 *
 * @param hands of each sensor; their blocks follow those of the touches. None: all are where they are said to be
 */
export function addKinematics(
  system: BlockSystem,
  touches: readonly BundleTouch[],
  poses: readonly Pose[],
  information: Float64Array,
  hands: readonly HandEye[],
): void {
  const count = touches.length;
  touches.forEach(({ predicted, information: known, step, held = !step, sensor = 0, byHand = true }, i) => {
    if (!held) return;
    const at = count + sensor;
    const hand = byHand ? hands[sensor] : undefined;
    const expected = hand ? compose(predicted, hand.pose) : predicted;
    const { information: L, residual } = new PosePrior(expected, known ?? information).quadratic(poses[i]!);
    system.add(i, i, L);
    const gradient = new Float64Array(6);
    for (let a = 0; a < 6; a++) for (let c = 0; c < 6; c++) gradient[a]! += L[a * 6 + c]! * residual[c]!;
    for (let a = 0; a < 6; a++) system.b[6 * i + a]! -= gradient[a]!;
    if (!hand) return;
    const Q = new Float64Array(36);
    for (let a = 0; a < 3; a++)
      for (let c = 0; c < 3; c++) Q[a * 6 + c] = Q[(a + 3) * 6 + c + 3] = expected[a * 4 + c]!;
    const LQ = multiply(L, Q);
    system.add(i, at, LQ, -1);
    system.add(at, at, multiply(transposed(Q), LQ));
    for (let a = 0; a < 6; a++)
      for (let c = 0; c < 6; c++) system.b[6 * at + a]! += Q[c * 6 + a]! * gradient[c]!;
  });
  hands.forEach((hand, k) => hand.addPrior(system, count + k));
}
