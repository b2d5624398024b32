import { join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import { compose, inverse, type Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import { readText } from '../files.js';
import { pinhole } from './calibration-values.js';
import { numbersOf, poseOf } from './pose-files.js';

/** Names of the file, as BundleFusion's recordings and those of a .sens file have it. */
const NAMES = ['info.txt', '_info.txt'];

/** The cameras of a recording. */
export interface SensorInfo {
  readonly file: string;
  readonly depth: CameraIntrinsics;
  readonly color: CameraIntrinsics;
  readonly T_depth_color: Pose;
  /** Metres of a unit of depth. */
  readonly depthScale?: number;
}

/**
 * The cameras by the info.txt of BundleFusion and of what is unpacked from .sens files: lines such as `m_depthWidth = 640`,
 * matrices of 4×4 for intrinsics and extrinsics, units of depth a metre. undefined where there is no such file.
 *
 * @param names of the folder's files
 * @throws FeltmapError bad-input for one that cannot be understood
 */
export async function readSensorInfo(
  path: string,
  names: readonly string[],
): Promise<SensorInfo | undefined> {
  const file = NAMES.find((name) => names.includes(name));
  if (file === undefined) return undefined;
  const from = join(path, file);
  const lines = (await readText(from)).split('\n').map((line) => line.split('='));
  const values = new Map(lines.map(([name, value]) => [name!.trim(), value?.trim() ?? '']));
  if (!values.has('m_calibrationDepthIntrinsic')) return undefined;
  const depth = camera('Depth', values, from);
  const T_world_depth = extrinsic('Depth', values, from);
  const shift = Number(values.get('m_depthShift'));
  return {
    file,
    depth,
    color: values.has('m_calibrationColorIntrinsic') ? camera('Color', values, from) : depth,
    T_depth_color: compose(inverse(T_world_depth), extrinsic('Color', values, from)),
    ...(shift > 0 && { depthScale: 1 / shift }),
  };
}

type Values = ReadonlyMap<string, string>;
type Which = 'Depth' | 'Color';

function camera(which: Which, values: Values, path: string): CameraIntrinsics {
  const k = numbersOf(values.get(`m_calibration${which}Intrinsic`)!, path);
  const side = (name: string): number => Number(values.get(`m_${which.toLowerCase()}${name}`));
  const [width, height] = [side('Width'), side('Height')];
  if (k.length !== 16 || !(width >= 1 && height >= 1))
    throw new FeltmapError(
      'bad-input',
      `${path} gives no size or no matrix of 4×4 for the ${which.toLowerCase()} camera; check the file`,
    );
  return { ...pinhole([k[0]!, k[5]!, k[2]!, k[6]!], { model: 'plumb_bob', d: [] }, path), width, height };
}

/** Pose of a camera in the sensor; at its origin where the file does not say. */
function extrinsic(which: Which, values: Values, path: string): Pose {
  const numbers = numbersOf(values.get(`m_calibration${which}Extrinsic`) ?? '', path);
  return poseOf(numbers) ?? Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
}
