import { cornerCount, interpolate, newStencil, type PriorGrid } from '../prior-grid.js';

/** Signed distance (m) of an object that stands on z = 0 under its centre. */
export type SignedDistance = (x: number, y: number, z: number) => number;

/** Distances are kept in these units: 40 mm cut-off takes 26 000 of them. */
export const SAMPLE_UNIT = 1.5e-6;

/**
 * A shape on a grid of its own, to be turned and shifted without computing distances again.
 *
 * @example
 * const shape = new SampledShape(distance, [-0.05, -0.05, 0, 0.05, 0.05, 0.1], 0.005, 0.04);
 * shape.sample(grid, 0.3, 0.002, 0, row); // yaw in rad, shift in m
 */
export class SampledShape {
  readonly #grid: PriorGrid;
  readonly #values: Float32Array;
  readonly #truncation: number;

  /**
   * @param bounds of the solid: x0, y0, z0, x1, y1, z1 (m)
   * @param cell of the own grid (m)
   * @param truncation distances are cut off here (m)
   */
  constructor(distance: SignedDistance, bounds: ArrayLike<number>, cell: number, truncation: number) {
    const [low, high] = [0, 3].map((o) => [0, 1, 2].map((a) => bounds[o + a]! + (o ? 1 : -1) * truncation));
    const count = (a: number): number => Math.ceil((high![a]! - low![a]!) / cell) + 1;
    this.#grid = {
      nx: count(0),
      ny: count(1),
      nz: count(2),
      cell,
      origin: [low![0]!, low![1]!, low![2]!],
    };
    this.#truncation = truncation;
    const { nx, ny, nz, origin } = this.#grid;
    this.#values = new Float32Array(cornerCount(this.#grid));
    for (let k = 0, at = 0; k < nz; k++)
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++, at++)
          this.#values[at] = distance(origin[0] + i * cell, origin[1] + j * cell, origin[2] + k * cell);
  }

  /** Its distances, cut off, at the corners of `grid` after a turn about z and a shift, in SAMPLE_UNIT. */
  sample(grid: PriorGrid, yaw: number, dx: number, dy: number, out: Int16Array): void {
    const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
    const stencil = newStencil();
    const { nx, ny, nz, cell, origin } = grid;
    for (let k = 0, at = 0; k < nz; k++)
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++, at++) {
          const x = origin[0] + i * cell - dx;
          const y = origin[1] + j * cell - dy;
          const z = origin[2] + k * cell;
          const outside = interpolate(this.#grid, c * x + s * y, c * y - s * x, z, stencil);
          let value = outside;
          for (let n = 0; n < 8; n++) value += stencil.weights[n]! * this.#values[stencil.corners[n]!]!;
          const cut = Math.max(-this.#truncation, Math.min(this.#truncation, value));
          out[at] = Math.round(cut / SAMPLE_UNIT);
        }
  }
}
