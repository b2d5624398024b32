import { identity, type Pose, type Twist } from '../geometry/se3.js';
import type { Exposure } from './terms/photometric.js';

/** Times are in units of a tenth of a second where a twist is an unknown: all unknowns are of the order of one. */
export const TIME_SCALE = 10;
/** Pose and twist; a term's own unknowns follow. */
export const BASE_UNKNOWNS = 12;
/** Sums of one class of points: upper triangles of three 6×6 matrices and two right-hand sides. */
export const SYSTEM_SUMS = 75;

/** Where a system is linearised. */
export interface Unknowns {
  /** T_submap_sensor at the stamp. */
  readonly pose: Pose;
  /** Twist that the samples are undistorted with, sensor frame, m/s and rad/s. */
  readonly undistorted: Twist;
  /** Correction of that twist, submap axes, per tenth of a second. */
  readonly correction: Float64Array;
  /** Own unknowns of terms, one term after the other. */
  readonly own: Float64Array;
}

/** Unknowns at a pose, nothing else to correct. */
export function unknownsAt(pose: Pose = identity()): Unknowns {
  return { pose, undistorted: ZERO6, correction: ZERO6, own: NONE };
}

const ZERO6 = new Float64Array(6);
const NONE = new Float64Array(0);

/** Sums of the normal equations over one class of points (ground or other). */
export interface NormalSums {
  /** Upper triangles of Σ w JJᵀ, Σ w τ JJᵀ, Σ w τ² JJᵀ (21 each), Σ w r J, Σ w τ r J (6 each). */
  readonly system: Float64Array;
  weight: number;
  /** Σ w r². */
  cost: number;
  /** Points that had a value, that lie within the fine kernel, all. */
  valued: number;
  inliers: number;
  points: number;
  /** Σ |r| of inliers. */
  absolute: number;
  /** Points with a value on a coarse level only, and those of them within half its kernel. */
  coarse: number;
  coarseInliers: number;
  /** Σ information of the points that had a value on any level, where samples have information. */
  information: number;
}

/** Sums of the normal equations over pose, gain and bias. */
export interface PhotometricSums {
  /** Upper triangle of Σ w JJᵀ (36), Σ w r J (8). */
  readonly system: Float64Array;
  weight: number;
  cost: number;
  points: number;
}

/** What brightness adds to a system, for judging what rests on it. */
export interface BrightnessSums {
  /** Samples that were compared, and the sum of their robust weights. */
  points: number;
  weight: number;
  /** 3×3, its part of the translation block. */
  readonly block: Float64Array;
}

/** Of points that are not ground, and of ground. */
export type ClassSums = readonly [other: NormalSums, ground: NormalSums];

/** Sums of no points. */
export function emptySums(): NormalSums {
  return {
    system: new Float64Array(SYSTEM_SUMS),
    weight: 0,
    cost: 0,
    valued: 0,
    inliers: 0,
    points: 0,
    absolute: 0,
    coarse: 0,
    coarseInliers: 0,
    information: 0,
  };
}

/** Sets sums back to those of no points. */
export function clearSums(sums: NormalSums): void {
  sums.system.fill(0);
  sums.weight = sums.cost = sums.valued = sums.inliers = 0;
  sums.points = sums.absolute = sums.coarse = sums.coarseInliers = 0;
  sums.information = 0;
}

/**
 * A x = b over the changes of pose (6: v, ω at the sensor, submap axes), of the undistorting twist (6) and of the terms'
 * own unknowns. Terms add to it: one pose from several sensors.
 *
 * @example
 * const system = new LinearSystem();
 * system.addGeometric(sums, groundWeight);
 * if (solveCholesky(system.A, system.b, system.size)) move(system.b); // b is the step now
 */
export class LinearSystem {
  readonly size: number;
  /** size×size, row-major, symmetric. */
  readonly A: Float64Array;
  /** Minus the gradient. */
  readonly b: Float64Array;
  /** Sum of robust weights, and of w r². */
  weight = 0;
  cost = 0;
  /** What geometric terms counted, for judging a registration. */
  readonly sums: ClassSums = [emptySums(), emptySums()];
  /** What photometric terms counted. */
  readonly brightness: BrightnessSums = { points: 0, weight: 0, block: new Float64Array(9) };

