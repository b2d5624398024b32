import { eigenSymmetric } from '../../geometry/linear.js';
import { compose, inverse, rotationVector, separation, type Pose } from '../../geometry/se3.js';
import type { KinematicSigma } from './kinematics.js';

/**
 * `registered`: the field says where the touch was; `sliding`: it says so in some directions only, the others are the
 * arm's; `kinematic`: it does not fit the field, the pose is the arm's; `unknown`: there is nothing mapped there.
 */
export type TouchState = 'registered' | 'sliding' | 'kinematic' | 'unknown';

/** Whether a pose was found; otherwise it is the arm's. */
export function isBelieved(state: TouchState): boolean {
  return state === 'registered' || state === 'sliding';
}

export interface TouchVerdict {
  readonly state: TouchState;
  /** One sentence; empty for a registered touch. */
  readonly reason: string;
}

/** What a verdict goes by. */
export interface TouchOutcome {
  readonly pose: Pose;
  readonly predicted: Pose;
  /** 6×6, about the sensor. */
  readonly covariance: Float64Array;
  readonly kinematics: KinematicSigma;
  readonly samples: number;
  readonly valued: number;
  readonly inliers: number;
  readonly converged: boolean;
}

const LEAST_SAMPLES = 6;
/** Shares of the samples that must lie in the known field, and fit it. */
const LEAST_VALUED = 0.3;
const LEAST_INLIERS = 0.4;
/** Shift that no honest arm needs, in its standard deviations. */
const MOST_SIGMAS = 4;
/** A direction of which the field tells no more than this share of the arm's variance is the arm's. */
const SLIDING = 0.5;

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Whether a registration can be trusted, and in which directions. */
export function judgeTouch(outcome: TouchOutcome): TouchVerdict {
  const { pose, predicted, kinematics, samples, valued, inliers, converged } = outcome;
  if (samples < LEAST_SAMPLES)
    return {
      state: 'unknown',
      reason: `Only ${samples} samples touch something, which says nothing about the pose; it is the arm's.`,
    };
  if (!(valued >= LEAST_VALUED))
    return {
      state: 'unknown',
      reason: `Only ${percent(valued)} of the touch lies where something is mapped; its pose is the arm's.`,
    };
  if (!(inliers >= LEAST_INLIERS))
    return {
      state: 'kinematic',
      reason: `Only ${percent(inliers)} of the touch fits what is mapped there; its pose is the arm's.`,
    };
  const shift = separation(pose, predicted);
  const turn = Math.hypot(...rotationVector(compose(pose, inverse(predicted))));
  const sigmas = Math.max(shift / kinematics.translation, turn / kinematics.rotation) / Math.sqrt(3);
  if (!(sigmas <= MOST_SIGMAS))
    return {
      state: 'kinematic',
      reason: `The touch would have to be ${(1e3 * shift).toFixed(1)} mm and ${((180 / Math.PI) * turn).toFixed(1)}° from where the arm says, farther than it errs; its pose is the arm's.`,
    };
  // What does not settle crawls along something even.
  if (!converged || largestShare(outcome) > SLIDING)
    return {
      state: 'sliding',
      reason: `What is touched is too even to say where along it the touch was; there the pose is the arm's.`,
    };
  return { state: 'registered', reason: '' };
}

/** Largest variance of the position in units of the arm's. */
function largestShare({ covariance, kinematics }: TouchOutcome): number {
  const position = new Float64Array(9);
  for (let r = 0; r < 3; r++) for (let c = 0; c < 3; c++) position[r * 3 + c] = covariance[r * 6 + c]!;
  return eigenSymmetric(position, 3).values[2]! / kinematics.translation ** 2;
}
