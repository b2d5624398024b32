import { join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import { fromQuaternion, type Pose } from '../../geometry/se3.js';
import { MILLIMETRE } from '../../sensors/camera/depth-unit.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import { readText } from '../files.js';
import { parseSeconds } from '../timestamps.js';
import { pinhole } from './calibration-values.js';
import { numberIn } from '../folder-stamps.js';
import { imagesOf, namesIn } from './image-names.js';
import { partners } from './image-partners.js';
import { numbersOf } from './pose-files.js';
import type { RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';

const FILES = ['odometry.csv', 'camera_matrix.csv', 'depth'];
const CONFIDENCE = 'confidence';
const VIDEO = 'rgb.mp4';
/** Where the frames of the video may have been put. */
const COLOR_FOLDERS = ['rgb', 'color', 'images'];
/** Images of ARKit that camera_matrix.csv is for. */
const IMAGE = { width: 1920, height: 1440 };

interface Row {
  readonly stampNs: bigint;
  readonly pose: Pose;
}

/**
 * A recording of the app Stray Scanner (iPhone, iPad): depth/000000.png in millimetres, confidence/ with images of the same
 * names, odometry.csv with stamps and poses, camera_matrix.csv. Colours are in a video, which is not read, unless somebody has put its frames into rgb/. undefined for
 * other folders.
 *
 * @throws FeltmapError
 */
export async function findStrayScanner(
  path: string,
  names: readonly string[],
  { depthScale = MILLIMETRE }: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  if (!FILES.every((name) => names.includes(name))) return undefined;
  const folder = join(path, 'depth');
  const depths = imagesOf(await namesIn(folder), ['.png']);
  if (depths.length === 0) return undefined;
  const camera = await cameraOf(join(path, 'camera_matrix.csv'));
  const rows = await readRows(join(path, 'odometry.csv'));
  const colorFolder = COLOR_FOLDERS.find((name) => names.includes(name)) ?? 'rgb';
  const colors = imagesOf(await namesIn(join(path, colorFolder)), ['.jpg', '.jpeg', '.png']);
  const partner = partners(depths, colors);
  const sure = new Set(await namesIn(join(path, CONFIDENCE)));
  const frames = depths.flatMap((name, i) => {
    const row = rows.get(numberIn(name) ?? '');
    if (!row) return [];
    const color = partner[i] === undefined ? {} : { color: join(path, colorFolder, partner[i]) };
    const confidence = sure.has(name) ? { confidence: join(path, CONFIDENCE, name) } : {};
    return [{ depth: join(folder, name), ...row, ...color, ...confidence }];
  });
  frames.sort((a, b) => (a.stampNs < b.stampNs ? -1 : a.stampNs > b.stampNs ? 1 : 0));
  if (frames.length === 0)
    throw new FeltmapError(
      'bad-input',
      `${join(path, 'odometry.csv')} has no line for any of the images in depth/; check that both are of the same recording`,
    );
  const missing = depths.length - frames.length;
  const video = colors.length === 0 && names.includes(VIDEO);
  return {
    kind: 'Stray Scanner',
    frames: frames.map(({ pose: _, ...frame }) => frame),
    camera,
    ...(colors.length > 0 && { color: { camera } }),
    depthScale,
    stamps: 'stamps from odometry.csv',
    notes: [
      ...(video
        ? [
            `${path}: colours are in the video ${VIDEO}, which is not read, and depth is used alone; put its frames into rgb/ (ffmpeg -i rgb.mp4 rgb/%06d.png)`,
          ]
        : []),
      ...(missing > 0
        ? [
            `${missing} of the ${depths.length} depth images in ${folder} have no line in odometry.csv and are left out`,
          ]
        : []),
    ],
    poses: () =>
      Promise.resolve({ stampsNs: frames.map((f) => f.stampNs), poses: frames.map((f) => f.pose) }),
  };
}

async function cameraOf(file: string): Promise<CameraIntrinsics> {
  const k = numbersOf(await readText(file), file);
  if (k.length !== 9)
    throw new FeltmapError('bad-input', `${file} holds ${k.length} numbers; expected a matrix of 3×3`);
  return { ...pinhole([k[0]!, k[4]!, k[2]!, k[5]!], { model: 'plumb_bob', d: [] }, file), ...IMAGE };
}

/** Stamps and poses of the camera (x right, y down, z forward) by the number of the frame. */
async function readRows(file: string): Promise<Map<string, Row>> {
  const [heading = '', ...lines] = (await readText(file)).split('\n').filter((line) => line.trim() !== '');
  const columns = heading.split(',').map((name) => name.trim());
  const rows = new Map<string, Row>();
  for (const [i, line] of lines.entries()) {
    const cells = line.split(',').map((cell) => cell.trim());
    const cell = (name: string): string => cells[columns.indexOf(name)] ?? '';
    const [x, y, z, qx, qy, qz, qw] = ['x', 'y', 'z', 'qx', 'qy', 'qz', 'qw'].map((name) =>
      cell(name) === '' ? NaN : Number(cell(name)),
    );
    const stampNs = parseSeconds(cell('timestamp'));
    if (stampNs === undefined || !(Math.hypot(qx!, qy!, qz!, qw!) > 0.5) || ![x, y, z].every(Number.isFinite))
      throw new FeltmapError(
        'bad-input',
        `${file}, line ${i + 2}: expected timestamp, frame, x, y, z, qx, qy, qz, qw as its first line names them`,
      );
    rows.set(numberIn(cell('frame')) ?? '', {
      stampNs,
      pose: fromQuaternion([x!, y!, z!], [qx!, qy!, qz!, qw!]),
    });
  }
  return rows;
}
