import { join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import { exp, inverse, type Pose } from '../../geometry/se3.js';
import { MILLIMETRE } from '../../sensors/camera/depth-unit.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import { readText } from '../files.js';
import { parseSeconds } from '../timestamps.js';
import { pinhole } from './calibration-values.js';
import { imagesOf, namesIn } from './image-names.js';
import { numbersOf } from './pose-files.js';
import type { RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';
import type { StampedPoses } from './stamped-poses.js';

const [DEPTH, COLOR, CONFIDENCE] = ['lowres_depth', 'lowres_wide', 'confidence'];
const INTRINSICS = 'lowres_wide_intrinsics';
const TRAJECTORY = 'lowres_wide.traj';
/** Numbers of a line of the trajectory: stamp, rotation vector, translation. */
const COLUMNS = 7;
/** Images of one instant differ by this much in their names, ns. */
const ONE_INSTANT = 2_000_000n;

/**
 * A scene of ARKitScenes (iPad): lowres_depth/VIDEO_305.377.png in millimetres, lowres_wide/ and confidence/ with images of
 * the same time, lowres_wide_intrinsics/*.pincam, and lowres_wide.traj with poses of the camera. undefined for other folders.
 *
 * @throws FeltmapError
 */
export async function findArkitScenes(
  path: string,
  names: readonly string[],
  { depthScale = MILLIMETRE }: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  if (![DEPTH, INTRINSICS].every((name) => names.includes(name!))) return undefined;
  const list = async (folder: string): Promise<Timed[]> => timed(join(path, folder));
  const depths = await list(DEPTH!);
  if (depths.length === 0) return undefined;
  const [colors, sure] = [await list(COLOR!), await list(CONFIDENCE!)];
  const camera = await cameraOf(join(path, INTRINSICS));
  const frames = depths.map(({ file, stampNs }) => {
    const [color, confidence] = [colors, sure].map((images) => at(images, stampNs)?.file);
    return {
      depth: file,
      stampNs,
      ...(color !== undefined && { color }),
      ...(confidence !== undefined && { confidence }),
    };
  });
  return {
    kind: 'ARKitScenes',
    frames,
    camera,
    ...(colors.length > 0 && { color: { camera } }),
    depthScale,
    stamps: 'stamps from their names',
    notes: [],
    ...(names.includes(TRAJECTORY) && { poses: () => readTrajectory(join(path, TRAJECTORY)) }),
  };
}

interface Timed {
  readonly file: string;
  readonly stampNs: bigint;
}

/** Images with the seconds after the last underscore of their names, in order of time. */
async function timed(folder: string): Promise<Timed[]> {
  return imagesOf(await namesIn(folder), ['.png'])
    .flatMap((name) => {
      const stampNs = parseSeconds(/_(\d+\.\d+)\.png$/i.exec(name)?.[1] ?? '');
      return stampNs === undefined ? [] : [{ file: join(folder, name), stampNs }];
    })
    .sort((a, b) => (a.stampNs < b.stampNs ? -1 : a.stampNs > b.stampNs ? 1 : 0));
}

/** The image of an instant among those in order of time. */
function at(images: readonly Timed[], stampNs: bigint): Timed | undefined {
  let [low, high] = [0, images.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (images[middle]!.stampNs < stampNs - ONE_INSTANT) low = middle + 1;
    else high = middle;
  }
  const found = images[low];
  return found && found.stampNs <= stampNs + ONE_INSTANT ? found : undefined;
}

/** Of the first image that has any: width height fx fy cx cy. */
async function cameraOf(folder: string): Promise<CameraIntrinsics> {
  const name = (await namesIn(folder)).filter((n) => n.endsWith('.pincam')).sort()[0];
  if (name === undefined)
    throw new FeltmapError('bad-input', `${folder} holds no .pincam files; they are the camera's intrinsics`);
  const file = join(folder, name);
  const [width, height, ...k] = numbersOf(await readText(file), file);
  if (k.length !== 4)
    throw new FeltmapError('bad-input', `${file} does not hold width, height, fx, fy, cx and cy`);
  const lens = { model: 'plumb_bob', d: [] };
  return { ...pinhole([k[0]!, k[1]!, k[2]!, k[3]!], lens, file), width: width!, height: height! };
}

/** T_world_camera (x right, y down, z forward); each line holds the inverse. */
async function readTrajectory(file: string): Promise<StampedPoses> {
  const lines = (await readText(file)).split('\n').filter((line) => line.trim() !== '');
  const stampsNs: bigint[] = [];
  const poses: Pose[] = [];
  for (const [i, line] of lines.entries()) {
    const [stamp = '', ...rest] = line.trim().split(/\s+/);
    const stampNs = parseSeconds(stamp);
    const [wx, wy, wz, tx, ty, tz] = rest.map(Number);
    if (
      stampNs === undefined ||
      rest.length !== COLUMNS - 1 ||
      !rest.every((v) => Number.isFinite(Number(v)))
    )
      throw new FeltmapError(
        'bad-input',
        `${file}, line ${i + 1}: expected a stamp, a rotation vector and a translation, seven numbers`,
      );
    const T_camera_world = exp([0, 0, 0, wx!, wy!, wz!]);
    [T_camera_world[3], T_camera_world[7], T_camera_world[11]] = [tx!, ty!, tz!];
    stampsNs.push(stampNs);
    poses.push(inverse(T_camera_world));
  }
  return { stampsNs, poses };
}
