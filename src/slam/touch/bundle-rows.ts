import { separation, type Pose } from '../../geometry/se3.js';
import type { Patch } from '../../sensors/tactile/patch.js';
import type { BlockSystem } from './block-system.js';
import { comparePatches, jacobianAt, PAIR_NUMBERS, pairRows, type PairPatch } from './pair-rows.js';
import { transposed, type BundleStep } from './step-rows.js';

/** One touch of a window. */
export interface BundleTouch {
  readonly patch: Patch;
  /** T_map_sensor by the kinematics, or by whatever else is known beforehand. */
  readonly predicted: Pose;
  /** What that is good for, 6×6, [x y z rotX rotY rotZ] about the sensor, map axes; default: as for the others. */
  readonly information?: Float64Array;
  /** Where the search begins; default: as predicted. */
  readonly start?: Pose;
  /** How it goes on from another one; the two are not compared again. */
  readonly step?: BundleStep;
  /** Whether `predicted` counts; default: where there is no step. */
  readonly held?: boolean;
  /** Number of its sensor, whose place on the hand may be wrong. Default: 0. */
  readonly sensor?: number;
  /** Whether `predicted` is by the arm, and so wrong by that place as well. Default: it is. */
  readonly byHand?: boolean;
  /** Number of the contact: touches of one slide share it, and tell each other nothing of where they all are. Default: its own. */
  readonly contact?: number;
}

/** Rows of a pair count as so many at most: they say the same again. */
export const MOST_ROWS = 30;
/** With fewer a pair is not compared. */
const LEAST_ROWS = 4;
/** Rows farther off than so many robust scales are not looked at, nor are touches whose gels look the other way. */
const REACH = 3;
/** How far apart patches may be beside each other and still overlap (m). */
const SLACK = 0.002;

/** How rows of pairs are weighted. */
export interface PairWeights {
  /** Robust, Cauchy's (m). */
  readonly scale: number;
  /** Standard deviation of one patch against another (m). */
  readonly sigma: number;
}

/** What the rows of all pairs amount to. */
export interface PairTotals {
  /** Σ w and Σ w r². */
  weight: number;
  cost: number;
  /** Other contacts that each touch was compared with. */
  readonly overlaps: Uint32Array;
  /** Rows of each touch, on others and of others on it, and those of them nearer than the robust scale. */
  readonly rows: Uint32Array;
  readonly inliers: Uint32Array;
}

/** Empty totals of so many touches. */
export function pairTotals(count: number): PairTotals {
  const counts = (): Uint32Array => new Uint32Array(count);
  return { weight: 0, cost: 0, overlaps: counts(), rows: counts(), inliers: counts() };
}

/**
 * Adds the rows of all pairs of touches that overlap, each onto the other, to a system whose blocks are the touches' poses:
 * r = N·(P − S) with P a sample of i and S, N the plane of j where P is. ∂r/∂x_i = [N, (P − c_i) × N] and
 * ∂r/∂x_j = −[N, (P − c_j) × N]: the plane turns with j.
 *
 * @example
 * const pairs = new PairSums(pieces);
 * for (const _ of pairs.add(system, poses, { scale: 1e-3, sigma: 1e-4 }, pairTotals(poses.length))); // in pieces
 */
export class PairSums {
  readonly #rows;
  readonly #radius: readonly number[];
  readonly #H = new Float64Array(36);
  readonly #Hij = new Float64Array(36);
  readonly #Hjj = new Float64Array(36);
  readonly #Hji = new Float64Array(36);
  readonly #g = new Float64Array(6);
  readonly #J = new Float64Array(6);
  readonly #met = new Set<number>();

  constructor(private readonly pieces: readonly (PairPatch & Pick<BundleTouch, 'step' | 'contact'>)[]) {
    this.#rows = pairRows(Math.max(1, ...pieces.map(({ points }) => points.length / 3)));
    this.#radius = pieces.map(({ patch: p }) => 0.5 * Math.hypot(p.width, p.height) * p.pitch);
  }

  /** In pieces, the rows of one touch each. */
  *add(
    system: BlockSystem,
    poses: readonly Pose[],
    weights: PairWeights,
    totals: PairTotals,
  ): Generator<undefined, void> {
    totals.weight = totals.cost = 0;
    for (const counts of [totals.overlaps, totals.rows, totals.inliers]) counts.fill(0);
    for (let i = 0; i < poses.length; i++) {
      this.#met.clear();
      for (let j = 0; j < poses.length; j++)
        if (i !== j && this.#mayOverlap(i, j, poses[i]!, poses[j]!))
          if (this.#addPair(system, i, j, poses[i]!, poses[j]!, weights, totals))
            this.#met.add(this.#contact(j));
      this.#met.delete(this.#contact(i));
      totals.overlaps[i] = this.#met.size;
      yield;
    }
  }

  #contact(i: number): number {
    return this.pieces[i]!.contact ?? -1 - i;
  }

  #mayOverlap(i: number, j: number, Ti: Pose, Tj: Pose): boolean {
    if (this.pieces[i]!.step?.touch === j || this.pieces[j]!.step?.touch === i) return false;
    if (Ti[2]! * Tj[2]! + Ti[6]! * Tj[6]! + Ti[10]! * Tj[10]! < 0) return false;
    return separation(Ti, Tj) < this.#radius[i]! + this.#radius[j]! + SLACK;
  }

