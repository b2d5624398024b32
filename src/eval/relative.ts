import { FeltmapError } from '../geometry/errors.js';
import { compose, inverse, rotationAngle, separation, translationNorm, type Pose } from '../geometry/se3.js';
import { statistics, type Statistics } from './statistics.js';

const DEGREES = 180 / Math.PI;

export interface RelativeOptions {
  /** Distance between the two poses of a pair: in frames or in metres along the true path. Default 1 frame. */
  readonly delta?: number;
  readonly unit?: 'frames' | 'metres';
  /** `all`: a pair starts at every pose (default). `consecutive`: pairs follow each other without overlap. */
  readonly pairs?: 'all' | 'consecutive';
}

export interface RelativeError {
  readonly delta: number;
  readonly unit: 'frames' | 'metres';
  /** Length of the translation error per pair (m). */
  readonly translation: Statistics;
  /** Angle of the rotation error per pair (degrees). */
  readonly rotationDeg: Statistics;
}

/**
 * Relative pose error (Sturm et al. 2012, "A benchmark for the evaluation of RGB-D SLAM systems", eq. 1): per pair
 * E = (Q_i⁻¹Q_j)⁻¹ (P_i⁻¹P_j) of true poses Q and estimated poses P. Needs no alignment.
 *
 * @param estimate,truth matched poses, one to one
 * @throws FeltmapError bad-input when the lengths differ
 */
export function relativeError(
  estimate: readonly Pose[],
  truth: readonly Pose[],
  options: RelativeOptions = {},
): RelativeError {
  const { delta = 1, unit = 'frames', pairs = 'all' } = options;
  requireSameLength(estimate, truth);
  const chosen =
    unit === 'frames' ? pairsByFrames(truth.length, delta, pairs) : pairsByDistance(truth, delta, pairs);
  const translation: number[] = [];
  const rotation: number[] = [];
  for (const [i, j] of chosen) {
    const E = relativePoseError(estimate, truth, i, j);
    translation.push(translationNorm(E));
    rotation.push(rotationAngle(E) * DEGREES);
  }
  return { delta, unit, translation: statistics(translation), rotationDeg: statistics(rotation) };
}

/** (Q_i⁻¹Q_j)⁻¹ (P_i⁻¹P_j): what the estimate adds to the true motion from i to j. */
function relativePoseError(estimate: readonly Pose[], truth: readonly Pose[], i: number, j: number): Pose {
  const trueMotion = compose(inverse(truth[i]!), truth[j]!);
  const motion = compose(inverse(estimate[i]!), estimate[j]!);
  return compose(inverse(trueMotion), motion);
}

/** Distance travelled up to each pose (m), starting at 0. */
export function pathLengths(poses: readonly Pose[]): Float64Array {
  const out = new Float64Array(poses.length);
  for (let i = 1; i < poses.length; i++) out[i] = out[i - 1]! + separation(poses[i - 1]!, poses[i]!);
  return out;
}

export function requireSameLength(estimate: readonly Pose[], truth: readonly Pose[]): void {
  if (estimate.length !== truth.length)
    throw new FeltmapError(
      'bad-input',
      `${estimate.length} estimated poses against ${truth.length} true ones; associate them by stamp first.`,
    );
}

function pairsByFrames(n: number, delta: number, pairs: 'all' | 'consecutive'): [number, number][] {
  if (!Number.isInteger(delta) || delta < 1)
    throw new FeltmapError(
      'bad-input',
      `A delta of ${delta} frames makes no pairs; give a whole number from 1.`,
    );
  const out: [number, number][] = [];
  for (let i = 0; i + delta < n; i += pairs === 'all' ? 1 : delta) out.push([i, i + delta]);
  return out;
}

/** A pair ends at the first pose at least `delta` metres of true path after its start. */
function pairsByDistance(
  truth: readonly Pose[],
  delta: number,
  pairs: 'all' | 'consecutive',
): [number, number][] {
  if (!(delta > 0))
    throw new FeltmapError('bad-input', `A delta of ${delta} m makes no pairs; give a length above 0.`);
  const s = pathLengths(truth);
  const out: [number, number][] = [];
  let i = 0;
  for (let j = 0; j < s.length; j++) {
    while (i < j && s[j]! - s[i]! >= delta) {
      out.push([i, j]);
      i = pairs === 'all' ? i + 1 : j;
    }
  }
  return out;
}