  /** @param own unknowns beside pose and twist */
  constructor(own = 0) {
    this.size = BASE_UNKNOWNS + own;
    this.A = new Float64Array(this.size * this.size);
    this.b = new Float64Array(this.size);
  }

  clear(): void {
    this.A.fill(0);
    this.b.fill(0);
    this.weight = this.cost = 0;
    this.sums.forEach(clearSums);
    this.brightness.points = this.brightness.weight = 0;
    this.brightness.block.fill(0);
  }

  /** The matrices and sums of another of the same size; not its counts. */
  copyFrom(other: LinearSystem): void {
    this.A.set(other.A);
    this.b.set(other.b);
    this.weight = other.weight;
    this.cost = other.cost;
  }

  /** Adds what a geometric term found; ground points count `groundWeight` times. */
  addGeometric(sums: ClassSums, groundWeight: number): void {
    const { A, b, size: n } = this;
    const [other, ground] = sums;
    const h = (at: number): number => other.system[at]! + groundWeight * ground.system[at]!;
    for (let r = 0; r < 6; r++) {
      for (let c = 0; c < 6; c++) {
        const u = UPPER[r * 6 + c]!;
        const mixed = h(21 + u);
        A[r * n + c]! += h(u);
        A[r * n + 6 + c]! += mixed;
        A[(6 + r) * n + c]! += mixed;
        A[(6 + r) * n + 6 + c]! += h(42 + u);
      }
      b[r]! -= h(63 + r);
      b[6 + r]! -= h(69 + r);
    }
    this.weight += other.weight + groundWeight * ground.weight;
    this.cost += other.cost + groundWeight * ground.cost;
    addTo(this.sums[0], other);
    addTo(this.sums[1], ground);
  }

  /**
   * Adds what a photometric term found; its gain and bias are the first own unknowns. Its residuals do not count for the
   * variance, which is that of distances.
   *
   * @param hold times their own information by which they are held to `expected`
   */
  addPhotometric(sums: PhotometricSums, hold: number, { own }: Unknowns, expected: Exposure): void {
    const { A, b, brightness, size: n } = this;
    const { system } = sums;
    brightness.points += sums.points;
    brightness.weight += sums.weight;
    const place = (i: number): number => (i < 6 ? i : i - 6 + BASE_UNKNOWNS);
    let at = 0;
    for (let r = 0; r < 8; r++)
      for (let c = r; c < 8; c++, at++) {
        A[place(r) * n + place(c)]! += system[at]!;
        if (r !== c) A[place(c) * n + place(r)]! += system[at]!;
        if (c < 3) brightness.block[r * 3 + c]! += system[at]!;
        if (c < 3 && r !== c) brightness.block[c * 3 + r]! += system[at]!;
        if (r !== c || r < 6) continue;
        const stiffness = hold * system[at]!;
        A[place(r) * (n + 1)]! += stiffness;
        b[place(r)]! -= stiffness * (own[r - 6]! - (r === 6 ? expected.gain : expected.bias));
      }
    for (let r = 0; r < 8; r++) b[place(r)]! -= system[36 + r]!;
  }

  /** Σ w JJᵀ over translations: 3×3. */
  translationBlock(): Float64Array {
    const { A, size: n } = this;
    return Float64Array.of(
      A[0]!, A[1]!, A[2]!, A[n]!, A[n + 1]!, A[n + 2]!, A[2 * n]!, A[2 * n + 1]!, A[2 * n + 2]!,
    ); // prettier-ignore
  }
}

function addTo(sum: NormalSums, part: NormalSums): void {
  for (let i = 0; i < SYSTEM_SUMS; i++) sum.system[i]! += part.system[i]!;
  sum.weight += part.weight;
  sum.cost += part.cost;
  sum.valued += part.valued;
  sum.inliers += part.inliers;
  sum.points += part.points;
  sum.absolute += part.absolute;
  sum.coarse += part.coarse;
  sum.coarseInliers += part.coarseInliers;
  sum.information += part.information;
}

/** Where element (r, c) of a symmetric 6×6 lies in its row-major upper triangle. */
const UPPER = upperIndex();

function upperIndex(): Int32Array {
  const index = new Int32Array(36);
  let at = 0;
  for (let r = 0; r < 6; r++) for (let c = r; c < 6; c++) index[r * 6 + c] = index[c * 6 + r] = at++;
  return index;
}
