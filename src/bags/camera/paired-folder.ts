import { dirname, join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import type { Pose } from '../../geometry/se3.js';
import { MILLIMETRE } from '../../sensors/camera/depth-unit.js';
import { readWords } from '../../images/pictures.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import { readWhole } from '../files.js';
import { numberIn } from '../folder-stamps.js';
import { depthUnit } from './depth-unit.js';
import { firstSize, imagesOf, LARGEST_IMAGE, namesIn, stampsOfNames } from './image-names.js';
import { partners } from './image-partners.js';
import { type Calibration, findCalibration } from './intrinsics-files.js';
import { readPoseFile, readPoseList } from './pose-files.js';
import type { FolderFrame, RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';
import { readSceneCamera, SCENE_CAMERA, type SceneCamera } from './scene-camera.js';
import { posesAsRead, stampedPoses } from './stamped-poses.js';
import { readTransformPoses } from './transforms-folder.js';

const DEPTH_FOLDERS = ['depth', 'depths'];
const COLOR_FOLDERS = ['color', 'colour', 'rgb', 'image', 'images', 'gray', 'grey'];
const POSE_FOLDERS = ['pose', 'poses'];
const POSE_LISTS = ['traj.txt', 'trajectory.log', 'scene/trajectory.log'];
/** Calibrations of depth and of colour, as ScanNet's exporter and ROS write them. */
const DEPTH_CALIBRATION = ['intrinsic_depth.txt', 'depth_intrinsic.txt', ...calibrationsOf('depth')];
const COLOR_CALIBRATION = [
  ...['intrinsic_color.txt', 'color_intrinsic.txt'],
  ...calibrationsOf('color'),
  ...calibrationsOf('rgb'),
];
const JPEG_OR_PNG = ['.jpg', '.jpeg', '.png'];
/** Other files that people keep depth in. */
const OTHER_DEPTH = ['.tif', '.tiff', '.exr', '.npy', '.npz', '.pfm'];
const DEPTH = ['.png', '.pgm'];

interface Files {
  readonly kind: string;
  readonly depthFolder: string;
  readonly depths: readonly string[];
  readonly colorFolder?: string;
  readonly colors: readonly string[];
}

/**
 * A folder whose images lie in folders of their own: depth/ beside color/ (or rgb/, image/), as ScanNet's exporter and
 * Open3D write them, or Replica's results/ with frame*.jpg and depth*.png. Intrinsics from intrinsic/, a JSON or text file;
 * poses from pose/, traj.txt or trajectory.log. Depth is registered to colour. undefined for other folders.
 *
 * @throws FeltmapError bad-input without intrinsics, or for files that cannot be understood
 */
export async function findPairedFolder(
  path: string,
  names: readonly string[],
  { depthScale: wanted }: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  const files = (await separateFolders(path, names)) ?? (await replica(path, names));
  if (!files) return undefined;
  const { depths, colors, depthFolder, colorFolder } = files;
  const { stampsNs, origin, assumed } = stampsOfNames(depths);
  const partner = partners(depths, colors);
  const frames: FolderFrame[] = depths.map((name, i) => ({
    stampNs: stampsNs[i]!,
    depth: join(depthFolder, name),
    ...(partner[i] !== undefined && { color: join(colorFolder!, partner[i]) }),
  }));
  const scene = names.includes(SCENE_CAMERA) ? await readSceneCamera(path) : undefined;
  const found = scene ? { depth: scene.calibration } : await calibrations(path, depthFolder);
  if (!found) {
    // Images that are no depth are told first: intrinsics would not help.
    const [first] = frames;
    await readWords(await readWhole(first!.depth, LARGEST_IMAGE), first!.depth);
    throw new FeltmapError(
      'not-found',
      `${path} has the layout of ${files.kind}, but no intrinsics; put fx fy cx cy into ${join(path, 'intrinsics.txt')}`,
    );
  }
  const camera = await sized(
    found.depth,
    frames.map((f) => f.depth),
    path,
  );
  const colored = frames.flatMap((f) => (f.color === undefined ? [] : [f.color]));
  const poses = scene
    ? scenePoses(scene, depths, stampsNs).poses
    : await posesOf(path, names, depths, stampsNs);
  const { file, depthScale: stated } = found.depth;
  const unit = await depthUnit(
    frames.map((f) => f.depth),
    { wanted, stated, file, usual: MILLIMETRE },
  );
  return {
    kind: scene ? 'BOP' : files.kind,
    frames,
    camera,
    ...(colored.length > 0 && { color: { camera: await sized(found.color ?? found.depth, colored, path) } }),
    depthScale: unit.scale,
    stamps: origin,
    assumed,
    notes: [
      `${path}: intrinsics from ${file}, ${unit.text}`,
      ...(scene && scene.differing > 0
        ? [
            `${join(path, SCENE_CAMERA)} gives ${scene.differing} images a camera of their own: that of the first is used for all`,
          ]
        : []),
    ],
    ...(poses && { poses }),
  };
}

async function separateFolders(path: string, names: readonly string[]): Promise<Files | undefined> {
  const depth = DEPTH_FOLDERS.find((name) => names.includes(name));
  if (depth === undefined) return undefined;
  const depthFolder = join(path, depth);
  const inside = await namesIn(depthFolder);
  const depths = imagesOf(inside, DEPTH);
  const [other] = imagesOf(inside, OTHER_DEPTH);
  if (depths.length === 0 && other !== undefined)
    throw new FeltmapError(
      'unsupported',
      `${join(depthFolder, other)} is no PNG or PGM; depth is read from those of 16 bits: convert it`,
    );
  if (depths.length === 0) return undefined;
  const color = COLOR_FOLDERS.find((name) => names.includes(name));
  const kind = names.some((name) => POSE_FOLDERS.includes(name)) ? 'ScanNet-style' : 'Open3D-style';
  if (color === undefined) return { kind, depthFolder, depths, colors: [] };
  const colorFolder = join(path, color);
  return {
    kind,
    depthFolder,
    depths,
    colorFolder,
    colors: imagesOf(await namesIn(colorFolder), JPEG_OR_PNG),
  };
}

async function replica(path: string, names: readonly string[]): Promise<Files | undefined> {
  if (!names.includes('results')) return undefined;
  const folder = join(path, 'results');
  const inside = await namesIn(folder);
  const depths = imagesOf(inside, ['.png']).filter((name) => name.startsWith('depth'));
  const colors = imagesOf(inside, JPEG_OR_PNG).filter((name) => name.startsWith('frame'));
  if (depths.length === 0) return undefined;
  return { kind: 'Replica', depthFolder: folder, depths, colorFolder: folder, colors };
}

/** Names of ROS's and others' files for one of two cameras. */
function calibrationsOf(camera: string): string[] {
  return ['', '_camera_info', '_info', '_intrinsics'].flatMap((end) =>
    ['yaml', 'yml', 'json'].map((kind) => `${camera}${end}.${kind}`),
  );
}

async function calibrations(
  path: string,
  depthFolder: string,
): Promise<{ depth: Calibration; color?: Calibration } | undefined> {
  const folders = [join(path, 'intrinsic'), join(path, 'intrinsics'), path];
  const depth = await findCalibration(folders, DEPTH_CALIBRATION);
  const color = await findCalibration(folders, COLOR_CALIBRATION);
  if (depth) return { depth, ...(color && { color }) };
  // Replica has one cam_params.json for all its scenes, beside them.
  const one = color ?? (await findCalibration([...folders, depthFolder, dirname(path)]));
  return one && { depth: one };
}

/** Intrinsics with a size: that of the file, else that of the images. */
async function sized(
  { camera }: Calibration,
  images: readonly string[],
  path: string,
): Promise<CameraIntrinsics> {
  const { width, height } = camera;
  if (width !== undefined && height !== undefined) return { ...camera, width, height };
  const size = await firstSize(images).catch(() => undefined);
  if (!size)
    throw new FeltmapError(
      'bad-input',
      `${path}: none of its first images can be read; check that they are whole`,
    );
  return { ...camera, ...size };
}

/** The poses of a BOP scene, where it has any. */
const scenePoses = ({ poses }: SceneCamera, depths: readonly string[], stampsNs: readonly bigint[]) =>
  posesAsRead(
    stampsNs,
    depths.map((name) => poses.get(numberIn(name) ?? '')),
  );

async function posesOf(
  path: string,
  names: readonly string[],
  depths: readonly string[],
  stampsNs: readonly bigint[],
): Promise<RgbdFolder['poses'] | undefined> {
  const known = (poses: readonly (Pose | undefined)[]) => stampedPoses(stampsNs, poses);
  const folder = POSE_FOLDERS.find((name) => names.includes(name));
  if (folder !== undefined) {
    const files = new Map((await namesIn(join(path, folder))).map((name) => [numberIn(name), name]));
    return async () => {
      const poses: (Pose | undefined)[] = [];
      for (const name of depths) {
        const file = files.get(numberIn(name));
        poses.push(file === undefined ? undefined : await readPoseFile(join(path, folder, file)));
      }
      return known(poses);
    };
  }
  for (const list of POSE_LISTS)
    if (
      names.includes(list) ||
      (list.includes('/') && (await namesIn(join(path, dirname(list)))).includes('trajectory.log'))
    )
      return async () => known(await readPoseList(join(path, list)));
  if (!names.includes('transforms.json')) return undefined;
  return async () => known(await readTransformPoses(join(path, 'transforms.json'), depths.map(numberIn)));
}
