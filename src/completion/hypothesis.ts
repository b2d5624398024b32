import { FreeBounds } from './free-bounds.js';
import { latentPosterior, type LatentPosterior } from './latent-posterior.js';
import { quadratic } from './dense.js';
import { hasNormal, type SurfaceEvidence } from './evidence.js';
import { NormalEquations } from './normal-equations.js';
import type { CompletionOptions } from './options.js';
import { placedX, placedY, type Placement } from './placement.js';
import { interpolate, newStencil } from './prior-grid.js';
import { decodeShape, PriorReader, type ShapePrior } from './shape-prior.js';

/** What is known of the latent numbers if the object stands so. */
export interface PlacedPosterior {
  readonly placement: Placement;
  readonly posterior: LatentPosterior;
  /** Standard deviation of what the prior cannot show, as it was supposed (m). */
  readonly misfit: number;
  /** Squared error of a row, in its variances: mean over all rows. */
  readonly left: number;
}

/** What is supposed of an object beside how it stands. */
export interface Supposed {
  /** Kinds that are looked at, in rising order; all of them unless said. */
  readonly only?: readonly number[];
  /** One of {@link CompletionOptions.misfits} (m). Default 0. */
  readonly misfit?: number;
}

/**
 * The latent numbers given the evidence, for one placement; undefined for rows that are not finite.
 */
export function placedPosterior(
  prior: ShapePrior,
  placement: Placement,
  evidence: SurfaceEvidence,
  how: CompletionOptions,
  { only, misfit = 0 }: Supposed = {},
): PlacedPosterior | undefined {
  const system = new NormalEquations(prior.rank);
  const doubted = addRows(system, prior, placement, evidence, { ...how, misfit });
  let posterior = latentPosterior(system, prior.mixture, how.temper, only);
  if (posterior && doubted.length > 0) {
    addDoubted(system, prior, posterior.mean, doubted, how);
    posterior = latentPosterior(system, prior.mixture, how.temper, probable(posterior.kinds));
  }
  const bounds = evidence.free && new FreeBounds(prior, placement, evidence.free, how);
  for (let round = 0; bounds && posterior && round < BOUND_ROUNDS; round++) {
    if (bounds.addTo(system, posterior.mean) === 0) break;
    posterior = latentPosterior(system, prior.mixture, how.temper, probable(posterior.kinds));
  }
  return posterior && { placement, posterior, misfit, left: system.misfit(posterior.mean) / system.rows };
}

/** After so many rounds what still reaches into free space stays. */
const BOUND_ROUNDS = 2;

/** Kinds less probable than this without a bound are not looked at with it: a bound never makes a kind more likely. */
const HOPELESS = 1e-6;

/** Numbers of the kinds that are more probable than `least`, without the standard normal distribution. */
export function probable(kinds: Float64Array, least = HOPELESS): number[] {
  return Array.from({ length: kinds.length - 1 }, (_, kind) => kind).filter((kind) => kinds[kind]! > least);
}

/** A row that holds only where nothing else is nearer; placed, with the variance of its offset at the end of a group. */
interface DoubtedRow {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly distance: number;
  readonly variance: number;
  /** Of the offset that it shares with all before it since the last end; absent: the group goes on. */
  endsGroup?: number;
}

/** So many standard deviations nearer than expected: something else is there. */
const NEARER = 2;

/**
 * Rows "the signed distance is d at d along a normal" where the shape that is known without them does not say that something
 * else is nearer: the other side of a neck, the bottom of a cup. There any distance up to d is equally likely.
 */
function addDoubted(
  system: NormalEquations,
  prior: ShapePrior,
  mean: Float64Array,
  rows: readonly DoubtedRow[],
  how: CompletionOptions,
): void {
  const reader = new PriorReader(prior);
  let [shared, count] = [0, 0];
  for (const { x, y, z, distance, variance, endsGroup } of rows) {
    reader.at(x, y, z);
    let value = reader.mean;
    for (let k = 0; k < mean.length; k++) value += reader.components[k]! * mean[k]!;
    const own = variance + how.leftOutShare * reader.leftOut;
    if (value < distance - NEARER * Math.sqrt(own)) system.logVariance += Math.log(distance ** 2 / (2 * Math.PI));
    else {
      system.add(reader.components, distance - reader.mean, 1 / own);
      shared += how.sharedLeftOut * reader.leftOut;
      count++;
    }
    if (endsGroup === undefined) continue;
    if (count > 0) system.endGroup(endsGroup + shared / count);
    [shared, count] = [0, 0];
  }
} // prettier-ignore

