import { type StampVerdict, Stamps, type StampedMessage } from '../sensors/stamps.js';

/** What to do with a message by its time. */
export type TimeVerdict = StampVerdict | { readonly kind: 'drop'; readonly why: 'before-jump' };

/** Messages from before a jump of /clock are on their way for so long, ms. */
const UNDER_WAY_MS = 500;

/**
 * Watches header stamps (sensors/stamps.ts) and /clock: when that goes back, or stamps do without a reason, a bag has
 * looped or been rewound and everything has to start anew.
 *
 * @example
 * const time = new TimeWatch();
 * const verdict = time.check({ source: '/points', stampNs });
 * if (time.clock(clockNs) !== undefined) restart(); // /clock went back
 */
export class TimeWatch {
  readonly #jumpNs: bigint;
  readonly #stamps: Stamps;
  #newest: bigint | undefined;
  #clock: bigint | undefined;
  /** After /clock jumped: messages still under way carry stamps near this one. */
  #before: { stampNs: bigint; untilMs: number } | undefined;

  /** @param jumpSeconds smaller steps back are disorder, not a jump */
  constructor(
    jumpSeconds = 1,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.#jumpNs = BigInt(Math.round(jumpSeconds * 1e9));
    this.#stamps = new Stamps({ jumpSeconds, restarts: true });
  }

  /** Newest stamp taken. */
  get newest(): bigint | undefined {
    return this.#newest;
  }

  /** Judges a message by its stamp. */
  check(message: StampedMessage): TimeVerdict {
    const { stampNs } = message;
    if (this.#before) {
      const near = stampNs > this.#before.stampNs - this.#jumpNs;
      if (this.nowMs() > this.#before.untilMs || !near) this.#before = undefined;
      else return { kind: 'drop', why: 'before-jump' };
    }
    const verdict = this.#stamps.check(message);
    if (verdict.kind === 'restart' || verdict.kind === 'step') this.#newest = verdict.stampNs;
    else if (verdict.kind !== 'drop' && (this.#newest === undefined || verdict.stampNs > this.#newest))
      this.#newest = verdict.stampNs;
    return verdict;
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
    if (newest !== undefined) this.#before = { stampNs: newest, untilMs: this.nowMs() + UNDER_WAY_MS };
    return Number(before - timeNs) * 1e-9;
  }

  /** Forgets all stamps. */
  reset(): void {
    this.#stamps.reset();
    this.#newest = this.#clock = this.#before = undefined;
  }
}
