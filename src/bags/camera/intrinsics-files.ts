import { basename, extname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { FeltmapError } from '../../geometry/errors.js';
import { readText } from '../files.js';
import { type CalibrationValues, calibrationValues, pinhole } from './calibration-values.js';
import { namesIn } from './image-names.js';
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
  'cam_K.txt',
  'K.txt',
  'calib.txt',
  'camera.json',
  'camera_info.json',
  'calibration.json',
  ...['camera_info', 'camera', 'camera_intrinsics', 'intrinsics', 'calibration', 'ost'].flatMap((name) => [
    `${name}.yaml`,
    `${name}.yml`,
  ]),
  'transforms.json',
];

/** What a calibration file says, and its name. */
export type Calibration = CalibrationValues & { readonly file: string };

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
    const other = names === NAMES ? await settingsIn(folder) : undefined;
    if (other) return other;
  }
  return undefined;
}

/** Larger files are no settings, bytes. */
const LARGEST_SETTINGS = 65536;
/** What ORB-SLAM and others call a camera's focal length, and the matrix of Open3D and of ROS's calibration. */
const CAMERA = /(?:^|[{,])\s*"?((camera\d?\.)?fx|intrinsic_matrix|camera_matrix)"?\s*:/im;

/**
 * The one file of settings in a folder that holds a camera, such as ORB-SLAM's TUM1.yaml or somebody's
 * cam_params_realsense.json; undefined where none or several do.
 */
async function settingsIn(folder: string): Promise<Calibration | undefined> {
  const found: Calibration[] = [];
  for (const name of await namesIn(folder)) {
    if (!/\.(ya?ml|json)$/i.test(name)) continue;
    const path = join(folder, name);
    const text = await readText(path).catch(() => '');
    if (text.length > LARGEST_SETTINGS || !CAMERA.test(text)) continue;
    try {
      found.push(parseCalibration(text, path));
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error; // it is about something else
    }
  }
  return found.length === 1 ? found[0] : undefined;
}

/**
 * Understands what people write intrinsics into: `fx fy cx cy` with up to five coefficients of plumb_bob, a matrix of 3×3
 * or 4×4, JSON and YAML ({@link calibrationValues}).
 *
 * @throws FeltmapError bad-input; unsupported for an unknown model of distortion
 */
function parseCalibration(text: string, path: string): Calibration {
  const file = basename(path);
  if (extname(path) !== '.txt') return { ...calibrationValues(parsed(text, path), path), file };
  const numbers = numbersOf(text, path);
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#')).length;
  // On one line nine numbers are a matrix where they end like one: as coefficients these would be 0, 0 and 1.
  const isMatrix = lines === 3 || (numbers[1] === 0 && numbers[3] === 0 && numbers[8] === 1);
  const model = 'plumb_bob';
  if (numbers.length === 16 || (numbers.length === 9 && isMatrix)) {
    const columns = numbers.length === 16 ? 4 : 3;
    const [fx, cx, fy, cy] = [numbers[0]!, numbers[2]!, numbers[columns + 1]!, numbers[columns + 2]!];
    return { camera: pinhole([fx, fy, cx, cy], { model, d: [] }, path), file };
  }
  if (numbers.length >= 4 && numbers.length <= 9) {
    const [fx, fy, cx, cy] = numbers as [number, number, number, number];
    return { camera: pinhole([fx, fy, cx, cy], { model, d: numbers.slice(4) }, path), file };
  }
  throw new FeltmapError(
    'bad-input',
    `${path} holds ${numbers.length} numbers; expected fx fy cx cy (k1 k2 p1 p2 k3), or a matrix of 3×3 or 4×4`,
  );
}

/** A file of JSON or YAML. @throws FeltmapError bad-input */
export function parsed(text: string, path: string): unknown {
  try {
    if (extname(path) === '.json') return JSON.parse(text) as unknown;
    // OpenCV writes a directive that is no YAML, and tags of its own.
    const [document] = parseAllDocuments(text.replace(/^%YAML.*$/m, ''), { logLevel: 'silent' });
    if (document && 'errors' in document && document.errors.length === 0) return document.toJS() as unknown;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
  }
  throw new FeltmapError(
    'bad-input',
    `${path} is no ${extname(path) === '.json' ? 'JSON' : 'YAML'}; check the file`,
  );
}
