/**
 * Events per second over the last few seconds.
 *
 * @example
 * const meter = new RateMeter();
 * meter.tick(); // at every scan
 * console.log(meter.rate, meter.silence);
 */
export class RateMeter {
  readonly #times: number[] = [];
  #count = 0;

  /** @param now milliseconds, monotonic */
  constructor(
    private readonly windowMs = 5000,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** All events so far. */
  get count(): number {
    return this.#count;
  }

  tick(): void {
    this.#count++;
    this.#times.push(this.now());
    this.#forget();
  }

  /** Hz. */
  get rate(): number {
    this.#forget();
    const [first, last] = [this.#times[0], this.#times.at(-1)];
    if (first === undefined || last === undefined || last <= first) return 0;
    return ((this.#times.length - 1) * 1000) / (last - first);
  }

  /** Milliseconds since the last event; Infinity before the first. */
  get silence(): number {
    const last = this.#times.at(-1);
    return last === undefined ? Infinity : this.now() - last;
  }

  #forget(): void {
    const oldest = this.now() - this.windowMs;
    // The last one stays: it tells how long it has been silent.
    while (this.#times.length > 1 && this.#times[0]! < oldest) this.#times.shift();
  }
}

/**
 * The last values of a quantity, for a mean and percentiles.
 *
 * @example
 * const latency = new RecentValues();
 * latency.add(12.5);
 * console.log(latency.percentile(0.95));
 */
export class RecentValues {
  readonly #values: number[] = [];

  constructor(private readonly size = 100) {}

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > this.size) this.#values.shift();
  }

  /** Share 0…1 of the values lie below; NaN without any. */
  percentile(share: number): number {
    const sorted = [...this.#values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  }

  clear(): void {
    this.#values.length = 0;
  }
}
