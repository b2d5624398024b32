import type { Stamped } from './scan-queue.js';

/**
 * Approximate-time synchronisation of several streams (colour, depth, camera_info): hands out one message of each
 * whose stamps lie within a tolerance. The first stream leads; the others give the nearest of theirs, each message at
 * most once unless it is `sticky` (camera_info, which some drivers send once).
 */
export class TimeSync<Names extends string, T extends Stamped> {
  readonly #lead: Names;
  readonly #streams = new Map<Names, { items: T[]; sticky: boolean }>();
  readonly #toleranceNs: bigint;
  #unmatched = 0;

  /**
   * @param names the leading stream first
   * @param sticky streams whose newest message serves again, however old
   */
  constructor(
    names: readonly Names[],
    private readonly options: {
      readonly toleranceSeconds: number;
      /** Messages that wait for their partners, per stream. */
      readonly queue: number;
      readonly sticky?: readonly Names[];
    },
  ) {
    this.#lead = names[0]!;
    this.#toleranceNs = BigInt(Math.round(options.toleranceSeconds * 1e9));
    for (const name of names)
      this.#streams.set(name, { items: [], sticky: options.sticky?.includes(name) ?? false });
  }

  /** Leading messages that left without partners. */
  get unmatched(): number {
    return this.#unmatched;
  }

  /** Adds a message. @returns the sets that it completes, in order of time */
  add(name: Names, message: T): Record<Names, T>[] {
    const stream = this.#streams.get(name)!;
    if (stream.sticky) stream.items = [message];
    else {
      let at = stream.items.length;
      while (at > 0 && stream.items[at - 1]!.stampNs > message.stampNs) at--;
      stream.items.splice(at, 0, message);
    }
    const out: Record<Names, T>[] = [];
    const lead = this.#streams.get(this.#lead)!;
    for (const leader of [...lead.items]) {
      const set = this.#match(leader);
      if (!set) continue;
      out.push(set);
      this.#forget(set);
    }
    for (const [key, { items, sticky }] of this.#streams)
      if (!sticky && items.length > this.options.queue) {
        const gone = items.splice(0, items.length - this.options.queue).length;
        if (key === this.#lead) this.#unmatched += gone;
      }
    return out;
  }

  clear(): void {
    for (const stream of this.#streams.values()) stream.items = [];
  }

  #match(leader: T): Record<Names, T> | undefined {
    const set = {} as Record<Names, T>;
    for (const [name, { items, sticky }] of this.#streams) {
      const partner = name === this.#lead ? leader : sticky ? items[0] : this.#nearest(items, leader.stampNs);
      if (!partner) return undefined;
      set[name] = partner;
    }
    return set;
  }

  /** The partner within the tolerance; one that may still be beaten by a nearer message to come is as good. */
  #nearest(items: readonly T[], stampNs: bigint): T | undefined {
    let best: T | undefined;
    let bestGap = this.#toleranceNs + 1n;
    for (const item of items) {
      const gap = item.stampNs > stampNs ? item.stampNs - stampNs : stampNs - item.stampNs;
      if (gap < bestGap) [best, bestGap] = [item, gap];
    }
    return best;
  }

  /** Messages handed out, and those before them, are done with. */
  #forget(set: Record<Names, T>): void {
    for (const [name, stream] of this.#streams) {
      if (stream.sticky) continue;
      const at = stream.items.indexOf(set[name]);
      if (name === this.#lead) this.#unmatched += at;
      stream.items.splice(0, at + 1);
    }
  }
}
