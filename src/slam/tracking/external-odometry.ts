import { seconds } from '../../sensors/clock-shift.js';
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
 * From frame to frame a slow sensor moves by less than tracking may be off: the odometry is also compared over so much way (m),
 * turn (rad) or time (s), and put aside after so many of these in a row.
 */
const STRETCH = { metres: 0.3, radians: 0.2, seconds: 1 } as const;
const DISTRUST_AFTER_STRETCHES = 2;
/** So many stretches of motion in which it agreed bear an odometry out. */
const PROVEN_BY = 3;
/** Shorter ways (m) do not tell what is wrong with it. */
const LEAST_WAY = 0.05;
/** Smaller turns (rad) do not tell which way round; so near (cosine) two motions go the same way. */
const LEAST_TURN = 0.05;
const SAME_WAY = 0.9;
/** Jumps after which the user is told that it cannot be used. */
const TOLD_AFTER_JUMPS = 3;
/** No vehicle changes its velocity faster (m/s²); and what stamps may be off (m). */
const SUDDEN = { acceleration: 10, metres: 0.02 } as const;
/** Its step departs from what is expected without it: by so many voxels, or radians; before it has been borne out, and after. */
const DEPARTS = {
  unproven: { voxels: 0.05, radians: 0.002 },
  proven: { voxels: 0.5, radians: 0.02 },
} as const;

/** How far what an odometry expects over some seconds is from what one would expect without it, m and rad. */
export interface Departure {
  readonly seconds: number;
  readonly motion: Twist;
}

/**
 * An external odometry as tracking uses it: what motion to expect, and a prior about the pose. Where the scans determine the
 * pose they show how good it is: standard deviations that claim too little are enlarged by that, and one that goes on
 * contradicting is put aside, and taken again once it agrees. Until it has been borne out, and where it departs from the motion
 * so far, the scans are tried without it ({@link OdometryTrial}): a pose that was drawn to it would agree with anything.
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
  /** What was tracked since the odometry was compared over a stretch. */
  #stretch: { readonly fromNs: bigint; readonly toNs: bigint; readonly pose: Pose } | undefined;
  #wrongStretches = 0;
  #rightStretches = 0;
  #jumpsTold = false;

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

  /** Whether the scans have borne it out, lately. */
  get proven(): boolean {
    return this.#rightStretches >= PROVEN_BY;
  }

  /** Whether a departure is worth a trial: nearer than this the odometry does no harm, once the scans have borne it out or not. */
  isDoubtful({ motion }: Departure, voxel: number): boolean {
    const { voxels, radians } = DEPARTS[this.proven ? 'proven' : 'unproven'];
    return norm(motion, 0) > voxels * voxel || norm(motion, 3) > radians;
  }

  /** Whether nothing that moved as before departs so far; never where it has been borne out. */
  isImpossible({ motion, seconds: dt }: Departure): boolean {
    return !this.proven && norm(motion, 0) > SUDDEN.metres + SUDDEN.acceleration * dt * dt;
  }

  /** Compares a step with a well constrained track: T_body(from)_body(to). */
  compare(fromNs: bigint, toNs: bigint, tracked: Pose): void {
    const step = this.track.step(fromNs, toNs);
    this.#tellJumps();
    if (!step) return;
    this.#compareStretch(fromNs, toNs, tracked);
    const atChild = mismatch(step, tracked);
    const rate = 1 / Math.min(LEARNED_OVER, 2 + this.#compared++);
    for (let i = 0; i < 6; i++) {
      if (isUnmeasured(step.sigmas[i]!)) continue;
      const [off2, claimed, kind] = [atChild[i]! ** 2, step.sigmas[i]! ** 2, i < 3 ? 0 : 1];
      const excess = Math.min(MOST_EXCESS, off2 / (claimed + TRACKED_SIGMA[kind]! ** 2));
      this.#excess[i]! += rate * (excess - this.#excess[i]!);
    }
    const contradicts = disagreement(step, atChild) > CONTRADICTS;
    this.#contradictions = contradicts ? this.#contradictions + 1 : 0;
    this.#agreements = contradicts ? 0 : this.#agreements + 1;
    if (contradicts) this.#rightStretches = 0;
    if (this.#contradictions >= DISTRUST_AFTER) this.#accuse(step, fromNs, toNs, tracked);
    else if (!this.#trusted && this.#agreements >= TRUST_AFTER && this.#rightStretches >= PROVEN_BY) {
      this.#trusted = true;
      this.notices.push('The external odometry agrees with the scans again and is used.');
    }
  }

  /** One that jumps all the time is left out each time, and says nothing. */
  #tellJumps(): void {
    const { jumps, length: readings } = this.track;
    if (this.#jumpsTold || jumps < TOLD_AFTER_JUMPS || readings > jumps) return;
    this.#jumpsTold = true;
    this.notices.push(
      `The external odometry jumped ${jumps} times, by more than anything moves, and is not used from one jump to the next: check its unit (metres belong there) and that only one publisher writes it.`,
    );
  }

  #compareStretch(fromNs: bigint, toNs: bigint, tracked: Pose): void {
    const before = this.#stretch?.toNs === fromNs ? this.#stretch : undefined;
    const [begin, pose] = before ? [before.fromNs, compose(before.pose, tracked)] : [fromNs, tracked];
    this.#stretch = { fromNs: begin, toNs, pose };
    const motion = log(pose);
    const moved = norm(motion, 0) >= STRETCH.metres || norm(motion, 3) >= STRETCH.radians;
    if (!moved && seconds(toNs - begin) < STRETCH.seconds) return;
    this.#stretch = undefined;
    const step = this.track.step(begin, toNs);
    if (!step) return;
    const contradicts = disagreement(step, mismatch(step, pose)) > CONTRADICTS;
    this.#wrongStretches = contradicts ? this.#wrongStretches + 1 : 0;
    if (contradicts) this.#agreements = this.#rightStretches = 0;
    else if (moved) this.#rightStretches++;
    if (this.#wrongStretches >= DISTRUST_AFTER_STRETCHES) this.#accuse(step, begin, toNs, pose);
  }

  #accuse(step: OdometryStep, fromNs: bigint, toNs: bigint, tracked: Pose): void {
    if (!this.#trusted) return;
    this.#trusted = false;
    this.#agreements = this.#rightStretches = 0;
    this.notices.push(
      'The external odometry contradicts what the scans show and is not used until it agrees again: ' +
        `over ${seconds(toNs - fromNs).toFixed(2)} s it moved ${moveOf(step.pose)}, the scans ${moveOf(tracked)}: ` +
        `${causeOf(step.pose, tracked)}.`,
    );
  }

  #step(fromNs: bigint, toNs: bigint): OdometryStep | undefined {
    return this.#trusted ? this.track.step(fromNs, toNs) : undefined;
  }
}

