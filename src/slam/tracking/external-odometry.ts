import { PosePrior } from '../../field/terms/pose-prior.js';
import { transformCovariance } from '../../geometry/covariance.js';
import { invertSpd } from '../../geometry/linear.js';
import { compose, inverse, log, transformTwist, type Pose, type Twist } from '../../geometry/se3.js';
import type { OdometryStep, OdometryTrack } from '../../sensors/odometry/odometry-track.js';
import { UNMEASURED } from '../../sensors/odometry/step-sigmas.js';
import { sensorPose } from '../body-frame.js';

/** What tracking itself may be off in a step (m, rad), in comparisons with the odometry; with a margin where it is accused. */
const TRACKED_SIGMA = [0.005, 0.002];
const ACCUSED_SIGMA = [0.02, 0.01];
/** Sum of squared standard deviations beyond which a step contradicts what was tracked. */
const CONTRADICTS = 50;
/** Steps over which it is learned how much larger the errors are than the covariance claims, and the most that one says. */
const LEARNED_OVER = 20;
const MOST_EXCESS = 100;
/** Contradictions in a row after which the odometry is not used, and agreements in a row after which it is again. */
const DISTRUST_AFTER = 5;
const TRUST_AFTER = 20;

/**
 * An external odometry as tracking uses it: what motion to expect, and a prior about the pose. Where the scans determine the
 * pose they show how good it is: standard deviations that claim too little are enlarged by that, and one that goes on
 * contradicting is put aside, and taken again once it agrees.
 *
 * @example
 * const wheels = new ExternalOdometry(track);
 * const twist = wheels.twist(lastNs, nowNs, steady); // m/s and rad/s, body frame; undefined where it says nothing
 */
export class ExternalOdometry {
  /** What the user should know, oldest first. */
  readonly notices: string[] = [];
  #contradictions = 0;
  #agreements = 0;
  #trusted = true;
  /** Mean square of what it was off, per component of the child frame, in standard deviations as claimed. */
  readonly #excess = new Float64Array(6).fill(1);
  #compared = 0;

  constructor(private readonly track: OdometryTrack) {}

  /**
   * Mean velocity of the body between two stamps, body frame, m/s and rad/s; undefined where it is not known.
   *
   * @param steady takes the place of what the odometry does not measure, such as the height of wheels
   */
  twist(fromNs: bigint, toNs: bigint, steady: Twist): Twist | undefined {
    const step = this.#step(fromNs, toNs);
    if (!step) return undefined;
    const dt = Number(toNs - fromNs) * 1e-9;
    const measured = log(step.pose).map((v) => v / dt);
    if (!step.sigmas.some(isUnmeasured)) return measured;
    const toChild = inverse(step.T_body_child);
    const [seen, kept] = [transformTwist(toChild, measured), transformTwist(toChild, steady)];
    return transformTwist(
      step.T_body_child,
      seen.map((v, i) => (isUnmeasured(step.sigmas[i]!) ? kept[i]! : v)),
    );
  }

  /**
   * Where a sensor is expected, from where the body was, with the step's covariance; undefined where that is not known.
   *
   * @param T_odom_body the body at `fromNs`
   * @param T_odom_sensor predicted at `toNs`
   * @param share of its information that counts
   */
  prior(
    T_odom_body: Pose,
    fromNs: bigint,
    toNs: bigint,
    T_odom_sensor: Pose,
    T_body_sensor: Pose,
    share = 1,
  ): PosePrior | undefined {
    const step = this.#step(fromNs, toNs);
    if (!step) return undefined;
    const predicted = compose(T_odom_body, step.pose);
    const child = compose(predicted, step.T_body_child);
    const arm = [3, 7, 11].map((i) => T_odom_sensor[i]! - child[i]!);
    const sigmas = step.sigmas.map((v, i) => v * Math.sqrt(Math.max(1, this.#excess[i]!)));
    const covariance = transformCovariance(diagonal(sigmas), child, arm);
    const information = invertSpd(covariance, 6);
    if (!information) return undefined;
    for (let i = 0; i < 36; i++) information[i]! *= share;
    return new PosePrior(sensorPose(predicted, T_body_sensor), information);
  }

  /** Compares a step with a well constrained track: T_body(from)_body(to). */
  compare(fromNs: bigint, toNs: bigint, tracked: Pose): void {
    const step = this.track.step(fromNs, toNs);
    if (!step) return;
    const off = log(compose(inverse(step.pose), tracked));
    const atChild = transformTwist(inverse(step.T_body_child), off);
    const rate = 1 / Math.min(LEARNED_OVER, 2 + this.#compared++);
    let square = 0;
    for (let i = 0; i < 6; i++) {
      if (isUnmeasured(step.sigmas[i]!)) continue;
      const [off2, claimed, kind] = [atChild[i]! ** 2, step.sigmas[i]! ** 2, i < 3 ? 0 : 1];
      square += off2 / (claimed + ACCUSED_SIGMA[kind]! ** 2);
      const excess = Math.min(MOST_EXCESS, off2 / (claimed + TRACKED_SIGMA[kind]! ** 2));
      this.#excess[i]! += rate * (excess - this.#excess[i]!);
    }
    const contradicts = square > CONTRADICTS;
    this.#contradictions = contradicts ? this.#contradictions + 1 : 0;
    this.#agreements = contradicts ? 0 : this.#agreements + 1;
    if (this.#trusted && this.#contradictions >= DISTRUST_AFTER) {
      this.#trusted = false;
      this.notices.push(
        `The external odometry contradicts what the scans show and is not used until it agrees again: over ${(Number(toNs - fromNs) * 1e-9).toFixed(2)} s it moved ${length(step.pose).toFixed(2)} m, the scans ${length(tracked).toFixed(2)} m; check its topic, its scale and the transform to its child frame.`,
      );
    } else if (!this.#trusted && this.#agreements >= TRUST_AFTER) {
      this.#trusted = true;
      this.notices.push('The external odometry agrees with the scans again and is used.');
    }
  }

  #step(fromNs: bigint, toNs: bigint): OdometryStep | undefined {
    return this.#trusted ? this.track.step(fromNs, toNs) : undefined;
  }
}

const isUnmeasured = (sigma: number): boolean => sigma >= UNMEASURED;
const length = (T: Pose): number => Math.hypot(T[3]!, T[7]!, T[11]!);

function diagonal(sigmas: Float64Array): Float64Array {
  return Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? sigmas[i / 7]! ** 2 : 0));
}
