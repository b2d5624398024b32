import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import { fromQuaternion, interpolate, type Pose } from '../../geometry/se3.js';
import type { TouchCalibration } from '../../sensors/tactile/calibration.js';
import type { ColorImage } from '../../sensors/camera/frame.js';
import { GelReader } from '../../sensors/tactile/gel-reader.js';
import { noCalibration } from '../../sensors/tactile/presets.js';
import type { PosedTouch } from '../../sensors/tactile/touch.js';
import { imagesOf, stampsOfNames } from '../camera/image-names.js';
import { fileError, readText } from '../files.js';
import { parseSeconds } from '../timestamps.js';
import { calibrationPictures } from './calibration-file.js';
import { readImage } from './press-folder.js';
import { findUntouched } from './untouched-image.js';

const IMAGES = ['.png', '.jpg', '.jpeg', '.webp'];
const REFERENCE = /^(background|reference|ref|bg|untouched)$/i;
/** Poses farther apart in time than this are not interpolated between. */
const LONGEST_GAP_NS = 200_000_000n;
/** An arm that feels an object does not reach so far (m). */
const FARTHEST_APART = 10;
const MEMORY_MIB = 64;

export interface TouchFolderOptions {
  /** Threads and memory for the kernels; default: a pool of one thread. */
  readonly pool?: KernelPool;
  /** Default: gel. */
  readonly frameId?: string;
  /** What the user should know, each once. */
  readonly onNotice?: (text: string) => void;
}

interface StampedPose {
  readonly stampNs: bigint;
  readonly pose: Pose;
}

/** An image, or why there is none. */
interface LoadedImage {
  readonly image?: ColorImage;
  readonly error?: unknown;
}

/**
 * Reads a folder of images of a gel, or its folder `images`, as posed touches: reference.png (or ref, background; else the image that looks
 * most like the untouched gel), and poses.txt with a line `t x y z qx qy qz qw` for T_map_sensor at each stamp (TUM format). Images belong to lines
 * one to one where there are as many of both; else by the stamps in their names. An image that cannot be read, or has no
 * pose, is left out and reported.
 *
 * @example
 * for await (const touch of readTouchFolder(folder, calibration)) map.add(touch);
 * @throws FeltmapError not-found without a calibration, images or poses; bad-input for poses that are none
 */
export async function* readTouchFolder(
  folder: string,
  calibration: TouchCalibration | undefined,
  options: TouchFolderOptions = {},
): AsyncGenerator<PosedTouch> {
  if (!calibration) throw noCalibration(folder);
  const said = new Set<string>();
  const notice = (text: string): void => {
    if (!said.has(text)) options.onNotice?.(text);
    said.add(text);
  };
  const names = await readdir(folder).catch((cause: unknown) => {
    throw fileError(folder, cause);
  });
  const drawn = await calibrationPictures(folder, names);
  const all = imagesOf(names, IMAGES).filter((name) => !drawn.has(name));
  const named = all.find((name) => REFERENCE.test(basename(name, extname(name))));
  const beside = all.filter((name) => name !== named);
  const inside = beside.length === 0 && names.includes('images');
  const images = inside ? (await imagesInside(folder)).map((name) => join('images', name)) : beside;
  if (images.length === 0) throw new FeltmapError('not-found', `${folder} holds no images (PNG or JPEG).`);
  if (!names.includes('poses.txt'))
    throw new FeltmapError(
      'not-found',
      `${folder} holds no poses.txt: lines 't x y z qx qy qz qw' that say where the sensor was.`,
    );
  const poses = await readPoses(join(folder, 'poses.txt'));
  const apart = extentOf(poses);
  if (apart > FARTHEST_APART)
    notice(
      `${folder}/poses.txt: its positions lie ${apart.toFixed(0)} m apart; are they in metres? As they are, what was felt is that far apart.`,
    );
  const stampsNs =
    poses.length === images.length ? poses.map((pose) => pose.stampNs) : stampsOfNames(images).stampsNs;
  const pool = options.pool ?? (await KernelPool.create({ threads: 1, memoryMiB: MEMORY_MIB }));
  const reader = new GelReader(pool, calibration, options.frameId ?? 'gel');
  try {
    reader.setReference(await readImage(await referenceOf(folder, named, images, calibration, notice)));
    // The next image is read while the one before is worked on.
    const load = async (name: string | undefined): Promise<LoadedImage> => {
      if (name === undefined) return {};
      return readImage(join(folder, name)).then(
        (image) => ({ image }),
        (error: unknown) => ({ error }),
      );
    };
    let coming = load(images[0]);
    for (let i = 0; i < images.length; i++) {
      const { image, error } = await coming;
      coming = load(images[i + 1]);
      const stampNs = stampsNs[i]!;
      const T_map_sensor = poses.length === images.length ? poses[i]!.pose : poseAt(poses, stampNs);
      if (!T_map_sensor) {
        notice(
          `${folder}: some of its ${images.length} images have none of the ${poses.length} poses in poses.txt within 0.2 s of the stamp in their name; they are left out (as many poses as images belong together in their order).`,
        );
        continue;
      }
      try {
        if (!image) throw error;
        yield { ...reader.read(image, stampNs), T_map_sensor };
      } catch (cause) {
        if (!(cause instanceof FeltmapError)) throw cause;
        notice(cause.message);
      }
    }
    reader.notices.forEach(notice);
  } finally {
    reader.close();
    if (!options.pool) await pool.close();
  }
}

