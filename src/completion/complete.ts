import { FeltmapError } from '../geometry/errors.js';
import { errorBounds, type ErrorBounds, type PlaceKnown } from './error-bounds.js';
import { hasNormal, pointsOutside, thinEvidence, type SurfaceEvidence } from './evidence.js';
import { joinFree } from './free-space.js';
import { Hypothesis } from './hypothesis.js';
import type { LatentPosterior } from './latent-posterior.js';
import { DEFAULT_COMPLETION, type CompletionOptions } from './options.js';
import { cornerCount } from './prior-grid.js';
import { ResidualProcess } from './residual-process.js';
import type { ShapePrior } from './shape-prior.js';
import { touchedEnds } from './touched-ends.js';
import { placedPosteriors } from './yaw-search.js';

/** Share of the offset of a touch that is left where its neighbours and the prior tell of the same surface. */
const OFFSET_LEFT = 0.55;
/** Powers of the share of the variance that touches leave open: for what the components hold and for what they leave out. */
const OPEN_POWER = 0.8;
const LEFT_OUT_POWER = 0.5;
/** Far from all that is known there may be no surface at all: the same for {@link CompletionOptions.farSigma}. */
const FAR_POWER = 9;
/** Standard deviations of a normal distribution that 95 % lie within. */
const NORMAL_95 = 1.96;
/** Step of the central differences of the expected distance (m). */
const SLOPE_STEP = 0.002;

/** Objects end this much above the table (m): a surface exactly in a plane of corners has no sign there. */
export const TABLE_GAP = 0.0003;

/**
 * A whole object, as far as it is known: signed distance and its standard deviation anywhere in the prior's grid.
 * Metres, object frame (origin on the table under the object's centre, z up).
 *
 * @example
 * const shape = completeShape(prior, gatherEvidence([{ points, normals, sigma: 0.0002, touched: true }]));
 * shape.distance(0, 0, 0.05); // m, negative inside
 * shape.sigma(0, 0, 0.05); // m
 */
export class CompletedShape {
  /** Of touches, as far as the arm leaves them open (m). */
  readonly #offset: number;
  readonly #touches: number;
  /** Share of the points that was seen. */
  readonly #seen: number;

  constructor(
    readonly prior: ShapePrior,
    readonly options: CompletionOptions,
    /** How the object may stand, the most probable first; their shares add up to 1. */
    readonly hypotheses: readonly Hypothesis[],
    /** Correction through what was touched; undefined without touches. */
    readonly process: ResidualProcess | undefined,
    /** What it was made from, thinned. */
    readonly evidence: SurfaceEvidence,
  ) {
    this.#offset = Math.hypot(options.touchOffset, meanOffset(evidence));
    const { touches } = evidence;
    this.#touches = new Set(touches).size;
    this.#seen = touches.filter((touch) => touch < 0).length / touches.length;
  }

  /** The latent numbers of the most probable hypothesis. */
  get posterior(): LatentPosterior {
    return this.hypotheses[0]!.posterior;
  }

  /** Signed distance (m), negative inside. */
  distance(x: number, y: number, z: number): number {
    const value = expectedDistance(this.hypotheses, x, y, z) + (this.process?.mean(x, y, z) ?? 0);
    return this.options.onTable ? Math.max(value, TABLE_GAP - z) : value;
  }

  /** 68 % of the errors of the signed distance are smaller (m). */
  sigma(x: number, y: number, z: number): number {
    return this.bounds(x, y, z).sigma;
  }

  /**
   * What 68 % and 95 % of the errors of the signed distance are below, as measured on simulated objects; for priors that were
   * not calibrated one and 1.96 standard deviations of the model (m).
   */
  bounds(x: number, y: number, z: number): ErrorBounds {
    if (this.prior.bounds) return errorBounds(this.prior.bounds, this.known(x, y, z));
    const open = this.process?.openShare(x, y, z) ?? 1;
    const { farSigma, otherFarSigma } = this.options;
    const far = this.#mixed(farSigma, otherFarSigma) * open ** FAR_POWER;
    const sigma = Math.hypot(this.modelSigma(x, y, z, open), far);
    return { sigma, most: NORMAL_95 * sigma };
  }