const isUnmeasured = (sigma: number): boolean => sigma >= UNMEASURED;
const norm = (twist: Twist, first: 0 | 3): number =>
  Math.hypot(twist[first]!, twist[first + 1]!, twist[first + 2]!);

/** What a step is off from what was tracked, axes of the child, m and rad. */
function mismatch({ pose, T_body_child }: OdometryStep, tracked: Pose): Twist {
  return transformTwist(inverse(T_body_child), log(compose(inverse(pose), tracked)));
}

/**
 * Sum of the squares of a mismatch in standard deviations, tracking's own included. A lean that is not measured, as by wheels, turns
 * what is.
 */
function disagreement({ sigmas, pose }: OdometryStep, atChild: Twist): number {
  const motion = log(pose);
  const leaned = Math.hypot(...[3, 4, 5].map((i) => (isUnmeasured(sigmas[i]!) ? atChild[i]! : 0)));
  return sigmas.reduce((sum, sigma, i) => {
    const kind = i < 3 ? 0 : 1;
    const turned = leaned * norm(motion, i < 3 ? 0 : 3);
    const variance = sigma ** 2 + ACCUSED_SIGMA[kind]! ** 2 + turned ** 2;
    return isUnmeasured(sigma) ? sum : sum + atChild[i]! ** 2 / variance;
  }, 0);
}

function causeOf(claimed: Pose, tracked: Pose): string {
  const [from, to] = [log(claimed), log(tracked)];
  const [a, b] = [norm(from, 0), norm(to, 0)];
  const apart = norm(log(compose(inverse(claimed), tracked)), 0);
  if (isOpposite(from, to))
    return 'the other way round; check its axes and the transform to its child frame, and that the points are not mirrored or upside down';
  if (b < LEAST_WAY || apart < 0.5 * b)
    return 'check its topic, its scale and the transform to its child frame';
  if (a < 0.1 * b) return 'it stands still while the sensor moves; check its topic';
  if (a > 0.7 * b && a < 1.4 * b)
    return 'as far, but another way; check its axes and the transform to its child frame';
  const along = (from[0]! * to[0]! + from[1]! * to[1]! + from[2]! * to[2]!) / (a * b);
  if (along > SAME_WAY)
    return `the same way, but ${(a / b).toPrecision(2)} times as far: it or what the sensor measures is in another unit, where metres belong`;
  return 'check its topic, its scale (metres belong there) and the transform to its child frame';
}

/** Whether two motions turn by as much, but the other way round. */
function isOpposite(a: Twist, b: Twist): boolean {
  const [p, q] = [norm(a, 3), norm(b, 3)];
  const both = a[3]! * b[3]! + a[4]! * b[4]! + a[5]! * b[5]!;
  return Math.min(p, q) > LEAST_TURN && Math.max(p, q) < 1.5 * Math.min(p, q) && both < -SAME_WAY * p * q;
}

function moveOf(pose: Pose): string {
  const motion = log(pose);
  return `${norm(motion, 0).toFixed(2)} m and ${((norm(motion, 3) * 180) / Math.PI).toFixed(1)}°`;
}

function diagonal(sigmas: Float64Array): Float64Array {
  return Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? sigmas[i / 7]! ** 2 : 0));
}
