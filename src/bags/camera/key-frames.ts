import { FeltmapError } from '../../geometry/errors.js';
import { readThumbnail } from '../../images/thumbnail.js';
import { readWhole } from '../files.js';
import { LARGEST_IMAGE } from './image-names.js';
import type { RgbdFolder } from './rgbd-folder.js';

/** Pairs of neighbouring images that are compared. */
const PAIRS = 12;
/** Fewer say nothing. */
const FEWEST_PAIRS = 3;
/** Images that are less alike, by their correlation, do not show the same. */
const ALIKE = 0.3;
/** Pixels of the images that are compared. */
const SIZE = [48, 36] as const;
/** Nobody turns a camera faster all the time, radians a second: 90°/s. */
const FASTEST = Math.PI / 2;
/** Key frames are stamped so far apart, ns: a gap for the tracker (more than 0.2 s), but none after which it searches the whole map (1 s). */
const APART = 500_000_000n;
/** Images that are so far apart already stay. */
const KEPT = 200_000_000n;

/**
 * A folder whose images have no stamps, and are too far apart for the 30 Hz that are assumed then, with stamps of half a second
 * from one number to the next: nobody knows how a camera moves between key frames. Any other folder as it is.
 */
export async function asKeyFrames(folder: RgbdFolder, path: string): Promise<RgbdFolder> {
  if (!folder.assumed || !folder.color) return folder;
  const interval = medianInterval(folder);
  if (interval === undefined || interval >= KEPT) return folder;
  const turn = await medianTurn(folder);
  if (turn === undefined || turn <= FASTEST * Number(interval) * 1e-9) return folder;
  const { poses } = folder;
  // To the nearest millisecond: 30 Hz are no whole number of nanoseconds.
  const slower = (ns: bigint): bigint => ((ns * 1000n + interval / 2n) / interval) * (APART / 1000n);
  return {
    ...folder,
    frames: folder.frames.map((frame) => ({ ...frame, stampNs: slower(frame.stampNs) })),
    stamps: 'stamped half a second apart by their numbers',
    notes: [
      ...folder.notes,
      `${path}: what is seen moves by ${((turn * 180) / Math.PI).toFixed(0)}° from one image to the next: these are taken for key frames half a second apart, not for images at 30 Hz`,
    ],
    ...(poses && {
      poses: async () => {
        const known = await poses();
        return { ...known, stampsNs: known.stampsNs.map(slower) };
      },
    }),
  };
}

/** From one image to the next, the median, ns; undefined for a single image. */
function medianInterval({ frames }: RgbdFolder): bigint | undefined {
  const intervals = frames.slice(1).map(({ stampNs }, i) => stampNs - frames[i]!.stampNs);
  return intervals.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))[intervals.length >> 1];
}

/** By which angle what is seen moves from one image to the next, the median over some pairs, radians. */
async function medianTurn({ frames, color }: RgbdFolder): Promise<number | undefined> {
  const pairs = Math.min(PAIRS, frames.length - 1);
  const turns: number[] = [];
  for (let k = 0; k < pairs; k++) {
    const i = Math.floor((k * (frames.length - 1)) / pairs);
    const [a, b] = await Promise.all([thumbnail(frames[i]!.color), thumbnail(frames[i + 1]!.color)]);
    if (!a || !b) continue;
    const { width, height, fx, fy } = color!.camera;
    const { x, y, likeness } = shiftBetween(a, b, SIZE);
    if (likeness < ALIKE) continue;
    turns.push(Math.atan(Math.hypot((x * width) / SIZE[0] / fx, (y * height) / SIZE[1] / fy)));
  }
  return turns.length < FEWEST_PAIRS ? undefined : turns.sort((p, q) => p - q)[turns.length >> 1];
}

/** undefined for an image that is missing or cannot be read. */
async function thumbnail(file: string | undefined): Promise<Uint8Array | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readThumbnail(await readWhole(file, LARGEST_IMAGE), file, SIZE);
  } catch (error) {
    if (!(error instanceof FeltmapError)) throw error; // it is told when its frame is read
    return undefined;
  }
}

/** The shift of one image, of at most 40 % of its sides, that makes it most like another by their correlation, pixels. */
export function shiftBetween(
  a: Uint8Array,
  b: Uint8Array,
  [width, height]: readonly [number, number],
): { x: number; y: number; likeness: number } {
  const [right, down] = [Math.floor(0.4 * width), Math.floor(0.4 * height)];
  let best = { x: 0, y: 0, likeness: correlation(a, b, [width, height], 0, 0) };
  for (let dy = -down; dy <= down; dy++)
    for (let dx = -right; dx <= right; dx++) {
      const likeness = correlation(a, b, [width, height], dx, dy);
      if (likeness > best.likeness) best = { x: dx, y: dy, likeness };
    }
  return best;
}

/** Pearson's correlation of the pixels that both images have, b moved by (dx, dy); 0 where one of them has no contrast. */
function correlation(
  a: Uint8Array,
  b: Uint8Array,
  [width, height]: readonly [number, number],
  dx: number,
  dy: number,
): number {
  let [n, sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0];
  for (let y = Math.max(0, dy); y < Math.min(height, height + dy); y++)
    for (let x = Math.max(0, dx); x < Math.min(width, width + dx); x++) {
      const p = a[y * width + x]!;
      const q = b[(y - dy) * width + x - dx]!;
      n++;
      sa += p;
      sb += q;
      saa += p * p;
      sbb += q * q;
      sab += p * q;
    }
  const spread = (saa - (sa * sa) / n) * (sbb - (sb * sb) / n);
  return spread > 0 ? (sab - (sa * sb) / n) / Math.sqrt(spread) : 0;
}
