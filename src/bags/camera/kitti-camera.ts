import { readdir } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import { compose, inverse, type Pose } from '../../geometry/se3.js';
import { pictureSize, readColor } from '../../images/pictures.js';
import { ColorFrameBuilder, type ColorSetup } from '../../sensors/camera/color-frame-builder.js';
import type { ColorFrame } from '../../sensors/camera/frame.js';
import { readText, readWhole } from '../files.js';
import type { PictureSource } from '../joint-source.js';
import { lookAhead } from '../look-ahead.js';
import { type ScanRange, rangeBounds } from '../scan-source.js';
import { parseTimestampFile } from '../timestamps.js';

/** Largest file of one image, bytes. */
const LARGEST_IMAGE = 64 * 1024 * 1024;
const FRAME_ID = 'camera_2';

/** Where the images of KITTI's left colour camera, their stamps and the calibration lie. */
interface Files {
  readonly images: string;
  readonly times: string;
  /** Of the camera, and of the LiDAR to the camera: one file for both in the odometry benchmark. */
  readonly camera: string;
  readonly lidar: string;
  readonly names: { readonly projection: string; readonly rectification?: string; readonly lidar: string };
}

/**
 * The images of the left colour camera of a KITTI raw drive (image_02, calibration in the folder of the day or in the drive) or of an
 * odometry sequence (image_2, calib.txt).
 *
 * @param root folder of the drive or sequence
 * @param scanStamps of the scans by their names without extension, where these have no stamps of their own: images without stamps
 * are taken to be of the same instants, as in KITTI's synchronised drives
 * @returns undefined where there are none; a sentence where they cannot be used
 */
export async function kittiPictures(
  root: string,
  kind: 'raw' | 'odometry',
  scanStamps?: ReadonlyMap<string, bigint>,
): Promise<PictureSource | string | undefined> {
  const files = await filesOf(root, kind);
  const names = files && (await imagesIn(files.images));
  if (!files || !names || names.length === 0) return undefined;
  try {
    const { fx, fy, cx, cy, mount } = await calibration(files);
    const first = join(files.images, names[0]!);
    const { width, height } = await pictureSize(await readWhole(first, LARGEST_IMAGE), first);
    const camera = { width, height, fx, fy, cx, cy, distortion: 'none', coefficients: [] } as const;
    const setup = { name: files.images, camera, mount };
    if (scanStamps && !(await exists(files.times)))
      return source(files, (name) => scanStamps.get(parse(name).name), names, setup);
    const stampsNs = parseTimestampFile(await readText(files.times), files.times);
    // Images may be missing in the middle: the number in the name is the line.
    const lineOf = (name: string, i: number): number => {
      const number = Number.parseInt(name, 10);
      return stampsNs.length === names.length || Number.isNaN(number) ? i : number;
    };
    return source(files, (name, i) => stampsNs[lineOf(name, i)], names, setup);
  } catch (error) {
    if (!(error instanceof FeltmapError)) throw error;
    return `the images of ${files.images} do not colour the map: ${error.message}`;
  }
}

function source(
  { images }: Files,
  stampOf: (name: string, i: number) => bigint | undefined,
  names: readonly string[],
  setup: ColorSetup,
): PictureSource {
  let builder = new ColorFrameBuilder(setup);
  const frames = names.flatMap((name, i) => {
    const stampNs = stampOf(name, i);
    return stampNs === undefined ? [] : [{ stampNs, file: join(images, name) }];
  });
  async function* inRange(range?: ScanRange): AsyncGenerator<(typeof frames)[number]> {
    const { startNs, endNs } = rangeBounds(frames[0]?.stampNs ?? 0n, range);
    for (const frame of frames) if (frame.stampNs >= startNs && frame.stampNs < endNs) yield frame;
  }
  async function* measurements(range?: ScanRange): AsyncGenerator<ColorFrame> {
    builder = new ColorFrameBuilder(setup);
    const build = ({ stampNs, file }: (typeof frames)[number]): Promise<ColorFrame | undefined> =>
      builder.build({
        stampNs,
        frameId: FRAME_ID,
        color: async () => readColor(await readWhole(file, LARGEST_IMAGE), file),
      });
    for await (const frame of lookAhead(inRange(range), build)) if (frame) yield frame;
  }
  return {
    description: `colours from ${frames.length} images of ${images}`,
    get warnings() {
      return builder.notes;
    },
    measurements,
    close: async () => undefined,
  };
}

