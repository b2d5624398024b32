import { basename, join, resolve } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import { fromQuaternion } from '../../geometry/se3.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import { type Paired, Pairing } from '../../sensors/camera/pairing.js';
import { FIFTH } from '../../sensors/camera/depth-unit.js';
import { readText } from '../files.js';
import { parseSeconds } from '../timestamps.js';
import { depthUnit } from './depth-unit.js';
import { firstSize } from './image-names.js';
import { findCalibration } from './intrinsics-files.js';
import { type ListedImage, onlyExisting, readImageList } from './listed-images.js';
import { numbersOf } from './pose-files.js';
import type { FolderFrame, RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';

type Camera = readonly [fx: number, fy: number, cx: number, cy: number, ...coefficients: number[]];

/** The three cameras of the benchmark, as its page gives them; the images of the third have no distortion. */
const FREIBURG: Readonly<Record<string, Camera>> = {
  1: [517.3, 516.5, 318.6, 255.3, 0.2624, -0.9531, -0.0054, 0.0026, 1.1633],
  2: [520.9, 521.0, 325.1, 249.7, 0.2312, -0.7849, -0.0033, -0.0001, 0.9172],
  3: [535.4, 539.2, 320.1, 247.6],
};
/** The simulated camera of ICL-NUIM in this layout; its page has −480, for an image whose y points up. */
const ICL_NUIM: Camera = [481.2, 480, 319.5, 239.5];
const IS_ICL_NUIM = /(living_?room|office_?room)_?traj|^(lr|of)_?kt\d|^traj\d.*frei/i;
/** What its page recommends where the camera is not known: ROS's default for a Kinect. */
const DEFAULT: Camera = [525, 525, 319.5, 239.5];

/** Lists of images; OpenLORIS has depth twice, once registered to colour. */
const DEPTH_LISTS = ['aligned_depth.txt', 'depth.txt'];
const COLOR_LISTS = ['rgb.txt', 'color.txt'];
/** Lists of pairs, where those are missing. */
const ASSOCIATIONS = ['associations.txt', 'associate.txt', 'association.txt'];

/**
 * A sequence of the TUM RGB-D benchmark or in its layout: depth.txt, rgb.txt, groundtruth.txt; depth is registered to
 * colour. undefined for other folders.
 *
 * @throws FeltmapError
 */
export async function findTum(
  path: string,
  names: readonly string[],
  { depthScale: wanted }: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  const list = ASSOCIATIONS.find((name) => names.includes(name));
  const depthList = DEPTH_LISTS.find((name) => names.includes(name));
  if (depthList === undefined) return list === undefined ? undefined : associated(path, names, list, wanted);
  const { images: depths, untimed } = await readImageList(path, depthList);
  if (depths.length === 0)
    throw new FeltmapError(
      'bad-input',
      `${join(path, depthList)} lists no images; check that the folder is complete`,
    );
  const colorList = COLOR_LISTS.find((name) => names.includes(name));
  const colors = colorList === undefined ? [] : (await readImageList(path, colorList)).images;
  const paired = pair(depths, colors, path);
  const { frames, notes } = await onlyExisting(paired.frames, join(path, depthList));
  const { camera, depthScale, note } = await cameraOf(path, names, frames, wanted);
  return {
    kind: 'TUM RGB-D',
    frames,
    camera,
    ...(colors.length > 0 && { color: { camera } }),
    depthScale,
    assumed: untimed,
    stamps: untimed
      ? `stamped at 30 Hz by their numbers, as the stamps in ${depthList} go up and down`
      : `stamps from ${depthList}`,
    notes: [note, ...paired.notes, ...notes],
    ...(names.includes('groundtruth.txt') && { poses: () => readPoses(join(path, 'groundtruth.txt')) }),
  };
}

/**
 * A sequence of which only the list of pairs is left, as ORB-SLAM and ICL-NUIM come with: stamp and file of the colour
 * image and of the depth image in either order. Whole numbers are those of frames, 30 a second.
 */
async function associated(
  path: string,
  names: readonly string[],
  list: string,
  wanted?: number,
): Promise<RgbdFolder> {
  const frames: FolderFrame[] = [];
  const lines = (await readText(join(path, list))).split('\n').map((line) => line.split('#')[0]!.trim());
  const numbered = lines.every((line) => line === '' || /^\d{1,6}\s/.test(line));
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    const words = line.split(/[\s,]+/);
    const at = words.findIndex((word) => /depth/i.test(word));
    const [depth, color] = [words[at], words[4 - at]];
    const stampNs = numbered ? (BigInt(words[0]!) * 1_000_000_000n) / 30n : parseSeconds(words[at - 1] ?? '');
    const colorNs = numbered ? stampNs : parseSeconds(words[3 - at] ?? '');
    if (words.length !== 4 || stampNs === undefined || colorNs === undefined)
      throw new FeltmapError(
        'bad-input',
        `${join(path, list)}, line ${i + 1}: '${line.slice(0, 60)}' is no pair of stamps and files, one of them in depth/`,
      );
    const delay = Number(colorNs - stampNs) * 1e-9;
    frames.push({ stampNs, depth: join(path, depth!), color: join(path, color!), delay });
  }
  if (frames.length === 0)
    throw new FeltmapError(
      'bad-input',
      `${join(path, list)} lists no images; check that the folder is complete`,
    );
  frames.sort((a, b) => (a.stampNs < b.stampNs ? -1 : a.stampNs > b.stampNs ? 1 : 0));
  const existing = await onlyExisting(frames, join(path, list));
  const { camera, depthScale, note } = await cameraOf(path, names, existing.frames, wanted);
  return {
    kind: 'TUM RGB-D',
    frames: existing.frames,
    camera,
    color: { camera },
    depthScale,
    assumed: numbered,
    stamps: numbered ? `30 Hz by the numbers in ${list}` : `stamps from ${list}`,
    notes: [note, ...existing.notes],
    ...(names.includes('groundtruth.txt') && { poses: () => readPoses(join(path, 'groundtruth.txt')) }),
  };
}

