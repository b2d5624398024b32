// A small textured room that a hand-held camera looks at: frames with exact depth and colour, and its true path.
import { compose, exp, inverse, transformPoint, type Pose } from '../../src/geometry/se3.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../../src/sensors/camera/frame.js';
import { identity } from '../../src/geometry/se3.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { all, along, insideOf, sphereOf, type Vec } from '../field/views.js';
import { pinhole } from '../sensors/camera/scene.js';

const WORLD = all([insideOf(1.1, 0.8, 0.6), sphereOf([0.6, 0.25, -0.3], 0.2)]);
const CAMERA = pinhole(160, 120, 110);

const wave = (v: number, phase: number): number =>
  128 + 60 * Math.sin(11 * v + phase) + 40 * Math.cos(5 * v - phase);
const colour = ([x, y, z]: Vec): number[] => [wave(x + y, 0), wave(y - z, 1), wave(z + x, 2)];

/** T_room_body of frame k: an arc. */
export const bodyAt = (k: number): Pose =>
  compose(
    exp([-0.3 + 0.012 * k, -0.1, 0, 0, 0, 0]),
    exp([0, 0, 0, 0.01 * Math.sin(k / 3), 0.01, 0.25 - 0.02 * k]),
  );

/** T_odom_sensor of frame k, where odom is where the body was at the first frame. */
export const truth = (k: number): Pose => compose(compose(inverse(bodyAt(0)), bodyAt(k)), CAMERA_ON_BODY);

/** What the camera sees as frame k of a recording; ten a second. */
export function frameAt(k: number, step = k): RgbdFrame {
  const T = compose(bodyAt(k), CAMERA_ON_BODY);
  const { width, height, fx, fy, cx, cy } = CAMERA;
  const data = new Float32Array(width * height);
  const image = new Uint8Array(3 * width * height);
  const o = transformPoint(T, 0, 0, 0);
  for (let i = 0; i < data.length; i++) {
    const tip = transformPoint(T, ((i % width) - cx) / fx, (Math.floor(i / width) - cy) / fy, 1);
    const d: Vec = [tip[0] - o[0], tip[1] - o[1], tip[2] - o[2]];
    data[i] = WORLD.cast(o, d);
    image.set(colour(along(o, d, data[i]!)), 3 * i);
  }
  return {
    kind: 'rgbd',
    stampNs: BigInt(step) * 100_000_000n,
    frameId: 'camera',
    depth: { width, height, data, scale: 1 },
    camera: CAMERA,
    color: { image: { width, height, data: image }, camera: CAMERA, T_depth_color: identity(), delay: 0 },
  };
}

/** Distance of a point of odom from the true surface. */
export const offSurface = (p: Vec): number => Math.abs(WORLD.distance(transformPoint(bodyAt(0), ...p)));

/** Red, green and blue of a point of odom on the true surface. */
export const trueColour = (p: Vec): number[] => colour(transformPoint(bodyAt(0), ...p));

/** Where a LiDAR sits on the body. */
export const LIDAR_ON_BODY: Pose = exp([-0.05, 0, 0.08, 0, 0, 0.1]);

/** What a LiDAR on the same body sees at the same instants, standing still during its turn. */
export function scanAt(k: number, step = k): LidarScan {
  const T = compose(bodyAt(k), LIDAR_ON_BODY);
  const [columns, rows] = [720, 48];
  const positions = new Float32Array(3 * columns * rows);
  const rings = new Uint16Array(columns * rows);
  const o = transformPoint(T, 0, 0, 0);
  for (let i = 0; i < columns * rows; i++) {
    const azimuth = (-2 * Math.PI * (i % columns)) / columns;
    rings[i] = Math.floor(i / columns);
    const elevation = 0.02 * (rings[i]! - 24);
    const d: Vec = [
      Math.cos(elevation) * Math.cos(azimuth),
      Math.cos(elevation) * Math.sin(azimuth),
      Math.sin(elevation),
    ];
    const tip = transformPoint(T, ...d);
    const range = WORLD.cast(o, [tip[0] - o[0], tip[1] - o[1], tip[2] - o[2]]);
    for (let c = 0; c < 3; c++) positions[3 * i + c] = d[c]! * range;
  }
  const count = columns * rows;
  return {
    stampNs: BigInt(step) * 100_000_000n,
    frameId: 'lidar',
    count,
    positions,
    rings,
    timing: 'none',
    mount: LIDAR_ON_BODY,
  };
}
