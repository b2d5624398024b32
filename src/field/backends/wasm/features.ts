import { L_COORDS, L_COUNT, L_GRID, L_OVERFLOW, L_STAMPS } from '../../../kernels/layout/field.js';
import { Random } from '../../../geometry/random.js';
import { KernelArguments } from '../../../compute/arguments.js';
import { BLOCK_CORNERS, BLOCK_SIDE, BlockGrid } from './grid.js';
import type { KernelMemory } from '../../../compute/memory.js';

export const FEATURES = 8;
export const HIDDEN = 32;
/** Floats a row: features, gradient, Adam's m and v. */
export const ROW_FLOATS = 32;
export const DECODER_FLOATS = HIDDEN * (2 * FEATURES + 5);

/** Learned features on coarse corners and the decoder that turns them into a residual distance. */
export class FeatureLevel {
  readonly grid: BlockGrid;
  readonly descriptor: number;
  /** ROW_FLOATS per row; row 0 is all zero. */
  readonly rows: Float32Array;
  /** 4 per row: corner coordinates (in cells) and one unused. */
  readonly coords: Int32Array;
  readonly stamps: Int32Array;
  readonly steps: Int32Array;
  readonly decoder: Float32Array;
  readonly #words: Uint32Array;

  constructor(
    memory: KernelMemory,
    options: { cell: number; maxBlocks: number; maxRows: number; seed: number; outputScale: number },
  ) {
    const { cell, maxBlocks, maxRows } = options;
    this.grid = new BlockGrid(memory, {
      voxel: cell,
      truncation: cell,
      maxBlocks,
      maxWeight: 0,
      wordsPerCorner: 1,
    });
    const args = new KernelArguments(memory, 64);
    this.descriptor = args.pointer;
    this.#words = memory.u32(this.descriptor, 16);
    const rows = memory.alloc(maxRows * ROW_FLOATS * 4);
    const stamps = memory.alloc(maxRows * 4);
    const steps = memory.alloc(maxRows * 4);
    const coords = memory.alloc(maxRows * 16);
    const decoder = memory.alloc(DECODER_FLOATS * 4);
    args
      .int(L_GRID, this.grid.descriptor, rows, 1, maxRows)
      .int(L_STAMPS, stamps, steps, decoder)
      .int(L_COORDS, coords);
    this.rows = memory.f32(rows, maxRows * ROW_FLOATS);
    this.stamps = memory.i32(stamps, maxRows);
    this.steps = memory.i32(steps, maxRows);
    this.coords = memory.i32(coords, maxRows * 4);
    this.decoder = memory.f32(decoder, DECODER_FLOATS);
    this.decoder.set(randomDecoder(options.seed, options.outputScale));
  }

  /** Rows in use, the zero row included. */
  get count(): number {
    return this.#words[L_COUNT / 4]!;
  }

  get overflowed(): boolean {
    return this.#words[L_OVERFLOW / 4] !== 0 || this.grid.overflowed;
  }

  /**
   * Appends a row for a corner whose block exists. Adam starts afresh on it.
   *
   * @param features FEATURES numbers, in units of `step`, from `at` on
   */
  restoreRow(block: number, corner: number, features: ArrayLike<number>, at: number, step: number): void {
    const row = this.count;
    if (row * ROW_FLOATS >= this.rows.length) {
      this.#words[L_OVERFLOW / 4] = 1;
      return;
    }
    this.#words[L_COUNT / 4] = row + 1;
    this.grid.dataI32[block * BLOCK_CORNERS + corner] = row;
    for (let k = 0; k < FEATURES; k++) this.rows[row * ROW_FLOATS + k] = features[at + k]! * step;
    for (let a = 0; a < 3; a++)
      this.coords[row * 4 + a] = this.grid.coords[block * 4 + a]! * BLOCK_SIDE + ((corner >> (3 * a)) & 7);
  }

  /** Most rows, the zero row included. */
  get maxRows(): number {
    return this.stamps.length;
  }

  /** Frees the rows that no block refers to any more; the others move together and keep their order. */
  dropUnusedRows(): void {
    const count = this.count;
    const refer = this.grid.dataI32.subarray(0, this.grid.count * BLOCK_CORNERS);
    const moved = new Int32Array(count);
    for (let i = 0; i < refer.length; i++) moved[refer[i]!] = 1;
    let next = 1;
    for (let row = 1; row < count; row++) {
      if (!moved[row]) continue;
      const to = next++;
      moved[row] = to;
      if (to === row) continue;
      this.rows.copyWithin(to * ROW_FLOATS, row * ROW_FLOATS, (row + 1) * ROW_FLOATS);
      this.coords.copyWithin(to * 4, row * 4, row * 4 + 4);
      this.stamps[to] = this.stamps[row]!;
      this.steps[to] = this.steps[row]!;
    }
    moved[0] = 0;
    for (let i = 0; i < refer.length; i++) refer[i] = moved[refer[i]!]!;
    this.rows.fill(0, next * ROW_FLOATS, count * ROW_FLOATS);
    this.stamps.fill(0, next, count);
    this.steps.fill(0, next, count);
    this.#words[L_COUNT / 4] = next;
    this.#words[L_OVERFLOW / 4] = 0;
  }

  clear(): void {
    this.rows.fill(0, 0, this.count * ROW_FLOATS);
    this.stamps.fill(0, 0, this.count);
    this.steps.fill(0, 0, this.count);
    this.#words[L_COUNT / 4] = 1;
    this.#words[L_OVERFLOW / 4] = 0;
    this.grid.clear();
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
