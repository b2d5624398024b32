import { FeltmapError } from '../../geometry/errors.js';
import { identity, moveAtSensor, type Pose } from '../../geometry/se3.js';
import { BlockSystem } from './block-system.js';
import { MOST_ROWS, PairSums, pairTotals, type BundleTouch } from './bundle-rows.js';
import { addKinematics, HandEye } from './hand-eye.js';
import { finish } from './finish.js';
import { weaklyHeldSigmas } from './weakly-held.js';
import { ballAround, type PairPatch } from './pair-rows.js';
import { addStep } from './step-rows.js';
import { surfaceOf } from '../../sensors/tactile/contacts.js';
import type { Patch } from '../../sensors/tactile/patch.js';
import { kinematicInformation, type KinematicSigma } from './kinematics.js';

export type { BundleTouch } from './bundle-rows.js';

export interface BundleOptions {
  /** What the kinematics of each touch are good for, independently of the others. */
  readonly kinematics: KinematicSigma;
  /** How wrong a sensor's place on the hand may be, the same in all its touches; absent: it is right. */
  readonly handEye?: KinematicSigma;
  /** Standard deviation of one patch against another, beside their poses (m). Default: 0.1 mm. */
  readonly sigma?: number;
  /** Default: 25. */
  readonly iterations?: number;
  /** It ends when no touch moves by more (m). Default: 0.02 mm. */
  readonly tolerance?: number;
}

export interface BundleResult {
  /** T_map_sensor of each touch. */
  readonly poses: Pose[];
  /** T_predicted_sensor of each sensor, the same for all its touches: what its place on the hand was wrong by. */
  readonly handEyes: readonly Pose[];
  /** Other contacts that each touch was compared with at the end: 0, and nothing but the arm says where it was. */
  readonly overlaps: Uint32Array;
  /** Rows that each touch was compared by, and those of them that fit at the end. */
  readonly rows: Uint32Array;
  readonly inliers: Uint32Array;
  /** Of a touch's pose, 6×6, [x y z rotX rotY rotZ] about the sensor, map axes; m², rad². */
  readonly covarianceOf: (touch: number) => Float64Array;
  /** Of each touch along what it felt, as far as others hold it weakly ({@link weaklyHeldSigmas}); m. In pieces. */
  readonly weaklyHeldSigmas: () => Generator<undefined, Float64Array>;
  /** Root mean square of the residuals between patches at the end, robust (m). */
  readonly residual: number;
  readonly iterations: number;
}

const SIGMA = 1e-4;
const ITERATIONS = 25;
/** Samples of a patch that are compared with others. */
const SAMPLES = 80;
/** The robust scale, from standard deviations of the arm to those of the patches, and by which factor it shrinks. */
const [FIRST_SCALE, LAST_SCALE, ANNEAL] = [1.5, 10, 0.8];
/** A pose moves by no more in a step (m, rad): planes hold for a while only. */
const [MOST_SHIFT, MOST_TURN] = [0.004, 0.05];
const TOLERANCE = 2e-5;
/** Steps at the last scale before what all touches share is found. */
const SETTLING = 6;
/** By this share of its steps patches count by their own standard deviation. */
const HARDENED = 0.54;

/**
 * Finds the poses of many touches together, from nothing but what they felt and where the arm says that they were: all
 * patches that overlap lie on each other, as planes do (Chen & Medioni 1991) and with all pairs at once (Williams &
 * Bennamoun 2001), none lies inside of another's gel, those of a slide follow each other, and the other poses have their
 * priors. One Gauss–Newton system over all poses, and the sensors' places on the hand where those are unknown ({@link HandEye}); correspondences
 * are found anew in each step, at robust scales that shrink. What lies on what is known no better than the arm at first: so
 * patches count by its error, which shrinks to their own (deterministic annealing, as in Granger & Pennec 2002); otherwise
 * wrong correspondences overrule the priors of all, and whole parts of an object are lost.
 *
 * @throws FeltmapError bad-input for poses that are not made of numbers
 * @example
 * const { poses, overlaps } = optimiseTouches(touches, {
 *   kinematics: { translation: 0.002, rotation: 0.017 },
 * });
 */
export function optimiseTouches(touches: readonly BundleTouch[], options: BundleOptions): BundleResult {
  return finish(optimisingTouches(touches, options));
}

