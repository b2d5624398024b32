import { seconds } from '../clock-shift.js';
import type { ImuBatch } from './batch.js';

const GRAVITY = 9.80665;
/** Readings kept, and the largest gap (s) between two that is bridged. */
const KEEP_NS = 15_000_000_000n;
const LARGEST_GAP = 0.1;
/** How far the newest reading may lie behind (s). */
const LARGEST_LAG = 0.05;
/** A stamp that lies so far before the last one (s) begins another recording. */
const GOES_BACK = 0.5;
/** Readings that show what the accelerometer measures at the start. */
const FIRST = 20;
/** What a force may be at the start, in units of gravity. */
const LEAST = 0.5;
const MOST = 1.7;
/** Readings beyond these are no measurement (rad/s, m/s²). */
const MAX_RATE = 100;
const MAX_FORCE = 500;

interface Reading {
  readonly stampNs: bigint;
  readonly rate: Float64Array;
  readonly force: Float64Array;
}

/**
 * Turn rates and specific forces that wait to be integrated. Some drivers give forces in units of g (Livox): they are told by
 * their size at the start.
 *
 * @example
 * const readings = new InertialReadings();
 * readings.add(batch);
 * if (readings.cover(from, to)) readings.each(from, to, (rate, force, dt) => console.log(rate, force, dt));
 */
export class InertialReadings {
  #all: Reading[] = [];
  #unit: number | undefined;
  #unusable: string | undefined;
  #newest = -(1n << 62n);
  /** rad/s, frame of the IMU, of the reading used last. */
  latestRate: ArrayLike<number> = new Float64Array(3);

  /** Why the accelerometer is not used; undefined where it is, or nothing has come. */
  get unusable(): string | undefined {
    return this.#unusable;
  }

  /** Readings without forces, that are no number, or that are not later than the last one are left out. */
  add({ stampsNs, rates, accelerations }: ImuBatch): void {
    if (!accelerations || accelerations.length !== rates.length) return;
    for (let i = 0; i < stampsNs.length; i++) {
      const stampNs = stampsNs[i]!;
      const rate = rates.slice(3 * i, 3 * i + 3);
      const force = accelerations.slice(3 * i, 3 * i + 3);
      const numbers =
        rate.every((v) => Math.abs(v) < MAX_RATE) && force.every((v) => Math.abs(v) < MAX_FORCE);
      const goesBack = seconds(this.#newest - stampNs) > GOES_BACK;
      if ((stampNs <= this.#newest && !goesBack) || !numbers) continue;
      this.#newest = stampNs;
      this.#all.push({ stampNs, rate, force });
    }
    const old = this.#all.findIndex(({ stampNs }) => stampNs >= this.#newest - KEEP_NS);
    if (old > 0) this.#all.splice(0, old);
  }

  /** Mean force (m/s²) about a stamp, from which on up is known; undefined where there is none that gravity explains. */
  meanForce(stampNs: bigint): Float64Array | undefined {
    const before = this.#all.filter((reading) => reading.stampNs <= stampNs).slice(-FIRST);
    const first = before.length >= FIRST / 2 ? before : this.#all.slice(0, FIRST);
    if (first.length < FIRST / 2) return undefined;
    const mean = new Float64Array(3);
    for (const { force } of first) force.forEach((v, i) => (mean[i]! += v / first.length));
    const size = Math.hypot(...mean);
    // Wide, as the body may be speeding up or bouncing.
    this.#unit = size > LEAST && size < MOST ? GRAVITY : 1;
    const metres = size * this.#unit;
    if (!(metres > LEAST * GRAVITY && metres < MOST * GRAVITY)) {
      this.#unusable = `The accelerometer of the IMU is not used: it shows ${size.toFixed(2)} where gravity is 9.8 m/s² (or 1 g); check its units.`;
      return undefined;
    }
    return mean.map((v) => v * this.#unit!);
  }

  /** Whether readings go from one stamp to another without a gap. */
  cover(fromNs: bigint, toNs: bigint): boolean {
    const all = this.#all;
    const [first, last] = [all[0], all.at(-1)];
    if (!first || !last || seconds(first.stampNs - fromNs) > LARGEST_LAG) return false;
    if (seconds(toNs - last.stampNs) > LARGEST_LAG) return false;
    for (let i = 1; i < all.length && all[i - 1]!.stampNs < toNs; i++)
      if (seconds(all[i]!.stampNs - all[i - 1]!.stampNs) > LARGEST_GAP) return false;
    return true;
  }

  /** Hands out the intervals between readings, with the mean of what was measured at both ends: rad/s, m/s², s. */
  each(
    fromNs: bigint,
    toNs: bigint,
    use: (rate: ArrayLike<number>, force: ArrayLike<number>, dt: number) => void,
  ): void {
    const all = this.#all;
    const unit = this.#unit ?? 1;
    let at = fromNs;
    for (let i = 0; i < all.length && at < toNs; i++) {
      const here = all[i]!;
      const next = all[i + 1];
      if (next && next.stampNs <= at) continue;
      const end = next && next.stampNs < toNs ? next.stampNs : toNs;
      const other = next ?? here;
      this.latestRate = here.rate;
      use(
        here.rate.map((v, k) => (v + other.rate[k]!) / 2),
        here.force.map((v, k) => ((v + other.force[k]!) / 2) * unit),
        seconds(end - at),
      );
      at = end;
    }
  }

  /** Forgets what lies wholly before a stamp. */
  forget(stampNs: bigint): void {
    let old = 0;
    while (old + 1 < this.#all.length && this.#all[old + 1]!.stampNs <= stampNs) old++;
    this.#all.splice(0, old);
  }

  /** Time has gone back: keeps what came since, if anything has. */
  rewind(): void {
    const from = this.#all.findLastIndex(({ stampNs }, i) => i > 0 && stampNs < this.#all[i - 1]!.stampNs);
    this.#all = from < 0 ? [] : this.#all.slice(from);
    this.#newest = this.#all.at(-1)?.stampNs ?? -(1n << 62n);
  }
}
