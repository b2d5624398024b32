import { FeltmapError } from '../../geometry/errors.js';
import { intrinsicsFromCameraInfo } from '../../sensors/camera/camera-info.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';

/** Intrinsics, without a size where nothing says it, and metres of a unit of depth where that is said. */
export interface CalibrationValues {
  readonly camera: Omit<CameraIntrinsics, 'width' | 'height'> &
    Partial<Pick<CameraIntrinsics, 'width' | 'height'>>;
  readonly depthScale?: number;
}

/** What is a model of a lens among other names, such as those of makes. */
const MODEL =
  /pinhole|kannala|fish|equi|radtan|radial|plumb|rational|conrady|opencv|none|fov|omni|double|ds|eucm/i;
/** Models of rays, not of lenses, whose intrinsics begin with other numbers than focal lengths. */
const NO_PINHOLE = /^(omni|ds|eucm|fov|double|mei|ucm|unified|equirect|spheric|panoram)/i;
/** Metres of a unit of depth that somebody may use: from 1 µm to 1 cm. */
const UNITS = [1e-6, 0.01] as const;
/** Pixels: no focal length is longer, and no principal point lies farther out. */
const MOST_PIXELS = 1e6;
/** Where the values of a camera stand one level down, in the order in which they count. */
const INSIDE = ['camera', 'cam', 'cam0', 'intrinsics', 'intrinsic', 'depth'];
const DEPTH_SCALES = [
  ...['depth_scale', 'png_depth_scale', 'depthmapfactor', 'depth_map_factor', 'depth_factor'],
  ...['depth_unit_scale_factor', 'integer_depth_scale'],
];

/**
 * The camera in a parsed JSON or YAML file, by the names that are in use: fx fy cx cy; fl_x and camera_angle_x of
 * nerfstudio and instant-ngp; intrinsic_matrix of Open3D; camera_matrix of ROS's camera calibration and K or k of a
 * printed CameraInfo; intrinsics of Kalibr; Camera.fx of ORB-SLAM. Upper and lower case are alike.
 *
 * @throws FeltmapError bad-input for what are no intrinsics, unsupported for an unknown model of distortion
 */
