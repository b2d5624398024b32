import type { Pose, Twist } from '../geometry/se3.js';
import type { LinearSystem } from './linear-system.js';
import type { Term } from './terms/term.js';

/** A pose to be found from the sum of terms. Lengths in metres, angles in radians. */
export interface AlignProblem {
  readonly terms: readonly Term[];
  /** T_submap_sensor to begin with. */
  readonly start: Pose;
  /** Twist that the samples are undistorted with, sensor frame, m/s and rad/s. */
  readonly twist: Twist;
  /** The terms' own unknowns to begin with, one term after the other; default: zeros. */
  readonly own?: Float64Array;
  /** Whether the twist is solved for too. */
  readonly solveTwist: boolean;
  /** Undistorts the samples anew with a corrected twist. */
  readonly undistort?: ((twist: Twist) => void) | undefined;
  readonly maxIterations: number;
  /** Factor by which the finest robust scales shrink in each step, down to their end. */
  readonly anneal: number;
  /** The search ends when a step is smaller than these. */
  readonly translationTolerance: number;
  readonly rotationTolerance: number;
  /** Likewise for the terms' own unknowns; default: they are not waited for. */
  readonly ownTolerance?: number;
}

export interface AlignSolution {
  /** T_submap_sensor at the stamp. */
  readonly pose: Pose;
  /** Undistorting twist, sensor frame, m/s and rad/s. */
  readonly twist: Twist;
  readonly own: Float64Array;
  /** The measurements at that pose, without priors; valid until the backend solves or linearises again. */
  readonly system: LinearSystem;
  /** Mean squared residual of the measurements, or the square of their scale where there are none. */
  readonly variance: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Turns (radians per tenth of a second) beyond which a linear twist correction would bend far points by millimetres. */
export const MAX_LINEAR_TURN = 0.004;
