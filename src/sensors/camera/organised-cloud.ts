import { FeltmapError } from '../../geometry/errors.js';
import { type PointCloud2, type PointField, PointType } from '../../messages/pointcloud2.js';
import { checkSize } from './image-check.js';
import type { CameraIntrinsics, ColorImage, DepthImage } from './frame.js';

/** A depth image made of an organised cloud, with the colours of its points. */
export interface OrganisedFrame {
  readonly depth: DepthImage;
  readonly color?: ColorImage;
  readonly camera: CameraIntrinsics;
  /** The cloud's frame looks along x, z up (REP-103), and not along z as an optical one: the depth camera is turned in it. */
  readonly bodyAxes: boolean;
}

/** How the pixels of a cloud project. */
export type CloudCamera = Pick<OrganisedFrame, 'camera' | 'bodyAxes'>;

/** Points that the fit looks at, and those it needs. */
const LOOKED_AT = 4000;
const NEEDED = 100;
/** Pixels, root mean square, that points of a pinhole may be off: drivers round, and rectify with a lens of their own. */
const MOST_OFF = 0.5;

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly view: DataView;
  readonly xyz: readonly [number, number, number];
  readonly rgb: number | undefined;
  readonly pointStep: number;
  readonly rowStep: number;
  readonly little: boolean;
}

/**
 * Makes a depth image, with colours where the points have some, of an organised sensor_msgs/PointCloud2 of a depth camera:
 * pixel (u, v) is point (u, v).
 *
 * @param known how the clouds of this camera project, from the first of them; fitted to the points without it
 * @throws FeltmapError bad-input for a cloud that is not organised, has no x, y, z, or is none of a pinhole camera
 */
export function frameOfCloud(cloud: PointCloud2, known?: CloudCamera): OrganisedFrame {
  const layout = layoutOf(cloud);
  const { width, height } = layout;
  const fits = known?.camera.width === width && known.camera.height === height;
  const { camera, bodyAxes } = fits ? known : cameraOfPoints(cloud.frameId, layout);
  const depth = new Float32Array(width * height);
  const along = layout.xyz[bodyAxes ? 0 : 2]!;
  each(layout, 1, (i, at) => {
    const z = layout.view.getFloat32(at + along, layout.little);
    if (z > 0 && z < Infinity) depth[i] = z;
  });
  const color = colorsOf(layout);
  return {
    depth: { width, height, data: depth, scale: 1 },
    ...(color && { color }),
    camera,
    bodyAxes,
  };
}

function layoutOf({
  height,
  width,
  fields,
  bigEndian,
  pointStep,
  rowStep,
  data,
  frameId,
}: PointCloud2): Layout {
  const refuse = (why: string, what: string): never => {
    throw new FeltmapError('bad-input', `The cloud in '${frameId}' ${why}; ${what}`);
  };
  if (height <= 1 || width <= 1)
    refuse(
      `is not organised (${width}×${height} points)`,
      'have the driver publish ordered clouds, or use its depth images (rgbd_input: raw)',
    );
  checkSize(width, height, `The cloud in '${frameId}'`);
  const row = rowStep >= width * pointStep ? rowStep : width * pointStep;
  const float = (name: string): number => {
    const field = fields.find((f) => f.name === name);
    if (!field || field.datatype !== PointType.FLOAT32 || field.offset + 4 > pointStep)
      return refuse(`has no field ${name} of 32-bit floats`, 'choose the points of a depth camera');
    return field.offset;
  };
  const xyz = [float('x'), float('y'), float('z')] as const;
  if (data.length < row * (height - 1) + width * pointStep)
    refuse(`is cut off: ${data.length} bytes for ${width}×${height} points`, 'check the network');
  const packed = fields.find((f: PointField) => f.name === 'rgb' || f.name === 'rgba');
  const hasColor =
    packed &&
    [PointType.FLOAT32, PointType.UINT32].some((t) => t === packed.datatype) &&
    packed.offset + 4 <= pointStep;
  return {
    width,
    height,
    view: new DataView(data.buffer, data.byteOffset, data.byteLength),
    xyz,
    rgb: hasColor ? packed.offset : undefined,
    pointStep,
    rowStep: row,
    little: !bigEndian,
  };
}

