import { FeltmapError } from '../geometry/errors.js';
import { jointSource } from './joint-source.js';
import { openBag } from './reader.js';
import type { ScanSource } from './scan-source.js';
import type { BagReader } from './types.js';

/** Topics of an option, which may name several with commas between; none where it is not given. */
export function namesOf(option: string | undefined): readonly string[] {
  return option === undefined ? [] : option.split(',').map((name) => name.trim());
}

/**
 * The colour topic of each of several depth topics, in their order; undefined: found by itself.
 *
 * @param color as many as depth topics, one for all (`none`), or nothing
 * @throws FeltmapError bad-config for another number
 */
export function colorsOf(
  depths: readonly string[],
  color: string | undefined,
): readonly (string | undefined)[] {
  const names = namesOf(color);
  const count = Math.max(1, depths.length);
  if (names.length === count) return names;
  if (names.length === 0 || color === 'none') return Array.from({ length: count }, () => color);
  throw new FeltmapError(
    'bad-config',
    `--color names ${names.length} topics for ${count} of depth: name one for each, in the same order, or leave it out`,
  );
}

/** Does what needs something open, and closes that where it fails. */
export async function orClosed<T>(
  open: { readonly close: () => Promise<void> },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** Each stream reads the recording on its own. */
export async function another(
  path: string,
  open: (bag: BagReader) => Promise<ScanSource>,
): Promise<ScanSource> {
  const bag = await openBag(path);
  return orClosed(bag, () => open(bag));
}

/**
 * A sensor and others of its kind on the same body, each with a topic of its own, as one stream; the first one leads.
 *
 * @param others each opens the recording on its own
 */
export async function withOthers(
  lead: ScanSource,
  others: readonly (() => Promise<ScanSource>)[],
): Promise<ScanSource> {
  if (others.length === 0) return lead;
  const opened: ScanSource[] = [];
  try {
    for (const open of others) opened.push(await open());
  } catch (error) {
    for (const source of opened) await source.close();
    throw error;
  }
  const sides = [lead, ...opened].map((source) => ({ source, counted: true }));
  return jointSource(lead.sensor, lead, sides);
}
