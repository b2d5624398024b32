import { compose, inverse, type Pose } from '../geometry/se3.js';
import { pathLengths, requireSameLength } from './relative.js';

/** Segment lengths of the KITTI odometry benchmark (m). */
export const KITTI_LENGTHS: readonly number[] = [100, 200, 300, 400, 500, 600, 700, 800];

export interface DriftOptions {
  /** Segment lengths (m); default KITTI's 100…800. */
  readonly lengths?: readonly number[];
  /** A segment starts at every `step`-th pose; default 10 (KITTI: once a second). */
  readonly step?: number;
}

export interface SegmentDrift {
  readonly length: number;
  readonly count: number;
  /** Mean translation error over the segment length (%), NaN without segments. */
  readonly translationPercent: number;
  /** Mean rotation error (degrees per 100 m), NaN without segments. */
  readonly rotationDegPer100m: number;
}

export interface Drift {
  /** Mean over all segments of all lengths, as KITTI's leaderboard reports. */
  readonly translationPercent: number;
  readonly rotationDegPer100m: number;
  /** Number of segments; 0 when the run is shorter than the shortest length. */
  readonly count: number;
  readonly perLength: readonly SegmentDrift[];
}

/**
 * Drift by the protocol of the KITTI odometry benchmark (Geiger et al. 2012; devkit `evaluate_odometry`): from every
 * `step`-th pose, for every length, to the first pose more than that length of true path away; errors of the relative
 * motion over the *nominal* length. For runs too short for KITTI's lengths give shorter ones, e.g. `[50, 100]`.
 *
 * @param estimate,truth matched poses, one to one; no alignment needed
 */
export function drift(estimate: readonly Pose[], truth: readonly Pose[], options: DriftOptions = {}): Drift {
  const { lengths = KITTI_LENGTHS, step = 10 } = options;
  requireSameLength(estimate, truth);
  const s = pathLengths(truth);
  let count = 0;
  let translation = 0;
  let rotation = 0;
  const perLength = lengths.map((length) => {
    let n = 0;
    let t = 0;
    let r = 0;
    let last = 0;
    for (let first = 0; first < s.length; first += step) {
      while (last < s.length && s[last]! <= s[first]! + length) last++;
      if (last === s.length) break;
      const E = motionError(estimate, truth, first, last);
      t += Math.hypot(E[3]!, E[7]!, E[11]!) / length;
      r += traceAngle(E) / length;
      n++;
    }
    count += n;
    translation += t;
    rotation += r;
    return { length, count: n, ...inUnits(t / n, r / n) };
  });
  return { ...inUnits(translation / count, rotation / count), count, perLength };
}

function inUnits(translationPerMetre: number, radiansPerMetre: number) {
  return {
    translationPercent: 100 * translationPerMetre,
    rotationDegPer100m: (100 * radiansPerMetre * 180) / Math.PI,
  };
}

/** The devkit's order: (P_i⁻¹P_j)⁻¹ (Q_i⁻¹Q_j), the true motion seen from the estimated end. */
function motionError(estimate: readonly Pose[], truth: readonly Pose[], i: number, j: number): Pose {
  const motion = compose(inverse(estimate[i]!), estimate[j]!);
  return compose(inverse(motion), compose(inverse(truth[i]!), truth[j]!));
}

/** Rotation angle as the angle between R and I; atan2 instead of the devkit's acos keeps small angles exact. */
function traceAngle(T: Pose): number {
  const sine = 0.5 * Math.hypot(T[9]! - T[6]!, T[2]! - T[8]!, T[4]! - T[1]!);
  return Math.atan2(sine, 0.5 * (T[0]! + T[5]! + T[10]! - 1));
}
