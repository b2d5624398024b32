import { azimuthCoverage } from './azimuth-times.js';

/** Names under which drivers store the time of a point, in order of preference. */
export const TIME_FIELDS = [
  't',
  'time',
  'timestamp',
  'offset_time',
  'time_offset',
  'timeoffset',
  'point_time',
  'time_stamp',
  'timestamps',
  'ts',
] as const;

/** A sweep lasts this long, in seconds; it is what tells the unit of a time column. */
const SHORTEST_SWEEP = 0.005;
const LONGEST_SWEEP = 0.6;
/** Times this far from the stamp are not relative to it, in seconds. */
const FAR = 2;
/** Seconds, milliseconds, microseconds and nanoseconds, as factors to seconds. */
const UNITS = [1, 1e-3, 1e-6, 1e-9] as const;

/** Values that the unit is learned from. */
const SAMPLES = 1024;
/** The least share of the points whose times must agree on a sweep. */
const LEAST_SHARE = 0.6;
/** Of the values of a sweep, so many at either end do not tell how long it is. */
const TRIM = 0.02;
/** Times this far (s) outside of the others are no part of the sweep, even where the unit would allow it. */
const OUTSIDE = 0.25;
/** Points with time 0 beyond this share, in more than this share of all directions, were given none; with more than so many the others tell too little. */
const ZEROS = 0.15;
const ZERO_DIRECTIONS = 0.1;
const MOST_ZEROS = 0.5;
/** Points by whose order ages are told from offsets, and the share of steps that must lead down. */
const ORDER_SAMPLES = 64;
const DESCENDING = 0.95;
/** Once from the last time to the first is no longer than this multiple of what lies between. */
const ONCE = 1.2;
/** Fewer points than this say nothing of their order, nor of what their times are. */
export const LEAST_POINTS = 16;
/** 2001: absolute times are later, uptimes and offsets earlier (s). */
const EPOCH = 1e9;

/** What is wrong with the times of a scan's points, as measured. */
export type TimeIssue =
  /** Points whose time lies outside of the sweep of the others, or is no number; they are left out. */
  | { readonly kind: 'outliers'; readonly points: number }
  /** Points whose unsigned time ran below zero; read as negative. */
  | { readonly kind: 'underflow'; readonly points: number }
  /** The sweep lies so far from the stamp (s, its first point) that it cannot belong to it; taken to start at the stamp. */
  | { readonly kind: 'far'; readonly seconds: number }
  /** Points with time 0 all around beside others with times. They are left out, or no time is used where they are too many. */
  | { readonly kind: 'unfilled'; readonly points: number; readonly share: number }
  /** Times fall to 0 in the order of the points, from so many seconds: ages, read as counted back from the stamp. */
  | { readonly kind: 'ages'; readonly seconds: number }
  /** The values are the numbers of the points. */
  | { readonly kind: 'numbers'; readonly first: number; readonly last: number }
  /** All times have this raw value. */
  | { readonly kind: 'constant'; readonly value: number }
  /** No time is a number. */
  | { readonly kind: 'not-finite' }
  /** From the first to the last raw value there is no sweep in any unit. */
  | { readonly kind: 'no-sweep'; readonly first: number; readonly last: number };

export interface PointTimes {
  /** Seconds relative to the stamp; absent where the column holds no usable times. NaN: the point is to be left out. */
  readonly times?: Float32Array;
  /** Absolute time of the first point, ns since 1970, where the column holds such times. */
  readonly firstNs?: bigint;
  readonly issues: readonly TimeIssue[];
}

/** How a time column is stored. */
export interface TimeColumn {
  /** Floats are usually seconds, integers nanoseconds. */
  readonly isFloat: boolean;
  /** Values of an unsigned type wrap around at this; 0: they do not. */
  readonly wrapsAt: number;
}

