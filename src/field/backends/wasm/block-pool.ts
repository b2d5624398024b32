import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelMemory } from '../../../compute/memory.js';
import type { KernelPool } from '../../../compute/pool.js';
import { FeltmapError } from '../../../geometry/errors.js';
import * as L from '../../../kernels/layout/field.js';
import { COLOUR_BLOCK } from '../../../kernels/layout/gather.js';

/** Blocks that a call of a kernel makes, or drops four times as many of. */
const CAPACITY = 4096;
/** Of a block beside its corners: coordinates, change, neighbours, next and place, at most four slots of the hash. */
const TABLE_BYTES = 108;

export interface BlockPoolOptions {
  /** Most blocks of all grids together, the empty one included. */
  readonly blocks: number;
  /** 32-bit words a corner: 2 on scalar levels {sdf, weight}, 1 on feature levels (row number). */
  readonly wordsPerCorner: 1 | 2;
  /** Whether blocks have colours beside; default: no. */
  readonly colours?: boolean;
}

/** What the pool must know of a grid. */
export interface PooledGrid {
  readonly descriptor: number;
  /** Distance between corners, metres. */
  readonly voxel: number;
}

/**
 * Blocks of 8³ corners in kernel memory, and the hash that finds them. Grids take blocks as they need them and hand
 * back what they drop: many grids, of any voxel sizes, share the room that one alone would have. Block 0 is empty and
 * stands for "not there" in all of them.
 *
 * @example
 * const blocks = new BlockPool(pool, { blocks: 40_000, wordsPerCorner: 2 });
 * const coarse = new BlockGrid(blocks, { voxel: 0.15, truncation: 0.3, maxBlocks: 40_000, maxWeight: 100 });
 * const fine = new BlockGrid(blocks, { voxel: 0.02, truncation: 0.04, maxBlocks: 40_000, maxWeight: 100 });
 */
export class BlockPool {
  readonly descriptor: number;
  readonly maxBlocks: number;
  readonly wordsPerCorner: 1 | 2;
  /** 4 per block: bx, by, bz, number of the scan that last changed it. */
  readonly coords: Int32Array;
  /** How much each block changed since it was last meshed, metres summed over its corners. */
  readonly change: Float32Array;
  readonly data: Float32Array;
  readonly dataI32: Int32Array;
  /** Per block, the next in the order of its grid; 0 = none. */
  readonly next: Uint32Array;
  /** Four u16 per corner: red, green, blue, weight, in steps of 1/256; absent where there are none. */
  readonly colours?: Uint16Array;
  readonly memory: KernelMemory;
  /** Words of a grid's descriptor that all grids of the pool have in common. */
  readonly tables: readonly (readonly [offset: number, word: number])[];
  readonly #pool: KernelPool;
  readonly #words: Uint32Array;
  readonly #arguments: KernelArguments;
  readonly #list: Int32Array;
  readonly #freeNumbers: number[] = [];
  #numbers = 0;

  /** @throws FeltmapError out-of-memory when the arena is too small; bad-input when there are too many to number */
  constructor(pool: KernelPool, { blocks, wordsPerCorner, colours = false }: BlockPoolOptions) {
    if (blocks > 2 ** L.RAY_BLOCK_BITS)
      throw new FeltmapError(
        'bad-input',
        `A map numbers at most ${2 ** L.RAY_BLOCK_BITS} blocks, got room for ${blocks}; lower map.memoryMiB.`,
      );
    const { memory } = pool;
    this.#pool = pool;
    this.memory = memory;
    this.maxBlocks = blocks;
    this.wordsPerCorner = wordsPerCorner;
    const capacity = 2 ** Math.ceil(Math.log2(blocks * 2));
    const words = blocks * L.BLOCK_CORNERS * wordsPerCorner;
    const [keys, values] = [memory.alloc(capacity * 8), memory.alloc(capacity * 4)];
    const [coords, change] = [memory.alloc(blocks * 16), memory.alloc(blocks * 4)];
    const [neighbours, data] = [memory.alloc(blocks * 32), memory.alloc(words * 4)];
    const [next, places] = [memory.alloc(blocks * 4), memory.alloc(blocks * 4)];
    this.descriptor = memory.alloc(L.POOL_BYTES);
    this.#words = memory.u32(this.descriptor, L.POOL_BYTES / 4);
    this.#words.set([1, blocks, 0, 1, next, places, L.BLOCK_CORNERS * wordsPerCorner * 4], L.P_TOP / 4);
    this.tables = [
      [L.G_KEYS, keys],
      [L.G_VALUES, values],
      [L.G_MASK, capacity - 1],
      [L.G_COORDS, coords],
      [L.G_NEIGHBOURS, neighbours],
      [L.G_DATA, data],
      [L.G_CHANGE, change],
      [L.G_POOL, this.descriptor],
    ];
    this.coords = memory.i32(coords, blocks * 4);
    this.change = memory.f32(change, blocks);
    this.data = memory.f32(data, words);
    this.dataI32 = memory.i32(data, words);
    this.next = memory.u32(next, blocks);
    if (colours) {
      const bytes = blocks * COLOUR_BLOCK;
      this.colours = new Uint16Array(memory.memory.buffer, memory.alloc(bytes), bytes / 2);
    }
    this.#arguments = new KernelArguments(memory, 16);
    const list = memory.alloc(CAPACITY * 16);
    this.#list = memory.i32(list, CAPACITY * 4);
    this.#arguments.int(L.B_COORDS, list);
  }

