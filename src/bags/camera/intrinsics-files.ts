import { basename, join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import { readText } from '../files.js';
import { numbersOf } from './pose-files.js';

/** Names of calibration files, the better ones first. */
const NAMES = [
  'camera_intrinsic.json',
  'camera_intrinsics.json',
  'intrinsic.json',
  'intrinsics.json',
  'cam_params.json',
  'camera-intrinsics.txt',
  'camera_intrinsics.txt',
  'calibration.txt',
  'intrinsics.txt',
  'intrinsic.txt',
  'camera.txt',
  'calib.txt',
];

/** What a calibration file says. */
export interface Calibration {
  /** Without a size where the file has none. */
  readonly camera: Omit<CameraIntrinsics, 'width' | 'height'> &
    Partial<Pick<CameraIntrinsics, 'width' | 'height'>>;
  /** Metres of a unit of depth, where the file says so. */
  readonly depthScale?: number;
  /** Name of the file. */
  readonly file: string;
}

/**
 * The first calibration file of some folders; undefined where they have none.
 *
 * @throws FeltmapError bad-input for one that cannot be understood
 */
export async function findCalibration(
  folders: readonly string[],
  names: readonly string[] = NAMES,
): Promise<Calibration | undefined> {
  for (const folder of folders) {
    for (const name of names) {
      const path = join(folder, name);
      const text = await readText(path).catch((error: unknown) => {
        if (error instanceof FeltmapError && error.code === 'not-found') return undefined;
        throw error;
      });
      if (text !== undefined) return parseCalibration(text, path);
    }
  }
  return undefined;
}

/**
 * Understands what people write intrinsics into: `fx fy cx cy` with up to five coefficients of plumb_bob, a matrix of 3×3
 * or 4×4, Open3D's JSON (intrinsic_matrix by columns) and Replica's (w, h, fx, fy, cx, cy and scale in units a metre).
 *
 * @throws FeltmapError bad-input
 */
function parseCalibration(text: string, path: string): Calibration {
  const file = basename(path);
  if (path.endsWith('.json')) return { ...fromJson(text, path), file };
  const numbers = numbersOf(text, path);
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#')).length;
  // On one line nine numbers are a matrix where they end like one: as coefficients these would be 0, 0 and 1.
  const isMatrix = lines === 3 || (numbers[1] === 0 && numbers[3] === 0 && numbers[8] === 1);
  if (numbers.length === 16 || (numbers.length === 9 && isMatrix)) {
    const columns = numbers.length === 16 ? 4 : 3;
    const [fx, cx, fy, cy] = [numbers[0]!, numbers[2]!, numbers[columns + 1]!, numbers[columns + 2]!];
    return { camera: checked({ fx, fy, cx, cy }, [], path), file };
  }
  if (numbers.length >= 4 && numbers.length <= 9) {
    const [fx, fy, cx, cy] = numbers as [number, number, number, number];
    return { camera: checked({ fx, fy, cx, cy }, numbers.slice(4), path), file };
  }
  throw new FeltmapError(
    'bad-input',
    `${path} holds ${numbers.length} numbers; expected fx fy cx cy (k1 k2 p1 p2 k3), or a matrix of 3×3 or 4×4`,
  );
}

function fromJson(text: string, path: string): Omit<Calibration, 'file'> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FeltmapError('bad-input', `${path} is no JSON; check the file`, { cause });
  }
  const top = (json ?? {}) as Record<string, unknown>;
  const values = (
    typeof top['camera'] === 'object' && top['camera'] !== null ? top['camera'] : top
  ) as Record<string, unknown>;
  const number = (...names: string[]): number | undefined =>
    names.map((name) => values[name] ?? top[name]).find((value) => typeof value === 'number') as
      number | undefined;
  const [width, height] = [number('width', 'w'), number('height', 'h')];
  const size = width !== undefined && height !== undefined ? { width, height } : {};
  const scale = number('scale', 'depth_scale', 'png_depth_scale');
  // Units a metre, or metres a unit as librealsense has it: nobody's unit is longer than a metre.
  const depthScale = scale !== undefined && scale > 0 ? { depthScale: scale < 1 ? scale : 1 / scale } : {};
  const matrix = values['intrinsic_matrix'];
  if (Array.isArray(matrix)) {
    const m = (matrix as unknown[]).flat().map(Number);
    // Open3D writes the columns one after another: its third number is 0, where rows have cx.
    const [cx, cy] = m[2] === 0 && m[5] === 0 ? [m[6], m[7]] : [m[2], m[5]];
    const camera = checked({ fx: m[0]!, fy: m[4]!, cx: cx!, cy: cy! }, [], path);
    return { camera: { ...camera, ...size }, ...depthScale };
  }
  const [fx, fy, cx, cy] = [number('fx'), number('fy'), number('cx'), number('cy')];
  const camera = checked({ fx: fx!, fy: fy!, cx: cx!, cy: cy! }, [], path);
  return { camera: { ...camera, ...size }, ...depthScale };
}

function checked(
  pinhole: { fx: number; fy: number; cx: number; cy: number },
  coefficients: readonly number[],
  path: string,
): Calibration['camera'] {
  const { fx, fy, cx, cy } = pinhole;
  if (!(fx > 0 && fy > 0 && [fx, fy, cx, cy, ...coefficients].every(Number.isFinite)))
    throw new FeltmapError(
      'bad-input',
      `${path} gives fx ${fx}, fy ${fy}, cx ${cx}, cy ${cy}: these are no intrinsics; check the file`,
    );
  const plain = coefficients.every((k) => k === 0);
  return { ...pinhole, distortion: plain ? 'none' : 'plumb_bob', coefficients: plain ? [] : coefficients };
}
