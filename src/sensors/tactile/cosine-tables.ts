import { PANEL } from '../../kernels/layout/tactile.js';

/** Tables of the Poisson solver for images of one size. */
export interface CosineTables {
  /** Coefficients of each parity, a multiple of 4. */
  readonly half: number;
  /** [x][even k], then [x][odd k], x in the left half of a row: half × half floats each, in panels of columns. */
  readonly forward: Float32Array;
  /** [even k][x], then [odd k][x], in panels as well. */
  readonly backward: Float32Array;
  /** Pivots of the elimination, [y][coefficient], float64. */
  readonly pivots: Float64Array;
}

/**
 * Orthonormal cosine transform (DCT-II) of rows of `width`, split by parity, and the pivots of the tridiagonal systems
 * that remain of −ΔH = f with free edges: (2 + λ_k) H_y − H_{y−1} − H_{y+1} = f_y, λ_k = 2 − 2 cos(πk/width), and 1
 * instead of 2 in the first and last row. The constant, which nothing determines, is fixed by H = 0 in the last row.
 */
export function cosineTables(width: number, height: number): CosineTables {
  const half = Math.ceil(Math.ceil(width / 2) / 4) * 4;
  const forward = new Float32Array(2 * half * half);
  const backward = new Float32Array(2 * half * half);
  const pivots = new Float64Array(2 * half * height);
  for (let parity = 0; parity < 2; parity++) {
    for (let column = 0; column < half; column++) {
      const k = 2 * column + parity;
      if (k >= width) continue;
      const scale = Math.sqrt((k === 0 ? 1 : 2) / width);
      for (let x = 0; 2 * x < width; x++) {
        const value = scale * Math.cos((Math.PI * (x + 0.5) * k) / width);
        forward[parity * half * half + inPanels(x, column, half)] = value;
        backward[parity * half * half + inPanels(column, x, half)] = value;
      }
      eliminate(pivots, parity * half + column, 2 * half, height, 2 - 2 * Math.cos((Math.PI * k) / width));
    }
  }
  return { half, forward, backward, pivots };
}

/** Where an element of a half × half matrix lies: panels of some columns one after the other, rows within. */
function inPanels(row: number, column: number, half: number): number {
  const first = column - (column % PANEL);
  return first * half + row * Math.min(PANEL, half - first) + column - first;
}

function eliminate(
  pivots: Float64Array,
  column: number,
  stride: number,
  height: number,
  lambda: number,
): void {
  let before = 0;
  for (let y = 0; y < height; y++) {
    const diagonal = (y === 0 ? 0 : 1) + (y === height - 1 ? 0 : 1) + lambda;
    before = lambda === 0 && y === height - 1 ? 0 : 1 / (diagonal - before);
    pivots[y * stride + column] = before;
  }
}
