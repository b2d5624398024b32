import {
  BLOCK_CORNERS,
  BLOCK_SIDE,
  GRID_BYTES,
  G_COLOUR,
  G_COUNT,
  G_FIRST,
  G_INVERSE,
  G_KEY,
  G_MAX,
  G_MAX_WEIGHT,
  G_OVERFLOW,
  G_TRUNCATION,
  G_VERSION,
  G_VOXEL,
  KEY_BITS,
} from '../../../kernels/layout/field.js';
import type { BlockTable } from '../../field.js';
import type { BlockPool } from './block-pool.js';

/** Of all grids: copies of corners of one are never taken for those of another. Copies that were never made have 0. */
let versions = 0;

export { BLOCK_CORNERS, BLOCK_SIDE };

export interface GridOptions {
  /** Distance between corners, metres. */
  readonly voxel: number;
  /** Largest stored distance, metres. */
  readonly truncation: number;
  /** Most blocks, the empty one included; fewer where other grids have taken what the pool holds. */
  readonly maxBlocks: number;
  /** Weight at which the running mean becomes an exponential one. */
  readonly maxWeight: number;
  /** Whether its corners have colours; the pool must have room for them. */
  readonly colour?: boolean;
}

/**
 * A sparse grid of 8³-corner blocks, which it takes from a pool. What lies in `coords`, `change` and `data` goes by the
 * numbers of blocks in the pool; `blocks` lists those of this grid.
 *
 * @example
 * const grid = new BlockGrid(pool, { voxel: 0.15, truncation: 0.3, maxBlocks: 40_000, maxWeight: 100 });
 * for (const block of grid.blocks) console.log(grid.coords.subarray(block * 4, block * 4 + 3));
 */
export class BlockGrid implements BlockTable {
  readonly descriptor: number;
  readonly pool: BlockPool;
  readonly voxel: number;
  readonly truncation: number;
  readonly maxBlocks: number;
  /** Four u16 per corner, 2048 per block; see {@link BlockPool.colours}. */
  readonly colour: Uint16Array | undefined;
  readonly #number: number;
  readonly #words: Uint32Array;
  /** Blocks in order; the first `#listed` are up to date. */
  #order = new Uint32Array(64);
  #listed = 0;

  /** @throws FeltmapError out-of-memory when the pool has too many grids at a time */
  constructor(pool: BlockPool, { voxel, truncation, maxBlocks, maxWeight, colour = false }: GridOptions) {
    const { memory, tables } = pool;
    const number = pool.takeNumber();
    this.pool = pool;
    this.#number = number;
    this.voxel = voxel;
    this.truncation = truncation;
    this.maxBlocks = maxBlocks;
    this.descriptor = memory.alloc(GRID_BYTES);
    this.#words = memory.u32(this.descriptor, GRID_BYTES / 4);
    const floats = memory.f32(this.descriptor, GRID_BYTES / 4);
    for (const [offset, word] of tables) this.#words[offset / 4] = word;
    this.#words[G_COUNT / 4] = 1;
    this.#words[G_MAX / 4] = maxBlocks;
    this.#words[G_KEY / 4 + 1] = number << (3 * KEY_BITS - 32);
    floats[G_VOXEL / 4] = voxel;
    floats[G_INVERSE / 4] = 1 / voxel;
    floats[G_TRUNCATION / 4] = truncation;
    floats[G_MAX_WEIGHT / 4] = maxWeight;
    this.colour = colour ? pool.colours : undefined;
    if (this.colour) this.#words[G_COLOUR / 4] = pool.memory.addressOf(this.colour);
    this.noteWrite();
  }

  /** 32-bit words a corner. */
  get wordsPerCorner(): 1 | 2 {
    return this.pool.wordsPerCorner;
  }

  get coords(): Int32Array {
    return this.pool.coords;
  }

  get change(): Float32Array {
    return this.pool.change;
  }

  /** Corner data: f32 {sdf, weight} pairs. Whoever writes to it calls {@link noteWrite}. */
  get data(): Float32Array {
    return this.pool.data;
  }

  /** The same where corners hold the numbers of rows. */
  get dataI32(): Int32Array {
    return this.pool.dataI32;
  }

  /** Number of blocks, the empty one included. */
  get count(): number {
    return this.#words[G_COUNT / 4]!;
  }

  /** Numbers of the blocks in the order of their making. Valid until blocks are made or dropped. */
  get blocks(): Uint32Array {
    const count = this.count - 1;
    if (count > this.#order.length) {
      const longer = new Uint32Array(2 ** Math.ceil(Math.log2(count)));
      longer.set(this.#order.subarray(0, this.#listed));
      this.#order = longer;
    }
    const { next } = this.pool;
    for (; this.#listed < count; this.#listed++)
      this.#order[this.#listed] =
        this.#listed === 0 ? this.#words[G_FIRST / 4]! : next[this.#order[this.#listed - 1]!]!;
    return this.#order.subarray(0, count);
  }

  /** Most blocks that it may have beside what other grids use of the pool, the empty one included. */
  get room(): number {
    const { maxBlocks, used } = this.pool;
    return Math.min(this.maxBlocks, maxBlocks - used + this.count);
  }

  /** True once a block could not be made because the grid or the pool is full. */
  get overflowed(): boolean {
    return this.#words[G_OVERFLOW / 4] !== 0;
  }

  /** Says that corners have changed: kernels keep copies of them, which are of no use from here on. */
  noteWrite(): void {
    this.#words[G_VERSION / 4] = ++versions;
  }

  /**
   * Hands blocks (their numbers, each once) back to the pool. Those that are left keep their numbers and their order.
   *
   * @param level descriptor of the feature level whose rows the corners refer to, 0 for scalar levels
   */
  drop(blocks: Uint32Array, level = 0): void {
    this.noteWrite();
    this.#words[G_OVERFLOW / 4] = 0;
    this.pool.drop(this, blocks, level);
    this.#listed = 0;
  }

  /** Forgets everything. */
  clear(level = 0): void {
    this.drop(this.blocks, level);
  }

  /** Gives back all that it took; it must not be used afterwards. */
  free(level = 0): void {
    this.clear(level);
    this.pool.releaseNumber(this.#number);
    this.pool.memory.release(this.descriptor, GRID_BYTES);
  }
}
