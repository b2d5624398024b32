import { FeltmapError } from '../geometry/errors.js';

/** Nanoseconds of a decimal number of seconds, without losing digits: '1317042272.349660' → 1317042272349660000n. */
export function parseSeconds(text: string): bigint | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (match) {
    const fraction = (match[3] ?? '').slice(0, 9).padEnd(9, '0');
    const value = BigInt(match[2]!) * 1_000_000_000n + BigInt(fraction);
    return match[1] === '-' ? -value : value;
  }
  const value = text.trim() === '' ? NaN : Number(text); // 1.5e+00, as KITTI odometry writes its times
  return Number.isFinite(value) ? BigInt(Math.round(value * 1e9)) : undefined;
}

/** Nanoseconds since 1970 of KITTI raw's '2011-09-26 13:04:32.349659964' (taken as UTC). */
export function parseDateTime(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d*))?$/.exec(text);
  if (!match) return undefined;
  const ms = Date.parse(`${match[1]}T${match[2]}Z`);
  if (Number.isNaN(ms)) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
}

/** One stamp a line, as dates or as seconds. Throws FeltmapError 'bad-input' naming the line. */
export function parseTimestampFile(text: string, path: string): bigint[] {
  const stamps: bigint[] = [];
  text.split('\n').forEach((line, i) => {
    const trimmed = line.trim();
    if (trimmed === '') return;
    const stamp = parseDateTime(trimmed) ?? parseSeconds(trimmed);
    if (stamp === undefined) {
      throw new FeltmapError(
        'bad-input',
        `${path}, line ${i + 1}: '${trimmed.slice(0, 40)}' is no time; expected a date and time or seconds`,
      );
    }
    stamps.push(stamp);
  });
  return stamps;
}
