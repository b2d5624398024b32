import type { KernelMemory } from '../../../compute/memory.js';
import {
  BLOCK_CORNERS,
  BLOCK_SIDE,
  G_CHANGE,
  G_COORDS,
  G_COUNT,
  G_DATA,
  G_INVERSE,
  G_KEYS,
  G_MASK,
  G_MAX,
  G_MAX_WEIGHT,
  G_NEIGHBOURS,
  G_OVERFLOW,
  G_TRUNCATION,
  G_VALUES,
  G_VERSION,
  G_VOXEL,
} from '../../../kernels/layout/field.js';

/** Of all grids: copies of corners of one are never taken for those of another. Copies that were never made have 0. */
let versions = 0;

export { BLOCK_CORNERS, BLOCK_SIDE };

export interface GridOptions {
  /** Distance between corners, metres. */
  voxel: number;
  /** Largest stored distance, metres. */
  truncation: number;
  maxBlocks: number;
  /** Weight at which the running mean becomes an exponential one. */
  maxWeight: number;
  /** 32-bit words a corner: 2 on scalar levels {sdf, weight}, 1 on feature levels (row number). */
  wordsPerCorner: 1 | 2;
}

/** A sparse grid of 8³-corner blocks in kernel memory. Block 0 is empty and stands for "not there". */
export class BlockGrid {
  readonly descriptor: number;
  readonly voxel: number;
  readonly truncation: number;
  readonly maxBlocks: number;
  readonly wordsPerCorner: number;
  /** 4 per block: bx, by, bz, number of the scan that last changed it. */
  readonly coords: Int32Array;
  /** How much each block changed since it was last meshed, metres summed over its corners. */
  readonly change: Float32Array;
  /**
   * Corner data: f32 {sdf, weight} pairs, or i32 rows through {@link dataI32}. Whoever writes to it calls
   * {@link noteWrite}.
   */
  readonly data: Float32Array;
  readonly dataI32: Int32Array;
  readonly #words: Uint32Array;
  readonly #keys: Uint8Array;

  constructor(memory: KernelMemory, options: GridOptions) {
    const { voxel, truncation, maxBlocks, maxWeight, wordsPerCorner } = options;
    this.voxel = voxel;
    this.truncation = truncation;
    this.maxBlocks = maxBlocks;
    this.wordsPerCorner = wordsPerCorner;
    const capacity = 2 ** Math.ceil(Math.log2(maxBlocks * 2));
    this.descriptor = memory.alloc(64);
    const floats = memory.f32(this.descriptor, 16);
    this.#words = memory.u32(this.descriptor, 16);
    const keys = memory.alloc(capacity * 8);
    this.#keys = memory.u8(keys, capacity * 8);
    const coords = memory.alloc(maxBlocks * 16);
    const change = memory.alloc(maxBlocks * 4);
    const words = maxBlocks * BLOCK_CORNERS * wordsPerCorner;
    const data = memory.alloc(words * 4);
    this.#words[G_KEYS / 4] = keys;
    this.#words[G_VALUES / 4] = memory.alloc(capacity * 4);
    this.#words[G_MASK / 4] = capacity - 1;
    this.#words[G_COUNT / 4] = 1;
    this.noteWrite();
    this.#words[G_MAX / 4] = maxBlocks;
    this.#words[G_COORDS / 4] = coords;
    this.#words[G_NEIGHBOURS / 4] = memory.alloc(maxBlocks * 32);
    this.#words[G_DATA / 4] = data;
    floats[G_VOXEL / 4] = voxel;
    floats[G_INVERSE / 4] = 1 / voxel;
    floats[G_TRUNCATION / 4] = truncation;
    floats[G_MAX_WEIGHT / 4] = maxWeight;
    this.#words[G_CHANGE / 4] = change;
    this.coords = memory.i32(coords, maxBlocks * 4);
    this.change = memory.f32(change, maxBlocks);
    this.data = memory.f32(data, words);
    this.dataI32 = memory.i32(data, words);
  }

  /** Number of blocks, the empty one included. */
  get count(): number {
    return this.#words[G_COUNT / 4]!;
  }

  /** True once a block could not be made because the arena is full. */
  get overflowed(): boolean {
    return this.#words[G_OVERFLOW / 4] !== 0;
  }

  /** Says that corners have changed: kernels keep copies of them, which are of no use from here on. */
  noteWrite(): void {
    this.#words[G_VERSION / 4] = ++versions;
  }

  /** Forgets everything. */
  clear(): void {
    this.noteWrite();
    const used = this.count;
    this.#keys.fill(0);
    this.data.fill(0, 0, used * BLOCK_CORNERS * this.wordsPerCorner);
    this.change.fill(0, 0, used);
    this.#words[G_COUNT / 4] = 1;
    this.#words[G_OVERFLOW / 4] = 0;
  }

  /**
   * Keeps the listed blocks only (ascending numbers); they become blocks 1, 2, … in that order.
   *
   * @param make appends blocks (bx by bz each), in order
   */
  retain(blocks: readonly number[], make: (coords: Int32Array) => void): void {
    this.noteWrite();
    const used = this.count;
    const size = BLOCK_CORNERS * this.wordsPerCorner;
    const coords = new Int32Array(blocks.length * 3);
    const scans = new Int32Array(blocks.length);
    blocks.forEach((block, i) => {
      coords.set(this.coords.subarray(block * 4, block * 4 + 3), i * 3);
      scans[i] = this.coords[block * 4 + 3]!;
      if (block === i + 1) return;
      this.data.copyWithin((i + 1) * size, block * size, (block + 1) * size);
      this.change[i + 1] = this.change[block]!;
    });
    this.data.fill(0, (blocks.length + 1) * size, used * size);
    this.change.fill(0, blocks.length + 1, used);
    this.#keys.fill(0);
    this.#words[G_COUNT / 4] = 1;
    this.#words[G_OVERFLOW / 4] = 0;
    make(coords);
    scans.forEach((scan, i) => (this.coords[i * 4 + 7] = scan));
  }
}