/** @param step every so many points; `at`: the point's first byte */
function each(
  { width, height, pointStep, rowStep }: Layout,
  step: number,
  act: (i: number, at: number) => void,
): void {
  for (let i = 0; i < width * height; i += step)
    act(i, Math.floor(i / width) * rowStep + (i % width) * pointStep);
}

/** Packed as 0x00RRGGBB. */
function colorsOf(layout: Layout): ColorImage | undefined {
  const { width, height, rgb, view, little } = layout;
  if (rgb === undefined) return undefined;
  const data = new Uint8Array(3 * width * height);
  each(layout, 1, (i, at) => {
    const packed = view.getUint32(at + rgb, little);
    data[3 * i] = packed >>> 16;
    data[3 * i + 1] = packed >>> 8;
    data[3 * i + 2] = packed;
  });
  return { width, height, data };
}

function cameraOfPoints(frameId: string, layout: Layout): CloudCamera {
  const optical = fitPinhole(layout, false);
  if (optical && optical.off <= MOST_OFF) return { camera: optical.camera, bodyAxes: false };
  const body = fitPinhole(layout, true);
  if (body && body.off <= MOST_OFF) return { camera: body.camera, bodyAxes: true };
  const why =
    (optical ?? body)
      ? `its pixels are ${Math.min(optical?.off ?? Infinity, body?.off ?? Infinity).toFixed(1)} off any pinhole's`
      : `fewer than ${NEEDED} of its points are known`;
  throw new FeltmapError(
    'bad-input',
    `The cloud in '${frameId}' is not that of a depth camera: ${why}; use the depth images, or sensor.kind lidar for a LiDAR`,
  );
}

/** Least squares of u = fx·x/z + cx and v = fy·y/z + cy; undefined where points are few or all in one row. */
function fitPinhole(
  layout: Layout,
  bodyAxes: boolean,
): { camera: CameraIntrinsics; off: number } | undefined {
  const { width, height, view, xyz, little } = layout;
  // An odd step does not fall into a few columns.
  const step = Math.max(1, Math.floor((width * height) / LOOKED_AT)) | 1;
  const across = new Line();
  const down = new Line();
  each(layout, step, (i, at) => {
    const [a, b, c] = xyz.map((offset) => view.getFloat32(at + offset, little)) as [number, number, number];
    const [x, y, z] = bodyAxes ? [-b, -c, a] : [a, b, c];
    if (!(z > 0 && Number.isFinite(x + y + z))) return;
    across.add(x / z, i % width);
    down.add(y / z, Math.floor(i / width));
  });
  if (across.count < NEEDED) return undefined;
  const [u, v] = [across.fit(), down.fit()];
  if (!u || !v || !(u.slope > 0 && v.slope > 0)) return undefined;
  const camera: CameraIntrinsics = {
    width,
    height,
    fx: u.slope,
    fy: v.slope,
    cx: u.offset,
    cy: v.offset,
    distortion: 'none',
    coefficients: [],
  };
  return { camera, off: Math.hypot(u.off, v.off) };
}

/** A straight line through points by least squares. */
class Line {
  count = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #xy = 0;
  #yy = 0;

  add(x: number, y: number): void {
    this.count++;
    this.#x += x;
    this.#y += y;
    this.#xx += x * x;
    this.#xy += x * y;
    this.#yy += y * y;
  }

  /** `off`: root mean square of the distances in y. */
  fit(): { slope: number; offset: number; off: number } | undefined {
    const n = this.count;
    const [x, y] = [this.#x / n, this.#y / n];
    const [xx, xy, yy] = [this.#xx / n - x * x, this.#xy / n - x * y, this.#yy / n - y * y];
    if (!(xx > 1e-9)) return undefined;
    const slope = xy / xx;
    return { slope, offset: y - slope * x, off: Math.sqrt(Math.max(0, yy - slope * xy)) };
  }
}