function pair(
  depths: readonly ListedImage[],
  colors: readonly ListedImage[],
  path: string,
): { frames: FolderFrame[]; notes: string[] } {
  const pairing = new Pairing<ListedImage, ListedImage>();
  const pairs: Paired<ListedImage, ListedImage>[] = [];
  let next = 0;
  for (const depth of depths) {
    for (; next < colors.length && colors[next]!.stampNs <= depth.stampNs; next++)
      pairs.push(...pairing.addColor(colors[next]!.stampNs, colors[next]!));
    pairs.push(...pairing.addDepth(depth.stampNs, depth));
  }
  for (const color of colors.slice(next)) pairs.push(...pairing.addColor(color.stampNs, color));
  pairs.push(...pairing.end());
  const frames = pairs.map(({ depth, color, delay }) => ({
    stampNs: depth.stampNs,
    depth: depth.file,
    ...(color && { color: color.file, delay: delay! }),
  }));
  return { frames, notes: pairing.notes.map((note) => `${path}: ${note}`) };
}

/** A file in the folder wins; else the camera by the folder's name or by what its lists were made of. @param wanted metres of a unit of depth */
async function cameraOf(
  path: string,
  names: readonly string[],
  frames: readonly FolderFrame[],
  wanted?: number,
): Promise<{ camera: CameraIntrinsics; depthScale: number; note: string }> {
  const own = await findCalibration([path]);
  const files = frames.map((frame) => frame.depth);
  const named = own ? undefined : await cameraByName(path, names);
  // The benchmark's own cameras have its unit.
  const stated = own?.depthScale ?? (named?.isKnown === true ? FIFTH : undefined);
  const unit = await depthUnit(files, { wanted, stated, usual: FIFTH, ...(own && { file: own.file }) });
  const depthScale = unit.scale;
  if (named) return { camera: named.camera, depthScale, note: `${named.note}; ${unit.text}` };
  const size = await firstSize(files).catch(() => ({ width: 640, height: 480 }));
  const note = `${path}: intrinsics from ${own!.file}, ${unit.text}`;
  return { camera: { ...size, ...own!.camera }, depthScale, note };
}

