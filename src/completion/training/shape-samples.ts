import type { PriorGrid } from '../prior-grid.js';

/** Signed distance (m) of an object that stands on z = 0 under its centre; at most 1-Lipschitz. */
export type SignedDistance = (x: number, y: number, z: number) => number;

/** Distances are kept in these units: a cut-off of 40 mm takes 26 667 of them. */
export const SAMPLE_UNIT = 1.5e-6;

/** Where a sample of a shape stands. */
export interface Placement {
  /** Turn about z (rad). */
  readonly yaw: number;
  /** Shift on the table (m). */
  readonly dx: number;
  readonly dy: number;
}

/**
 * Signed distances of a placed object at the corners of a grid, cut off at ±truncation, in SAMPLE_UNIT. Corners that must lie
 * beyond the cut-off, because the distance to the surface changes by no more than the way, are not computed.
 *
 * @param out one a corner
 * @example
 * sampleShape(distance, grid, { yaw: 0.3, dx: 0.002, dy: 0 }, 0.04, row);
 */
export function sampleShape(
  distance: SignedDistance,
  grid: PriorGrid,
  { yaw, dx, dy }: Placement,
  truncation: number,
  out: Int16Array,
): void {
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  const { nx, ny, nz, cell, origin } = grid;
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx;) {
        const x = origin[0] + i * cell - dx;
        const y = origin[1] + j * cell - dy;
        const d = distance(c * x + s * y, c * y - s * x, origin[2] + k * cell);
        const cut = Math.round(Math.max(-truncation, Math.min(truncation, d)) / SAMPLE_UNIT);
        const same = Math.max(0, Math.floor((Math.abs(d) - truncation) / cell));
        for (const end = Math.min(nx, i + 1 + same); i < end; i++) out[at++] = cut;
      }
}
