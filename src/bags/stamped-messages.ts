import { steadyNs } from '../sensors/clock-shift.js';
import { type StampedNoun, StampNotes } from '../sensors/stamp-notes.js';
import { type Dropped, Stamps } from '../sensors/stamps.js';

/** A clock that starts at zero is not later than this (ns) at its second message. */
const STARTS_AT_ZERO = 60_000_000_000n;
/** A single message with a doubtful stamp at the very end is a stray one. */
const BELIEVED_AT_END = 2;

/** What can be stamped anew. */
export interface Stamped {
  readonly stampNs: bigint;
  readonly clockShiftNs?: bigint;
  readonly frameId: string;
}

/** How a kind of message is looked at. */
export interface StampedKind<T> {
  readonly noun: StampedNoun;
  /** A number that differs between messages of different content. */
  readonly fingerprint: (message: T) => number;
  /** Time of the first point, where there are points with times. */
  readonly firstPointNs?: (message: T) => bigint | undefined;
  /** Zero is known to be the stamp of the first message. */
  readonly startsAtZero?: boolean;
}

interface Waiting<T> {
  readonly message: T;
  readonly receivedNs: bigint | undefined;
  readonly verdict: Dropped;
}

/**
 * Messages of a recording with the stamps that they are used with: repaired, or left out (sensors/stamps.ts). A recording
 * does not start anew: what repeats itself is left out. Where a stamp is in doubt, its message waits for the next ones.
 *
 * @example
 * const stamped = new StampedMessages<LidarScan>('/points', {
 *   noun: 'cloud',
 *   fingerprint: (one) => fingerprint(one.positions),
 * });
 * for (const usable of stamped.take(decoded, message.logTimeNs)) use(usable);
 * for (const usable of stamped.end()) use(usable);
 */
export class StampedMessages<T extends Stamped> {
  readonly #stamps: Stamps;
  readonly #notes = new StampNotes();
  #waiting: Waiting<T>[] = [];

  /** @param name topic or folder, for the notes */
  constructor(
    private readonly name: string,
    private readonly kind: StampedKind<T>,
  ) {
    this.#stamps = new Stamps({ startsAtZero: kind.startsAtZero ?? false });
  }

  /** What there is to say about the stamps so far. */
  get notes(): readonly string[] {
    return this.#notes.list;
  }

  /**
   * @param receivedNs when the message was recorded, where that is known
   * @returns messages that can be used now, in their order
   */
  take(message: T, receivedNs?: bigint): T[] {
    const verdict = this.#stamps.check({
      source: message.frameId,
      stampNs: message.stampNs,
      receivedNs,
      firstPointNs: () => this.kind.firstPointNs?.(message),
      fingerprint: this.kind.fingerprint(message),
    });
    if (verdict.kind === 'drop' && verdict.doubtful) {
      this.#waiting.push({ message, receivedNs, verdict });
      return [];
    }
    this.#notes.add(this.name, verdict, this.kind.noun);
    if (verdict.kind === 'drop' || verdict.kind === 'restart') return [];
    const { stampNs, clockShiftNs } = verdict;
    const now = withStamp(message, stampNs, clockShiftNs);
    const own = this.#waiting.filter((one) => one.message.frameId === message.frameId);
    this.#waiting = this.#waiting.filter((one) => one.message.frameId !== message.frameId);
    return [...own.flatMap((one) => this.#settle(one, now, receivedNs, verdict.kind === 'step')), now];
  }

  /** Messages that still wait when the recording ends. */
  end(): T[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    const [first] = waiting;
    if (!first) return [];
    if (first.verdict.why !== 'unset' && waiting.length < BELIEVED_AT_END) {
      this.#notes.add(this.name, first.verdict, this.kind.noun);
      return [];
    }
    const { clockShiftNs } = first.verdict.doubtful!;
    return waiting.map(({ message }) => withStamp(message, message.stampNs, clockShiftNs));
  }

  /** What becomes of a message that waited, now that the next one of its sensor is judged. */
  #settle(
    { message, receivedNs, verdict }: Waiting<T>,
    next: T,
    nextReceivedNs: bigint | undefined,
    stepped: boolean,
  ): T[] {
    if (verdict.why === 'unset') {
      if (message.stampNs < next.stampNs && next.stampNs <= STARTS_AT_ZERO) return [message];
      if (receivedNs !== undefined && nextReceivedNs !== undefined && receivedNs < nextReceivedNs) {
        const stampNs = next.stampNs - (nextReceivedNs - receivedNs);
        this.#notes.add(
          this.name,
          { kind: 'repaired', stampNs, clockShiftNs: 0n, was: 'zero', from: 'arrival' },
          this.kind.noun,
        );
        return [withStamp(message, stampNs, 0n)];
      }
    } else if (stepped) {
      const shifted = withStamp(message, message.stampNs, next.clockShiftNs ?? 0n);
      if (steadyNs(shifted) < steadyNs(next)) return [shifted];
    }
    this.#notes.add(this.name, verdict, this.kind.noun);
    return [];
  }
}

function withStamp<T extends Stamped>(message: T, stampNs: bigint, clockShiftNs: bigint): T {
  if (stampNs === message.stampNs && clockShiftNs === 0n) return message;
  return { ...message, stampNs, ...(clockShiftNs !== 0n && { clockShiftNs }) };
}
