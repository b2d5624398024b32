import type { KernelMemory } from './memory.js';

/**
 * The struct that a kernel reads its parameters from; offsets in bytes, as in the kernel's own constants.
 *
 * @example
 * const args = new KernelArguments(memory, 32);
 * args.int(0, pointer, count).float(8, [1, 0, 0]).scalar(20, 0.5); // offsets in bytes
 * pool.run(kernel, args.pointer, chunks);
 */
export class KernelArguments {
  readonly pointer: number;
  readonly #u32: Uint32Array;
  readonly #f32: Float32Array;
  readonly #f64: Float64Array;

  constructor(memory: KernelMemory, bytes: number) {
    this.pointer = memory.alloc(bytes);
    this.#u32 = memory.u32(this.pointer, bytes / 4);
    this.#f32 = memory.f32(this.pointer, bytes / 4);
    this.#f64 = memory.f64(this.pointer, bytes >> 3);
  }

  /** Unsigned or signed integers and pointers. */
  int(offset: number, ...values: number[]): this {
    values.forEach((value, i) => (this.#u32[offset / 4 + i] = value));
    return this;
  }

  float(offset: number, values: ArrayLike<number>): this {
    this.#f32.set(values, offset / 4);
    return this;
  }

  /** In double precision; the offset is a multiple of eight. */
  double(offset: number, values: ArrayLike<number>): this {
    this.#f64.set(values, offset / 8);
    return this;
  }

  scalar(offset: number, value: number): this {
    this.#f32[offset / 4] = value;
    return this;
  }
}