const NUMBERED = /(?:freiburg|fr)([123])/i;

async function cameraByName(
  path: string,
  names: readonly string[],
): Promise<{ camera: CameraIntrinsics; isKnown: boolean; note: string }> {
  const byFolder = NUMBERED.exec(basename(resolve(path)))?.[1];
  const heading = byFolder === undefined ? await headingWith(/freiburg([123])/i, path, names) : undefined;
  const number = byFolder ?? heading?.found;
  const isIcl =
    number === undefined && [basename(resolve(path)), ...names].some((name) => IS_ICL_NUIM.test(name));
  const unnumbered = isIcl ? ICL_NUIM : DEFAULT;
  const [fx, fy, cx, cy, ...coefficients] = number === undefined ? unnumbered : FREIBURG[number]!;
  const camera: CameraIntrinsics = {
    width: 640,
    height: 480,
    ...{ fx, fy, cx, cy },
    distortion: coefficients.length > 0 ? 'plumb_bob' : 'none',
    coefficients,
  };
  const heard = heading ? `the heading of ${heading.file}` : 'the name of the folder';
  const known = isIcl
    ? 'simulated camera of ICL-NUIM, by its names'
    : number && `camera freiburg${number}, by ${heard}`;
  const note =
    known === undefined
      ? `${path}: no calibration file, and the name tells no camera (freiburg1 to 3): intrinsics are the default of the ` +
        `benchmark (f ${fx}, c ${cx}, ${cy}); put fx fy cx cy into calibration.txt if they are others`
      : `${path}: intrinsics of the ${known}`;
  return { camera, isKnown: known !== undefined, note };
}

/** The benchmark's lists begin with the name of the bag that they were made of: `# file: 'rgbd_dataset_freiburg1_desk.bag'`. */
async function headingWith(
  what: RegExp,
  path: string,
  names: readonly string[],
): Promise<{ readonly found: string; readonly file: string } | undefined> {
  for (const file of ['depth.txt', 'rgb.txt', 'groundtruth.txt']) {
    if (!names.includes(file)) continue;
    const comments = (await readText(join(path, file))).split('\n', HEADING_LINES).filter(isComment);
    const found = what.exec(comments.join('\n'))?.[1];
    if (found !== undefined) return { found, file };
  }
  return undefined;
}

/** Lines at the top of a list. */
const HEADING_LINES = 5;
const isComment = (line: string): boolean => line.startsWith('#');

/** Poses of the camera, `t x y z qx qy qz qw` a line. */
async function readPoses(path: string): ReturnType<NonNullable<RgbdFolder['poses']>> {
  const stampsNs: bigint[] = [];
  const poses: Float64Array[] = [];
  for (const [i, line] of (await readText(path)).split('\n').entries()) {
    const content = line.split('#')[0]!.trim();
    if (content === '') continue;
    const stampNs = parseSeconds(content.split(/[\s,]+/)[0]!);
    const [, x, y, z, qx, qy, qz, qw] = numbersOf(content, path);
    const norm = Math.hypot(qx ?? NaN, qy ?? NaN, qz ?? NaN, qw ?? NaN);
    if (stampNs === undefined || !(norm > 0.5))
      throw new FeltmapError('bad-input', `${path}, line ${i + 1}: expected t x y z qx qy qz qw`);
    // Some sequences repeat a stamp.
    if (stampsNs.length > 0 && stampNs <= stampsNs.at(-1)!) continue;
    stampsNs.push(stampNs);
    poses.push(fromQuaternion([x!, y!, z!], [qx!, qy!, qz!, qw!]));
  }
  return { stampsNs, poses };
}
