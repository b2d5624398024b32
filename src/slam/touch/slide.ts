import { PosePrior } from '../../field/terms/pose-prior.js';
import { solveCholesky } from '../../geometry/linear.js';
import {
  compose,
  identity,
  inverse,
  moveAtSensor,
  rotationAngle,
  separation,
  translationNorm,
  type Pose,
} from '../../geometry/se3.js';
import type { Patch } from '../../sensors/tactile/patch.js';
import { contactsOf } from '../../sensors/tactile/contacts.js';
import { kinematicInformation, type KinematicSigma } from './kinematics.js';
import { comparePatches, jacobianAt, PAIR_NUMBERS, pairRows, type PairPatch } from './pair-rows.js';

/** A touch that may go on sliding from the one before. */
export interface SlidingTouch {
  readonly patch: Patch;
  readonly stampNs: bigint;
  /** T_body_sensor by the arm. */
  readonly mount: Pose;
  /** T_map_body, and how well that is known; default: the body is the map, and stands. */
  readonly body?: { readonly pose: Pose; readonly sigma: KinematicSigma };
}

/** How a touch lies to the one before in the same contact. */
export interface SlideStep {
  /** T_before_this. */
  readonly pose: Pose;
  /** What it is known to, of the touches and of the arm together: 6×6, [x y z rotX rotY rotZ] about this sensor, axes of the one before; 1/m², 1/rad². */
  readonly information: Float64Array;
  /** Samples that were compared, and those of them that fit. */
  readonly rows: number;
  readonly inliers: number;
  /** It has hardly moved and feels the same: those that come go on from the one before instead. */
  readonly rests: boolean;
}

interface Before extends SlidingTouch {
  /** The body when the contact began. */
  readonly began: Pose;
  /** Stamp of the last touch of the contact. */
  seenNs: bigint;
}

/** Of one patch against another (m). */
const SIGMA = 1e-4;
/** A step of the arm errs by this share of what its places err by, and by this share of the way. */
const [OWN_SHARE, WAY_SHARE] = [0.05, 0.1];
/** Longer without an image of the gel (s), and nobody knows whether the contact was held. */
const LONGEST_GAP = 0.5;
/** What has moved by less (m, rad), with a contact of the same size to this share, rests. */
const [LEAST_MOVE, LEAST_TURN, SAME_SIZE] = [5e-4, 0.015, 0.1];
/** The body is taken to stand unless it is farther from where it was than so many of its σ. */
const STANDS = 3;
const SAMPLES = 150;
const MOST_ROWS = 60;
/** With fewer samples on the touch before, in number and as a share, nothing is tracked. */
const [LEAST_ROWS, LEAST_SHARE] = [12, 0.3];
/** Share of them that must fit. */
const LEAST_INLIERS = 0.6;
/** A step this unlikely by the arm is none: χ² of six numbers; 99.99 % are below 28. */
const MOST_UNLIKELY = 30;
const ITERATIONS = 12;
const TOLERANCE = 2e-6;

/**
 * Tracks a contact of one sensor from image to image while it slides or rolls: the new patch lies on the one before, as
 * planes do, and the arm's step between the two, far better known than its places, is the prior. On something even the arm's
 * step is all that is known along it. A touch is compared with the last one that was elsewhere, so resting does not drift. Where the contact was lost, images are too far apart or the patches contradict the step,
 * a new contact begins.
 *
 * @example
 * const track = new SlideTrack({ translation: 0.002, rotation: 0.017 }); // of the arm's places
 * const step = track.add({ patch, stampNs, mount }); // undefined: it does not go on from the touch before
 */
export class SlideTrack {
  #before: Before | undefined;
  readonly #rows = pairRows(SAMPLES);

  /** @param arm what its places are good for */
  constructor(private readonly arm: KinematicSigma) {}

  add(touch: SlidingTouch): SlideStep | undefined {
    const before = this.#before;
    const { body: { pose: body } = { pose: identity() } } = touch;
    if (touch.patch.samples.length === 0) {
      this.#before = undefined;
      return undefined;
    }
    const step = before && this.#follow(before, touch);
    if (step?.rests) before!.seenNs = touch.stampNs;
    else this.#before = { ...touch, began: step ? before!.began : body, seenNs: touch.stampNs };
    return step;
  }

  /** The contact was lost. */
  reset(): void {
    this.#before = undefined;
  }

