import { basename, dirname, join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import { readText } from '../files.js';
import { parseSeconds } from '../timestamps.js';
import { numberIn } from '../folder-stamps.js';
import { namesIn } from './image-names.js';
import type { FolderFrame } from './rgbd-folder.js';

/** An image in a list such as depth.txt. */
export interface ListedImage {
  readonly stampNs: bigint;
  readonly file: string;
}

export interface ImageList {
  /** In order of time. */
  readonly images: readonly ListedImage[];
  /** Whether the first column is no time: images are stamped at 30 Hz by the numbers in their names. */
  readonly untimed: boolean;
}

/** Share of lines whose stamp lies before the one above, beyond which the first column is no time. */
const GOING_BACK = 0.1;
const FRAMES_A_SECOND = 30n;

/** Stamp and file of each line of a list. @throws FeltmapError */
export async function readImageList(folder: string, name: string): Promise<ImageList> {
  const path = join(folder, name);
  const images: ListedImage[] = [];
  for (const [i, line] of (await readText(path)).split('\n').entries()) {
    const content = line.split('#')[0]!.trim();
    if (content === '') continue;
    const [time, file] = content.split(/[\s,]+/);
    const stampNs = parseSeconds(time!);
    if (stampNs === undefined || file === undefined)
      throw new FeltmapError(
        'bad-input',
        `${path}, line ${i + 1}: '${content.slice(0, 40)}' is no stamp in seconds and file name`,
      );
    // Lists that were written on Windows have its separators.
    images.push({ stampNs, file: join(folder, file.replaceAll('\\', '/')) });
  }
  const numbered = byNumbers(images);
  return { images: (numbered ?? images).toSorted(byTime), untimed: numbered !== undefined };
}

const byTime = (a: ListedImage, b: ListedImage): number =>
  a.stampNs < b.stampNs ? -1 : a.stampNs > b.stampNs ? 1 : 0;

/**
 * Images whose numbers go up from line to line while their stamps go up and down (some recorders write there how long a
 * frame took), stamped by these numbers. undefined for lists in order, and for those that are merely not sorted.
 */
function byNumbers(images: readonly ListedImage[]): ListedImage[] | undefined {
  const back = images.filter(({ stampNs }, i) => i > 0 && stampNs <= images[i - 1]!.stampNs).length;
  if (!(back > GOING_BACK * images.length)) return undefined;
  const numbers = images.map(({ file }) => numberIn(basename(file)));
  const rise = numbers.every(
    (n, i) => n !== undefined && (i === 0 || BigInt(n) > BigInt(numbers[i - 1] ?? '0')),
  );
  if (!rise) return undefined;
  return images.map(({ file }, i) => ({
    file,
    stampNs: (BigInt(numbers[i]!) * 1_000_000_000n) / FRAMES_A_SECOND,
  }));
}

/**
 * The frames whose depth image is there, without colours that are not, and what to tell of the others: often only a part of
 * a recording was copied.
 *
 * @param list its path, for messages
 * @throws FeltmapError not-found where none is there
 */
export async function onlyExisting(
  frames: readonly FolderFrame[],
  list: string,
): Promise<{ readonly frames: FolderFrame[]; readonly notes: string[] }> {
  const listings = new Map<string, Set<string>>();
  const isThere = async (file: string): Promise<boolean> => {
    const folder = dirname(file);
    const known = listings.get(folder) ?? new Set(await namesIn(folder));
    listings.set(folder, known);
    return known.has(basename(file));
  };
  const there: FolderFrame[] = [];
  const missing: string[] = [];
  let colourless = 0;
  for (const frame of frames) {
    if (!(await isThere(frame.depth))) {
      missing.push(frame.depth);
      continue;
    }
    if (frame.color === undefined || (await isThere(frame.color))) there.push(frame);
    else {
      there.push({ stampNs: frame.stampNs, depth: frame.depth });
      colourless++;
    }
  }
  if (there.length === 0)
    throw new FeltmapError(
      'not-found',
      `None of the ${frames.length} depth images that ${list} lists is there, such as ${missing[0]!}; check that the folder is complete`,
    );
  const notes = [];
  if (missing.length > 0)
    notes.push(
      `${missing.length} of the ${frames.length} depth images that ${list} lists are missing, such as ${missing[0]!}; the others are used`,
    );
  if (colourless > 0)
    notes.push(`${colourless} of the colour images that belong to them are missing: depth is used alone`);
  return { frames: there, notes };
}