  /** What tells how far off the distance may be. */
  known(x: number, y: number, z: number): PlaceKnown {
    const { within, between, leftOut } = this.#variances(x, y, z);
    const at = (dx: number, dy: number, dz: number): number =>
      expectedDistance(this.hypotheses, x + SLOPE_STEP * dx, y + SLOPE_STEP * dy, z + SLOPE_STEP * dz);
    const slope = Math.hypot(
      at(1, 0, 0) - at(-1, 0, 0),
      at(0, 1, 0) - at(0, -1, 0),
      at(0, 0, 1) - at(0, 0, -1),
    );
    return {
      model: Math.sqrt(within + between),
      leftOut: Math.sqrt(leftOut),
      open: this.process?.openShare(x, y, z) ?? 1,
      slope: slope / (2 * SLOPE_STEP),
      height: this.options.onTable ? z : Infinity,
      offset: this.#offset,
      other: this.posterior.kinds.at(-1) ?? 0,
      misfit: this.process?.misfit ?? 0,
      touches: this.#touches,
      points: this.evidence.touches.length,
      seen: this.#seen,
    };
  }

  /** Standard deviation as far as the prior knows objects like this one: without what is added far from all evidence (m). */
  modelSigma(x: number, y: number, z: number, open = this.process?.openShare(x, y, z) ?? 1): number {
    const { betweenScale, knownScale, leastSigma, leftOutScale, otherScale, sigmaScale } = this.options;
    const { within, between, leftOut } = this.#variances(x, y, z);
    // What is left open near touches, by a power: the process is surer of its correction than the corrections are right.
    const shape = (sigmaScale ** 2 * within + betweenScale ** 2 * between) * open ** OPEN_POWER;
    const detail = leftOutScale ** 2 * leftOut * open ** LEFT_OUT_POWER;
    const offset = (OFFSET_LEFT * this.#offset) ** 2 * (1 - open);
    return this.#mixed(knownScale, otherScale) * Math.sqrt(shape + detail + offset + leastSigma ** 2);
  }

  /** Of the distance, by the prior alone: within hypotheses, between them, and what the components leave out (m²). */
  #variances(x: number, y: number, z: number): { within: number; between: number; leftOut: number } {
    const mean = expectedDistance(this.hypotheses, x, y, z);
    let [within, between, leftOut] = [0, 0, 0];
    for (const hypothesis of this.hypotheses) {
      leftOut += hypothesis.share * hypothesis.read(x, y, z).leftOut;
      within += hypothesis.share * hypothesis.variance(x, y, z);
      between += hypothesis.share * (hypothesis.distance(x, y, z) - mean) ** 2;
    }
    return { within, between, leftOut };
  }

  /** Between what holds for kinds that were learnt and what for others: those err more, above all far from what was felt. */
  #mixed(known: number, other: number): number {
    return known + (other - known) * (this.posterior.kinds.at(-1) ?? 0);
  }

  /** Signed distance at the corners of the prior's grid (m), without the table; the correction only within `band` of the level. */
  corners(band: number): Float32Array {
    const { grid } = this.prior;
    const { level } = this.options;
    const values = new Float32Array(cornerCount(grid));
    const [ox, oy, oz] = grid.origin;
    for (let k = 0, at = 0; k < grid.nz; k++) {
      const z = oz + k * grid.cell;
      for (let j = 0; j < grid.ny; j++)
        for (let i = 0; i < grid.nx; i++, at++) {
          const [x, y] = [ox + i * grid.cell, oy + j * grid.cell];
          values[at] = expectedDistance(this.hypotheses, x, y, z);
          if (this.process && Math.abs(values[at]! - level) < band) values[at]! += this.process.mean(x, y, z);
        }
    }
    return values;
  }
}

/** Root mean square over the touched points (m). */
function meanOffset({ touches, offsets }: SurfaceEvidence): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < touches.length; i++) {
    if (touches[i]! < 0) continue;
    sum += (offsets?.[i] ?? 0) ** 2;
    count++;
  }
  return Math.sqrt(sum / Math.max(1, count));
}

