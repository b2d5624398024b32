import { cubeCell } from '../../geometry/cube-cell.js';
import type { SurfaceSamples } from '../../sensors/observation.js';

/** Cells along an edge of each face of the cube: 2.8° in its middle. */
const SIDE = 32;
const CELLS = 6 * SIDE * SIDE;
/** Of nine neighbouring cells, those that must have a return. */
const KNOWN = 5;
/** Ranges are kept in centimetres; farther ones count as this far. */
const MOST = 65535;

/**
 * How far a sensor saw in each direction, in its own frame: the nearest return per cell of a cube around it. What lies
 * nearer than that was seen to be empty.
 *
 * @example
 * const view = DepthView.of(surface);
 * const metres = view.clearance(1, 0, 0); // free along x at least up to here; 0 where nothing is known
 */
export class DepthView {
  /** Nearest return in the nine cells around each, centimetres; 0 where too few of them had one. */
  readonly #clear = new Uint16Array(CELLS);

  /** @param samples indices of the samples to take; all of them unless given */
  static of(
    { x, y, z, count }: Pick<SurfaceSamples, 'x' | 'y' | 'z' | 'count'>,
    samples?: ArrayLike<number>,
  ): DepthView {
    findNearest({ x, y, z }, samples, samples?.length ?? count);
    const view = new DepthView();
    view.#spread();
    return view;
  }

  /**
   * Up to where a direction was seen to be empty, with all that surrounds it (8.4° wide), metres; 0 where too little is
   * known.
   */
  clearance(x: number, y: number, z: number): number {
    return this.#clear[cubeCell(x, y, z, SIDE)]! / 100;
  }

  /** Nearest of the nine cells around each, first along the rows, then across them. */
  #spread(): void {
    for (let i = 0; i < CELLS; i += SIDE)
      for (let c = 0; c < SIDE; c++) {
        let least = EMPTY;
        let found = 0;
        for (let k = Math.max(0, c - 1), past = Math.min(SIDE, c + 2); k < past; k++) {
          const range = nearest[i + k]!;
          if (range === 0) continue;
          found++;
          if (range < least) least = range;
        }
        leastInRow[i + c] = least;
        foundInRow[i + c] = found;
      }
    for (let i = 0; i < CELLS; i++) {
      const row = ((i / SIDE) | 0) % SIDE;
      let least = leastInRow[i]!;
      let found = foundInRow[i]!;
      if (row > 0) {
        if (leastInRow[i - SIDE]! < least) least = leastInRow[i - SIDE]!;
        found += foundInRow[i - SIDE]!;
      }
      if (row < SIDE - 1) {
        if (leastInRow[i + SIDE]! < least) least = leastInRow[i + SIDE]!;
        found += foundInRow[i + SIDE]!;
      }
      this.#clear[i] = found >= KNOWN ? least : 0;
    }
  }
}

/** Nearest return per cell of the view that is being made, centimetres; 0 = none. */
const nearest = new Uint16Array(CELLS);

/** A function of its own: what is long in one that does more is compiled late, and again and again. */
function findNearest(
  { x, y, z }: Pick<SurfaceSamples, 'x' | 'y' | 'z'>,
  samples: ArrayLike<number> | undefined,
  count: number,
): void {
  nearest.fill(0);
  for (let k = 0; k < count; k++) {
    const i = samples ? samples[k]! : k;
    const px = x[i]!;
    const py = y[i]!;
    const pz = z[i]!;
    const cell = cubeCell(px, py, pz, SIDE);
    const range = Math.min(MOST, 1 + ((100 * Math.sqrt(px * px + py * py + pz * pz)) | 0));
    if (nearest[cell] === 0 || range < nearest[cell]!) nearest[cell] = range;
  }
}

/** Of a cell and the two beside it. */
const leastInRow = new Uint16Array(CELLS);
const foundInRow = new Uint8Array(CELLS);
/** More than any range: the least of no cells. */
const EMPTY = MOST;