/** The same in pieces of some milliseconds, for those who have other things to do in between. */
export function* optimisingTouches(
  touches: readonly BundleTouch[],
  { kinematics, handEye, sigma = SIGMA, iterations = ITERATIONS, tolerance = TOLERANCE }: BundleOptions,
): Generator<undefined, BundleResult> {
  const bad = touches.findIndex(({ predicted }) => !predicted.every(Number.isFinite));
  if (bad >= 0)
    throw new FeltmapError(
      'bad-input',
      `The pose of touch ${bad} is not made of numbers; leave the touch out, or give its pose.`,
    );
  const count = touches.length;
  const pieces = touches.map((touch) => ({ ...touch, ...samplesOf(touch.patch) }));
  const pairs = new PairSums(pieces);
  const information = kinematicInformation(kinematics);
  const sensors = 1 + Math.max(0, ...touches.map(({ sensor = 0 }) => sensor));
  const hands = handEye ? Array.from({ length: sensors }, () => new HandEye(handEye)) : [];
  const system = new BlockSystem(count + hands.length);
  const poses = touches.map(({ predicted, start = predicted }) => start);
  const totals = pairTotals(count);
  const last = LAST_SCALE * sigma;
  let scale = Math.max(last, FIRST_SCALE * kinematics.translation);
  // Rows of a pair that does not belong together are wrong alike, by as much as the arm: they count as one.
  const soft = Math.max(1, (Math.sqrt(MOST_ROWS) * kinematics.translation) / sigma);
  const hardAt = Math.ceil(HARDENED * iterations);
  let freeAt = handEye ? Infinity : -1;
  let done = 0;
  function* addAll(): Generator<undefined, void> {
    system.clear();
    yield* pairs.add(system, poses, { scale, sigma: sigma * soft ** Math.max(0, 1 - done / hardAt) }, totals);
    addKinematics(system, touches, poses, information, hands);
    touches.forEach(({ step }, i) => step && addStep(system, poses, i, step));
  }
  for (let converged = false; done < iterations && !converged; done++) {
    if (done === freeAt) {
      for (const hand of hands) hand.release();
      yield* addAll();
      for (const [k, hand] of hands.entries()) hand.free(yield* system.inverting(count + k));
    }
    yield* addAll();
    const moves = yield* system.solving();
    const largest = movePoses(poses, moves);
    hands.forEach((hand, k) => hand.move(moves.subarray(6 * (count + k), 6 * (count + k + 1))));
    const settled = scale <= last && done >= hardAt;
    converged = settled && largest < tolerance && done >= freeAt;
    // Planes far from where they belong would mislead what all touches share.
    if (settled && freeAt === Infinity) freeAt = done + SETTLING;
    scale = Math.max(last, ANNEAL * scale);
  }
  return {
    poses,
    handEyes: Array.from({ length: sensors }, (_, k) => hands[k]?.pose ?? identity()),
    overlaps: totals.overlaps,
    rows: totals.rows,
    inliers: totals.inliers,
    covarianceOf: (touch) => system.covariance(touch),
    weaklyHeldSigmas: () => weaklyHeldSigmas(system, pieces, poses, totals),
    residual: totals.weight > 0 ? Math.sqrt(totals.cost / totals.weight) : 0,
    iterations: done,
  };
}

type Samples = Omit<PairPatch, 'patch'>;
/** Of patches that are compared again and again as others come. */
const known = new WeakMap<Patch, Samples>();

function samplesOf(patch: Patch): Samples {
  let samples = known.get(patch);
  if (!samples) {
    const surface = surfaceOf(patch, SAMPLES);
    known.set(patch, (samples = { ...surface, ball: ballAround(surface.points) }));
  }
  return samples;
}

/** Returns the largest shift (m). */
function movePoses(poses: Pose[], step: Float64Array): number {
  let largest = 0;
  poses.forEach((pose, i) => {
    const own = step.subarray(6 * i, 6 * i + 6);
    const [shift, turn] = [Math.hypot(own[0]!, own[1]!, own[2]!), Math.hypot(own[3]!, own[4]!, own[5]!)];
    const share = 1 / Math.max(1, shift / MOST_SHIFT, turn / MOST_TURN);
    poses[i] = moveAtSensor(
      pose,
      own.map((v) => share * v),
    );
    largest = Math.max(largest, shift);
  });
  return largest;
}
