import { median } from '../geometry/median.js';

/** Intervals that are kept, and from how many on they tell anything. */
const KEPT = 9;
/** How stamps scatter takes more of them. */
const KEPT_DIFFERENCES = 25;
const ENOUGH = 3;
/** Standard deviation of normal noise as a multiple of its median absolute deviation. */
const OF_NORMAL = 1.4826;
/** Standard deviations within which nine tenths of normal noise lie. */
const NINETIETH = 1.645;
/** A clock that runs this much faster or slower than the other is no clock of the same world. */
const RATES = [0.8, 1.25] as const;

/**
 * The usual time from one message of a source to the next, by its stamps and by its arrivals (ns).
 *
 * @example
 * const intervals = new Intervals();
 * intervals.add(stampNs, receivedNs);
 * const { period } = intervals; // undefined until it is known
 */
export class Intervals {
  readonly #stamps: number[] = [];
  readonly #arrivals: number[] = [];
  /** Of the two, where both are known. */
  readonly #differences: number[] = [];

  /** @param arrival left out where arrivals are not known */
  add(stamp: number, arrival?: number): void {
    keep(this.#stamps, stamp);
    if (arrival === undefined) return;
    keep(this.#arrivals, arrival);
    keep(this.#differences, stamp - arrival, KEPT_DIFFERENCES);
  }

  /** Usual interval between stamps; undefined before there are enough. */
  get period(): number | undefined {
    return usualOf(this.#stamps);
  }

  /** The last interval between stamps; 0 before the first. */
  get last(): number {
    return this.#stamps.at(-1) ?? 0;
  }

  /** Usual interval between arrivals. */
  get arrivalPeriod(): number | undefined {
    return usualOf(this.#arrivals);
  }

  /**
   * Standard deviation of an interval between stamps less that between arrivals: the larger one by the median and by the 90th
   * percentile, which a gap or a step leaves as they are, or the largest of a few; 0 before it is known.
   */
  get scatter(): number {
    const middle = usualOf(this.#differences);
    if (middle === undefined) return 0;
    const off = this.#differences.map((difference) => Math.abs(difference - middle)).sort((a, b) => a - b);
    if (off.length < KEPT) return off.at(-1)!;
    return Math.max(OF_NORMAL * off[off.length >> 1]!, off[Math.floor(0.9 * (off.length - 1))]! / NINETIETH);
  }

  /**
   * Time of the stamps' clock that has passed by the arrivals, where both clocks run alike: a recording that is played
   * faster, or stored with times of its own, tells nothing.
   */
  passed(arrival: number | undefined): number | undefined {
    const [period, usual] = [this.period, this.arrivalPeriod];
    if (arrival === undefined || period === undefined || usual === undefined || usual <= 0) return undefined;
    const rate = period / usual;
    return rate >= RATES[0] && rate <= RATES[1] ? arrival * rate : undefined;
  }

  clear(): void {
    this.#stamps.length = this.#arrivals.length = this.#differences.length = 0;
  }
}

function keep(list: number[], value: number, most = KEPT): void {
  list.push(value);
  if (list.length > most) list.shift();
}

function usualOf(list: readonly number[]): number | undefined {
  return list.length < ENOUGH ? undefined : median(list);
}
