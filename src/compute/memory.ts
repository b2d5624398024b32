import { FeltmapError } from '../geometry/errors.js';

const PAGE = 65536;

/**
 * One shared WebAssembly memory, reserved up front and handed out by a bump allocator; what is released goes to the
 * next of the same size. The operating system commits pages only when they are touched, so a large reservation costs
 * address space, not RAM, and nothing ever moves: kernels and typed-array views may keep their pointers.
 *
 * @example
 * const memory = new KernelMemory(512 * 2 ** 20);
 * const pointer = memory.alloc(4 * 1000);
 * memory.f32(pointer, 1000).fill(1);
 * memory.release(pointer, 4 * 1000);
 */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  #top = 4096; // keep null and AssemblyScript's few static bytes out of reach; raised by `reserveStatic`
  /** What was given back, by its size. */
  readonly #released = new Map<number, number[]>();

  /** @throws FeltmapError out-of-memory when the address space cannot be reserved. */
  constructor(
    readonly capacityBytes: number,
    memory?: WebAssembly.Memory,
  ) {
    const pages = Math.min(65536, Math.ceil(capacityBytes / PAGE));
    try {
      this.memory = memory ?? new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
    } catch (cause) {
      throw new FeltmapError(
        'out-of-memory',
        `Cannot reserve ${Math.round(capacityBytes / 2 ** 20)} MiB of address space for the map; lower map.memoryMiB or raise the process limit (ulimit -v).`,
        { cause },
      );
    }
  }

  /** Moves the start of the arena past the module's static data (its `__heap_base`). */
  reserveStatic(heapBase: number): void {
    this.#top = Math.max(this.#top, heapBase);
  }

  /** Pointer to `bytes` of zeroed memory, aligned to 128 bytes (a cache-line pair) so that threads do not share lines. */
  alloc(bytes: number): number {
    const again = this.#released.get(bytes)?.pop();
    if (again !== undefined) {
      this.u8(again, bytes).fill(0);
      return again;
    }
    const pointer = (this.#top + 127) & ~127;
    const end = (pointer >>> 0) + bytes;
    if (end > this.memory.buffer.byteLength) {
      throw new FeltmapError(
        'out-of-memory',
        `The map arena of ${Math.round(this.memory.buffer.byteLength / 2 ** 20)} MiB is full; raise map.memoryMiB or lower the map resolution.`,
      );
    }
    this.#top = end;
    return pointer >>> 0;
  }

  /** Gives back what `alloc` handed out; it goes to the next who asks for as much. */
  release(pointer: number, bytes: number): void {
    const same = this.#released.get(bytes);
    if (same) same.push(pointer);
    else this.#released.set(bytes, [pointer]);
  }

  /** Bytes that have never been handed out. */
  get freeBytes(): number {
    return this.memory.buffer.byteLength - this.#top;
  }

  /**
   * Address of a view of this memory.
   * @throws RangeError for an array that lies elsewhere
   */
  addressOf(view: ArrayBufferView): number {
    if (view.buffer !== this.memory.buffer)
      throw new RangeError('The array does not lie in kernel memory; copy it there first.');
    return view.byteOffset;
  }

  f32(pointer: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, pointer, length);
  }
  f64(pointer: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, pointer, length);
  }
  i32(pointer: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, pointer, length);
  }
  u32(pointer: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, pointer, length);
  }
  u8(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, pointer, length);
  }
}
