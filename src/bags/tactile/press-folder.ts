import { readdir } from 'node:fs/promises';
import { basename, extname, join, relative, sep } from 'node:path';
import type { BallPress } from '../../calibration/tactile/locate-presses.js';
import { ENOUGH_IMAGES, medianImage } from '../../calibration/tactile/untouched.js';
import { FeltmapError } from '../../geometry/errors.js';
import { readColor } from '../../images/pictures.js';
import type { ColorImage } from '../../sensors/camera/frame.js';
import { fileError, readText, readWhole } from '../files.js';
import { calibrationPictures } from './calibration-file.js';

const IMAGES = ['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff'];
const REFERENCE = /^(background|reference|ref|bg|untouched|no_?contact)[._-]?\d*$/i;
/** Folders inside folders that are looked into. */
const DEEPEST = 3;
const MOST_IMAGES = 2000;
const LARGEST = 64 * 1024 * 1024;

/** Images of balls pressed into a gel, with the gel untouched. */
export interface PressFolder {
  readonly reference: ColorImage;
  /** Where the reference was found. */
  readonly referencePath: string;
  readonly presses: readonly BallPress[];
  /** Metres from one pixel to the next, where the folder says so. */
  readonly pitch?: number;
}

export interface PressFolderOptions {
  /** Metres; default: by the names of folders, such as 6.310mm, or by ball.json. */
  readonly ballDiameter?: number;
  /** Image of the untouched gel; default: the one that is named reference, ref or background, or else the median of all. */
  readonly reference?: string;
}

/**
 * Reads a folder of presses, folders in it included. Known depths may stand in depths.csv: lines of file name and
 * millimetres; diameter and pitch (m) in ball.json, as `feltmap sim touch --folder` writes it.
 *
 * @throws FeltmapError not-found without images, or with few and without a reference, bad-config without a diameter, bad-input for files
 *   that cannot be read
 */
export async function readPressFolder(
  folder: string,
  options: PressFolderOptions = {},
): Promise<PressFolder> {
  const paths = await imagesBelow(folder, DEEPEST);
  const referencePath =
    options.reference ?? paths.find((path) => REFERENCE.test(basename(path, extname(path))));
  const presses = paths.filter(
    (path) => path !== referencePath && !REFERENCE.test(basename(path, extname(path))),
  );
  if (presses.length === 0)
    throw new FeltmapError('not-found', `${folder} holds no images of presses (PNG or JPEG).`);
  if (presses.length > MOST_IMAGES)
    throw new FeltmapError(
      'bad-input',
      `${folder} holds ${presses.length} images, but 20 to 50 presses are enough and ${MOST_IMAGES} the most.`,
    );
  if (referencePath === undefined && presses.length < ENOUGH_IMAGES)
    throw new FeltmapError(
      'not-found',
      `${folder} holds no image of the untouched gel (named reference.png, ref.png or background.png); give one with --reference, or ${ENOUGH_IMAGES} images or more of balls that are spread over the gel, whose median shows it.`,
    );
  const depths = await readDepths(folder);
  const ball = await readBall(folder);
  const read: BallPress[] = [];
  for (const path of presses) {
    const name = relative(folder, path).split(sep).join('/');
    const depth = depths.get(name) ?? depths.get(basename(path));
    read.push({
      name,
      image: await readImage(path),
      ballDiameter:
        options.ballDiameter ?? diameterInPath(name, folder) ?? ball.diameter ?? unknownBall(name),
      ...(depth !== undefined && { depth }),
    });
  }
  const pitch = ball.pitch === undefined ? {} : { pitch: ball.pitch };
  if (referencePath !== undefined)
    return { reference: await readImage(referencePath), referencePath, presses: read, ...pitch };
  checkSizes(read);
  const reference = medianImage(read.map(({ image }) => image));
  return {
    reference,
    referencePath: `the median of ${read.length} images (none is named reference)`,
    presses: read,
    ...pitch,
  };
}

function checkSizes(presses: readonly BallPress[]): void {
  const first = presses[0]!;
  for (const { name, image } of presses)
    if (image.width !== first.image.width || image.height !== first.image.height)
      throw new FeltmapError(
        'bad-input',
        `${name} has ${image.width}×${image.height} pixels, but ${first.name} has ${first.image.width}×${first.image.height}; take all images with the same settings.`,
      );
}

/** An RGB image from a file. @throws FeltmapError */
export async function readImage(path: string): Promise<ColorImage> {
  return readColor(await readWhole(path, LARGEST), path);
}

async function imagesBelow(folder: string, deeper: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw fileError(folder, cause);
  });
  const names = entries.map(({ name }) => name);
  const drawn = await calibrationPictures(folder, names);
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && deeper > 0) found.push(...(await imagesBelow(path, deeper - 1)));
    else if (entry.isFile() && !drawn.has(entry.name) && IMAGES.includes(extname(entry.name).toLowerCase()))
      found.push(path);
  }
  return found;
}

/** Metres, from a folder such as 6.310mm. */
function diameterInPath(name: string, folder: string): number | undefined {
  for (const part of [...name.split('/'), basename(folder)]) {
    const match = /^(\d+(?:\.\d+)?)\s*mm$/i.exec(part);
    if (match) return Number(match[1]) / 1000;
  }
  return undefined;
}

function unknownBall(name: string): never {
  throw new FeltmapError(
    'bad-config',
    `The diameter of the ball in ${name} is not known; give it in millimetres with --ball-diameter.`,
  );
}

/** Diameters and pitches (m) that can be those of a ball and a gel. */
const LARGEST_BALL = 0.1;
const LARGEST_PITCH = 0.005;

/** What ball.json says, where there is one. */
async function readBall(folder: string): Promise<{ readonly diameter?: number; readonly pitch?: number }> {
  if (!(await readdir(folder)).includes('ball.json')) return {};
  const path = join(folder, 'ball.json');
  const refuse = (): never => {
    throw new FeltmapError(
      'bad-input',
      `${path} holds no diameter of a ball and pitch of pixels in metres; mend it, or leave it out and give --ball-diameter and --pixel`,
    );
  };
  const text = await readText(path);
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return refuse();
  }
  if (typeof read !== 'object' || read === null) return refuse();
  const length = (value: unknown, largest: number): number | undefined => {
    if (value === undefined) return undefined;
    return typeof value === 'number' && value > 0 && value < largest ? value : refuse();
  };
  const { diameter, pitch } = read as Record<string, unknown>;
  const [ball, pixel] = [length(diameter, LARGEST_BALL), length(pitch, LARGEST_PITCH)];
  return { ...(ball !== undefined && { diameter: ball }), ...(pixel !== undefined && { pitch: pixel }) };
}

/** Metres by name of a file. */
async function readDepths(folder: string): Promise<Map<string, number>> {
  const path = join(folder, 'depths.csv');
  const depths = new Map<string, number>();
  const names = await readdir(folder);
  if (!names.includes('depths.csv')) return depths;
  for (const [i, line] of (await readText(path)).split('\n').entries()) {
    const content = line.split('#')[0]!.trim();
    if (content === '') continue;
    const [name, millimetres] = content.split(/[\s,;]+/);
    const depth = Number(millimetres) / 1000;
    if (!(depth > 0 && depth < 0.05)) {
      if (i === 0) continue; // a heading
      throw new FeltmapError(
        'bad-input',
        `${path}, line ${i + 1}: '${content.slice(0, 40)}' is no file name and depth in millimetres`,
      );
    }
    depths.set(name!, depth);
  }
  return depths;
}
