import type { Columns } from './columns.js';
import type { GroundWindow } from './ground-window.js';

/** What one grid of the map holds above the cells of a cost map. */
export interface Layer {
  /** Its cells are `parts` times smaller than those of the cost map, along x and y. */
  readonly columns: Columns;
  readonly parts: number;
}

/** What a finer grid holds above one cell; heights in metres, rising. */
interface Column {
  readonly floors: readonly number[];
  /** Intervals, lowest and highest height each. */
  readonly solids: readonly number[];
  readonly seen: readonly number[];
}

const EMPTY: Column = { floors: [], solids: [], seen: [] };

/**
 * A window on several grids: what is solid in one of them is solid; a floor of a coarser grid is one only where no finer
 * grid saw the place, whose own floors count there.
 *
 * @example
 * const window = new LayeredWindow(coarse, [{ columns, parts: 2 }]);
 * const floors = window.floors(cell);
 */
export class LayeredWindow implements GroundWindow {
  readonly #coarse: GroundWindow;
  /** Of each finer grid, the finest last. */
  readonly #finer: readonly FinerCells[];
  readonly #floors: (Float32Array | undefined)[] = [];

  constructor(coarse: GroundWindow, finer: readonly Layer[]) {
    this.#coarse = coarse;
    this.#finer = finer.map((layer) => new FinerCells(coarse, layer));
  }

  get i0(): number {
    return this.#coarse.i0;
  }

  get j0(): number {
    return this.#coarse.j0;
  }

  get width(): number {
    return this.#coarse.width;
  }

  get height(): number {
    return this.#coarse.height;
  }

  get resolution(): number {
    return this.#coarse.resolution;
  }

  get voxel(): number {
    return this.#coarse.voxel;
  }

  center(cell: number): [number, number] {
    return this.#coarse.center(cell);
  }

  floors(cell: number): Float32Array {
    return (this.#floors[cell] ??= this.#joined(cell));
  }

  floorNear(cell: number, z: number): number {
    let near = NaN;
    for (const floor of this.floors(cell)) if (!(Math.abs(floor - z) >= Math.abs(near - z))) near = floor;
    return near;
  }

  solidWithin(cell: number, low: number, high: number): boolean {
    if (this.#coarse.solidWithin(cell, low, high)) return true;
    return this.#finer.some((finer) => {
      const { solids } = finer.column(cell);
      for (let k = 0; k < solids.length; k += 2) if (solids[k]! < high && solids[k + 1]! > low) return true;
      return false;
    });
  }

  #joined(cell: number): Float32Array {
    const coarse = this.#coarse.floors(cell);
    let floors: Float32Array | number[] = coarse;
    let { voxel } = this.#coarse;
    for (const finer of this.#finer) {
      const { floors: own, seen } = finer.column(cell);
      if (seen.length > 0) {
        const near = voxel;
        const other = (z: number): boolean =>
          !within(seen, z) && !own.some((floor) => Math.abs(floor - z) < near);
        floors = [...[...floors].filter(other), ...own].sort((a, b) => a - b);
      }
      voxel = finer.voxel;
    }
    return floors === coarse ? coarse : Float32Array.from(floors);
  }
}

/** Columns of a finer grid, gathered by the cells of the cost map. */
class FinerCells {
  readonly voxel: number;
  readonly #columns: Columns;
  readonly #parts: number;
  readonly #window: GroundWindow;
  readonly #cells: (Column | undefined)[] = [];

  constructor(window: GroundWindow, { columns, parts }: Layer) {
    this.#window = window;
    this.#columns = columns;
    this.#parts = parts;
    this.voxel = columns.tileSide / 8;
  }

  column(cell: number): Column {
    return (this.#cells[cell] ??= this.#gather(cell));
  }

  #gather(cell: number): Column {
    const n = this.#parts;
    const { i0, j0, width } = this.#window;
    const [i, j] = [n * (i0 + (cell % width)), n * (j0 + Math.floor(cell / width))];
    const floors: number[] = [];
    const solids: [number, number][] = [];
    const seen: [number, number][] = [];
    for (let dj = 0; dj < n; dj++)
      for (let di = 0; di < n; di++) {
        const tile = this.#columns.tileOf(i + di, j + dj);
        if (!tile) continue;
        const c = (j + dj - tile.j0) * tile.nx + i + di - tile.i0;
        for (let k = tile.floorsAt[c]!; k < tile.floorsAt[c + 1]!; k++) floors.push(tile.floors[k]!);
        for (let k = tile.solidsAt[c]!; k < tile.solidsAt[c + 1]!; k += 2)
          solids.push([tile.solids[k]!, tile.solids[k + 1]!]);
        for (let k = tile.seenAt[c]!; k < tile.seenAt[c + 1]!; k += 2)
          seen.push([tile.seen[k]!, tile.seen[k + 1]!]);
      }
    if (seen.length === 0) return EMPTY;
    return { floors: this.#levels(floors), solids: merged(solids), seen: merged(seen) };
  }

  /** Heights of which neighbours within a voxel are one: their mean. */
  #levels(heights: number[]): number[] {
    heights.sort((a, b) => a - b);
    const out: number[] = [];
    for (let first = 0; first < heights.length;) {
      let end = first + 1;
      let sum = heights[first]!;
      while (end < heights.length && heights[end]! - heights[end - 1]! <= this.voxel) sum += heights[end++]!;
      out.push(sum / (end - first));
      first = end;
    }
    return out;
  }
}

/** Overlapping intervals as one, in one flat list. */
function merged(intervals: [number, number][]): number[] {
  intervals.sort((a, b) => a[0] - b[0]);
  const out: number[] = [];
  for (const [low, high] of intervals)
    if (out.length > 0 && low <= out.at(-1)!) out[out.length - 1] = Math.max(out.at(-1)!, high);
    else out.push(low, high);
  return out;
}

function within(intervals: readonly number[], z: number): boolean {
  for (let k = 0; k < intervals.length; k += 2) if (intervals[k]! <= z && z <= intervals[k + 1]!) return true;
  return false;
}