/** The path of the image that shows the gel untouched. */
async function referenceOf(
  folder: string,
  named: string | undefined,
  images: readonly string[],
  calibration: TouchCalibration,
  notice: (text: string) => void,
): Promise<string> {
  if (named !== undefined) return join(folder, named);
  const paths = images.map((name) => join(folder, name));
  const { path, certain } = await findUntouched(paths, calibration);
  const which = path === paths[0] ? 'its first image' : basename(path);
  notice(
    certain
      ? `${folder} holds no reference image: ${which} is taken for it, which looks most like the untouched gel.`
      : `${folder} holds no reference image: ${which} is taken for it, but something may touch the gel there, so heights may be wrong everywhere; add reference.png, taken while nothing touches it.`,
  );
  return path;
}

async function imagesInside(folder: string): Promise<string[]> {
  const inner = join(folder, 'images');
  const names = await readdir(inner).catch((cause: unknown) => {
    throw fileError(inner, cause);
  });
  return imagesOf(names, IMAGES);
}

async function readPoses(path: string): Promise<StampedPose[]> {
  const poses: StampedPose[] = [];
  for (const [i, line] of (await readText(path)).split('\n').entries()) {
    const content = line.split('#')[0]!.trim();
    if (content === '') continue;
    const words = content.split(/[\s,]+/);
    const stampNs = parseSeconds(words[0]!);
    const numbers = words.slice(1).map(Number);
    const norm = Math.hypot(...numbers.slice(3));
    if (
      stampNs === undefined ||
      numbers.length !== 7 ||
      !numbers.every(Number.isFinite) ||
      Math.abs(norm - 1) > 0.1
    )
      throw new FeltmapError(
        'bad-input',
        `${path}, line ${i + 1}: '${content.slice(0, 60)}' is no pose 't x y z qx qy qz qw' with a unit quaternion`,
      );
    const q = numbers.slice(3).map((value) => value / norm);
    poses.push({ stampNs, pose: fromQuaternion(numbers.slice(0, 3), q) });
  }
  return poses.sort((a, b) => (a.stampNs < b.stampNs ? -1 : a.stampNs > b.stampNs ? 1 : 0));
}

/** Diagonal of the box around all positions, m. */
function extentOf(poses: readonly StampedPose[]): number {
  if (poses.length === 0) return 0;
  const sides = [3, 7, 11].map((axis) => {
    const all = poses.map(({ pose }) => pose[axis]!);
    return Math.max(...all) - Math.min(...all);
  });
  return Math.hypot(...sides);
}

/** Between the two poses around a stamp. */
function poseAt(poses: readonly StampedPose[], stampNs: bigint): Pose | undefined {
  const after = poses.findIndex((pose) => pose.stampNs >= stampNs);
  const next = poses[after];
  if (next?.stampNs === stampNs) return next.pose;
  const last = poses[after - 1];
  if (!next || !last || next.stampNs - last.stampNs > LONGEST_GAP_NS) return undefined;
  const share = Number(stampNs - last.stampNs) / Number(next.stampNs - last.stampNs);
  return interpolate(last.pose, next.pose, share);
}
