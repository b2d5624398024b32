import type { KernelMemory } from '../../compute/memory.js';
import { Room } from './room.js';

/** Cameras that can alternate without their tables being made again. */
const KEPT = 8;

/**
 * Tables of 32-bit numbers in kernel memory that depend on a camera alone, made when they are asked for first. The one
 * not used for longest makes place.
 *
 * @example
 * const maps = new Tables(pool.memory);
 * const pointer = maps.find('640x480', 640 * 480, (out) => lensMap(camera, out));
 */
export class Tables {
  readonly #kept = new Map<string, Room>();

  constructor(private readonly memory: KernelMemory) {}

  /** @throws FeltmapError out-of-memory when the arena is too small */
  find(key: string, length: number, fill: (out: Uint32Array) => void): number {
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    const room = known ?? this.#oldest() ?? new Room(this.memory);
    if (!known) fill(this.memory.u32(room.atLeast(4 * length), length));
    this.#kept.set(key, room); // the last in order is the one used last
    return room.pointer;
  }

  #oldest(): Room | undefined {
    if (this.#kept.size < KEPT) return undefined;
    const [key, room] = this.#kept.entries().next().value!;
    this.#kept.delete(key);
    return room;
  }
}
