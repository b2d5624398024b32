import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { pictureSize } from '../../images/pictures.js';
import { FeltmapError } from '../../geometry/errors.js';
import { readWhole } from '../files.js';
import { isIncreasing, numberIn, stampOfName } from '../folder-stamps.js';

const THIRTY_HZ = 30;
/** Largest file of one image, bytes. */
export const LARGEST_IMAGE = 128 * 1024 * 1024;

/** Names in a folder; empty where it cannot be read. */
export async function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}

/** Those of images, in order of their numbers. */
export function imagesOf(names: readonly string[], kinds: readonly string[]): string[] {
  return names
    .filter((name) => kinds.includes(extname(name).toLowerCase()))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * Stamps of numbered images: from times in their names, else 30 frames a second by their numbers, so that missing ones
 * leave a gap.
 */
export function stampsOfNames(names: readonly string[]): {
  stampsNs: bigint[];
  origin: string;
  /** Whether nothing tells the times. */
  assumed: boolean;
} {
  const named = names.map(stampOfName);
  if (isIncreasing(named)) return { stampsNs: named, origin: 'stamps from their names', assumed: false };
  const at = (frame: bigint): bigint => (frame * 1_000_000_000n) / BigInt(THIRTY_HZ);
  const numbers = names.map((name) => numberIn(name)).map((n) => (n === undefined ? undefined : BigInt(n)));
  const origin = 'stamped at 30 Hz by their numbers';
  const assumed = true;
  if (isIncreasing(numbers)) return { stampsNs: numbers.map(at), origin, assumed };
  return { stampsNs: names.map((_, i) => at(BigInt(i))), origin: 'stamped at 30 Hz', assumed };
}

/** Size of the first of some images whose header can be read. @throws FeltmapError that of the last one tried */
export async function firstSize(paths: readonly string[]): Promise<{ width: number; height: number }> {
  let failure: unknown;
  for (const path of paths.slice(0, 10)) {
    try {
      return await pictureSize(await readWhole(path, LARGEST_IMAGE), path);
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? new FeltmapError('bad-input', 'There is no image whose size could be read.');
}