/**
 * Seconds relative to the stamp from a raw time column of unknown unit and origin.
 *
 * The unit follows from the spread of most of the column: exactly one of s, ms, µs, ns makes it a sweep of 5–600 ms. A
 * shorter spread falls back to what drivers use for the datatype: seconds in floats, nanoseconds in integers. Values
 * close to the stamp's own time are absolute and become relative; values from another clock (uptime, time of the
 * hour), or offsets that have run away from the stamp, are taken to start at the stamp. Points without coordinates (not
 * finite, or at the origin) may hold anything: they do not take part and get time 0 where theirs is out of range.
 *
 * @param raw one number per point; float32 ones are overwritten and returned
 * @param positions 3 per point, to tell valid points
 */
export function relativeTimes(
  raw: Float64Array | Float32Array,
  column: TimeColumn,
  positions: Float32Array,
  stampNs: bigint,
): PointTimes {
  let min = Infinity;
  let max = -Infinity;
  let measured = 0;
  let timed = 0;
  let zeros = 0;
  for (let i = 0; i < raw.length; i++) {
    if (!isMeasured(positions, i)) continue;
    measured++;
    const t = raw[i]!;
    if (t - t !== 0) continue; // NaN and Inf
    timed++;
    if (t === 0) zeros++;
    if (t < min) min = t;
    if (t > max) max = t;
  }
  // Nothing was measured, or a single point: there is nothing to learn, and nothing wrong.
  if (measured === 0 || (measured === 1 && timed === 1)) return { times: stillTimes(raw), issues: [] };
  if (timed === 0) return { issues: [{ kind: 'not-finite' }] };
  if (max === min) return { issues: [{ kind: 'constant', value: min }] };
  if (areNumbers(raw)) return { issues: [{ kind: 'numbers', first: raw[0]!, last: raw.at(-1)! }] };
  const sweep = findSweep(raw, positions, timed, min, max, column);
  if ('issue' in sweep) return { issues: [sweep.issue] };

  const { unit } = sweep;
  const wrapped = wrapRange(sweep, column);
  let [first, last] = [Infinity, -Infinity];
  if (sweep.first <= min && sweep.last >= max) [first, last] = [min, max];
  else
    for (let i = 0; i < raw.length; i++) {
      if (!isMeasured(positions, i)) continue;
      let t = raw[i]!;
      if (t >= wrapped.first && t <= wrapped.last) t -= column.wrapsAt;
      else if (!(t >= sweep.first && t <= sweep.last)) continue;
      if (t < first) first = t;
      if (t > last) last = t;
    }

  const { origin, far } = originOf(first, last, unit, stampNs);
  const unfilled = origin === 0 && zeros > ZEROS * timed && areAround(raw, positions);
  if (unfilled && zeros > MOST_ZEROS * timed)
    return { issues: [{ kind: 'unfilled', points: zeros, share: zeros / timed }] };
  const backward = origin === 0 && far === undefined && !unfilled && areAges(raw, first, last);
  if (
    !unfilled &&
    !backward &&
    origin === 0 &&
    unit === 1 &&
    measured === raw.length &&
    raw instanceof Float32Array
  )
    if (first === min && last === max && timed === measured) return { times: raw, issues: [] };
  const out = raw instanceof Float32Array ? raw : new Float32Array(raw.length);
  let outliers = 0;
  let underflows = 0;
  for (let i = 0; i < raw.length; i++) {
    let t = raw[i]!;
    if (t >= wrapped.first && t <= wrapped.last) {
      t -= column.wrapsAt;
      if (isMeasured(positions, i)) underflows++;
    }
    const given = !unfilled || t !== 0;
    if (given && t >= first && t <= last) out[i] = backward ? -t * unit : (t - origin) * unit;
    else if (isMeasured(positions, i)) {
      out[i] = NaN;
      outliers++;
    } else out[i] = 0;
  }
  const issues: TimeIssue[] = [];
  if (unfilled) issues.push({ kind: 'unfilled', points: zeros, share: zeros / timed });
  const others = unfilled ? outliers - zeros : outliers;
  if (others > 0) issues.push({ kind: 'outliers', points: others });
  if (backward) issues.push({ kind: 'ages', seconds: last * unit });
  if (underflows > 0) issues.push({ kind: 'underflow', points: underflows });
  if (far !== undefined) issues.push({ kind: 'far', seconds: far });
  const firstNs = absolute(first, unit);
  return { times: out, issues, ...(firstNs !== undefined && { firstNs }) };
}

