import type { KernelMemory } from '../../../compute/memory.js';
import * as L from '../../../kernels/layout/field.js';

/** Floats a row: features, gradient, Adam's m and v. */
export const ROW_FLOATS = L.ROW_BYTES / 4;

/**
 * Feature rows in kernel memory. The corners of all feature levels take theirs from here and hand back what they drop;
 * row 0 is all zero and stands for "none".
 *
 * @example
 * const rows = new RowPool(memory, 100_000);
 * const row = rows.take();
 * const values = rows.rows.subarray(row * ROW_FLOATS, (row + 1) * ROW_FLOATS);
 */
export class RowPool {
  readonly descriptor: number;
  readonly maxRows: number;
  /** ROW_FLOATS per row. */
  readonly rows: Float32Array;
  /** 4 per row: corner coordinates (in cells) and one unused. */
  readonly coords: Int32Array;
  /** Steps of Adam that each row has taken. */
  readonly steps: Int32Array;
  /** Pointers to rows, stamps, steps and coordinates. */
  readonly tables: {
    readonly rows: number;
    readonly stamps: number;
    readonly steps: number;
    readonly coords: number;
  };
  readonly #words: Uint32Array;

  /**
   * @param rows most rows of all levels together, the zero row included
   * @throws FeltmapError out-of-memory when the arena is too small
   */
  constructor(memory: KernelMemory, rows: number) {
    this.maxRows = rows;
    this.tables = {
      rows: memory.alloc(rows * L.ROW_BYTES),
      stamps: memory.alloc(rows * 4),
      steps: memory.alloc(rows * 4),
      coords: memory.alloc(rows * 16),
    };
    this.descriptor = memory.alloc(L.ROW_POOL_BYTES);
    this.#words = memory.u32(this.descriptor, L.ROW_POOL_BYTES / 4);
    this.#words.set([1, rows, 0, this.tables.rows, this.tables.stamps, this.tables.steps, 1], L.W_TOP / 4);
    this.rows = memory.f32(this.tables.rows, rows * ROW_FLOATS);
    this.steps = memory.i32(this.tables.steps, rows);
    this.coords = memory.i32(this.tables.coords, rows * 4);
  }

  /** Rows in use, the zero row included. */
  get used(): number {
    return this.#words[L.W_USED / 4]!;
  }

  /** Takes a row; 0 when there is none to take. As `takeRow` of the kernels. */
  take(): number {
    const words = this.#words;
    let row = words[L.W_FREE / 4]!;
    if (row !== 0) {
      words[L.W_FREE / 4] = this.steps[row]!;
      this.steps[row] = 0;
    } else {
      row = words[L.W_TOP / 4]!;
      if (row >= this.maxRows) return 0;
      words[L.W_TOP / 4] = row + 1;
    }
    words[L.W_USED / 4]!++;
    return row;
  }
}
