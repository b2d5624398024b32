import type { KernelMemory } from '../../compute/memory.js';

/**
 * A piece of kernel memory that is replaced by one of twice the size or more when it gets too small. What was in it is
 * lost then; new memory is zero.
 *
 * @example
 * const room = new Room(pool.memory);
 * const pointer = room.atLeast(4 * pixels);
 */
export class Room {
  pointer = 0;
  #bytes = 0;

  constructor(private readonly memory: KernelMemory) {}

  /** @throws FeltmapError out-of-memory when the arena is too small; the room stays as it was then */
  atLeast(bytes: number): number {
    if (bytes > this.#bytes) {
      // Powers of two: what one room gives back, another can use.
      const wanted = 2 ** Math.ceil(Math.log2(Math.max(bytes, 4096)));
      const pointer = this.memory.alloc(wanted);
      if (this.#bytes > 0) this.memory.release(this.pointer, this.#bytes);
      [this.pointer, this.#bytes] = [pointer, wanted];
    }
    return this.pointer;
  }
}