async function filesOf(root: string, kind: 'raw' | 'odometry'): Promise<Files | undefined> {
  if (kind === 'odometry') {
    const calib = join(root, 'calib.txt');
    return {
      images: join(root, 'image_2'),
      times: join(root, 'times.txt'),
      camera: calib,
      lidar: calib,
      names: { projection: 'P2', lidar: 'Tr' },
    };
  }
  const day = (await exists(join(root, 'calib_cam_to_cam.txt'))) ? root : dirname(root);
  return {
    images: join(root, 'image_02', 'data'),
    times: join(root, 'image_02', 'timestamps.txt'),
    camera: join(day, 'calib_cam_to_cam.txt'),
    lidar: join(day, 'calib_velo_to_cam.txt'),
    names: { projection: 'P_rect_02', rectification: 'R_rect_00', lidar: '' },
  };
}

const exists = (file: string): Promise<boolean> =>
  readText(file).then(
    () => true,
    () => false,
  );

async function imagesIn(folder: string): Promise<string[] | undefined> {
  const names = await readdir(folder).catch(() => undefined);
  return names?.filter((name) => /\.(png|jpe?g)$/i.test(name)).sort();
}

/**
 * Pinhole and T_velodyne_camera of the rectified image: p_image = P · R_rect · T_cam_velo · p_velo (Geiger et al. 2013, eq. 8),
 * with P = K [I | t] and K t its fourth column.
 *
 * @throws FeltmapError not-found or bad-input for a calibration that is missing or cannot be understood
 */
async function calibration({ camera, lidar, names }: Files): Promise<{
  fx: number;
  fy: number;
  cx: number;
  cy: number;
  mount: Pose;
}> {
  const ofCamera = table(await readText(camera));
  const ofLidar = table(await readText(lidar));
  const P = numbers(ofCamera, names.projection, 12, camera);
  const [fx, fy, cx, cy] = [P[0]!, P[5]!, P[2]!, P[6]!];
  if (!(fx > 0 && fy > 0))
    throw new FeltmapError('bad-input', `${camera}: '${names.projection}' has no focal length`);
  const tz = P[11]!;
  const shift = Float64Array.of(
    ...[1, 0, 0, (P[3]! - cx * tz) / fx],
    ...[0, 1, 0, (P[7]! - cy * tz) / fy],
    ...[0, 0, 1, tz],
  );
  const R = names.rectification === undefined ? undefined : numbers(ofCamera, names.rectification, 9, camera);
  const T_camera_velo =
    names.lidar === ''
      ? posed(numbers(ofLidar, 'R', 9, lidar), numbers(ofLidar, 'T', 3, lidar))
      : Float64Array.from(numbers(ofLidar, names.lidar, 12, lidar));
  const T_rectified_velo = R ? compose(posed(R, [0, 0, 0]), T_camera_velo) : T_camera_velo;
  return { fx, fy, cx, cy, mount: inverse(compose(shift, T_rectified_velo)) };
}

function posed(R: readonly number[], t: readonly number[]): Pose {
  return Float64Array.from([0, 1, 2].flatMap((i) => [...R.slice(3 * i, 3 * i + 3), t[i]!]));
}

/** Lines `name: value value …`. */
function table(text: string): Map<string, number[]> {
  const rows = text.split('\n').map((line) => line.split(':'));
  return new Map(
    rows.flatMap(([name, values]) =>
      values === undefined ? [] : [[name!.trim(), values.trim().split(/\s+/).map(Number)] as const],
    ),
  );
}

function numbers(rows: Map<string, number[]>, name: string, count: number, file: string): readonly number[] {
  const found = rows.get(name);
  if (found?.length === count && found.every(Number.isFinite)) return found;
  throw new FeltmapError('bad-input', `${file} has no line '${name}:' with ${count} numbers`);
}