  #addPair(
    system: BlockSystem,
    i: number,
    j: number,
    Ti: Pose,
    Tj: Pose,
    { scale, sigma }: PairWeights,
    totals: PairTotals,
  ): boolean {
    const { values } = this.#rows;
    const other = this.pieces[j]!.patch;
    comparePatches(this.pieces[i]!, Ti, other, Tj, Math.max(REACH * scale, 1e-3), this.#rows);
    const { count } = this.#rows;
    if (count < LEAST_ROWS) return false;
    let near = 0;
    // Both patches have errors, and each pair is looked at from both sides.
    const weight = Math.min(MOST_ROWS, count) / count / (2 * sigma ** 2);
    const [H, g, J] = [this.#H, this.#g, this.#J];
    H.fill(0);
    g.fill(0);
    for (let at = 0; at < count * PAIR_NUMBERS; at += PAIR_NUMBERS) {
      const r = values[at + 6]!;
      if (Math.abs(r) < scale) near++;
      const w = weight / (1 + (r / scale) ** 2);
      totals.weight += w;
      totals.cost += w * r * r;
      jacobianAt(values, at, Ti, 1, J);
      for (let a = 0; a < 6; a++) {
        const wJ = w * J[a]!;
        for (let c = a; c < 6; c++) H[a * 6 + c]! += wJ * J[c]!;
        g[a]! += wJ * r;
      }
    }
    this.#addBlocks(system, i, j, Ti, Tj);
    for (const k of [i, j]) {
      totals.rows[k]! += count;
      totals.inliers[k]! += near;
    }
    return true;
  }

  /**
   * Of H = Σ w J Jᵀ (upper half) and g = Σ w J r, with J how the residuals change with the pose of i. As j moves they change
   * by −A·J, A = [[1, 0], [(c_i − c_j)×, 1]]: (P − c_j) × N = (P − c_i) × N + (c_i − c_j) × N.
   */
  #addBlocks(system: BlockSystem, i: number, j: number, Ti: Pose, Tj: Pose): void {
    const [H, g, Hij, Hjj] = [this.#H, this.#g, this.#Hij, this.#Hjj];
    const { b } = system;
    const [dx, dy, dz] = [Ti[3]! - Tj[3]!, Ti[7]! - Tj[7]!, Ti[11]! - Tj[11]!];
    for (let a = 1; a < 6; a++) for (let c = 0; c < a; c++) H[a * 6 + c] = H[c * 6 + a]!;
    for (let a = 0; a < 6; a++) {
      const at = 6 * a;
      const [x, y, z] = [H[at]!, H[at + 1]!, H[at + 2]!];
      Hij[at] = -x;
      Hij[at + 1] = -y;
      Hij[at + 2] = -z;
      Hij[at + 3] = -(H[at + 3]! + dy * z - dz * y);
      Hij[at + 4] = -(H[at + 4]! + dz * x - dx * z);
      Hij[at + 5] = -(H[at + 5]! + dx * y - dy * x);
    }
    for (let c = 0; c < 6; c++) {
      const [x, y, z] = [Hij[c]!, Hij[6 + c]!, Hij[12 + c]!];
      Hjj[c] = -x;
      Hjj[6 + c] = -y;
      Hjj[12 + c] = -z;
      Hjj[18 + c] = -(Hij[18 + c]! + dy * z - dz * y);
      Hjj[24 + c] = -(Hij[24 + c]! + dz * x - dx * z);
      Hjj[30 + c] = -(Hij[30 + c]! + dx * y - dy * x);
    }
    for (let a = 0; a < 6; a++) b[6 * i + a]! -= g[a]!;
    const [x, y, z] = [g[0]!, g[1]!, g[2]!];
    b[6 * j]! += x;
    b[6 * j + 1]! += y;
    b[6 * j + 2]! += z;
    b[6 * j + 3]! += g[3]! + dy * z - dz * y;
    b[6 * j + 4]! += g[4]! + dz * x - dx * z;
    b[6 * j + 5]! += g[5]! + dx * y - dy * x;
    system.add(i, i, H);
    system.add(j, j, Hjj);
    if (i < j) system.add(i, j, Hij);
    else system.add(j, i, transposed(Hij, this.#Hji));
  }
}
