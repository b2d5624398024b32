import type { KernelPool } from '../compute/pool.js';
import { BLOCK_VALUES, type FieldBackend } from '../field/backend.js';
import type { Field } from '../field/field.js';

const BLOCK_CELLS = 8;
const CORNERS = 9;
/** Blocks that are read in one go. */
const SLOTS = 128;
/** What has never been read counts as having waited since so many updates before the first. */
const FIRST = 8;

/** What was seen above the cells of one column of blocks; heights in metres, submap frame. */
export interface Tile {
  /** Number of the update that read it. */
  readonly read: number;
  /** Its first cell, and how many there are along x and y. */
  readonly i0: number;
  readonly j0: number;
  readonly nx: number;
  readonly ny: number;
  /** Heights at which the field turns from solid to free upwards; those of cell c from `floorsAt[c]` to `floorsAt[c + 1]`. */
  readonly floors: Float32Array;
  readonly floorsAt: Uint32Array;
  /** Intervals with a surface within half a cell, or solid: lowest and highest height each; likewise. */
  readonly solids: Float32Array;
  readonly solidsAt: Uint32Array;
  /** Intervals that were seen at all, free or solid; likewise. */
  readonly seen: Float32Array;
  readonly seenAt: Uint32Array;
}

/**
 * What a field holds above each cell of a horizontal grid, kept up to date: only what changed is read again. Fused
 * distances alone are read, which is fast; between corners they are interpolated.
 *
 * @example
 * const columns = new Columns(pool, backend, field, 0.01);
 * columns.update(0.15, [0, 0, 0], 4096);
 * const tile = columns.tile(bx, by); // undefined: nothing was seen there
 */
export class Columns {
  readonly #pool: KernelPool;
  readonly #backend: FieldBackend;
  readonly #field: Field;
  readonly #minWeight: number;
  readonly #tiles = new Map<number, Tile>();
  #values: Float32Array | undefined;
  /** By block number: how much it had changed when it was last read. */
  #seen = new Float32Array(0);
  #resolution = 0;
  #updates = 0;

  /** @param minWeight corners seen with less weight count as not seen */
  constructor(pool: KernelPool, backend: FieldBackend, field: Field, minWeight: number) {
    this.#pool = pool;
    this.#backend = backend;
    this.#field = field;
    this.#minWeight = minWeight;
  }

  /** Side of a tile, metres. */
  get tileSide(): number {
    return BLOCK_CELLS * this.#field.levels[0]!.voxel;
  }

  /** Tiles bx to bx, by to by that hold something: [least x, least y, greatest x, greatest y]; undefined without any. */
  get extent(): [number, number, number, number] | undefined {
    if (this.#tiles.size === 0) return undefined;
    const out: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const key of this.#tiles.keys()) {
      const [x, y] = [keyX(key), keyY(key)];
      out[0] = Math.min(out[0], x);
      out[1] = Math.min(out[1], y);
      out[2] = Math.max(out[2], x);
      out[3] = Math.max(out[3], y);
    }
    return out;
  }

  tile(bx: number, by: number): Tile | undefined {
    return this.#tiles.get(keyOf(bx, by));
  }

