import type { Trajectory } from '../eval/associate.js';
import { FeltmapError } from '../geometry/errors.js';
import { fromQuaternion, toQuaternion, type Pose } from '../geometry/se3.js';

/**
 * TUM trajectory: one line per pose, `stamp tx ty tz qx qy qz qw`; the stamp in seconds with all nine decimals of the
 * nanoseconds, so that nothing is rounded.
 *
 * @param frame whose poses they are, for a comment
 */
export function formatTum({ stampsNs, poses }: Trajectory, frame?: string): string {
  const lines = ['# timestamp tx ty tz qx qy qz qw'];
  if (frame !== undefined) lines.push(`# poses of ${frame.replace(/\s+/g, ' ')}`);
  poses.forEach((T, i) => {
    const numbers = [T[3]!, T[7]!, T[11]!, ...toQuaternion(T)];
    lines.push(`${formatSeconds(stampsNs[i]!)} ${numbers.map((v) => fixed(v)).join(' ')}`);
  });
  return lines.join('\n') + '\n';
}

/**
 * Reads a TUM trajectory; `#` starts a comment, commas count as spaces, quaternions are normalised.
 *
 * @param source named in errors
 * @throws FeltmapError bad-input with the line that is wrong
 */
export function parseTum(text: string, source = 'TUM trajectory'): Trajectory {
  const stampsNs: bigint[] = [];
  const poses: Pose[] = [];
  text.split('\n').forEach((line, i) => {
    const words = line
      .replace(/#.*/, '')
      .trim()
      .split(/[\s,]+/);
    if (words[0] === '') return;
    const v = words.slice(1, 8).map(Number);
    const stamp = parseSeconds(words[0]!);
    const ok = words.length >= 8 && stamp !== undefined && v.every(Number.isFinite);
    if (!ok || Math.hypot(...v.slice(3)) < 1e-6)
      throw new FeltmapError(
        'bad-input',
        `${source}, line ${i + 1}: expected "stamp tx ty tz qx qy qz qw" with a quaternion that is not zero, got "${line.slice(0, 80)}".`,
      );
    stampsNs.push(stamp);
    poses.push(fromQuaternion(v.slice(0, 3), v.slice(3, 7)));
  });
  if (poses.length === 0) throw new FeltmapError('bad-input', `${source} holds no poses.`);
  return { stampsNs, poses };
}

/** Nanoseconds as seconds with nine decimals, exactly. */
export function formatSeconds(ns: bigint): string {
  const abs = ns < 0n ? -ns : ns;
  const fraction = (abs % 1_000_000_000n).toString().padStart(9, '0');
  return `${ns < 0n ? '-' : ''}${abs / 1_000_000_000n}.${fraction}`;
}

/** Seconds as written to nanoseconds, exactly for up to nine decimals; undefined for what is not a number. */
export function parseSeconds(word: string): bigint | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(word);
  if (match) {
    const [, sign, whole, fraction = ''] = match;
    const ns = BigInt(whole!) * 1_000_000_000n + BigInt((fraction + '000000000').slice(0, 9));
    return sign === '-' ? -ns : ns;
  }
  const seconds = word === '' ? NaN : Number(word); // 1.3e9 and the like
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 1e12) return undefined;
  const whole = Math.floor(seconds);
  return BigInt(whole) * 1_000_000_000n + BigInt(Math.round((seconds - whole) * 1e9));
}

/** Nine decimals (a nanometre) without a minus before zero. */
function fixed(v: number): string {
  const s = v.toFixed(9);
  return s === '-0.000000000' ? '0.000000000' : s;
}
