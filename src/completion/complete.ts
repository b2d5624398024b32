import { FeltmapError } from '../geometry/errors.js';
import { quadratic } from './dense.js';
import { thinEvidence, type SurfaceEvidence } from './evidence.js';
import { latentPosterior, type LatentPosterior } from './latent-posterior.js';
import { NormalEquations } from './normal-equations.js';
import { DEFAULT_COMPLETION, type CompletionOptions } from './options.js';
import { ResidualProcess } from './residual-process.js';
import { decodeShape, PriorReader, type ShapePrior } from './shape-prior.js';

/** Objects end this much above the table (m): a surface exactly in a plane of corners has no sign there. */
const TABLE_GAP = 0.0003;

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
  readonly #reader: PriorReader;

  constructor(
    readonly prior: ShapePrior,
    readonly options: CompletionOptions,
    readonly posterior: LatentPosterior,
    /** Correction through what was touched; undefined without touches. */
    readonly process: ResidualProcess | undefined,
    /** What it was made from, thinned. */
    readonly evidence: SurfaceEvidence,
  ) {
    this.#reader = new PriorReader(prior);
  }

  /** Signed distance (m), negative inside. */
  distance(x: number, y: number, z: number): number {
    const { mean } = this.posterior;
    this.#reader.at(x, y, z);
    let sum = this.#reader.mean;
    for (let k = 0; k < mean.length; k++) sum += this.#reader.components[k]! * mean[k]!;
    const value = sum + (this.process?.mean(x, y, z) ?? 0);
    return this.options.onTable ? Math.max(value, TABLE_GAP - z) : value;
  }

  /** Standard deviation of the signed distance (m). */
  sigma(x: number, y: number, z: number): number {
    this.#reader.at(x, y, z);
    const { covariance } = this.posterior;
    const latent = quadratic(covariance, this.prior.rank, this.#reader.components);
    const open = this.process?.openShare(x, y, z) ?? 1;
    // A touch tells of what the components leave out as far as it reaches, and of their own part there too.
    return this.options.sigmaScale * Math.sqrt((latent + this.#reader.leftOut) * open);
  }

  /** Signed distance at the corners of the prior's grid (m); the correction only within `band` of the surface. */
  corners(band: number): Float32Array {
    const { grid } = this.prior;
    const values = decodeShape(this.prior, this.posterior.mean);
    const [ox, oy, oz] = grid.origin;
    for (let k = 0, at = 0; k < grid.nz; k++) {
      const z = oz + k * grid.cell;
      for (let j = 0; j < grid.ny; j++)
        for (let i = 0; i < grid.nx; i++, at++) {
          if (this.process && Math.abs(values[at]!) < band)
            values[at]! += this.process.mean(ox + i * grid.cell, oy + j * grid.cell, z);
          if (this.options.onTable) values[at] = Math.max(values[at]!, TABLE_GAP - z);
        }
    }
    return values;
  }
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
  const system = new NormalEquations(prior.rank);
  addRows(system, prior, thin, how);
  const posterior = latentPosterior(system, prior.mixture, how.temper);
  if (!posterior)
    throw new FeltmapError('bad-input', 'The points of the object hold normals that are not finite.');
  const process = residualProcess(prior, posterior, thin, how);
  return new CompletedShape(prior, how, posterior, process, thin);
} // prettier-ignore

/** Rows "the signed distance is 0 at a point, d at d along its normal", touch by touch. */
function addRows(
  system: NormalEquations,
  prior: ShapePrior,
  { points, normals, sigmas, touches }: SurfaceEvidence,
  how: CompletionOptions,
): void {
  const reader = new PriorReader(prior);
  let [shared, rows] = [0, 0];
  const add = (x: number, y: number, z: number, target: number, variance: number): void => {
    reader.at(x, y, z);
    const own = variance + how.leftOutShare * reader.leftOut;
    system.add(reader.components, target - reader.mean, 1 / own);
    shared += how.sharedLeftOut * reader.leftOut;
    rows++;
  };
  for (let i = 0; i < touches.length; i++) {
    const [x, y, z] = [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!];
    const [nx, ny, nz] = [normals[3 * i]!, normals[3 * i + 1]!, normals[3 * i + 2]!];
    const point = sigmas[i]! ** 2;
    add(x, y, z, 0, point + how.surfaceSigma ** 2);
    if (Number.isFinite(nx + ny + nz))
      for (const { distance, sigma } of how.outside)
        add(x + distance * nx, y + distance * ny, z + distance * nz, distance, point + sigma ** 2);
    const touched = touches[i]! >= 0;
    if (touched && touches[i + 1] === touches[i]) continue;
    system.endGroup((touched ? how.touchOffset ** 2 : 0) + shared / rows);
    [shared, rows] = [0, 0];
  }
}

/** What is left at touched points; with unknown offsets, what their touch has in common is not the surface's fault. */
function residualProcess(
  prior: ShapePrior,
  { mean }: LatentPosterior,
  { points, sigmas, touches }: SurfaceEvidence,
  { process, touchOffset }: CompletionOptions,
): ResidualProcess | undefined {
  const reader = new PriorReader(prior);
  const touched = Array.from(touches.keys()).filter((i) => touches[i]! >= 0);
  if (touched.length === 0) return undefined;
  const residuals = touched.map((i) => {
    reader.at(points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!);
    let value = reader.mean;
    for (let k = 0; k < mean.length; k++) value += reader.components[k]! * mean[k]!;
    return -value;
  });
  const at = Float32Array.from(touched.flatMap((i) => [...points.subarray(3 * i, 3 * i + 3)]));
  const noise = touched.map((i) => Math.hypot(process.sigma, sigmas[i]!));
  if (touchOffset > 0) removeOffsets(residuals, touched.map((i) => touches[i]!), touchOffset, process.amplitude); // prettier-ignore
  return new ResidualProcess(at, residuals, noise, process);
}

/** Takes the expected offset of each touch out of its residuals. */
function removeOffsets(residuals: number[], touches: number[], sigma: number, amplitude: number): void {
  const share = sigma ** 2 / (sigma ** 2 + amplitude ** 2);
  for (let first = 0, next = 0; first < touches.length; first = next) {
    while (next < touches.length && touches[next] === touches[first]) next++;
    let mean = 0;
    for (let i = first; i < next; i++) mean += residuals[i]! / (next - first);
    for (let i = first; i < next; i++) residuals[i]! -= share * mean;
  }
}
