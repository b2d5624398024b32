import { steadyNs } from '../sensors/clock-shift.js';
import type { PointTiming } from '../sensors/lidar/scan.js';
import { isFrame, isPosed, isScan, type Measurement } from '../sensors/measurement.js';
import type { MeasurementNoun } from '../export/measurement-noun.js';
import type { FrameSamples } from './frame-samples.js';
import type { Progress, ProgressInfo } from './progress.js';
import type { ReplayPace } from './replay-pace.js';
import type { RunLog } from './run-log.js';
import type { SlamClient } from '../host/client.js';

export interface FeedOptions {
  readonly measurements: AsyncIterable<Measurement>;
  /** Seconds to use, from the first scan on; Infinity for all. */
  readonly duration: number;
  readonly slam: Pick<SlamClient, 'submit' | 'drain'>;
  readonly signal: AbortSignal;
  /** Holds scans back: pause and speed of the viewer. */
  readonly pace?: Pick<ReplayPace, 'ready'>;
  /** Looks at a camera's frames before they are given away. */
  readonly samples?: Pick<FrameSamples, 'take'>;
}

/** How feeding ended. `inputError`: the reader failed; `slamError`: a scan did. Both leave earlier scans valid. */
export interface FeedEnd {
  readonly interrupted: boolean;
  /** How the points of the first scan got their times; absent without a scan. */
  readonly timing?: PointTiming;
  readonly inputError?: unknown;
  readonly slamError?: unknown;
}

/**
 * Reads measurements and hands them to the SLAM thread until the recording or the duration ends, somebody interrupts or
 * something fails; then waits for the scans under way.
 */
export async function feed({
  measurements,
  duration,
  slam,
  signal,
  pace,
  samples,
}: FeedOptions): Promise<FeedEnd> {
  const reader = measurements[Symbol.asyncIterator]();
  const length = Number.isFinite(duration) ? BigInt(Math.round(duration * 1e9)) : undefined;
  let first: bigint | undefined;
  let timing: PointTiming | undefined;
  let inputError: unknown;
  let slamError: unknown;
  while (!signal.aborted && slamError === undefined) {
    let next: IteratorResult<Measurement>;
    try {
      next = await reader.next();
    } catch (error) {
      inputError = error;
      break;
    }
    if (next.done) break;
    const { value } = next;
    if (isPosed(value)) {
      const stampNs = steadyNs(value);
      first ??= stampNs;
      if (isScan(value)) timing ??= value.timing;
      if (length !== undefined && stampNs - first >= length) break;
      await pace?.ready(stampNs, signal);
      if (signal.aborted) break;
      if (isFrame(value)) samples?.take(value);
    }
    await slam.submit(value).catch((error: unknown) => (slamError = error ?? new Error('unknown')));
  }
  // Give the reader its chance to close files; an error in that changes nothing about the scans.
  await reader.return?.().catch(() => undefined);
  if (slamError === undefined) await slam.drain().catch((error: unknown) => (slamError = error));
  return {
    interrupted: signal.aborted,
    ...(timing === undefined ? {} : { timing }),
    ...(inputError === undefined ? {} : { inputError }),
    ...(slamError === undefined ? {} : { slamError }),
  };
}

/** Which part of a recording to use (s), and how many scans the whole holds where that is known. */
export interface Extent {
  readonly start: number;
  readonly duration: number;
  readonly count?: number | undefined;
  /** What is counted; scans unless given. */
  readonly noun?: MeasurementNoun;
}

/**
 * Scans a run will have in all, as far as it can be told.
 *
 * @param period seconds between scans, 0 while unknown
 */
export function expectedScans({ start, duration, count }: Extent, period: number): number | undefined {
  const whole = start === 0 && !Number.isFinite(duration);
  if (whole) return count;
  if (period <= 0) return undefined;
  const rest = count === undefined ? Infinity : Math.max(0, count - Math.ceil(start / period - 1e-3));
  const total = Math.min(rest, Number.isFinite(duration) ? Math.ceil(duration / period - 1e-3) : Infinity);
  return Number.isFinite(total) ? total : undefined;
}

/**
 * Feeds the progress display from the run's log.
 *
 * @example
 * const display = new RunProgress(progress, log, { start: 0, duration: Infinity, count: input.scanCount });
 * display.start();
 * display.update(); // after every scan
 * display.finish();
 */
export class RunProgress {
  #begin: number | undefined;

  constructor(
    private readonly progress: Progress,
    private readonly log: RunLog,
    private readonly extent: Extent,
  ) {}

  /** Seconds since the first scan was handed over. */
  get elapsed(): number {
    return this.#begin === undefined ? 0 : (performance.now() - this.#begin) / 1000;
  }

  start(): void {
    this.#begin = performance.now();
  }

  /** Scans expected in all, where it can be told. */
  get total(): number | undefined {
    return this.#info().total;
  }

  update(): void {
    this.progress.update(this.#info());
  }

  finish(): void {
    this.progress.finish(this.#info());
  }

  #info(): ProgressInfo {
    const { scans, state, distance, statistics } = this.log;
    const period = scans < 2 ? 0 : this.log.recordedSeconds / (scans - 1);
    return {
      scans,
      total: expectedScans(this.extent, period),
      elapsed: this.elapsed,
      state,
      distance,
      triangles: statistics.triangles,
      noun: this.extent.noun,
    };
  }
}
