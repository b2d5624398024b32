import { seconds } from './clock-shift.js';

/** Scans in a row after which readings that cannot be used are told. */
const TOLD_AFTER = 10;
/** Stamps farther ahead of their scan than this (s) are of another clock. */
const AHEAD = 2;

export interface ReadingsLimits {
  /** How far the newest reading may lie behind the scan that it comes with, and two readings apart (s). */
  readonly lag: number;
  readonly gap: number;
}

/**
 * Why readings that come with scans, of an IMU or an odometry, tell nothing about the motion between them: what is wrong with
 * their stamps or numbers.
 *
 * @example
 * const check = new ReadingsCheck({ lag: 0.05, gap: 0.05 });
 * const why = check.of(stampsNs, rates, scan.stampNs); // 'its stamps are zero', at the tenth scan in a row
 */
export class ReadingsCheck {
  #kind = '';
  #times = 0;
  #newest: bigint | undefined;

  constructor(private readonly limits: ReadingsLimits) {}

  /** @returns what is wrong, once it has been so for several scans in a row; undefined before and after, and where all is well */
  of(stampsNs: readonly bigint[], values: ArrayLike<number>, scanNs: bigint): string | undefined {
    const [kind, text] = this.#fault(stampsNs, values, scanNs);
    this.#times = kind !== '' && kind === this.#kind ? this.#times + 1 : 1;
    this.#kind = kind;
    return kind !== '' && this.#times === TOLD_AFTER ? text : undefined;
  }

  #fault(stampsNs: readonly bigint[], values: ArrayLike<number>, scanNs: bigint): readonly [string, string] {
    const before = this.#newest;
    const [oldest, newest] = [stampsNs[0]!, stampsNs.at(-1)!];
    this.#newest = newest;
    if (Array.from(values).every((v) => !Number.isFinite(v))) return ['numbers', 'its values are no numbers'];
    if (stampsNs.every((stamp) => stamp === 0n)) return ['zero', 'its stamps are zero'];
    const [behind, ahead] = [seconds(scanNs - newest), seconds(oldest - scanNs)];
    if (behind > this.limits.lag)
      return ['behind', `its stamps lie ${behind.toFixed(2)} s before those of the scans they come with`];
    if (ahead > AHEAD)
      return ['ahead', `its stamps lie ${ahead.toFixed(2)} s after those of the scans they come with`];
    const steps = stampsNs.map((stamp, i) => seconds(stamp - (stampsNs[i - 1] ?? before ?? stamp)));
    const widest = Math.max(...steps);
    if (widest > this.limits.gap)
      return ['gap', `its readings come ${widest.toFixed(2)} s apart, ${this.limits.gap} s is the most`];
    return ['', ''];
  }
}
