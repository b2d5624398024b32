/**
 * Pause and speed of a replay: holds scans back until it is their time.
 *
 * @example
 * const pace = new ReplayPace();
 * pace.setSpeed(2);
 * await pace.ready(scan.stampNs, signal); // resolves when it is this scan's turn
 */
export class ReplayPace {
  #paused = false;
  #speed = 0;
  /** A stamp and the wall clock (ms) that belong together at the present speed. */
  #anchor: { stampNs: bigint; wall: number } | undefined;
  #changed = new AbortController();

  constructor(private readonly now: () => number = () => performance.now()) {}

  get paused(): boolean {
    return this.#paused;
  }
  /** Times real time; 0 = as fast as possible. */
  get speed(): number {
    return this.#speed;
  }

  pause(): void {
    this.#set(true, this.#speed);
  }
  resume(): void {
    this.#set(false, this.#speed);
  }
  setSpeed(speed: number): void {
    this.#set(this.#paused, speed);
  }

  /** Resolves when a scan with this stamp may go, or when `signal` is aborted. */
  async ready(stampNs: bigint, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let wait = 0;
      if (this.#paused) wait = Infinity;
      else if (this.#speed > 0) {
        this.#anchor ??= { stampNs, wall: this.now() };
        const due = this.#anchor.wall + Number(stampNs - this.#anchor.stampNs) / 1e6 / this.#speed;
        wait = due - this.now();
        // A machine that cannot keep up does not hurry later to make up for it.
        if (wait < -1000) this.#anchor = { stampNs, wall: this.now() };
      }
      if (wait <= 0) return;
      await sleep(wait, [signal, this.#changed.signal]);
    }
  }

  #set(paused: boolean, speed: number): void {
    if (paused === this.#paused && speed === this.#speed) return;
    this.#paused = paused;
    this.#speed = speed;
    this.#anchor = undefined;
    const before = this.#changed;
    this.#changed = new AbortController();
    before.abort();
  }
}

/** Sleeps until the time is over or one of the signals is aborted; Infinity sleeps on. */
function sleep(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(ms, 0x7fffffff));
    for (const signal of signals) signal.addEventListener('abort', done);
    if (signals.some((signal) => signal.aborted)) done();
  });
}
