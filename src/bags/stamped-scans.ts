import { steadyNs } from '../sensors/clock-shift.js';
import { fingerprint } from '../sensors/fingerprint.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { StampNotes } from '../sensors/stamp-notes.js';
import { type Dropped, Stamps } from '../sensors/stamps.js';

/** A clock that starts at zero is not later than this (ns) at its second scan. */
const STARTS_AT_ZERO = 60_000_000_000n;
/** A single scan with a doubtful stamp at the very end is a stray one. */
const BELIEVED_AT_END = 2;

interface Waiting {
  readonly scan: LidarScan;
  readonly receivedNs: bigint | undefined;
  readonly verdict: Dropped;
}

/**
 * Scans of a recording with the stamps that they are used with: repaired, or left out (sensors/stamps.ts). A recording
 * does not start anew: what repeats itself is left out. Where a stamp is in doubt, its scan waits for the next ones.
 *
 * @example
 * const stamped = new StampedScans('/points');
 * for (const usable of stamped.take(scan, message.logTimeNs)) use(usable);
 * for (const usable of stamped.end()) use(usable);
 */
export class StampedScans {
  readonly #stamps: Stamps;
  readonly #notes = new StampNotes();
  #waiting: Waiting[] = [];

  /** @param startsAtZero zero is known to be the stamp of the first scan */
  constructor(
    private readonly name: string,
    startsAtZero = false,
  ) {
    this.#stamps = new Stamps({ startsAtZero });
  }

  /** What there is to say about the stamps so far. */
  get notes(): readonly string[] {
    return this.#notes.list;
  }

  /**
   * @param receivedNs when the scan was recorded, where that is known
   * @returns scans that can be used now, in their order
   */
  take(scan: LidarScan, receivedNs?: bigint): LidarScan[] {
    const verdict = this.#stamps.check({
      source: scan.frameId,
      stampNs: scan.stampNs,
      receivedNs,
      firstPointNs: () => scan.firstPointNs,
      fingerprint: fingerprint(scan.positions),
    });
    if (verdict.kind === 'drop' && verdict.doubtful) {
      this.#waiting.push({ scan, receivedNs, verdict });
      return [];
    }
    this.#notes.add(this.name, verdict);
    if (verdict.kind === 'drop' || verdict.kind === 'restart') return [];
    const { stampNs, clockShiftNs } = verdict;
    const now = withStamp(scan, stampNs, clockShiftNs);
    const own = this.#waiting.filter((one) => one.scan.frameId === scan.frameId);
    this.#waiting = this.#waiting.filter((one) => one.scan.frameId !== scan.frameId);
    return [...own.flatMap((one) => this.#settle(one, now, receivedNs, verdict.kind === 'step')), now];
  }

  /** Scans that still wait when the recording ends. */
  end(): LidarScan[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    const [first] = waiting;
    if (!first) return [];
    if (first.verdict.why !== 'unset' && waiting.length < BELIEVED_AT_END) {
      this.#notes.add(this.name, first.verdict);
      return [];
    }
    const { clockShiftNs } = first.verdict.doubtful!;
    return waiting.map(({ scan }) => withStamp(scan, scan.stampNs, clockShiftNs));
  }

  /** What becomes of a scan that waited, now that the next one of its sensor is judged. */
  #settle(
    { scan, receivedNs, verdict }: Waiting,
    next: LidarScan,
    nextReceivedNs: bigint | undefined,
    stepped: boolean,
  ): LidarScan[] {
    if (verdict.why === 'unset') {
      if (scan.stampNs < next.stampNs && next.stampNs <= STARTS_AT_ZERO) return [scan];
      if (receivedNs !== undefined && nextReceivedNs !== undefined && receivedNs < nextReceivedNs) {
        const stampNs = next.stampNs - (nextReceivedNs - receivedNs);
        this.#notes.add(this.name, {
          kind: 'repaired',
          stampNs,
          clockShiftNs: 0n,
          was: 'zero',
          from: 'arrival',
        });
        return [withStamp(scan, stampNs, 0n)];
      }
    } else if (stepped) {
      const shifted = withStamp(scan, scan.stampNs, next.clockShiftNs ?? 0n);
      if (steadyNs(shifted) < steadyNs(next)) return [shifted];
    }
    this.#notes.add(this.name, verdict);
    return [];
  }
}

function withStamp(scan: LidarScan, stampNs: bigint, clockShiftNs: bigint): LidarScan {
  if (stampNs === scan.stampNs && clockShiftNs === 0n) return scan;
  return { ...scan, stampNs, ...(clockShiftNs !== 0n && { clockShiftNs }) };
}