/** Whether each value is one more than that before it. */
function areNumbers(raw: Float64Array | Float32Array): boolean {
  if (raw.length < LEAST_POINTS) return false;
  for (let i = 1; i < raw.length; i++) if (raw[i]! !== raw[i - 1]! + 1) return false;
  return true;
}

/** Whether the points with time 0 lie in more directions than those of one instant can. */
function areAround(raw: Float64Array | Float32Array, positions: Float32Array): boolean {
  const zeros = new Float32Array(3 * raw.length).fill(NaN);
  for (let i = 0; i < raw.length; i++)
    if (raw[i] === 0 && isMeasured(positions, i)) zeros.set(positions.subarray(3 * i, 3 * i + 3), 3 * i);
  return azimuthCoverage(zeros, raw.length) > ZERO_DIRECTIONS;
}

/** Whether times from about 0 on fall in the order of the points: drivers store what they measured first first. */
function areAges(raw: Float64Array | Float32Array, first: number, last: number): boolean {
  if (raw.length < LEAST_POINTS || first < 0 || first > TRIM * last) return false;
  const step = Math.max(1, Math.floor(raw.length / ORDER_SAMPLES));
  let [steps, down, path] = [0, 0, 0];
  for (let i = step; i < raw.length; i += step) {
    const change = raw[i]! - raw[i - step]!;
    steps++;
    path += Math.abs(change);
    if (change < 0) down++;
    else if (steps - down > (1 - DESCENDING) * ORDER_SAMPLES) return false;
  }
  // Once down: stored laser by laser, times may fall along each, but they start anew with the next.
  return down >= DESCENDING * steps && path < ONCE * (last - first);
}

/** All at the stamp. */
function stillTimes(raw: Float64Array | Float32Array): Float32Array {
  return raw instanceof Float32Array ? raw.fill(0) : new Float32Array(raw.length);
}

/** Finite and not at the origin, as drivers write "nothing measured". */
function isMeasured(positions: Float32Array, i: number): boolean {
  const x = positions[3 * i]!;
  // NaN − NaN and Inf − Inf are NaN: the difference is 0 only for finite coordinates.
  if (x - x !== 0) return false;
  return x !== 0 || positions[3 * i + 1]! !== 0 || positions[3 * i + 2]! !== 0;
}

/** Raw values from `first` to `last` are those of the sweep. */
interface Sweep {
  readonly unit: number;
  readonly first: number;
  readonly last: number;
  /** Of most of them. */
  readonly core: readonly [number, number];
}

/** The unit in which most of the values make a sweep, and which values that are. */
function findSweep(
  raw: ArrayLike<number>,
  positions: Float32Array,
  timed: number,
  min: number,
  max: number,
  { isFloat }: TimeColumn,
): Sweep | { readonly issue: TimeIssue } {
  const sorted = sample(raw, positions, timed);
  const whole = { min, max };
  for (const unit of UNITS) {
    const sweep = densest(sorted, unit, LONGEST_SWEEP, whole);
    if (sweep && sweep.spread * unit >= SHORTEST_SWEEP) return sweep;
  }
  const usual = isFloat ? 1 : 1e-9;
  const sweep = densest(sorted, usual, FAR, whole);
  if (sweep && sweep.spread > 0) return sweep;
  if (sweep) return { issue: { kind: 'constant', value: sweep.core[0] } };
  return { issue: { kind: 'no-sweep', first: min, last: max } };
}