  /** The tile of cell (i, j): the one that its centre lies in. */
  tileOf(i: number, j: number): Tile | undefined {
    return this.tile(this.#tileAt(i), this.#tileAt(j));
  }

  #tileAt(i: number): number {
    return Math.floor(((i + 0.5) * this.#resolution) / this.tileSide + 1e-9);
  }

  clear(): void {
    this.#tiles.clear();
    this.#seen.fill(0);
  }

  /**
   * Reads what has changed.
   *
   * @param resolution side of a cell, metres; cell (i, j) has its centre at ((i + ½), (j + ½)) times this
   * @param near tiles near to here come first (submap frame, metres), and those that have waited for long: one that has
   *   waited twice as long counts as half as far
   * @param budget about so many blocks at most; the rest comes next time
   * @returns blocks that were read
   */
  update(resolution: number, near: ArrayLike<number>, budget: number): number {
    if (resolution !== this.#resolution) this.clear();
    this.#resolution = resolution;
    this.#field.refresh();
    const stacks = this.#changed();
    const side = this.tileSide;
    const from = ({ bx, by }: Stack): number => {
      const far = Math.hypot((bx + 0.5) * side - near[0]!, (by + 0.5) * side - near[1]!);
      const waited = this.#updates - (this.#tiles.get(keyOf(bx, by))?.read ?? -FIRST);
      return far / waited;
    };
    this.#updates++;
    const order = stacks.map((stack) => ({ stack, far: from(stack) })).sort((a, b) => a.far - b.far);
    let read = 0;
    for (let first = 0; first < order.length && read < budget;) {
      // As many stacks as fit into one call; a very high one alone, in parts.
      const batch: Stack[] = [];
      let blocks = 0;
      while (first < order.length && (batch.length === 0 || blocks + height(order[first]!.stack) <= SLOTS)) {
        const { stack } = order[first++]!;
        batch.push(stack);
        blocks += height(stack);
      }
      this.#read(batch);
      read += blocks;
    }
    return read;
  }

  /** Stacks of blocks of which one or more have changed since they were read. */
  #changed(): Stack[] {
    const fine = this.#field.levels[0]!;
    const { blocks, coords, change } = fine;
    if (this.#seen.length < change.length) {
      const grown = new Float32Array(change.length);
      grown.set(this.#seen);
      this.#seen = grown;
    }
    const stacks = new Map<number, Stack>();
    for (const block of blocks) {
      if (change[block] === this.#seen[block]) continue;
      const [bx, by] = [coords[4 * block]!, coords[4 * block + 1]!];
      const key = keyOf(bx, by);
      if (!stacks.has(key)) stacks.set(key, { bx, by, blocks: [] });
    }
    if (stacks.size > 0)
      for (const block of blocks)
        stacks.get(keyOf(coords[4 * block]!, coords[4 * block + 1]!))?.blocks.push(block);
    return [...stacks.values()];
  }

  #read(stacks: readonly Stack[]): void {
    const { coords, change } = this.#field.levels[0]!;
    this.#values ??= this.#pool.memory.f32(
      this.#pool.memory.alloc(SLOTS * BLOCK_VALUES * 4),
      SLOTS * BLOCK_VALUES,
    );
    const level = (block: number): number => coords[4 * block + 2]!;
    for (const stack of stacks) stack.blocks.sort((a, b) => level(a) - level(b));
    const all = stacks.flatMap(({ blocks }) => blocks);
    const values = new Float32Array(all.length * BLOCK_VALUES);
    for (let first = 0; first < all.length; first += SLOTS) {
      const part = all.slice(first, first + SLOTS);
      this.#backend.evaluate(this.#field, part, this.#values, {
        minWeight: this.#minWeight,
        band: Infinity,
        features: false,
      });
      values.set(this.#values.subarray(0, part.length * BLOCK_VALUES), first * BLOCK_VALUES);
    }
    for (const block of all) this.#seen[block] = change[block]!;
    let at = 0;
    for (const { bx, by, blocks } of stacks) {
      const part = values.subarray(at * BLOCK_VALUES, (at + blocks.length) * BLOCK_VALUES);
      this.#tiles.set(keyOf(bx, by), this.#makeTile(bx, by, blocks.map(level), part));
      at += blocks.length;
    }
  }

  /** @param levels bz of each block, rising */
  #makeTile(bx: number, by: number, levels: readonly number[], values: Float32Array): Tile {
    const { voxel } = this.#field.levels[0]!;
    const cell = this.#resolution;
    const firstCell = (b: number): number => Math.ceil((b * BLOCK_CELLS * voxel) / cell - 0.5 - 1e-9);
    const [i0, j0] = [firstCell(bx), firstCell(by)];
    const [nx, ny] = [firstCell(bx + 1) - i0, firstCell(by + 1) - j0];
    const floors: number[] = [];
    const solids: number[] = [];
    const floorsAt = new Uint32Array(nx * ny + 1);
    const solidsAt = new Uint32Array(nx * ny + 1);
    const seen: number[] = [];
    const seenAt = new Uint32Array(nx * ny + 1);
    const half = cell / 2;
    const gap = 1.5 * voxel;
    const layer = CORNERS * CORNERS;
    for (let c = 0; c < nx * ny; c++) {
      const x = ((i0 + (c % nx) + 0.5) * cell) / voxel - bx * BLOCK_CELLS;
      const y = ((j0 + Math.floor(c / nx) + 0.5) * cell) / voxel - by * BLOCK_CELLS;
      const [ix, iy] = [cornerBelow(x), cornerBelow(y)];
      // Bilinear within a layer of corners; NaN where one of them was not seen.
      const [fx, fy] = [x - ix, y - iy];
      const w00 = (1 - fx) * (1 - fy);
      const w10 = fx * (1 - fy);
      const w01 = (1 - fx) * fy;
      const w11 = fx * fy;
      let before = NaN;
      let beforeZ = NaN;
      for (let n = 0; n < levels.length; n++) {
        let o = n * BLOCK_VALUES + iy * CORNERS + ix;
        for (let k = 0; k < BLOCK_CELLS; k++, o += layer) {
          const d =
            w00 * values[o]! +
            w10 * values[o + 1]! +
            w01 * values[o + CORNERS]! +
            w11 * values[o + CORNERS + 1]!;
          const z = (levels[n]! * BLOCK_CELLS + k) * voxel;
          if (!(z - beforeZ < gap)) before = NaN;
          if (before <= 0 && d > 0) floors.push(beforeZ + ((z - beforeZ) * before) / (before - d));
          if (d < half) {
            if (before < half) solids[solids.length - 1] = z;
            else solids.push(z, z);
          }
          if (!Number.isNaN(d)) {
            if (Number.isNaN(before)) seen.push(z, z);
            else seen[seen.length - 1] = z;
          }
          before = d;
          beforeZ = z;
        }
      }
      floorsAt[c + 1] = floors.length;
      solidsAt[c + 1] = solids.length;
      seenAt[c + 1] = seen.length;
    }
    const lists = {
      floors: Float32Array.from(floors),
      solids: Float32Array.from(solids),
      seen: Float32Array.from(seen),
    };
    return { read: this.#updates, i0, j0, nx, ny, floorsAt, solidsAt, seenAt, ...lists };
  }
}

/** Blocks above each other. */
interface Stack {
  readonly bx: number;
  readonly by: number;
  readonly blocks: number[];
}

const height = ({ blocks }: Stack): number => blocks.length;

/** The corner of a block from which to interpolate along one axis. */
const cornerBelow = (v: number): number => Math.max(0, Math.min(BLOCK_CELLS - 1, Math.floor(v)));

/** Block coordinates lie within ±65 536. */
const HALF = 65536;
const keyOf = (bx: number, by: number): number => (by + HALF) * 2 * HALF + bx + HALF;
const keyX = (key: number): number => (key % (2 * HALF)) - HALF;
const keyY = (key: number): number => Math.floor(key / (2 * HALF)) - HALF;
