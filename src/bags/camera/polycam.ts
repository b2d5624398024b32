import { join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import type { Pose } from '../../geometry/se3.js';
import { MILLIMETRE } from '../../sensors/camera/depth-unit.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import { readText } from '../files.js';
import { pinhole } from './calibration-values.js';
import { imagesOf, namesIn } from './image-names.js';
import { parsed } from './intrinsics-files.js';
import { poseOf } from './pose-files.js';
import type { RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';
import { posesAsRead } from './stamped-poses.js';
import { optical } from './transforms-folder.js';

const FRAMES = 'keyframes';
/** The former were found together and are of images without distortion; where a scan was too large there are only the latter. */
const KINDS = [
  { cameras: 'corrected_cameras', images: 'corrected_images' },
  { cameras: 'cameras', images: 'images' },
] as const;
/** Microseconds. */
const NAME = /^(\d+)\.png$/;
const VALUES = ['fx', 'fy', 'cx', 'cy', 'width', 'height'] as const;
const ROWS = [0, 1, 2].flatMap((row) => [0, 1, 2, 3].map((column) => `t_${row}${column}`));

/**
 * Raw data of the app Polycam (iPhone, iPad with LiDAR): keyframes/depth/MICROSECONDS.png in millimetres, confidence/,
 * corrected_images/ and corrected_cameras/ (else images/ and cameras/) with files of the same names; poses with ARKit's axes (y up,
 * z backwards). undefined for other folders.
 *
 * @throws FeltmapError bad-input for a file that cannot be understood
 */
export async function findPolycam(
  path: string,
  names: readonly string[],
  { depthScale = MILLIMETRE }: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  const folder = names.includes(FRAMES) ? join(path, FRAMES) : path;
  const inside = folder === path ? names : await namesIn(folder);
  const kind = KINDS.find(({ cameras }) => inside.includes(cameras));
  if (!kind || !inside.includes('depth')) return undefined;
  const depths = imagesOf(await namesIn(join(folder, 'depth')), ['.png']);
  const cameras = new Set(await namesIn(join(folder, kind.cameras)));
  const stems = depths.flatMap((name) => {
    const stem = NAME.exec(name)?.[1];
    return stem !== undefined && cameras.has(`${stem}.json`) ? [stem] : [];
  });
  if (stems.length === 0) return undefined;
  const described = await Promise.all(
    stems.map((stem) => readCamera(join(folder, kind.cameras, `${stem}.json`))),
  );
  const colors = new Set(await namesIn(join(folder, kind.images)));
  const sure = new Set(await namesIn(join(folder, 'confidence')));
  const frames = stems.map((stem) => ({
    stampNs: BigInt(stem) * 1000n,
    depth: join(folder, 'depth', `${stem}.png`),
    ...(colors.has(`${stem}.jpg`) && { color: join(folder, kind.images, `${stem}.jpg`) }),
    ...(sure.has(`${stem}.png`) && { confidence: join(folder, 'confidence', `${stem}.png`) }),
  }));
  const { camera } = described[0]!;
  const missing = depths.length - stems.length;
  return {
    kind: 'Polycam',
    frames,
    camera,
    ...(frames.some(({ color }) => color !== undefined) && { color: { camera } }),
    depthScale,
    stamps: 'stamps from their names',
    notes:
      missing > 0
        ? [
            `${missing} of the ${depths.length} depth images of ${folder} have no file in ${kind.cameras}/ and are left out`,
          ]
        : [],
    ...posesAsRead(
      frames.map(({ stampNs }) => stampNs),
      described.map(({ pose }) => pose),
    ),
  };
}

async function readCamera(file: string): Promise<{ camera: CameraIntrinsics; pose: Pose | undefined }> {
  const values = (parsed(await readText(file), file) ?? {}) as Record<string, unknown>;
  const number = (name: string): number => (typeof values[name] === 'number' ? values[name] : NaN);
  const [fx, fy, cx, cy, width, height] = VALUES.map(number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (![fx, fy, cx, cy, width, height].every((v) => v > 0))
    throw new FeltmapError('bad-input', `${file} has no ${VALUES.join(', ')}; it is no camera of Polycam`);
  return {
    camera: { ...pinhole([fx, fy, cx, cy], { model: 'plumb_bob', d: [] }, file), width, height },
    pose: optical(poseOf(ROWS.map(number))),
  };
}