/** Up to about SAMPLES values of measured points, spread evenly over the column, in order of size. */
function sample(raw: ArrayLike<number>, positions: Float32Array, timed: number): Float64Array {
  const step = Math.max(1, Math.floor(timed / SAMPLES));
  const out = new Float64Array(Math.ceil(timed / step));
  let [seen, n] = [0, 0];
  if (timed === raw.length) {
    for (let i = 0; i < raw.length; i += step) out[n++] = raw[i]!;
    return out.sort();
  }
  for (let i = 0; i < raw.length; i++) {
    const t = raw[i]!;
    if (t - t !== 0 || !isMeasured(positions, i)) continue;
    if (seen++ % step === 0) out[n++] = t;
  }
  return out.subarray(0, n).sort();
}

/** The span of at most `longest` seconds that holds most values; undefined where those are too few to count. */
function densest(
  sorted: Float64Array,
  unit: number,
  longest: number,
  { min, max }: { readonly min: number; readonly max: number },
): (Sweep & { readonly spread: number }) | undefined {
  const length = longest / unit;
  let [from, count] = [0, 0];
  for (let a = 0, b = 0; a < sorted.length; a++) {
    while (b < sorted.length && sorted[b]! - sorted[a]! <= length) b++;
    if (b - a > count) [from, count] = [a, b - a];
  }
  if (count < LEAST_SHARE * sorted.length) return undefined;
  const trim = Math.floor(TRIM * count);
  const core = [sorted[from + trim]!, sorted[from + count - 1 - trim]!] as const;
  const outside = OUTSIDE / unit;
  if (max - min <= length && min >= core[0] - outside && max <= core[1] + outside)
    return { unit, first: min, last: max, core, spread: max - min };
  // Not all belong to it. A stretch cut out of something longer is no sweep: there is nothing right beside one.
  const beside = sorted.filter((t) => t >= sorted[from]! - length && t <= sorted[from]! + 2 * length);
  if (beside.length > 1.1 * count) return undefined;
  // Those that do belong to it are hardly farther out than most are.
  const spread = core[1] - core[0];
  const margin = 0.5 * spread + 0.02 / unit;
  return { unit, first: core[0] - margin, last: core[1] + margin, core, spread };
}

/** The raw values that stand for times up to a sweep before the first; none for types that do not wrap. */
function wrapRange({ core }: Sweep, { wrapsAt }: TimeColumn): { first: number; last: number } {
  if (wrapsAt === 0) return { first: Infinity, last: -Infinity };
  const [first, last] = core;
  return { first: wrapsAt + first - (last - first), last: wrapsAt + Math.min(last, -1) };
}

/** The raw value that means "at the stamp". `far`: seconds from the stamp to a sweep that cannot belong to it. */
function originOf(
  first: number,
  last: number,
  unit: number,
  stampNs: bigint,
): { readonly origin: number; readonly far?: number } {
  const stamp = Number(stampNs) * 1e-9;
  let origin: number;
  if (Math.abs(first * unit) <= FAR && Math.abs(last * unit) <= FAR) origin = 0;
  // An absolute time: float64 resolves 0.24 µs today, a thousandth of what deskewing can tell apart.
  else if (Math.abs(first * unit - stamp) <= FAR && Math.abs(last * unit - stamp) <= FAR)
    origin = stamp / unit;
  else return { origin: first };
  // Sensors stamp a sweep at its start, in its middle or when it has arrived; a narrow sector may be any part of it.
  const [begin, end] = [(first - origin) * unit, (last - origin) * unit];
  const reach = Math.max(0.6 * (end - begin), 0.2 - 1.5 * (end - begin));
  return begin <= reach && end >= -reach ? { origin } : { origin: first, far: begin };
}

/** Nanoseconds since 1970 where a raw value can be such a time. */
function absolute(raw: number, unit: number): bigint | undefined {
  const seconds = raw * unit;
  if (!(seconds >= EPOCH && seconds < 8 * EPOCH)) return undefined;
  // Whole units first: a float64 of nanoseconds must not lose digits to the factor.
  const perUnit = Math.round(1e9 * unit);
  const whole = Math.floor(raw);
  return BigInt(whole) * BigInt(perUnit) + BigInt(Math.round((raw - whole) * perUnit));
}
