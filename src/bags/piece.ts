import type { BagMessage } from './types.js';

/** Messages of one part of a bag in order of log time. Each is made when it is asked for. */
export interface Piece {
  readonly count: number;
  /** Bytes of memory that it takes. */
  readonly size: number;
  logTimeNs(i: number): bigint;
  message(i: number): BagMessage;
}

/**
 * Where the messages of a part lie: times and offsets only, as a part of tiny messages would take ten times its size in
 * objects.
 *
 * @example
 * const list = new MessageList();
 * list.add(message.logTimeNs, place);
 * const piece = list.piece(bytes.length, (offset, logTimeNs) => messageAt(offset, logTimeNs));
 */
export class MessageList {
  #times = new BigUint64Array(0);
  #offsets = new Uint32Array(0);
  #count = 0;
  #sorted = true;

  get count(): number {
    return this.#count;
  }

  /** @param offset of its record, below 2³² */
  add(logTimeNs: bigint, offset: number): void {
    const n = this.#count;
    if (n === this.#times.length) {
      const more = Math.max(64, 2 * n);
      this.#times = grown(this.#times, new BigUint64Array(more));
      this.#offsets = grown(this.#offsets, new Uint32Array(more));
    }
    if (n > 0 && logTimeNs < this.#times[n - 1]!) this.#sorted = false;
    this.#times[n] = logTimeNs;
    this.#offsets[n] = offset;
    this.#count++;
  }

  /**
   * In order of time, ties as they were added.
   *
   * @param bytes that the messages are views of
   */
  piece(bytes: number, make: (offset: number, logTimeNs: bigint) => BagMessage): Piece {
    const [times, offsets, count] = [this.#times, this.#offsets, this.#count];
    const order = this.#sorted ? undefined : Uint32Array.from({ length: count }, (_, i) => i);
    order?.sort((a, b) => (times[a]! < times[b]! ? -1 : times[a]! > times[b]! ? 1 : a - b));
    const at = order ? (i: number): number => order[i]! : (i: number): number => i;
    return {
      count,
      size: bytes + times.byteLength + offsets.byteLength,
      logTimeNs: (i) => times[at(i)]!,
      message: (i) => make(offsets[at(i)]!, times[at(i)]!),
    };
  }
}

function grown<T extends BigUint64Array | Uint32Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}
