import type { FreeSpace } from './free-space.js';
import type { NormalEquations } from './normal-equations.js';
import type { CompletionOptions } from './options.js';
import { placedX, placedY, type Placement } from './placement.js';
import { interpolate, newStencil } from './prior-grid.js';
import { CornerDecoder, PriorReader, type ShapePrior } from './shape-prior.js';

/** What was farther outside than this more than it has to be is not looked at again: a bound pushes a surface away. */
const FAR = 0.02;

/**
 * Rows "the signed distance is the clearance" where a shape comes nearer to free space than it may.
 *
 * @example
 * const bounds = new FreeBounds(prior, placement, free, options);
 * while (bounds.addTo(system, latentPosterior(system, prior.mixture, 1)!.mean) > 0);
 */
export class FreeBounds {
  /** Points that may still be reached into. */
  #open: number[];
  readonly #decoder: CornerDecoder;
  readonly #reader: PriorReader;

  constructor(
    private readonly prior: ShapePrior,
    private readonly placement: Placement,
    private readonly free: FreeSpace,
    private readonly how: CompletionOptions,
  ) {
    this.#open = Array.from(free.clearances.keys());
    this.#decoder = new CornerDecoder(prior);
    this.#reader = new PriorReader(prior);
  }

  /**
   * Adds a row for each point that the shape with these latent numbers (K) comes too near to and that has none yet.
   *
   * @returns how many
   */
  addTo(system: NormalEquations, mean: Float64Array): number {
    const { points, clearances, sigmas } = this.free;
    const { grid } = this.prior;
    const stencil = newStencil();
    this.#decoder.shape(mean);
    let added = 0;
    this.#open = this.#open.filter((i) => {
      const [px, py, z] = [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!];
      const [x, y] = [placedX(this.placement, px, py), placedY(this.placement, px, py)];
      let value = interpolate(grid, x, y, z, stencil);
      for (let c = 0; c < 8; c++)
        if (stencil.weights[c]! > 0) value += stencil.weights[c]! * this.#decoder.at(stencil.corners[c]!);
      if (value >= clearances[i]!) return value < clearances[i]! + FAR;
      this.#reader.at(x, y, z);
      const { components, leftOut, mean: middle } = this.#reader;
      const variance = this.how.freeSigma ** 2 + (sigmas?.[i] ?? 0) ** 2 + this.how.leftOutShare * leftOut;
      system.addBound(components, clearances[i]! - middle, 1 / variance);
      added++;
      return false;
    });
    return added;
  }
}
