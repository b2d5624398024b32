/** What to do with a message by its stamp. */
export type TimeVerdict =
  | { readonly kind: 'ok' }
  | { readonly kind: 'drop'; readonly why: 'duplicate' | 'out-of-order' | 'before-jump' }
  /** Time has gone back for good: start anew with this message. */
  | { readonly kind: 'jump-back'; readonly seconds: number };

/** So many scans in a row from the past mean that time has gone back; fewer are stray messages. */
const CONFIRM = 3;
/** Steps ahead by more (ns) need a second message to be believed. */
const FAR_AHEAD = 60_000_000_000n;

/**
 * Watches header stamps. A single message from the past is dropped; when several in a row come from there, or /clock
 * jumps back, a bag has looped or been rewound and everything has to start anew.
 */
export class TimeWatch {
  readonly #jumpNs: bigint;
  readonly #last = new Map<string, bigint>();
  #newest: bigint | undefined;
  #clock: bigint | undefined;
  #future: bigint | undefined;
  /** Stamps from the past in a row, the latest of them, by source. */
  readonly #past = new Map<string, { count: number; stamp: bigint }>();
  /** After /clock jumped: messages still under way carry stamps near this one. */
  #before: { stampNs: bigint; untilMs: number } | undefined;

  /** @param jumpSeconds smaller steps back are disorder, not a jump */
  constructor(
    jumpSeconds = 1,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.#jumpNs = BigInt(Math.round(jumpSeconds * 1e9));
  }

  /** Newest stamp taken. */
  get newest(): bigint | undefined {
    return this.#newest;
  }

  /** Judges the stamp of a message of `source` (a topic). */
  check(source: string, stampNs: bigint): TimeVerdict {
    if (this.#before) {
      const near = stampNs > this.#before.stampNs - this.#jumpNs;
      if (this.nowMs() > this.#before.untilMs || !near) this.#before = undefined;
      else return { kind: 'drop', why: 'before-jump' };
    }
    const last = this.#last.get(source);
    const newest = this.#newest;
    if (newest !== undefined && stampNs < newest - this.#jumpNs) {
      const past = this.#past.get(source);
      const count = past && stampNs > past.stamp ? past.count + 1 : 1;
      if (count >= CONFIRM) {
        const seconds = Number(newest - stampNs) * 1e-9;
        this.reset();
        this.#take(source, stampNs);
        return { kind: 'jump-back', seconds };
      }
      this.#past.set(source, { count, stamp: stampNs });
      return { kind: 'drop', why: 'out-of-order' };
    }
    if (newest !== undefined && stampNs > newest + FAR_AHEAD) {
      // A single stamp from the far future must not make all that follow look like the past.
      const future = this.#future;
      this.#future = stampNs;
      if (future === undefined || stampNs < future || stampNs > future + FAR_AHEAD)
        return { kind: 'drop', why: 'out-of-order' };
    } else this.#future = undefined;
    if (last === stampNs) return { kind: 'drop', why: 'duplicate' };
    if (last !== undefined && stampNs < last) return { kind: 'drop', why: 'out-of-order' };
    this.#past.delete(source);
    this.#take(source, stampNs);
    return { kind: 'ok' };
  }

  /**
   * Takes the time of /clock.
   * @returns seconds that it jumped back, or undefined
   */
  clock(timeNs: bigint): number | undefined {
    const before = this.#clock;
    this.#clock = timeNs;
    if (before === undefined || timeNs >= before - this.#jumpNs) return undefined;
    const newest = this.#newest;
    this.reset();
    this.#clock = timeNs;
    if (newest !== undefined) this.#before = { stampNs: newest, untilMs: this.nowMs() + 500 };
    return Number(before - timeNs) * 1e-9;
  }

  /** Forgets all stamps. */
  reset(): void {
    this.#last.clear();
    this.#past.clear();
    this.#newest = this.#clock = this.#before = this.#future = undefined;
  }

  #take(source: string, stampNs: bigint): void {
    this.#last.set(source, stampNs);
    if (this.#newest === undefined || stampNs > this.#newest) this.#newest = stampNs;
  }
}
