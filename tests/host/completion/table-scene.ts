// A ball on the floor of a small room that a camera on an arm moves around: frames with exact depth.
import {
  compose,
  exp,
  fromQuaternion,
  inverse,
  transformPoint,
  type Pose,
} from '../../../src/geometry/se3.js';
import type { Box } from '../../../src/completion/complete-region.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../../../src/sensors/camera/frame.js';
import type { TouchMeasurement } from '../../../src/sensors/tactile/touch.js';
import { all, insideOf, sphereOf, type Vec } from '../../field/views.js';
import { pinhole } from '../../sensors/camera/scene.js';

/** Radius of the ball (m); it lies on the floor. */
export const RADIUS = 0.06;
const FLOOR = -0.35;
const CENTRE: Vec = [0.1, 0.05, FLOOR + RADIUS];
const WORLD = all([
  insideOf(0.7, 0.6, -FLOOR),
  sphereOf(CENTRE, RADIUS),
  sphereOf([-0.45, 0.4, -0.25], 0.12),
]);
const CAMERA = pinhole(160, 120, 120);

/** T_room_body of frame k: looks down at the ball from half a metre away, on an arc. */
export function bodyAt(k: number): Pose {
  const yaw = 0.03 * k;
  const turn = fromQuaternion([0, 0, 0], [0, 0, Math.sin(yaw / 2), Math.cos(yaw / 2)]);
  const down = exp([0, 0, 0, 0, 0.5, 0]);
  const away = exp([-0.42, 0, 0.22, 0, 0, 0]);
  return compose(compose(exp([CENTRE[0], CENTRE[1], CENTRE[2], 0, 0, 0]), turn), compose(away, down));
}

/** What the camera sees as frame k; ten a second. */
export function frameAt(k: number): RgbdFrame {
  const T = compose(bodyAt(k), CAMERA_ON_BODY);
  const { width, height, fx, fy, cx, cy } = CAMERA;
  const data = new Float32Array(width * height);
  const o = transformPoint(T, 0, 0, 0);
  for (let i = 0; i < data.length; i++) {
    const tip = transformPoint(T, ((i % width) - cx) / fx, (Math.floor(i / width) - cy) / fy, 1);
    data[i] = WORLD.cast(o, [tip[0] - o[0], tip[1] - o[1], tip[2] - o[2]]);
  }
  return {
    kind: 'rgbd',
    stampNs: BigInt(k) * 100_000_000n,
    frameId: 'camera',
    depth: { width, height, data, scale: 1 },
    camera: CAMERA,
  };
}

/**
 * What a finger feels that touches the ball from behind, at its middle height, while the body is where frame k was taken: a patch of
 * points, in a frame whose z axis points into the ball.
 */
export function touchAt(k: number): TouchMeasurement {
  const points: number[] = [];
  const normals: number[] = [];
  for (let u = -2; u <= 2; u++)
    for (let v = -2; v <= 2; v++) {
      const [x, y] = [0.003 * u, 0.003 * v];
      const depth = RADIUS - Math.sqrt(RADIUS ** 2 - x ** 2 - y ** 2);
      points.push(x, y, depth);
      normals.push(x / RADIUS, y / RADIUS, (depth - RADIUS) / RADIUS);
    }
  // z along −x of the room, from beyond the ball.
  const T_room_finger = Float64Array.of(0, 0, -1, CENTRE[0] + RADIUS, 0, 1, 0, CENTRE[1], 1, 0, 0, CENTRE[2]);
  return {
    kind: 'touch-points',
    stampNs: BigInt(k) * 100_000_000n,
    frameId: 'finger',
    points: Float32Array.from(points),
    normals: Float32Array.from(normals),
    sigma: 0.0003,
    mount: compose(inverse(bodyAt(k)), T_room_finger),
  };
}

/** A gel of 20 × 15 mm at T_odom_gel that nothing touches, while the body is where frame k was taken. */
export function missAt(k: number, T_odom_gel: Pose): TouchMeasurement {
  const [width, height] = [40, 30];
  return {
    kind: 'touch-image',
    stampNs: BigInt(k) * 100_000_000n,
    frameId: 'gel',
    width,
    height,
    pitch: 5e-4,
    depth: new Float32Array(width * height),
    contact: new Uint8Array(width * height),
    sigma: 5e-5,
    mount: compose(inverse(compose(T_odom_room, bodyAt(k))), T_odom_gel),
  };
}

/** Odom is where the body was at the first frame. */
const T_odom_room = inverse(bodyAt(0));

/** Middle of the ball in odom (m). */
export const BALL: Vec = transformPoint(T_odom_room, ...CENTRE);

/** Unit vector up from the floor, in odom. */
export const UP: Vec = [T_odom_room[2]!, T_odom_room[6]!, T_odom_room[10]!];

/** A place of the floor in odom where nothing stands (m). */
export const BARE: Vec = transformPoint(T_odom_room, CENTRE[0] + 0.02, CENTRE[1] - 0.3, FLOOR);

/** The box of `half` m each way around a point. */
export const around = ([x, y, z]: Vec, half: number): Box => [x - half, y - half, z - half, x + half, y + half, z + half]; // prettier-ignore
