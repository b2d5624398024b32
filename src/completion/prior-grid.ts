/**
 * Corners of a regular grid in the object frame: origin on the table under the object's centre, z up, metres.
 * Corner (i, j, k) lies at origin + cell · (i, j, k) and has number (k · ny + j) · nx + i.
 */
export interface PriorGrid {
  readonly nx: number;
  readonly ny: number;
  readonly nz: number;
  /** Distance of neighbouring corners (m). */
  readonly cell: number;
  readonly origin: readonly [number, number, number];
}

/** How many corners a grid has. */
export function cornerCount({ nx, ny, nz }: PriorGrid): number {
  return nx * ny * nz;
}

/** The eight corners around a point with their weights in trilinear interpolation. */
export interface Stencil {
  readonly corners: Int32Array;
  readonly weights: Float64Array;
}

/** A stencil to be filled by `interpolate`, again and again. */
export function newStencil(): Stencil {
  return { corners: new Int32Array(8), weights: new Float64Array(8) };
}

/**
 * Corners and weights of trilinear interpolation at a point (m, object frame); a point outside counts as the nearest one
 * on the border.
 *
 * @returns how far outside of the grid the point lies (m)
 */
export function interpolate(grid: PriorGrid, x: number, y: number, z: number, out: Stencil): number {
  const { nx, ny, nz, cell, origin } = grid;
  const gx = (x - origin[0]) / cell;
  const gy = (y - origin[1]) / cell;
  const gz = (z - origin[2]) / cell;
  const cx = Math.min(nx - 1, Math.max(0, gx));
  const cy = Math.min(ny - 1, Math.max(0, gy));
  const cz = Math.min(nz - 1, Math.max(0, gz));
  const i = Math.min(nx - 2, Math.floor(cx));
  const j = Math.min(ny - 2, Math.floor(cy));
  const k = Math.min(nz - 2, Math.floor(cz));
  const [u, v, w] = [cx - i, cy - j, cz - k];
  const base = (k * ny + j) * nx + i;
  for (let c = 0; c < 8; c++) {
    const [a, b, d] = [c & 1, (c >> 1) & 1, c >> 2];
    out.corners[c] = base + a + nx * (b + ny * d);
    out.weights[c] = (a ? u : 1 - u) * (b ? v : 1 - v) * (d ? w : 1 - w);
  }
  return cell * Math.hypot(gx - cx, gy - cy, gz - cz);
}