  #follow(before: Before, touch: SlidingTouch): SlideStep | undefined {
    const seconds = Number(touch.stampNs - before.seenNs) * 1e-9;
    if (!(seconds > 0 && seconds <= LONGEST_GAP)) return undefined;
    const { pose: predicted, sigma } = armStep(before, touch, this.arm);
    const { patch } = touch;
    if (translationNorm(predicted) > 0.5 * Math.hypot(patch.width, patch.height) * patch.pitch)
      return undefined;
    return this.#track(before.patch, patch, predicted, sigma);
  }

  /** In the frame of the touch before. */
  #track(before: Patch, patch: Patch, predicted: Pose, sigma: KinematicSigma): SlideStep | undefined {
    const prior = new PosePrior(predicted, kinematicInformation(sigma));
    const piece: PairPatch = { patch, ...contactsOf(patch, SAMPLES) };
    const scale = 3 * SIGMA + sigma.translation;
    const least = Math.max(LEAST_ROWS, (LEAST_SHARE * piece.points.length) / 3);
    const [A, b] = [new Float64Array(36), new Float64Array(6)];
    let pose = predicted;
    for (let k = 0; ; k++) {
      comparePatches(piece, pose, before, ORIGIN, 6 * scale, this.#rows);
      if (this.#rows.count < least) return undefined;
      const { information, residual } = prior.quadratic(pose);
      A.set(information);
      b.fill(0);
      let unlikely = 0;
      for (let i = 0; i < 36; i++) {
        const pull = information[i]! * residual[i % 6]!;
        b[Math.floor(i / 6)]! -= pull;
        unlikely += pull * residual[Math.floor(i / 6)]!;
      }
      const inliers = this.#addRows(pose, scale, A, b);
      if (k === ITERATIONS || (k > 0 && Math.hypot(STEP[0]!, STEP[1]!, STEP[2]!) < TOLERANCE)) {
        const { count } = this.#rows;
        if (unlikely > MOST_UNLIKELY || inliers < LEAST_INLIERS * count) return undefined;
        return { pose, information: A, rows: count, inliers, rests: rests(pose, before, patch) };
      }
      STEP.set(b);
      if (!solveCholesky(A.slice(), STEP, 6)) return undefined;
      pose = moveAtSensor(pose, STEP);
    }
  }

  /** Returns how many are nearer than the scale. */
  #addRows(pose: Pose, scale: number, A: Float64Array, b: Float64Array): number {
    const { values, count } = this.#rows;
    const weight = Math.min(MOST_ROWS, count) / count / (2 * SIGMA ** 2);
    let near = 0;
    for (let at = 0; at < count * PAIR_NUMBERS; at += PAIR_NUMBERS) {
      const r = values[at + 6]!;
      if (Math.abs(r) < scale) near++;
      const w = weight / (1 + (r / scale) ** 2);
      jacobianAt(values, at, pose, 1, JACOBIAN);
      for (let i = 0; i < 36; i++) A[i]! += w * JACOBIAN[Math.floor(i / 6)]! * JACOBIAN[i % 6]!;
      for (let i = 0; i < 6; i++) b[i]! -= w * JACOBIAN[i]! * r;
    }
    return near;
  }
}

const ORIGIN = identity();
const [JACOBIAN, STEP] = [new Float64Array(6), new Float64Array(6)];

function rests(moved: Pose, before: Patch, patch: Patch): boolean {
  const grown = Math.abs(patch.samples.length / before.samples.length - 1);
  return translationNorm(moved) < LEAST_MOVE && rotationAngle(moved) < LEAST_TURN && grown < SAME_SIZE;
}

/** T_before_this by the arm, and what that is good for. A body that stands adds nothing to it, whatever is thought of its place. */
function armStep(
  before: Before,
  touch: SlidingTouch,
  arm: KinematicSigma,
): { readonly pose: Pose; readonly sigma: KinematicSigma } {
  const { body } = touch;
  const stands =
    !body ||
    (separation(before.began, body.pose) <= STANDS * Math.sqrt(3) * body.sigma.translation &&
      rotationAngle(compose(inverse(before.began), body.pose)) <=
        STANDS * Math.sqrt(3) * body.sigma.rotation);
  const [from, to] = stands
    ? [before.mount, touch.mount]
    : [compose(before.body!.pose, before.mount), compose(body.pose, touch.mount)];
  const pose = compose(inverse(from), to);
  const of = (place: number, way: number, carried: number): number =>
    Math.hypot(Math.min(Math.SQRT2 * place, Math.hypot(OWN_SHARE * place, WAY_SHARE * way)), carried);
  return {
    pose,
    sigma: {
      translation: of(arm.translation, translationNorm(pose), stands ? 0 : body.sigma.translation),
      rotation: of(arm.rotation, rotationAngle(pose), stands ? 0 : body.sigma.rotation),
    },
  };
}
