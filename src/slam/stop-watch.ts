import type { StageTimes } from './types.js';

type Stage = Exclude<keyof StageTimes, 'total'>;

/**
 * Milliseconds per stage of one scan.
 *
 * @example
 * const watch = new StopWatch();
 * watch.lap('prepare'); // since the last lap
 * const { prepare } = watch.times();
 */
export class StopWatch {
  readonly #begin = performance.now();
  readonly #times: StageTimes = { prepare: 0, track: 0, map: 0, optimise: 0, mesh: 0, total: 0 };
  #last = this.#begin;

  /** Books the time since the last lap to `stage`. */
  lap(stage: Stage): void {
    const now = performance.now();
    this.#times[stage] += now - this.#last;
    this.#last = now;
  }

  times(): StageTimes {
    this.#times.total = performance.now() - this.#begin;
    return this.#times;
  }
}
