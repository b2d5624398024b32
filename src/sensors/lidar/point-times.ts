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

/**
 * Seconds relative to the stamp from a raw time column of unknown unit and origin.
 *
 * The unit follows from the spread of the column: exactly one of s, ms, µs, ns makes it a sweep of 5–600 ms. A
 * shorter spread falls back to what drivers use for the datatype: seconds in floats, nanoseconds in integers. Values
 * close to the stamp's own time are absolute and become relative; values from another clock (uptime, time of the
 * hour) are taken to start at the stamp. Points without coordinates may hold anything: they do not take part and get
 * time 0 where theirs is out of range.
 *
 * @param raw one number per point; float32 ones are overwritten and returned
 * @param positions 3 per point, to tell valid points
 * @returns undefined where the column holds no usable times (all equal, not finite, or no sweep in any unit)
 */
export function relativeTimes(
  raw: Float64Array | Float32Array,
  isFloat: boolean,
  positions: Float32Array,
  stampNs: bigint,
): Float32Array | undefined {
  let min = Infinity;
  let max = -Infinity;
  let unusable = 0;
  for (let i = 0; i < raw.length; i++) {
    const t = raw[i]!;
    if (t >= min && t <= max) continue;
    // NaN − NaN and Inf − Inf are NaN: the difference is 0 only for finite numbers.
    if (t - t !== 0 || positions[3 * i]! - positions[3 * i]! !== 0) {
      unusable++;
      continue;
    }
    if (t < min) min = t;
    if (t > max) max = t;
  }
  const spread = max - min;
  if (!(spread > 0)) return undefined;
  const unit = unitOfSpread(spread, isFloat);
  if (unit === undefined) return undefined;

  const origin = originOf(min * unit, max * unit, unit, min, stampNs);
  if (origin === 0 && unit === 1 && unusable === 0 && raw instanceof Float32Array) return raw;
  const out = raw instanceof Float32Array ? raw : new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i++) {
    const t = raw[i]!;
    out[i] = t >= min && t <= max ? (t - origin) * unit : 0;
  }
  return out;
}

function unitOfSpread(spread: number, isFloat: boolean): number | undefined {
  for (const unit of UNITS) {
    if (spread * unit >= SHORTEST_SWEEP && spread * unit <= LONGEST_SWEEP) return unit;
  }
  const usual = isFloat ? 1 : 1e-9;
  return spread * usual <= FAR ? usual : undefined;
}

/** The raw value that means "at the stamp". */
function originOf(first: number, last: number, unit: number, min: number, stampNs: bigint): number {
  if (Math.abs(first) <= FAR && Math.abs(last) <= FAR) return 0;
  const stamp = Number(stampNs) * 1e-9;
  // An absolute time: float64 resolves 0.24 µs today, a thousandth of what deskewing can tell apart.
  if (Math.abs(first - stamp) <= FAR && Math.abs(last - stamp) <= FAR) return stamp / unit;
  return min;
}
