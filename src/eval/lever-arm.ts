import { solveCholesky, invertSpd } from '../geometry/linear.js';
import { compose, exp, identity, inverse, rotationAngle, type Pose } from '../geometry/se3.js';
import { meanAxes } from './align.js';
import type { Matched } from './associate.js';
import { absoluteError } from './trajectory.js';

/** Turn of the body between two poses that are compared (radians), and the longest time between them (s). */
const TURN = (15 * Math.PI) / 180;
const LONGEST = 10;
/** Pairs without a common part that are needed to say anything. */
const MIN_PAIRS = 6;
/** Shortest lever arm that is told (m), in its own standard deviations, and the error that is left without it. */
const SHORTEST = 0.02;
const CLEAR = 5;
const LEFT = 0.75;
/** Standard deviations assumed of an arm before it is looked for (m), and of a pair's translation (m). */
const ARM_SIGMA = 1;
const PAIR_SIGMA = 0.05;
/** Rounds in which the axes of the truth and the arm are found together. */
const ROUNDS = 4;

/** A truth that looks like that of another point of the body. */
export interface LeverArm {
  /** Of that point on the body whose poses are compared, its axes (m). */
  readonly offset: readonly [number, number, number];
  /** Root mean square of the position error after alignment (m), as it is and with the poses moved to that point. */
  readonly rmse: number;
  readonly rmseMoved: number;
}

/**
 * Whether the true poses are those of another point of the same body: then the distance between the two passes for drift.
 * Over short turns it does not look like drift: between poses i and j, in the axes of the body at i,
 * R_iᵀ((p_j − p_i) + (R_j − R_i)·l) = X·Q_iᵀ(q_j − q_i), p R estimated, q Q true, l the arm, X the axes of the truth on the
 * body. Least squares over all pairs that are 15° of turn apart give l and X; an arm counts if it is five standard
 * deviations long and takes a quarter of the error away.
 *
 * @returns undefined where there is none, or the body turns too little to tell
 */
export function leverArm({ stampsNs, estimate, truth }: Matched): LeverArm | undefined {
  const pairs = turns(stampsNs, estimate);
  if (pairs.independent < MIN_PAIRS) return undefined;
  const fits = [identity(), meanAxes(estimate, truth)].map((axes) => fit(pairs.list, estimate, truth, axes));
  const best = fits.reduce((a, b) => (b.squares < a.squares ? b : a));
  const { l, squares, covariance } = best;
  const length = Math.hypot(...l);
  const variance = squares / (3 * pairs.list.length) / (pairs.independent / pairs.list.length);
  // Variance of the length, along the arm.
  let along = 0;
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++) along += (l[r]! * l[c]! * covariance[6 * r + c]!) / length ** 2;
  if (length < SHORTEST || length < CLEAR * Math.sqrt(along * variance)) return undefined;
  const moved = estimate.map((T) => compose(T, exp([...l, 0, 0, 0])));
  const rmse = absoluteError(estimate, truth).translation.rmse;
  const rmseMoved = absoluteError(moved, truth).translation.rmse;
  return rmseMoved < LEFT * rmse ? { offset: [l[0]!, l[1]!, l[2]!], rmse, rmseMoved } : undefined;
}

type Pair = readonly [i: number, j: number];

/** From every pose to the next that is turned enough against it; and how many of these follow each other. */
function turns(stampsNs: readonly bigint[], poses: readonly Pose[]): { list: Pair[]; independent: number } {
  const list: Pair[] = [];
  let [independent, end] = [0, 0];
  for (let i = 0; i < poses.length; i++) {
    const back = inverse(poses[i]!);
    for (let j = i + 1; j < poses.length; j++) {
      if (Number(stampsNs[j]! - stampsNs[i]!) * 1e-9 > LONGEST) break;
      if (rotationAngle(compose(back, poses[j]!)) < TURN) continue;
      list.push([i, j]);
      if (i >= end) {
        independent++;
        end = j;
      }
      break;
    }
  }
  return { list, independent };
}

/** @param axes first guess of X, a rotation */
function fit(
  pairs: readonly Pair[],
  estimate: readonly Pose[],
  truth: readonly Pose[],
  axes: Pose,
): { l: Float64Array; squares: number; covariance: Float64Array } {
  let X = axes;
  let l: Float64Array = new Float64Array(3);
  let squares = Infinity;
  let covariance: Float64Array = new Float64Array(36);
  for (let round = 0; round < ROUNDS; round++) {
    const [A, b] = [new Float64Array(36), new Float64Array(6)];
    const prior = (PAIR_SIGMA / ARM_SIGMA) ** 2;
    for (let k = 0; k < 6; k++) A[7 * k] = k < 3 ? prior : 1e-9;
    for (const pair of pairs) accumulate(A, b, pair, estimate, truth, X);
    covariance = invertSpd(A.slice(), 6) ?? covariance;
    if (!solveCholesky(A, b, 6)) break;
    l = b.slice(0, 3);
    X = compose(exp([0, 0, 0, ...b.subarray(3)]), X);
    squares = 0;
    for (const pair of pairs) {
      const { moved, turned, seen } = terms(pair, estimate, truth, X);
      for (let r = 0; r < 3; r++) squares += (moved[r]! + dot(turned, 3 * r, l) - seen[r]!) ** 2;
    }
  }
  return { l, squares, covariance };
}

/** In the axes of the body at i: how it moved, R_iᵀR_j − 1, and how the truth says that it moved. */
function terms(
  [i, j]: Pair,
  estimate: readonly Pose[],
  truth: readonly Pose[],
  X: Pose,
): { moved: number[]; turned: Float64Array; seen: number[] } {
  const step = compose(inverse(estimate[i]!), estimate[j]!);
  const trueStep = compose(inverse(truth[i]!), truth[j]!);
  const turned = Float64Array.from({ length: 9 }, (_, k) => {
    const [r, c] = [Math.floor(k / 3), k % 3];
    return step[4 * r + c]! - (r === c ? 1 : 0);
  });
  const t = [trueStep[3]!, trueStep[7]!, trueStep[11]!];
  const seen = [0, 4, 8].map((r) => X[r]! * t[0]! + X[r + 1]! * t[1]! + X[r + 2]! * t[2]!);
  return { moved: [step[3]!, step[7]!, step[11]!], turned, seen };
}

/** Adds a pair to the normal equations of l and a small turn of X: moved + turned·l = seen + δ × seen. */
function accumulate(
  A: Float64Array,
  b: Float64Array,
  pair: Pair,
  estimate: readonly Pose[],
  truth: readonly Pose[],
  X: Pose,
): void {
  const { moved, turned, seen } = terms(pair, estimate, truth, X);
  const [x, y, z] = seen as [number, number, number];
  // −(δ × s) = s × δ
  const cross = [0, -z, y, z, 0, -x, -y, x, 0];
  for (let r = 0; r < 3; r++) {
    const row = [0, 1, 2, 3, 4, 5].map((c) => (c < 3 ? turned[3 * r + c]! : cross[3 * r + c - 3]!));
    const residual = seen[r]! - moved[r]!;
    for (let a = 0; a < 6; a++) {
      b[a]! += row[a]! * residual;
      for (let c = 0; c < 6; c++) A[6 * a + c]! += row[a]! * row[c]!;
    }
  }
}

function dot(M: Float64Array, row: number, v: Float64Array): number {
  return M[row]! * v[0]! + M[row + 1]! * v[1]! + M[row + 2]! * v[2]!;
}
