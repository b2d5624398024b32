import { FeltmapError } from '../geometry/errors.js';

/**
 * A fixed number of places for measurements that are alive at the same time. All memory is taken when they are made.
 *
 * @example
 * const slots = new Slots(3, 'LiDAR scans', () => new PreparedScan(memory, 60000));
 * const slot = slots.take();
 * slots.give(slot); // when nobody needs the measurement any more
 */
export class Slots<T> {
  readonly #free: T[];

  constructor(
    readonly count: number,
    private readonly what: string,
    make: () => T,
  ) {
    this.#free = Array.from({ length: count }, make);
  }

  /** Slots that nobody holds. */
  get free(): number {
    return this.#free.length;
  }

  /** @throws FeltmapError out-of-memory while all slots are held */
  take(): T {
    const slot = this.#free.pop();
    if (slot === undefined)
      throw new FeltmapError(
        'out-of-memory',
        `All ${this.count} places for ${this.what} are taken; release an observation before the next one is made.`,
      );
    return slot;
  }

  give(slot: T): void {
    this.#free.push(slot);
  }
}
