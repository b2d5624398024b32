import {
  L_COUNT,
  L_COORDS,
  L_GRID,
  L_OVERFLOW,
  L_STAMPS,
  LEVEL_BYTES,
} from '../../../kernels/layout/field.js';
import { Random } from '../../../geometry/random.js';
import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelMemory } from '../../../compute/memory.js';
import type { BlockPool } from './block-pool.js';
import { BLOCK_CORNERS, BLOCK_SIDE, BlockGrid } from './grid.js';
import { ROW_FLOATS, type RowPool } from './row-pool.js';

export { ROW_FLOATS };
export const FEATURES = 8;
export const HIDDEN = 32;
export const DECODER_FLOATS = HIDDEN * (2 * FEATURES + 5);

export interface FeatureLevelOptions {
  /** Side of a feature cell, metres. */
  readonly cell: number;
  readonly maxBlocks: number;
  /** Most rows, the zero row included; fewer where other levels have taken what the pool holds. */
  readonly maxRows: number;
  readonly seed: number;
  /** Size of the decoder's output, metres. */
  readonly outputScale: number;
}

/**
 * Learned features on coarse corners and the decoder that turns them into a residual distance.
 *
 * @example
 * const features = new FeatureLevel(memory, blocks, rows, { ...limits, cell: 0.6, seed: 1, outputScale: 0.1 });
 * features.restoreRow(block, corner, values, 0, step); // of a saved map
 * features.free();
 */
export class FeatureLevel {
  readonly grid: BlockGrid;
  readonly descriptor: number;
  readonly maxRows: number;
  readonly decoder: Float32Array;
  readonly #memory: KernelMemory;
  readonly #pool: RowPool;
  readonly #words: Uint32Array;

  constructor(memory: KernelMemory, blocks: BlockPool, rows: RowPool, options: FeatureLevelOptions) {
    const { cell, maxBlocks, maxRows } = options;
    this.#memory = memory;
    this.#pool = rows;
    this.maxRows = maxRows;
    this.grid = new BlockGrid(blocks, { voxel: cell, truncation: cell, maxBlocks, maxWeight: 0 });
    const args = new KernelArguments(memory, LEVEL_BYTES);
    this.descriptor = args.pointer;
    this.#words = memory.u32(this.descriptor, LEVEL_BYTES / 4);
    const decoder = memory.alloc(DECODER_FLOATS * 4);
    args
      .int(L_GRID, this.grid.descriptor, rows.tables.rows, 1, maxRows)
      .int(L_STAMPS, rows.tables.stamps, rows.tables.steps, decoder)
      .int(L_COORDS, rows.tables.coords, rows.descriptor);
    this.decoder = memory.f32(decoder, DECODER_FLOATS);
    this.decoder.set(randomDecoder(options.seed, options.outputScale));
  }

  /** ROW_FLOATS per row of the pool. */
  get rows(): Float32Array {
    return this.#pool.rows;
  }

  /** 4 per row of the pool: corner coordinates (in cells) and one unused. */
  get coords(): Int32Array {
    return this.#pool.coords;
  }

  /** Steps of Adam, per row of the pool. */
  get steps(): Int32Array {
    return this.#pool.steps;
  }

  /** Rows in use, the zero row included. */
  get count(): number {
    return this.#words[L_COUNT / 4]!;
  }

  /** Most rows that it may have beside what other levels use of the pool, the zero row included. */
  get room(): number {
    return Math.min(this.maxRows, this.#pool.maxRows - this.#pool.used + this.count);
  }

  get overflowed(): boolean {
    return this.#words[L_OVERFLOW / 4] !== 0 || this.grid.overflowed;
  }

  /** Numbers of the rows in the order of blocks, then corners. */
  listRows(): Int32Array {
    const rows = new Int32Array(this.count - 1);
    const { dataI32, blocks } = this.grid;
    let n = 0;
    for (const block of blocks)
      for (let at = block * BLOCK_CORNERS; at < (block + 1) * BLOCK_CORNERS; at++)
        if (dataI32[at] !== 0) rows[n++] = dataI32[at]!;
    return rows;
  }

  /**
   * Gives a row to a corner that has none, of a block that exists. Adam starts afresh on it.
   *
   * @param features FEATURES numbers, in units of `step`, from `at` on
   * @returns its number, 0 when there is no room
   */
  restoreRow(block: number, corner: number, features: ArrayLike<number>, at: number, step: number): number {
    const row = this.count < this.maxRows ? this.#pool.take() : 0;
    if (row === 0) {
      this.#words[L_OVERFLOW / 4] = 1;
      return 0;
    }
    this.#words[L_COUNT / 4] = this.count + 1;
    this.grid.dataI32[block * BLOCK_CORNERS + corner] = row;
    for (let k = 0; k < FEATURES; k++) this.rows[row * ROW_FLOATS + k] = features[at + k]! * step;
    for (let a = 0; a < 3; a++)
      this.coords[row * 4 + a] = this.grid.coords[block * 4 + a]! * BLOCK_SIDE + ((corner >> (3 * a)) & 7);
    return row;
  }

  /** Hands blocks (their numbers, each once) and their rows back to the pools. */
  drop(blocks: Uint32Array): void {
    this.#words[L_OVERFLOW / 4] = 0;
    this.grid.drop(blocks, this.descriptor);
  }

  clear(): void {
    this.drop(this.grid.blocks);
  }

  /** Gives back all that it took; it must not be used afterwards. */
  free(): void {
    this.grid.free(this.descriptor);
    this.#memory.release(this.decoder.byteOffset, DECODER_FLOATS * 4);
    this.#memory.release(this.descriptor, LEVEL_BYTES);
  }
}

/**
 * A frozen random decoder, scene-agnostic: the features carry the place. Layout as in src/kernels/field/decoder.ts:
 * A[8][32], P[3][32], b[32], c[32], Aᵀ[32][8].
 */
export function randomDecoder(seed: number, outputScale: number): Float32Array {
  const random = new Random(seed);
  const weights = new Float32Array(DECODER_FLOATS);
  const P = FEATURES * HIDDEN;
  const B = P + 3 * HIDDEN;
  const C = B + HIDDEN;
  const T = C + HIDDEN;
  for (let k = 0; k < FEATURES; k++)
    for (let j = 0; j < HIDDEN; j++) {
      const a = random.normal() * Math.sqrt(2 / FEATURES);
      weights[k * HIDDEN + j] = a;
      weights[T + j * FEATURES + k] = a;
    }
  for (let i = 0; i < 3 * HIDDEN; i++) weights[P + i] = random.normal();
  for (let j = 0; j < HIDDEN; j++) weights[B + j] = random.normal() * 0.5;
  for (let j = 0; j < HIDDEN; j++) weights[C + j] = random.normal() * Math.sqrt(2 / HIDDEN) * outputScale;
  return weights;
}