  /** Blocks in use, the empty one included. */
  get used(): number {
    return this.#words[L.P_USED / 4]!;
  }

  /** Bytes that a block takes, with its share of the tables. */
  get blockBytes(): number {
    return this.#words[L.P_BYTES / 4]! + TABLE_BYTES;
  }

  /**
   * A number for a grid, from 1; keys of its blocks hold it.
   *
   * @throws FeltmapError out-of-memory when there are too many grids at a time
   */
  takeNumber(): number {
    const number = this.#freeNumbers.pop() ?? ++this.#numbers;
    if (number > L.MAX_GRIDS)
      throw new FeltmapError(
        'out-of-memory',
        `A map has at most ${L.MAX_GRIDS} grids at a time; free fields that are no longer needed.`,
      );
    return number;
  }

  /** Takes back the number of a grid that has no blocks any more. */
  releaseNumber(number: number): void {
    this.#freeNumbers.push(number);
  }

  /**
   * Makes blocks in their order (bx by bz each); those that exist stay where they are.
   *
   * @throws FeltmapError bad-input for coordinates that a block cannot have
   */
  make(grid: PooledGrid, coords: Int32Array): void {
    for (const b of coords)
      if (b < -L.BLOCK_LIMIT || b >= L.BLOCK_LIMIT)
        throw new FeltmapError(
          'bad-input',
          `A block at ${b} lies beyond the ±${L.BLOCK_LIMIT} blocks of a grid (${kilometres(grid)} km); the map is damaged.`,
        );
    for (let first = 0; first < coords.length / 3; first += CAPACITY) {
      const n = Math.min(CAPACITY, coords.length / 3 - first);
      for (let i = 0; i < n; i++)
        this.#list.set(coords.subarray((first + i) * 3, (first + i) * 3 + 3), i * 4);
      this.#arguments.int(L.B_GRID, grid.descriptor).int(L.B_COUNT, n);
      this.#pool.run('makeBlocks', this.#arguments.pointer, 1);
    }
  }

  /**
   * Takes blocks (their numbers, each once) from a grid. Those that are left keep their numbers and their order.
   *
   * @param level descriptor of the feature level whose rows they refer to, 0 for scalar levels
   */
  drop(grid: PooledGrid, blocks: Uint32Array, level = 0): void {
    if (blocks.length === 0) return;
    for (let first = 0; first < blocks.length; first += CAPACITY * 4) {
      const part = blocks.subarray(first, first + CAPACITY * 4);
      this.#list.set(part);
      this.#arguments.int(L.B_GRID, grid.descriptor).int(L.B_COUNT, part.length, level);
      this.#pool.run('dropBlocks', this.#arguments.pointer, 1);
    }
    this.#pool.run('orderBlocks', this.#arguments.pointer, 1);
  }
}

const kilometres = ({ voxel }: PooledGrid): number =>
  Math.round((L.BLOCK_LIMIT * L.BLOCK_SIDE * voxel) / 100) / 10;
