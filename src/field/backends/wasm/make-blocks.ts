import { B_GRID } from '../../../kernels/layout/field.js';
import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import type { BlockGrid } from './grid.js';

const CAPACITY = 4096;

/** Appends blocks to grids. */
export class BlockMaker {
  readonly #pool: KernelPool;
  readonly #arguments: KernelArguments;
  readonly #pointer: number;
  readonly #list: Int32Array;

  constructor(pool: KernelPool) {
    const { memory } = pool;
    this.#pool = pool;
    this.#pointer = memory.alloc(CAPACITY * 16);
    this.#list = memory.i32(this.#pointer, CAPACITY * 4);
    this.#arguments = new KernelArguments(memory, 32);
  }

  /** Makes blocks in their order (bx by bz each). */
  make(grid: BlockGrid, coords: Int32Array): void {
    for (let first = 0; first < coords.length / 3; first += CAPACITY) {
      const n = Math.min(CAPACITY, coords.length / 3 - first);
      for (let i = 0; i < n; i++)
        this.#list.set(coords.subarray((first + i) * 3, (first + i) * 3 + 3), i * 4);
      this.#arguments.int(B_GRID, grid.descriptor, this.#pointer, n);
      this.#pool.run('makeBlocks', this.#arguments.pointer, 1);
    }
  }
}
