import { median } from '../../geometry/median.js';
import type { LidarScan } from './scan.js';
import { SHORTEST_TURN } from './time-unit.js';

/** Parts of a sweep whose directions are followed, and points in each that tell one. */
const PARTS = 24;
const LEAST_POINTS = 8;
/** Points that are looked at; the stride is odd, so that it meets all lasers. */
const SAMPLES = 4096;
/** Length of the mean direction of a part: 0.997 where a sensor spins, near 0 where it looks everywhere at once. */
const TOGETHER = 0.8;
/** A whole turn, within this share. */
const WHOLE = 0.15;
/** A turn may not take longer than from scan to scan by more than this. */
const LONGER = 1.3;
/** Scans whose turns and intervals are compared, by their medians. */
const SCANS = 5;
const LEAST_SCANS = 3;
const LONGEST_PERIOD = 0.6;
const TURN = 2 * Math.PI;

/**
 * Whether the times of points agree with the stamps: a sensor that shows a whole turn in each scan cannot take longer for it than
 * from scan to scan. Shorter is no contradiction, as scans may be left out, but for turns that no sensor makes.
 *
 * @example
 * const wrong = new TurnCheck().add(scan); // { turn: 0.2, period: 0.1 } from the fourth scan on
 */
export class TurnCheck {
  #last: bigint | undefined;
  readonly #turns: number[] = [];
  readonly #intervals: number[] = [];

  /** @returns seconds of a turn by the points and from scan to scan, where both cannot be true */
  add(scan: LidarScan): { readonly turn: number; readonly period: number } | undefined {
    const interval = this.#last === undefined ? NaN : Number(scan.stampNs - this.#last) * 1e-9;
    this.#last = scan.stampNs;
    const turn = turnSeconds(scan);
    if (turn === undefined) return undefined;
    keep(this.#turns, turn);
    if (interval > 0 && interval < LONGEST_PERIOD) keep(this.#intervals, interval);
    if (this.#turns.length < LEAST_SCANS || this.#intervals.length < LEAST_SCANS) return undefined;
    const [usual, period] = [median(this.#turns), median(this.#intervals)];
    const wrong = usual > LONGER * period || (usual < SHORTEST_TURN && usual * LONGER < period);
    return wrong ? { turn: usual, period } : undefined;
  }
}

/** Seconds of the turn that a scan shows, by how the direction of its points follows their times; undefined where it shows none. */
export function turnSeconds({ times, positions, count }: LidarScan): number | undefined {
  if (!times) return undefined;
  const stride = Math.floor(count / SAMPLES / 2) * 2 + 1;
  let [first, last] = [Infinity, -Infinity];
  for (let i = 0; i < count; i += stride) {
    if (!(across(positions, i) > 0)) continue;
    first = Math.min(first, times[i]!);
    last = Math.max(last, times[i]!);
  }
  if (!(last > first)) return undefined;
  const [x, y, n] = [new Float64Array(PARTS), new Float64Array(PARTS), new Float64Array(PARTS)];
  for (let i = 0; i < count; i += stride) {
    const range = across(positions, i);
    if (!(range > 0 && range < Infinity)) continue;
    const part = Math.min(PARTS - 1, Math.floor((PARTS * (times[i]! - first)) / (last - first)));
    x[part]! += positions[3 * i]! / range;
    y[part]! += positions[3 * i + 1]! / range;
    n[part]!++;
  }
  let turned = 0;
  for (let k = 0; k < PARTS; k++) {
    if (n[k]! < LEAST_POINTS || Math.hypot(x[k]!, y[k]!) < TOGETHER * n[k]!) return undefined;
    if (k === 0) continue;
    const step = Math.atan2(y[k]!, x[k]!) - Math.atan2(y[k - 1]!, x[k - 1]!);
    turned += step - TURN * Math.round(step / TURN);
  }
  // From the middle of the first part to that of the last.
  const turns = (Math.abs(turned) / TURN) * (PARTS / (PARTS - 1));
  return Math.abs(turns - 1) < WHOLE ? (last - first) / turns : undefined;
}

/** Horizontal range; Math.hypot takes many times as long. */
function across(positions: Float32Array, i: number): number {
  const [x, y] = [positions[3 * i]!, positions[3 * i + 1]!];
  return Math.sqrt(x * x + y * y);
}

function keep(values: number[], value: number): void {
  values.push(value);
  if (values.length > SCANS) values.shift();
}
