import type { Columns, Tile } from './columns.js';
import type { GroundWindow } from './ground-window.js';
import { LayeredWindow, type Layer } from './layers.js';

const NONE = new Float32Array(0);

/**
 * A window on what columns hold: all of it, or a square of at most `size` metres around a place.
 *
 * @param layers of each grid, coarsest first: a finer one takes the place of the coarser where it saw something
 * @returns undefined where nothing was seen
 */
export function windowOf(
  layers: readonly [Layer, ...Layer[]],
  resolution: number,
  around: ArrayLike<number>,
  size: number,
): GroundWindow | undefined {
  const seen = layers.filter(({ columns }) => columns.extent);
  if (seen.length === 0) return undefined;
  const range = (axis: 0 | 1): [number, number] => {
    const low = Math.min(...seen.map(({ columns: { extent, tileSide } }) => extent![axis] * tileSide));
    const high = Math.max(
      ...seen.map(({ columns: { extent, tileSide } }) => (extent![axis + 2]! + 1) * tileSide),
    );
    const whole = high - low <= size;
    return [
      Math.floor((whole ? low : Math.max(low, around[axis]! - size / 2)) / resolution),
      Math.ceil((whole ? high : Math.min(high, around[axis]! + size / 2)) / resolution),
    ];
  };
  const [[i0, i1], [j0, j1]] = [range(0), range(1)];
  if (i1 <= i0 || j1 <= j0) return undefined;
  const [first, ...finer] = layers;
  const coarse = new ColumnWindow(first.columns, resolution, [i0, j0, i1 - i0, j1 - j0]);
  const others = finer.filter(({ columns }) => columns.extent);
  return others.length === 0 ? coarse : new LayeredWindow(coarse, others);
}

class ColumnWindow implements GroundWindow {
  readonly i0: number;
  readonly j0: number;
  readonly width: number;
  readonly height: number;
  readonly voxel: number;
  readonly #tiles: (Tile | undefined)[] = [];
  /** Tile of each column and row of cells, from the first. */
  readonly #tileX: Uint32Array;
  readonly #tileY: Uint32Array;
  readonly #tilesX: number;

  constructor(
    columns: Columns,
    readonly resolution: number,
    [i0, j0, width, height]: readonly [number, number, number, number],
  ) {
    [this.i0, this.j0, this.width, this.height] = [i0, j0, width, height];
    this.voxel = columns.tileSide / 8;
    // As columns.ts lays cells on tiles: by their centres.
    const tileAt = (i: number): number => Math.floor(((i + 0.5) * resolution) / columns.tileSide + 1e-9);
    const [x0, y0] = [tileAt(i0), tileAt(j0)];
    this.#tileX = Uint32Array.from({ length: width }, (_, i) => tileAt(i0 + i) - x0);
    this.#tileY = Uint32Array.from({ length: height }, (_, j) => tileAt(j0 + j) - y0);
    this.#tilesX = this.#tileX[width - 1]! + 1;
    for (let y = 0; y <= this.#tileY[height - 1]!; y++)
      for (let x = 0; x < this.#tilesX; x++) this.#tiles.push(columns.tile(x0 + x, y0 + y));
  }

  center(cell: number): [number, number] {
    const [i, j] = [cell % this.width, Math.floor(cell / this.width)];
    return [(this.i0 + i + 0.5) * this.resolution, (this.j0 + j + 0.5) * this.resolution];
  }

  floors(cell: number): Float32Array {
    const tile = this.#tileOf(cell);
    if (!tile) return NONE;
    const c = this.#within(tile, cell);
    return tile.floors.subarray(tile.floorsAt[c], tile.floorsAt[c + 1]);
  }

  floorNear(cell: number, z: number): number {
    const tile = this.#tileOf(cell);
    if (!tile) return NaN;
    const c = this.#within(tile, cell);
    const end = tile.floorsAt[c + 1]!;
    let near = NaN;
    for (let k = tile.floorsAt[c]!; k < end; k++)
      if (!(Math.abs(tile.floors[k]! - z) >= Math.abs(near - z))) near = tile.floors[k]!;
    return near;
  }

  solidWithin(cell: number, low: number, high: number): boolean {
    const tile = this.#tileOf(cell);
    if (!tile) return false;
    const c = this.#within(tile, cell);
    const end = tile.solidsAt[c + 1]!;
    for (let k = tile.solidsAt[c]!; k < end; k += 2)
      if (tile.solids[k]! < high && tile.solids[k + 1]! > low) return true;
    return false;
  }

  #tileOf(cell: number): Tile | undefined {
    const i = cell % this.width;
    return this.#tiles[this.#tileY[(cell - i) / this.width]! * this.#tilesX + this.#tileX[i]!];
  }

  /** Number of a cell within its tile. */
  #within(tile: Tile, cell: number): number {
    const i = cell % this.width;
    return (this.j0 + (cell - i) / this.width - tile.j0) * tile.nx + this.i0 + i - tile.i0;
  }
}