function expectedDistance(hypotheses: readonly Hypothesis[], x: number, y: number, z: number): number {
  let sum = 0;
  for (const hypothesis of hypotheses) sum += hypothesis.share * hypothesis.distance(x, y, z);
  return sum;
}

/**
 * Completes what was touched and seen in part: a ridge regression on the prior's latent numbers, then a Gaussian process
 * on what is left at the touched points.
 *
 * @param evidence object frame, see `objectFrame`
 * @throws FeltmapError bad-input without any point inside the prior's grid
 */
export function completeShape(
  prior: ShapePrior,
  evidence: SurfaceEvidence,
  options: Partial<CompletionOptions> = {},
): CompletedShape {
  const how = { ...DEFAULT_COMPLETION, ...options };
  const thin = thinEvidence(evidence, how.touchSpacing, how.seenSpacing);
  if (thin.touches.length === 0)
    throw new FeltmapError('bad-input', 'There is no point to complete an object from; give touches or a view.');
  const free = joinFree([thin.free, touchedEnds(thin, how.ends)]);
  const placed = placedPosteriors(prior, free ? { ...thin, free } : thin, how);
  if (placed.length === 0)
    throw new FeltmapError('bad-input', 'The points of the object hold normals that are not finite.');
  const odds = placed.map((p) => Math.exp(p.posterior.logEvidence - placed[0]!.posterior.logEvidence));
  const kept = placed.filter((_, i) => odds[i]! >= how.yaw.least);
  const sum = kept.reduce((s, _, i) => s + odds[i]!, 0);
  const hypotheses = kept.map((p, i) => new Hypothesis(prior, p.placement, p.posterior, odds[i]! / sum));
  return new CompletedShape(prior, how, hypotheses, residualProcess(hypotheses, thin, how), thin);
} // prettier-ignore

/** What is left at touched points; with unknown offsets, what their touch has in common is not the surface's fault. */
function residualProcess(
  hypotheses: readonly Hypothesis[],
  evidence: SurfaceEvidence,
  { process, touchOffset, level }: CompletionOptions,
): ResidualProcess | undefined {
  const { points, normals, sigmas, touches, offsets } = evidence;
  const touched = Array.from(touches.keys()).filter((i) => touches[i]! >= 0 || process.seen);
  if (touched.length === 0) return undefined;
  const outside = pointsOutside(evidence, level);
  const residuals = touched.map((i) => {
    const target = hasNormal(normals, 3 * i) ? level : 0;
    return target - expectedDistance(hypotheses, outside[3 * i]!, outside[3 * i + 1]!, outside[3 * i + 2]!);
  });
  const some = (all: Float32Array): Float32Array =>
    Float32Array.from(touched.flatMap((i) => [...all.subarray(3 * i, 3 * i + 3)]));
  const noise = touched.map((i) => Math.hypot(process.sigma, sigmas[i]!));
  const shifts = touched.map((i) => Math.hypot(touches[i]! < 0 ? 0 : touchOffset, offsets?.[i] ?? 0));
  removeOffsets(residuals, touched.map((i) => touches[i]!), shifts, process.amplitude); // prettier-ignore
  return new ResidualProcess(some(outside), residuals, noise, process, some(points));
}

/** Takes the expected offset of each touch out of its residuals; what was seen has none. */
function removeOffsets(residuals: number[], touches: number[], sigmas: number[], amplitude: number): void {
  for (let first = 0, next = 0; first < touches.length; first = next) {
    while (next < touches.length && touches[next] === touches[first]) next++;
    let mean = 0;
    const sigma = sigmas[first]!;
    if (touches[first]! < 0 || sigma === 0) continue;
    const share = sigma ** 2 / (sigma ** 2 + amplitude ** 2);
    for (let i = first; i < next; i++) mean += residuals[i]! / (next - first);
    for (let i = first; i < next; i++) residuals[i]! -= share * mean;
  }
}
