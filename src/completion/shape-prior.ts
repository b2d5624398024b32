import type { BoundWeights } from './error-bounds.js';
import { cornerCount, interpolate, newStencil, type PriorGrid } from './prior-grid.js';
import type { LatentMixture } from './latent-mixture.js';

/**
 * What shapes look like: the signed distance of an object (cut off at ±truncation) at the corners of a grid is
 * mean + Σ z_k component_k with latent numbers z; what the components leave out has variance `leftOut`. Without a
 * mixture the latent numbers are independent standard normal ones.
 */
export interface ShapePrior {
  readonly grid: PriorGrid;
  /** Distances are cut off here (m). */
  readonly truncation: number;
  /** One a corner (m). */
  readonly mean: Float32Array;
  /** Number K of components. */
  readonly rank: number;
  /** K a corner, corner by corner; component k in units of `steps[k]`. */
  readonly components: Int8Array;
  /** Metres of one unit of a component, K. */
  readonly steps: Float32Array;
  /** Variance of what the components leave out, one a corner (m²). */
  readonly leftOut: Float32Array;
  /** Where the latent numbers of real shapes lie. */
  readonly mixture?: LatentMixture;
  /**
   * Yaws, evenly around, that an object is tried in: for a prior of shapes in their own frames. Without, the prior knows
   * shapes in every yaw.
   */
  readonly yaws?: number;
  /** How far off completions with this prior are; without, its own standard deviations count. */
  readonly bounds?: BoundWeights;
}

/**
 * Reads the prior at points: mean, components and left-out variance, trilinear between corners.
 *
 * @example
 * const reader = new PriorReader(prior);
 * reader.at(0.02, 0, 0.05); // metres, object frame
 * const distance = reader.mean + reader.components[0]! * z0;
 */
export class PriorReader {
  /** Mean distance at the last point (m). */
  mean = 0;
  /** Variance left out at the last point (m²). */
  leftOut = 0;
  /** Value of each component at the last point (m). */
  readonly components: Float64Array;
  readonly #prior: ShapePrior;
  readonly #stencil = newStencil();

  constructor(prior: ShapePrior) {
    this.#prior = prior;
    this.components = new Float64Array(prior.rank);
  }

  /** Moves to a point (m, object frame); outside of the grid the mean grows by the way to it. */
  at(x: number, y: number, z: number): void {
    const { grid, rank, components, steps, mean, leftOut, truncation } = this.#prior;
    const outside = interpolate(grid, x, y, z, this.#stencil);
    const { corners, weights } = this.#stencil;
    const out = this.components.fill(0);
    this.mean = 0;
    this.leftOut = 0;
    for (let c = 0; c < 8; c++) {
      const w = weights[c]!;
      if (w === 0) continue;
      const corner = corners[c]!;
      this.mean += w * mean[corner]!;
      this.leftOut += w * leftOut[corner]!;
      const first = corner * rank;
      for (let k = 0; k < rank; k++) out[k]! += w * components[first + k]!;
    }
    for (let k = 0; k < rank; k++) out[k]! *= steps[k]!;
    this.mean = Math.min(truncation, this.mean + outside);
  }
}

/** The prior with its first `rank` components only, the others count as left out; kinds with `kindRank` columns. */
export function coarsePrior(prior: ShapePrior, rank: number, kindRank: number): ShapePrior {
  const { rank: K, mixture } = prior;
  if (rank >= K) return prior;
  const corners = cornerCount(prior.grid);
  const components = new Int8Array(corners * rank);
  const leftOut = prior.leftOut.slice();
  for (let c = 0; c < corners; c++) {
    components.set(prior.components.subarray(c * K, c * K + rank), c * rank);
    for (let k = rank; k < K; k++) leftOut[c]! += (prior.components[c * K + k]! * prior.steps[k]!) ** 2;
  }
  const coarse = { ...prior, rank, components, steps: prior.steps.slice(0, rank), leftOut };
  if (!mixture) return coarse;
  const { kinds, rank: all } = mixture;
  const q = Math.min(all, kindRank);
  const centres = new Float32Array(kinds * rank);
  const factors = new Float32Array(kinds * rank * q);
  for (let kind = 0; kind < kinds; kind++) {
    centres.set(mixture.centres.subarray(kind * K, kind * K + rank), kind * rank);
    for (let k = 0; k < rank; k++) {
      const from = (kind * K + k) * all;
      factors.set(mixture.factors.subarray(from, from + q), (kind * rank + k) * q);
    }
  }
  const spreads = mixture.spreads.slice(0, rank);
  return { ...coarse, mixture: { ...mixture, rank: q, centres, factors, spreads } };
}

/** Σ components[first + k] z[k]; four sums side by side, as each addition waits for the one before it. */
function dotComponents(components: Int8Array, first: number, z: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 4 <= z.length; k += 4) {
    s0 += z[k]! * components[first + k]!;
    s1 += z[k + 1]! * components[first + k + 1]!;
    s2 += z[k + 2]! * components[first + k + 2]!;
    s3 += z[k + 3]! * components[first + k + 3]!;
  }
  for (; k < z.length; k++) s0 += z[k]! * components[first + k]!;
  return s0 + s1 + (s2 + s3);
}

/** Signed distance at every corner (m) for latent numbers z (K). */
export function decodeShape(prior: ShapePrior, z: ArrayLike<number>, out?: Float32Array): Float32Array {
  const { grid, rank, components, steps, mean } = prior;
  const n = cornerCount(grid);
  const values = out ?? new Float32Array(n);
  const scaled = Float64Array.from({ length: rank }, (_, k) => z[k]! * steps[k]!);
  for (let corner = 0; corner < n; corner++)
    values[corner] = mean[corner]! + dotComponents(components, corner * rank, scaled);
  return values;
}

/**
 * Signed distance at some corners for latent numbers that change: each corner is decoded when it is first asked for.
 *
 * @example
 * const decoder = new CornerDecoder(prior);
 * decoder.shape(posterior.mean);
 * decoder.at(0); // m, at the first corner
 */
export class CornerDecoder {
  readonly #scaled: Float64Array;
  readonly #values: Float32Array;

  constructor(private readonly prior: ShapePrior) {
    this.#scaled = new Float64Array(prior.rank);
    this.#values = new Float32Array(cornerCount(prior.grid));
  }

  /** Latent numbers, K, of the shape that is decoded from now on. */
  shape(z: ArrayLike<number>): void {
    for (let k = 0; k < this.#scaled.length; k++) this.#scaled[k] = z[k]! * this.prior.steps[k]!;
    this.#values.fill(NaN);
  }

  /** Signed distance at a corner (m). */
  at(corner: number): number {
    const known = this.#values[corner]!;
    if (known === known) return known;
    const { rank, components, mean } = this.prior;
    this.#values[corner] = mean[corner]! + dotComponents(components, corner * rank, this.#scaled);
    return this.#values[corner]!;
  }
}
