import { readWords } from '../../images/pictures.js';
import { FIFTH, guessUnit, MILLIMETRE, surveyDepth } from '../../sensors/camera/depth-unit.js';
import { readWhole } from '../files.js';
import { LARGEST_IMAGE } from './image-names.js';

/** Depth images that are looked at where nothing states their unit. */
const LOOKED_AT = 5;

/** What is known of the unit of a folder's depth images. */
export interface UnitFacts {
  /** Metres of a unit, as somebody asked for. */
  readonly wanted?: number | undefined;
  /** Metres of a unit, as a file states, and the name of that file. */
  readonly stated?: number | undefined;
  readonly file?: string;
  /** Metres of a unit in folders of this layout. */
  readonly usual: number;
}

/** The unit of depth images (m), and what to tell of it: `depth in millimetres …`. */
export interface DepthUnit {
  readonly scale: number;
  readonly text: string;
}

/**
 * The unit of the depth images of a folder: what is asked for, else what a file states, else what their values make
 * likely.
 *
 * @param images all of them, in order of time
 */
export async function depthUnit(images: readonly string[], facts: UnitFacts): Promise<DepthUnit> {
  const { wanted, stated, file, usual } = facts;
  if (wanted !== undefined) return { scale: wanted, text: `depth in ${nameOf(wanted)}, as asked for` };
  if (stated !== undefined)
    return { scale: stated, text: `depth in ${nameOf(stated)}${file === undefined ? '' : ` by ${file}`}` };
  const { read, failure } = await someOf(images);
  const { scale, why } =
    read.length === 0 && failure !== undefined
      ? { scale: usual, why: `as folders of this layout usually have it (${failure})` }
      : guessUnit(surveyDepth(read), usual);
  return {
    scale,
    text: `depth in ${nameOf(scale)}, which no file states, ${why}; --depth-scale gives another unit`,
  };
}

/** A unit by its name. */
function nameOf(scale: number): string {
  if (scale === MILLIMETRE) return 'millimetres';
  if (scale === FIFTH) return '1/5000 m';
  return `units of ${(scale * 1e3).toPrecision(4)} mm`;
}

/** A few images from the whole of a recording, those that can be read, and why another one cannot. */
async function someOf(images: readonly string[]): Promise<{ read: Uint16Array[]; failure?: string }> {
  const every = Math.max(1, Math.floor(images.length / LOOKED_AT));
  const read = images
    .filter((_, i) => i % every === 0)
    .slice(0, LOOKED_AT)
    .map(async (file) => (await readWords(await readWhole(file, LARGEST_IMAGE), file)).data);
  const done = await Promise.allSettled(read);
  const failed = done.find((one) => one.status === 'rejected');
  return {
    read: done.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    ...(failed && {
      failure: failed.reason instanceof Error ? failed.reason.message : String(failed.reason),
    }),
  };
}
