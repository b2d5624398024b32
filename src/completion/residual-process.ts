import { FeltmapError } from '../geometry/errors.js';
import { factorCholesky, solveLower, solveUpper } from './dense.js';

/** A Gaussian process with Matérn covariance of order 3/2 (Rasmussen and Williams 2006, eq. 4.17) and mean 0. */
export interface ProcessOptions {
  /** m. */
  readonly length: number;
  /** Standard deviation far from all points (m). */
  readonly amplitude: number;
}

/** Points that the variance at a place looks at: the nearest ones tell nearly all. */
const NEAREST = 12;
/** Beyond so many lengths a point is not felt any more (correlation below 0.001). */
const REACH = 5.5;
/** The covariance's table goes so many lengths far, where 2e-8 of the variance is left, */
const TABLE_REACH = 12;
/** in so many steps: linear between them it is right to 1e-6 of the variance. */
const TABLE = 8192;

/**
 * What the shape prior leaves open near points where the distance is known: a correction that goes through them and dies
 * away from them.
 *
 * @example
 * const process = new ResidualProcess(points, residuals, sigmas, { length: 0.025, amplitude: 0.003 });
 * const distance = shape + process.mean(x, y, z); // metres
 */
export class ResidualProcess {
  /** Root mean square of the residuals in standard deviations of the process: 1 where its amplitude is right. */
  readonly misfit: number;
  readonly #points: Float32Array;
  readonly #felt: Float32Array;
  readonly #noise: Float64Array;
  readonly #alpha: Float64Array;
  readonly #options: ProcessOptions;
  readonly #near = new Int32Array(NEAREST);
  readonly #nearDistance = new Float64Array(NEAREST);
  readonly #K = new Float64Array(NEAREST * NEAREST);
  readonly #k = new Float64Array(NEAREST);
  /** Covariance at even steps of the distance. */
  readonly #table: Float64Array;
  readonly #perMetre: number;

  /**
   * @param points 3·N (m)
   * @param residuals what the correction should be at each (m)
   * @param sigmas standard deviation of each residual (m), above 0
   * @param felt 3·N, where the surface is known by them, for {@link openShare}: the same points unless said (m)
   * @throws FeltmapError bad-input for points that are not finite
   */
  constructor(points: Float32Array, residuals: ArrayLike<number>, sigmas: ArrayLike<number>, options: ProcessOptions, felt = points) {
    const n = points.length / 3;
    this.#points = points;
    this.#felt = felt;
    this.#options = options;
    const { length, amplitude } = options;
    this.#perMetre = TABLE / (TABLE_REACH * length);
    this.#table = Float64Array.from({ length: TABLE + 1 }, (_, i) => {
      const s = (Math.sqrt(3) * i * TABLE_REACH) / TABLE;
      return amplitude * amplitude * (1 + s) * Math.exp(-s);
    });
    this.#noise = Float64Array.from({ length: n }, (_, i) => sigmas[i]! ** 2);
    this.#alpha = Float64Array.from({ length: n }, (_, i) => residuals[i]!);
    const K = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) K[i * n + j] = this.#covariance(gapTo(points, i, points[3 * j]!, points[3 * j + 1]!, points[3 * j + 2]!));
      K[i * n + i] = options.amplitude ** 2 + this.#noise[i]!;
    }
    if (Number.isNaN(factorCholesky(K, n)))
      throw new FeltmapError('bad-input', 'The touched points hold numbers that are not finite; leave those out.');
    solveLower(K, n, this.#alpha);
    this.misfit = Math.sqrt(this.#alpha.reduce((sum, v) => sum + v * v, 0) / Math.max(1, n));
    solveUpper(K, n, this.#alpha);
  } // prettier-ignore

  /** Expected correction at a point (m). */
  mean(x: number, y: number, z: number): number {
    const limit = REACH * this.#options.length;
    let sum = 0;
    for (let i = 0; i < this.#alpha.length; i++) {
      const gap = gapTo(this.#points, i, x, y, z);
      if (gap < limit) sum += this.#alpha[i]! * this.#covariance(gap);
    }
    return sum;
  }

  /**
   * Share of the amplitude's variance that is left at a point, 0 … 1, given the nearest points: never less than given all
   * of them.
   */
  openShare(x: number, y: number, z: number): number {
    const count = this.#findNearest(x, y, z);
    const { amplitude } = this.#options;
    const a2 = amplitude * amplitude;
    const [K, k, points] = [this.#K, this.#k, this.#felt];
    for (let a = 0; a < count; a++) {
      const i = this.#near[a]!;
      k[a] = this.#covariance(this.#nearDistance[a]!);
      for (let b = 0; b < a; b++) {
        const j = 3 * this.#near[b]!;
        K[a * count + b] = this.#covariance(gapTo(points, i, points[j]!, points[j + 1]!, points[j + 2]!));
      }
      K[a * count + a] = a2 + this.#noise[i]!;
    }
    factorCholesky(K, count);
    solveLower(K, count, k);
    let known = 0;
    for (let a = 0; a < count; a++) known += k[a]! * k[a]!;
    return Math.min(1, Math.max(0, 1 - known / a2));
  }

  #covariance(gap: number): number {
    const at = gap * this.#perMetre;
    if (at >= TABLE) return 0;
    const i = at | 0;
    const left = this.#table[i]!;
    return left + (at - i) * (this.#table[i + 1]! - left);
  }

  /** Fills `#near` in order of distance; returns how many there are within reach. */
  #findNearest(x: number, y: number, z: number): number {
    const limit = REACH * this.#options.length;
    const [near, distance] = [this.#near, this.#nearDistance];
    let count = 0;
    for (let i = 0; i < this.#alpha.length; i++) {
      const gap = gapTo(this.#felt, i, x, y, z);
      if (gap >= limit || (count === NEAREST && gap >= distance[count - 1]!)) continue;
      let at = count < NEAREST ? count++ : count - 1;
      for (; at > 0 && distance[at - 1]! > gap; at--) {
        distance[at] = distance[at - 1]!;
        near[at] = near[at - 1]!;
      }
      distance[at] = gap;
      near[at] = i;
    }
    return count;
  }
}

/** From point i to a place (m). */
function gapTo(p: Float32Array, i: number, x: number, y: number, z: number): number {
  const dx = p[3 * i]! - x;
  const dy = p[3 * i + 1]! - y;
  const dz = p[3 * i + 2]! - z;
  return Math.sqrt(dx * dx + dy * dy + dz * dz);
}
