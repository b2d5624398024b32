import { type ShiftedStamp, steadyNs } from '../sensors/clock-shift.js';

/**
 * Bounded waiting line, oldest stamp first. When full, the oldest gives way: live, the newest data count.
 *
 * @example
 * const queue = new ScanQueue<WaitingScan>(2);
 * const displaced = queue.push(scan); // what had to give way
 * const oldest = queue.shift();
 */
export class ScanQueue<T extends ShiftedStamp> {
  readonly #items: T[] = [];
  #dropped = 0;

  constructor(public capacity: number) {}

  get length(): number {
    return this.#items.length;
  }

  /** Messages that gave way so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds in order of stamps. @returns the messages that had to give way */
  push(item: T): T[] {
    let at = this.#items.length;
    while (at > 0 && steadyNs(this.#items[at - 1]!) > steadyNs(item)) at--;
    this.#items.splice(at, 0, item);
    const out = this.#items.splice(0, Math.max(0, this.#items.length - this.capacity));
    this.#dropped += out.length;
    return out;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  shift(): T | undefined {
    return this.#items.shift();
  }

  clear(): void {
    this.#items.length = 0;
  }
}