/** Rows "the signed distance is d at d along the normal of a point", touch by touch. @returns those that are doubted */
function addRows(
  system: NormalEquations,
  prior: ShapePrior,
  placement: Placement,
  { points, normals, sigmas, touches, offsets }: SurfaceEvidence,
  how: CompletionOptions & { readonly misfit: number },
): DoubtedRow[] {
  const reader = new PriorReader(prior);
  const doubted: DoubtedRow[] = [];
  let [shared, rows] = [0, 0];
  const add = (x: number, y: number, z: number, target: number, variance: number): void => {
    reader.at(placedX(placement, x, y), placedY(placement, x, y), z);
    const own = variance + how.leftOutShare * reader.leftOut;
    system.add(reader.components, target - reader.mean, 1 / own);
    shared += how.sharedLeftOut * reader.leftOut;
    rows++;
  };
  for (let i = 0; i < touches.length; i++) {
    const [x, y, z] = [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!];
    const [nx, ny, nz] = [normals[3 * i]!, normals[3 * i + 1]!, normals[3 * i + 2]!];
    const point = sigmas[i]! ** 2;
    const surface = point + how.surfaceSigma ** 2;
    if (!hasNormal(normals, 3 * i)) add(x, y, z, 0, surface);
    else {
      add(x + how.level * nx, y + how.level * ny, z + how.level * nz, how.level, surface);
      for (const { distance, sigma, doubted: later } of how.outside) {
        const [qx, qy, qz] = [x + distance * nx, y + distance * ny, z + distance * nz];
        const variance = point + sigma ** 2;
        if (!later) add(qx, qy, qz, distance, variance);
        else doubted.push({ x: placedX(placement, qx, qy), y: placedY(placement, qx, qy), z: qz, distance, variance });
      }
    }
    const touched = touches[i]! >= 0;
    if (touched && touches[i + 1] === touches[i]) continue;
    const offset = (touched ? how.touchOffset ** 2 : 0) + (offsets?.[i] ?? 0) ** 2 + how.misfit ** 2;
    system.endGroup(offset + shared / rows);
    if (doubted.length > 0) doubted.at(-1)!.endsGroup = offset;
    [shared, rows] = [0, 0];
  }
  return doubted;
} // prettier-ignore

/**
 * The shape if the object stands so: signed distance and its variance at points of the object's frame (m).
 *
 * @example
 * const [best] = completeShape(prior, evidence).hypotheses;
 * best?.distance(0, 0, 0.05); // m, negative inside
 */
export class Hypothesis {
  /** Signed distance at the corners of the prior's grid, in the prior's frame. */
  readonly #field: Float32Array;
  readonly #reader: PriorReader;
  readonly #stencil = newStencil();

  constructor(
    readonly prior: ShapePrior,
    readonly placement: Placement,
    readonly posterior: LatentPosterior,
    /** Probability. */
    readonly share: number,
  ) {
    this.#field = decodeShape(prior, posterior.mean);
    this.#reader = new PriorReader(prior);
  }

  distance(x: number, y: number, z: number): number {
    const { placement, prior } = this;
    const outside = interpolate(prior.grid, placedX(placement, x, y), placedY(placement, x, y), z, this.#stencil);
    const { corners, weights } = this.#stencil;
    let sum = 0;
    for (let c = 0; c < 8; c++) sum += weights[c]! * this.#field[corners[c]!]!;
    return outside > 0 ? Math.min(prior.truncation, sum + outside) : sum;
  }

  /** Of what the components hold. */
  variance(x: number, y: number, z: number): number {
    return quadratic(this.posterior.covariance, this.prior.rank, this.read(x, y, z).components);
  }

  /** The prior at a point; valid until the next one. */
  read(x: number, y: number, z: number): PriorReader {
    this.#reader.at(placedX(this.placement, x, y), placedY(this.placement, x, y), z);
    return this.#reader;
  }
} // prettier-ignore
