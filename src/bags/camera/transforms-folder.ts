import { basename, join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import type { Pose } from '../../geometry/se3.js';
import { MILLIMETRE } from '../../sensors/camera/depth-unit.js';
import { readText } from '../files.js';
import { numberIn } from '../folder-stamps.js';
import { calibrationValues } from './calibration-values.js';
import { depthUnit } from './depth-unit.js';
import { firstSize, stampsOfNames } from './image-names.js';
import { parsed } from './intrinsics-files.js';
import { poseOf } from './pose-files.js';
import type { RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';
import { posesAsRead } from './stamped-poses.js';

const FILE = 'transforms.json';
/** Of the focal length, by which frames may differ before it is told. */
const ALIKE = 0.005;

interface TransformFrame {
  readonly file: string | undefined;
  readonly depth: string | undefined;
  readonly pose: Pose | undefined;
  readonly values: Record<string, unknown>;
}

/**
 * A folder of nerfstudio or instant-ngp whose transforms.json names a depth image (16-bit PNG) for its frames. Depth is
 * registered to colour; poses are those of OpenGL's camera, y up and z backwards. undefined for other folders.
 *
 * @throws FeltmapError bad-input for a file that cannot be understood
 */
export async function findTransforms(
  path: string,
  names: readonly string[],
  { depthScale: wanted }: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  if (!names.includes(FILE)) return undefined;
  const file = join(path, FILE);
  // Others keep transforms between their sensors under this name.
  const values = parsed(await readText(file), file);
  if (!isScene(values)) return undefined;
  const { top, frames } = transformsIn(values, file);
  const deep = frames
    .filter((frame) => frame.depth !== undefined)
    .sort((a, b) => a.depth!.localeCompare(b.depth!, 'en', { numeric: true }));
  if (deep.length === 0) return undefined;
  const depths = deep.map((frame) => join(path, frame.depth!));
  const other = depths.find((name) => !/\.png$/i.test(name));
  if (other !== undefined)
    throw new FeltmapError(
      'unsupported',
      `${file} names the depth image ${basename(other)}; depth is read from PNGs of 16 bits: convert it`,
    );
  // Where nothing is said for all frames, the first one speaks for them.
  const { camera, depthScale: stated } = calibrationValues({ ...deep[0]!.values, ...top }, file);
  const size = await firstSize(depths).catch(() => undefined);
  const { width = size?.width, height = size?.height } = camera;
  if (width === undefined || height === undefined)
    throw new FeltmapError(
      'bad-input',
      `${path}: none of its first images can be read; check that they are whole`,
    );
  const whole = { ...camera, width, height };
  const unit = await depthUnit(depths, { wanted, stated, file: FILE, usual: MILLIMETRE });
  const { stampsNs, origin, assumed } = stampsOfNames(depths.map((name) => basename(name)));
  const colored = deep.some((frame) => frame.file !== undefined);
  const differing = deep.filter(
    ({ values }) => typeof values['fl_x'] === 'number' && differs(values['fl_x'], camera.fx),
  );
  return {
    kind: 'nerfstudio',
    frames: deep.map((frame, i) => ({
      stampNs: stampsNs[i]!,
      depth: depths[i]!,
      ...(frame.file !== undefined && { color: join(path, frame.file) }),
    })),
    camera: whole,
    ...(colored && { color: { camera: whole } }),
    depthScale: unit.scale,
    stamps: origin,
    assumed,
    notes: [
      `${path}: intrinsics from ${FILE}, ${unit.text}`,
      ...(differing.length > 0
        ? [
            `${file} gives ${differing.length} frames a focal length of their own: that of the first frame is used for all`,
          ]
        : []),
    ],
    ...posesAsRead(
      stampsNs,
      deep.map(({ pose }) => pose),
    ),
  };
}

/**
 * The poses of a transforms.json for images by their numbers; undefined for those that it does not have.
 *
 * @throws FeltmapError as {@link findTransforms}
 */
export async function readTransformPoses(
  file: string,
  numbers: readonly (string | undefined)[],
): Promise<(Pose | undefined)[]> {
  const { frames } = transformsIn(parsed(await readText(file), file), file);
  const byNumber = new Map(frames.map((frame) => [numberIn(basename(frame.file ?? '')), frame.pose]));
  return numbers.map((number) => (number === undefined ? undefined : byNumber.get(number)));
}

/** Whether a file has frames or the lens of a camera, as those of nerfstudio and instant-ngp do. */
function isScene(values: unknown): boolean {
  const has = (name: string): boolean => typeof values === 'object' && values !== null && name in values;
  return ['frames', 'fl_x', 'camera_angle_x'].some(has);
}

function transformsIn(
  content: unknown,
  file: string,
): { top: Record<string, unknown>; frames: TransformFrame[] } {
  const { frames, ...top } = (content ?? {}) as Record<string, unknown>;
  if (!Array.isArray(frames))
    throw new FeltmapError(
      'bad-input',
      `${file} has no list 'frames'; it is no file of nerfstudio or instant-ngp`,
    );
  return {
    top,
    frames: (frames as unknown[]).map((entry) => {
      const values = (entry ?? {}) as Record<string, unknown>;
      const text = (name: string): string | undefined =>
        typeof values[name] === 'string' ? values[name].replaceAll('\\', '/') : undefined;
      const matrix = Array.isArray(values['transform_matrix'])
        ? (values['transform_matrix'] as unknown[])
        : [];
      return {
        file: text('file_path'),
        depth: text('depth_file_path') ?? text('depth_path'),
        pose: optical(poseOf(matrix.flat().map(Number))),
        values,
      };
    }),
  };
}

/** Pose of the optical frame (y down, z forward) of a camera of OpenGL (y up, z backwards). */
export function optical(pose: Pose | undefined): Pose | undefined {
  return pose?.map((v, i) => (i % 4 === 1 || i % 4 === 2 ? -v : v));
}

function differs(a: number, b: number): boolean {
  return Math.abs(a / b - 1) > ALIKE;
}
