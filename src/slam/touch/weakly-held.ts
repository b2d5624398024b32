import { factorCholesky, solveFactored } from '../../geometry/linear.js';
import type { Pose } from '../../geometry/se3.js';
import type { BlockSystem } from './block-system.js';
import type { PairPatch } from './pair-rows.js';

/**
 * Touches that overlap fewer others may be off by much more than those. Five on the rim of a mug overlapped up to four
 * others each, but only one another: they were off by 1.6 mm together. Fewer do where most overlap fewer: on a bottle half
 * of them overlap five at most.
 */
const FIRM = 6;
/** Where more than this share of all are weakly held, nothing is firm enough to tell. */
const MOST_WEAK = 0.5;
/** A touch of whose rows fewer fit lies on none of those that it overlaps. */
const FITS = 0.5;

/** How a touch was compared with others. */
export interface Compared {
  /** With how many others. */
  readonly overlaps: ArrayLike<number>;
  /** Rows, and those of them that fit. */
  readonly rows: ArrayLike<number>;
  readonly inliers: ArrayLike<number>;
}

/**
 * How well touches that overlap few others are known, with all others taken as right: the standard deviation of what they
 * felt along its normals (m), root mean square over the samples; 0 for the others, and for all where those are no
 * majority; Infinity for a touch that does not fit what it overlaps. What a touch's own rows say is not enough: two that lie on each other alone are off by the arm's error together.
 *
 * @param system at the solution
 * @returns in pieces of some milliseconds
 */
export function* weaklyHeldSigmas(
  system: BlockSystem,
  pieces: readonly PairPatch[],
  poses: readonly Pose[],
  compared: Compared,
): Generator<undefined, Float64Array> {
  const sigmas = new Float64Array(pieces.length);
  const weak = weaklyHeldAmong(compared.overlaps);
  if (weak.length > MOST_WEAK * pieces.length) return sigmas;
  const n = 6 * weak.length;
  const L = system.among(weak);
  if (!factorCholesky(L, n)) return sigmas;
  const column = new Float64Array(n);
  const C = new Float64Array(36);
  for (const [at, i] of weak.entries()) {
    for (let c = 0; c < 6; c++) {
      column.fill(0);
      column[6 * at + c] = 1;
      solveFactored(L, column, n);
      for (let r = 0; r < 6; r++) C[6 * r + c] = column[6 * at + r]!;
    }
    sigmas[i] = alongNormals(pieces[i]!, poses[i]!, C);
    yield;
  }
  const { rows, inliers } = compared;
  for (let i = 0; i < sigmas.length; i++) if (inliers[i]! < FITS * rows[i]!) sigmas[i] = Infinity;
  return sigmas;
}

/** Those that overlap too few others: a minority, if that can be. */
function weaklyHeldAmong(overlaps: ArrayLike<number>): number[] {
  const all = Array.from(overlaps);
  const below = (firm: number): number[] => [...all.keys()].filter((i) => all[i]! < firm);
  let firm = FIRM;
  while (firm > 1 && below(firm).length > MOST_WEAK * all.length) firm--;
  return below(firm);
}

/** √ of the mean of J·C·Jᵀ over the samples, J = [N, (P − c) × N]. */
function alongNormals({ points, normals }: PairPatch, T: Pose, C: Float64Array): number {
  const J = new Float64Array(6);
  const turned = (v: Float32Array, i: number, r: number): number =>
    T[4 * r]! * v[i]! + T[4 * r + 1]! * v[i + 1]! + T[4 * r + 2]! * v[i + 2]!;
  let sum = 0;
  for (let i = 0; i < points.length; i += 3) {
    for (let r = 0; r < 3; r++) J[r] = turned(normals, i, r);
    const [x, y, z] = [turned(points, i, 0), turned(points, i, 1), turned(points, i, 2)];
    J[3] = y * J[2]! - z * J[1]!;
    J[4] = z * J[0]! - x * J[2]!;
    J[5] = x * J[1]! - y * J[0]!;
    for (let a = 0; a < 6; a++) for (let c = 0; c < 6; c++) sum += J[a]! * C[6 * a + c]! * J[c]!;
  }
  return points.length > 0 ? Math.sqrt((3 * sum) / points.length) : 0;
}
