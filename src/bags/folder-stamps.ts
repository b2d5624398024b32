// When the scans of a folder were taken: by a file of stamps, their names, the times of their points, or 10 Hz.
import { extname, join } from 'node:path';
import { readText } from './files.js';
import { parseTimestampFile } from './timestamps.js';

const TEN_HZ_NS = 100_000_000n;
const STAMP_FILES = ['times.txt', 'timestamps.txt', '../times.txt', '../timestamps.txt'];

export interface FolderStamps {
  /** One for each scan. */
  readonly stamps: readonly bigint[];
  /** Where they come from, in words. */
  readonly origin: string;
  /** That they are assumed, and why; absent where they are known. */
  readonly assumed?: string;
}

/** @param names in order; @throws FeltmapError where a file of stamps holds something else */
export async function stampsOfScans(path: string, names: readonly string[]): Promise<FolderStamps> {
  const numbers = numbersOf(names);
  let unused = '';
  for (const file of STAMP_FILES) {
    const text = await readText(join(path, file)).catch(() => undefined);
    if (text === undefined) continue;
    const stamps = parseTimestampFile(text, join(path, file));
    if (stamps.length === names.length) return { stamps, origin: file };
    // Scans that are missing keep their lines, as in KITTI 2011_09_26_drive_0009.
    const listed = numbers?.map((number) => stamps[Number(number)]);
    if (listed && isIncreasing(listed)) return { stamps: listed, origin: `${file}, by their numbers` };
    unused ||= `; ${file} has ${stamps.length} stamps for ${names.length} scans and is not used`;
  }
  const named = names.map(stampOfName);
  if (isIncreasing(named)) return { stamps: named, origin: 'their names' };
  const stamps = assumedStamps(names);
  const by = stamps.at(-1)! < BigInt(names.length) * TEN_HZ_NS ? '' : ' by the numbers in their names';
  return {
    stamps,
    origin: `10 Hz${by}`,
    assumed: `${path}: neither the names of the scans nor a times.txt hold times; they are stamped at 10 Hz from 0${by}${unused}`,
  };
}

/** 10 Hz from 0, where names are numbered by these, so that missing ones leave a gap. */
export function assumedStamps(names: readonly string[]): bigint[] {
  const numbers = numbersOf(names);
  const frames = numbers ? framesOf(numbers) : names.map((_, i) => BigInt(i));
  return frames.map((frame) => frame * TEN_HZ_NS);
}

/**
 * Nanoseconds from a name that holds a time since 1970: `1583836591.182590976.pcd`, `cloud_1583836591_182590976.pcd`,
 * or one number of seconds, ms, µs or ns, by its length. undefined for other names, such as 000042.bin.
 */
export function stampOfName(name: string): bigint | undefined {
  const stem = stemOf(name);
  const pair = /(?:^|\D)([1-9]\d{9})[._](\d{1,9})$/.exec(stem);
  if (pair) {
    // After a dot the digits are a fraction; after an underscore they are nanoseconds.
    const isFraction = stem[stem.length - pair[2]!.length - 1] === '.';
    const ns = isFraction ? pair[2]!.padEnd(9, '0') : pair[2]!;
    return BigInt(pair[1]!) * 1_000_000_000n + BigInt(ns);
  }
  const digits = /(?:^|\D)([1-9]\d{9}|[1-9]\d{12}|[1-9]\d{15}|[1-9]\d{18})$/.exec(stem)?.[1];
  return digits === undefined ? undefined : BigInt(digits.padEnd(19, '0'));
}

/** The last number in a name: that of the frame. */
export function numberIn(name: string): string | undefined {
  return /(\d+)(?=\D*$)/.exec(stemOf(name))?.[1]?.replace(/^0+(?=\d)/, '');
}

export function isIncreasing(values: readonly (bigint | undefined)[]): values is bigint[] {
  return values.every((value, i) => value !== undefined && (i === 0 || value > values[i - 1]!));
}

/** Name without extension. */
const stemOf = (name: string): string =>
  name.slice(0, name.length - extname(name).length).replace(/\.pcd$/i, ''); // nuScenes: .pcd.bin

/** The numbers in the names, where all have one and they go up. */
function numbersOf(names: readonly string[]): bigint[] | undefined {
  const numbers = names.map(numberIn).map((number) => (number === undefined ? undefined : BigInt(number)));
  return isIncreasing(numbers) ? numbers : undefined;
}

/** Numbers that leave some out, as frames since the first. Where each is the fifth, five are taken for the distance of two frames. */
function framesOf(numbers: readonly bigint[]): bigint[] {
  const since = numbers.map((number) => number - numbers[0]!);
  const step = since.reduce(greatestCommonDivisor, 0n) || 1n;
  return since.map((number) => number / step);
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
