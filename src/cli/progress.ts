import type { TrackingState } from '../slam/types.js';
import type { MeasurementNoun } from '../export/measurement-noun.js';
import { printable } from './printable.js';

/** How the run stands, for the progress line. */
export interface ProgressInfo {
  readonly scans: number;
  /** Scans expected in all; absent where the input does not say. */
  readonly total?: number | undefined;
  /** Wall-clock seconds since the first scan. */
  readonly elapsed: number;
  readonly state: TrackingState;
  /** Metres travelled. */
  readonly distance: number;
  readonly triangles: number;
  /** What they are called; scans unless given. */
  readonly noun?: MeasurementNoun | undefined;
}

export type ProgressMode = 'bar' | 'lines' | 'none';

/** Where progress goes: stderr in the program. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly columns?: number;
}

/** One progress line, cut to the terminal's width. */
export function formatProgress(info: ProgressInfo, columns = 120): string {
  const rate = info.elapsed > 0 ? info.scans / info.elapsed : 0;
  const parts: string[] = [];
  const { noun = 'scan' } = info;
  if (info.total !== undefined && info.total > 0) {
    const share = Math.min(1, info.scans / info.total);
    const filled = Math.round(share * 20);
    parts.push(`[${'#'.repeat(filled)}${'.'.repeat(20 - filled)}] ${info.scans}/${info.total}`);
    parts.push(`${rate.toFixed(1)} ${noun}s/s`);
    if (rate > 0) parts.push(`ETA ${formatSeconds(Math.max(0, info.total - info.scans) / rate)}`);
  } else {
    parts.push(`${info.scans} ${noun}s`, `${rate.toFixed(1)} ${noun}s/s`);
  }
  parts.push(info.state, `${info.distance.toFixed(1)} m`, `${formatCount(info.triangles)} triangles`);
  return parts.join('  ').slice(0, Math.max(20, columns - 1));
}

/** `48 s`, `3 min 05 s`, `2 h 10 min`. */
export function formatSeconds(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`;
}

/** `812`, `12.3 k`, `4.56 M`. */
export function formatCount(count: number): string {
  if (count < 1000) return String(count);
  if (count < 999_950) return `${(count / 1000).toFixed(1)} k`;
  return `${(count / 1e6).toFixed(2)} M`;
}

/**
 * Draws progress: a line that rewrites itself on a terminal, a plain line now and then elsewhere, or nothing.
 *
 * @example
 * const progress = new Progress('bar');
 * progress.update({ scans: 12, total: 100, elapsed: 1.5, state: 'tracking', distance: 8, triangles: 40_000 });
 * progress.note('A scan was left out.'); // above the line
 */
export class Progress {
  #last = -Infinity;
  #drawn = false;

  constructor(
    private readonly mode: ProgressMode,
    private readonly stream: ProgressStream = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {}

  update(info: ProgressInfo): void {
    if (this.mode === 'none') return;
    const interval = this.mode === 'bar' ? 100 : 5000;
    if (this.now() - this.#last < interval) return;
    this.#last = this.now();
    this.#draw(info);
  }

  /** Draws the last state whatever the interval, and ends the line. */
  finish(info: ProgressInfo): void {
    if (this.mode === 'none') return;
    this.#draw(info);
    this.#endLine();
  }

  /** Writes a message without tearing the bar. */
  note(text: string): void {
    if (this.mode === 'none') return;
    this.#endLine();
    this.stream.write(`${printable(text)}\n`);
  }

  #draw(info: ProgressInfo): void {
    if (this.mode === 'lines') this.stream.write(`${formatProgress(info, Infinity)}\n`);
    else this.stream.write(`\r\x1b[2K${formatProgress(info, this.stream.columns ?? 80)}`);
    this.#drawn = true;
  }

  #endLine(): void {
    if (this.mode === 'bar' && this.#drawn) this.stream.write('\n');
    this.#drawn = false;
  }
}
