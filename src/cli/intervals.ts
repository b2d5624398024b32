export interface Gap {
  /** Seconds from the first message of the topic to the last one before the gap. */
  readonly atS: number;
  readonly lengthS: number;
}

export interface IntervalSummary {
  readonly count: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Mean rate; absent below two messages. */
  readonly rateHz?: number;
  /** Intervals of more than three medians and 20 ms, the longest first; at most {@link MOST_GAPS}. */
  readonly gaps: readonly Gap[];
  readonly gapCount: number;
}

const MOST_GAPS = 10;
const GAP_FACTOR = 3;
/** Seconds; topics that come in bursts have tiny medians, and their pauses are no gaps. */
const SHORTEST_GAP = 0.02;

/**
 * Gathers the times of a topic's messages: 8 bytes a message.
 *
 * @example
 * const intervals = new IntervalCollector();
 * for await (const { logTimeNs } of bag.messages()) intervals.add(logTimeNs);
 * console.log(intervals.summary());
 */
export class IntervalCollector {
  #times = new Float64Array(256);
  #count = 0;
  #startNs = 0n;
  #endNs = 0n;

  /** Times have to come in order. */
  add(timeNs: bigint): void {
    if (this.#count === 0) this.#startNs = timeNs;
    this.#endNs = timeNs;
    if (this.#count === this.#times.length) {
      const grown = new Float64Array(2 * this.#count);
      grown.set(this.#times);
      this.#times = grown;
    }
    this.#times[this.#count++] = Number(timeNs - this.#startNs) * 1e-9;
  }

  summary(): IntervalSummary {
    const count = this.#count;
    const base = { count, startNs: this.#startNs, endNs: this.#endNs };
    if (count < 2) return { ...base, gaps: [], gapCount: 0 };
    const intervals = new Float64Array(count - 1);
    for (let i = 0; i + 1 < count; i++) intervals[i] = this.#times[i + 1]! - this.#times[i]!;
    const median = intervals.slice().sort()[(count - 1) >> 1]!;
    const gaps: Gap[] = [];
    intervals.forEach((lengthS, i) => {
      if (median > SHORTEST_GAP / 100 && lengthS > Math.max(GAP_FACTOR * median, SHORTEST_GAP))
        gaps.push({ atS: this.#times[i]!, lengthS });
    });
    const duration = this.#times[count - 1]!;
    const longest = gaps.slice().sort((a, b) => b.lengthS - a.lengthS || a.atS - b.atS);
    return {
      ...base,
      ...(duration > 0 && { rateHz: (count - 1) / duration }),
      gaps: longest.slice(0, MOST_GAPS),
      gapCount: gaps.length,
    };
  }
}
