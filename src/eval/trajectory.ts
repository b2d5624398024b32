import { compose, identity, inverse, rotationAngle, type Pose } from '../geometry/se3.js';
import { alignPoses } from './align.js';
import { associate, type AssociateOptions, type Matched, type Trajectory } from './associate.js';
import { drift, KITTI_LENGTHS, type Drift, type DriftOptions } from './drift.js';
import { pathLengths, relativeError, requireSameLength, type RelativeError } from './relative.js';
import { statistics, type Statistics } from './statistics.js';

export type Alignment = 'se3' | 'first' | 'none';

export interface AbsoluteError {
  readonly alignment: Alignment;
  /** T_truth_estimate applied to the estimate before comparing. */
  readonly transform: Pose;
  /** Distance between aligned and true position (m). */
  readonly translation: Statistics;
  /** Angle between aligned and true attitude (degrees). */
  readonly rotationDeg: Statistics;
  /** Position error of each pair (m). */
  readonly errors: Float64Array;
}

/**
 * Absolute trajectory error (ATE) of matched poses.
 *
 * @param alignment `se3`: least squares over all positions, without scale (default); `first`: the first poses
 *   coincide; `none`: both are in one frame already.
 */
export function absoluteError(
  estimate: readonly Pose[],
  truth: readonly Pose[],
  alignment: Alignment = 'se3',
): AbsoluteError {
  requireSameLength(estimate, truth);
  const transform = alignmentOf(estimate, truth, alignment);
  const errors = new Float64Array(truth.length);
  const angles = new Float64Array(truth.length);
  truth.forEach((Q, i) => {
    const P = compose(transform, estimate[i]!);
    errors[i] = Math.hypot(P[3]! - Q[3]!, P[7]! - Q[7]!, P[11]! - Q[11]!);
    angles[i] = (rotationAngle(compose(inverse(Q), P)) * 180) / Math.PI;
  });
  return { alignment, transform, translation: statistics(errors), rotationDeg: statistics(angles), errors };
}

function alignmentOf(estimate: readonly Pose[], truth: readonly Pose[], alignment: Alignment): Pose {
  if (alignment === 'none' || truth.length === 0) return identity();
  if (alignment === 'first') return compose(truth[0]!, inverse(estimate[0]!));
  return alignPoses(estimate, truth);
}

export interface TrajectoryOptions extends AssociateOptions, DriftOptions {
  readonly alignment?: Alignment;
  /** Distances of the relative error (m); default 10 m. */
  readonly distances?: readonly number[];
}

export interface TrajectoryMetrics {
  /** Poses compared, and poses of the estimate that had no truth. */
  readonly matched: number;
  readonly unmatched: number;
  /** Length of the true path over the matched poses (m). */
  readonly pathLength: number;
  readonly ate: AbsoluteError;
  /** Per frame, then per distance. */
  readonly rpe: readonly RelativeError[];
  readonly drift: Drift;
  /** The matched poses, for plots. */
  readonly pairs: Matched;
}

/** Every trajectory metric of an estimate against the truth, associated by stamp. */
export function evaluateTrajectory(
  estimate: Trajectory,
  truth: Trajectory,
  options: TrajectoryOptions = {},
): TrajectoryMetrics {
  return evaluateMatched(associate(estimate, truth, options), estimate.poses.length, options);
}

/** As {@link evaluateTrajectory} for pairs made elsewhere; `total` is the number of estimated poses before pairing. */
export function evaluateMatched(
  matched: Matched,
  total = matched.estimate.length,
  options: TrajectoryOptions = {},
): TrajectoryMetrics {
  const { estimate, truth } = matched;
  const s = pathLengths(truth);
  const pathLength = s[s.length - 1] ?? 0;
  return {
    matched: truth.length,
    unmatched: total - truth.length,
    pathLength,
    pairs: matched,
    ate: absoluteError(estimate, truth, options.alignment),
    rpe: [
      relativeError(estimate, truth),
      ...(options.distances ?? [10]).map((delta) =>
        relativeError(estimate, truth, { delta, unit: 'metres' }),
      ),
    ],
    drift: drift(estimate, truth, { ...options, lengths: options.lengths ?? lengthsFor(pathLength) }),
  };
}

/** KITTI's lengths, or for a run too short for them the longest of 50, 20, 10, 5, 2, 1 m that fits. */
export function lengthsFor(pathLength: number): readonly number[] {
  if (pathLength > KITTI_LENGTHS[0]!) return KITTI_LENGTHS;
  return [50, 20, 10, 5, 2, 1].filter((length) => length < pathLength).slice(0, 1);
}