export function calibrationValues(parsed: unknown, path: string): CalibrationValues {
  const values = flat(parsed);
  const number = (...names: string[]): number | undefined => {
    for (const name of names) {
      const value = numberIn(values.get(name));
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const resolution = numbersIn(values.get('resolution'));
  const width = sideOf(number('width', 'w', 'image_width') ?? resolution?.[0]);
  const height = sideOf(number('height', 'h', 'image_height') ?? resolution?.[1]);
  const size = width !== undefined && height !== undefined ? { width, height } : {};

  const [fx, fy, cx, cy] =
    matrixOf(values) ?? pinholeOf(number, width, height) ?? numbersIn(values.get('intrinsics')) ?? [];
  const camera = lens(values, number, [fx!, fy!, cx!, cy!], path);
  return { camera: { ...camera, ...size }, ...depthScaleOf(values, number) };
}

type Values = ReadonlyMap<string, unknown>;
type NumberOf = (...names: string[]) => number | undefined;

/** All values by their names in lower case, those of a camera inside before those around it. */
function flat(parsed: unknown): Values {
  const values = new Map<string, unknown>();
  const take = (from: unknown): void => {
    if (typeof from !== 'object' || from === null || Array.isArray(from)) return;
    for (const [name, value] of Object.entries(from)) {
      const key = name.toLowerCase().replace(/^(camera1?|rgbd)\./, '');
      if (!values.has(key)) values.set(key, value);
    }
  };
  const top = new Map(
    Object.entries((parsed ?? {}) as Record<string, unknown>).map(([k, v]) => [k.toLowerCase(), v]),
  );
  for (const name of INSIDE) take(top.get(name));
  take(parsed);
  return values;
}

/** A number, also one in quotes. */
function numberIn(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : undefined;
}

/** Pixels of a side of an image; undefined for what is none. */
function sideOf(value: number | undefined): number | undefined {
  return value !== undefined && value >= 1 && value <= MOST_PIXELS ? value : undefined;
}

/** The numbers of an array, of nested ones, or of OpenCV's {rows, cols, data}. */
function numbersIn(value: unknown): number[] | undefined {
  const data =
    typeof value === 'object' && value !== null && 'data' in value
      ? (value as { data: unknown }).data
      : value;
  if (!Array.isArray(data)) return undefined;
  const numbers = (data as unknown[]).flat().map((one) => numberIn(one) ?? NaN);
  return numbers.every(Number.isFinite) ? numbers : undefined;
}

function matrixOf(values: Values): number[] | undefined {
  for (const name of ['intrinsic_matrix', 'camera_matrix', 'k', 'intrinsics', 'intrinsic']) {
    const m = numbersIn(values.get(name));
    if (m?.length !== 9) continue;
    // Open3D writes the columns one after another: its third number is 0, where rows have cx.
    const [cx, cy] = m[2] === 0 && m[5] === 0 ? [m[6]!, m[7]!] : [m[2]!, m[5]!];
    return [m[0]!, m[4]!, cx, cy];
  }
  return undefined;
}

function pinholeOf(number: NumberOf, width?: number, height?: number): number[] | undefined {
  const angle = number('camera_angle_x');
  const seen = angle !== undefined && width !== undefined ? width / (2 * Math.tan(angle / 2)) : undefined;
  const ngp = number('fl_x') ?? seen;
  const fx = number('fx') ?? ngp;
  if (fx === undefined) return undefined;
  const [cx, cy] = [number('cx', 'ppx'), number('cy', 'ppy')];
  // COLMAP's pixels, which these files have, begin at 0: the centre of the first lies at one half.
  const middle = ngp !== undefined && number('fx') === undefined ? 0.5 : 0;
  return [
    fx,
    number('fy', 'fl_y') ?? fx,
    (cx ?? (middle && width !== undefined ? width / 2 : NaN)) - middle,
    (cy ?? (middle && height !== undefined ? height / 2 : NaN)) - middle,
  ];
}

function lens(
  values: Values,
  number: NumberOf,
  [fx, fy, cx, cy]: readonly [number, number, number, number],
  path: string,
): CalibrationValues['camera'] {
  const said = (name: string): string =>
    typeof values.get(name) === 'string' ? (values.get(name) as string) : '';
  if (NO_PINHOLE.test(said('camera_model')))
    throw new FeltmapError(
      'unsupported',
      `${path} is for the camera model '${said('camera_model').slice(0, 40)}'; pinhole is known: rectify the images`,
    );
  const model = ['distortion_model', 'camera_model', 'type', 'model']
    .map(said)
    .find((value) => MODEL.test(value))
    ?.replace(/^distortion\./, '');
  const list = ['distortion_coefficients', 'distortion_coeffs', 'dist_coeffs', 'distortion', 'coeffs', 'd']
    .map((name) => values.get(name))
    .find((value) => typeof value === 'object' && value !== null);
  const listed = numbersIn(list);
  if (list !== undefined && listed === undefined)
    throw new FeltmapError(
      'bad-input',
      `${path} gives coefficients of distortion that are no numbers; check the file`,
    );
  const fish = model !== undefined && /fish|equi|kannala/i.test(model);
  const names = fish ? ['k1', 'k2', 'k3', 'k4'] : ['k1', 'k2', 'p1', 'p2', 'k3', 'k4', 'k5', 'k6'];
  const d = listed ?? names.map((name) => number(name) ?? 0);
  return pinhole([fx, fy, cx, cy], { model: model ?? 'plumb_bob', d }, path);
}

/**
 * A pinhole with its lens, checked.
 *
 * @throws FeltmapError as {@link calibrationValues}
 */
export function pinhole(
  [fx, signedFy, cx, cy]: readonly [fx: number, fy: number, cx: number, cy: number],
  { model, d }: { readonly model: string; readonly d: readonly number[] },
  path: string,
): CalibrationValues['camera'] {
  // ICL-NUIM and those who follow it let y point up in images that are as all others.
  const fy = Math.abs(signedFy);
  const sizes = [fx, fy, cx, cy].every((v) => Math.abs(v) <= MOST_PIXELS);
  if (!(fx > 0 && fy > 0 && sizes && d.every(Number.isFinite)))
    throw new FeltmapError(
      'bad-input',
      `${path} gives fx ${fx}, fy ${fy}, cx ${cx}, cy ${cy}: these are no intrinsics; check the file`,
    );
  try {
    const { distortion, coefficients } = intrinsicsFromCameraInfo({
      ...{ stampNs: 0n, frameId: '', width: 1, height: 1, binningX: 0, binningY: 0 },
      distortionModel: model,
      // Trailing zeros say nothing of the number of coefficients.
      d: Float64Array.from(d.slice(0, d.findLastIndex((k) => k !== 0) + 1)),
      k: Float64Array.of(fx, 0, cx, 0, fy, cy, 0, 0, 1),
      r: new Float64Array(9),
      p: new Float64Array(12),
      roi: { x: 0, y: 0, width: 0, height: 0, rectify: false },
    });
    return { fx, fy, cx, cy, distortion, coefficients };
  } catch (cause) {
    if (!(cause instanceof FeltmapError)) throw cause;
    throw new FeltmapError(cause.code, `${path}: ${cause.message}`, { cause });
  }
}

function depthScaleOf(values: Values, number: NumberOf): { depthScale?: number } {
  // The scale of a scene of transforms.json is not that of its depth.
  const ofScene = ['frames', 'fl_x', 'camera_angle_x'].some((name) => values.has(name));
  const scale = number(...DEPTH_SCALES, ...(ofScene ? [] : ['scale']));
  if (scale === undefined) return {};
  // Millimetres a unit in BOP's camera.json (0.1 or 1); else units a metre, or metres a unit as librealsense has it:
  // nobody's unit is a centimetre or longer.
  const inMillimetres = scale > UNITS[1] && scale <= 1 && values.has('depth_scale');
  const depthScale = inMillimetres ? scale * 1e-3 : scale < 1 ? scale : 1 / scale;
  return depthScale >= UNITS[0] && depthScale <= UNITS[1] ? { depthScale } : {};
}
