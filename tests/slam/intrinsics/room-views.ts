// Views of a small textured room, exact: what a camera with known intrinsics sees from any place in it.
import type { Pinhole } from '../../../src/geometry/pinhole.js';
import { compose, exp, inverse, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import type { RangeGrid } from '../../../src/sensors/observation.js';
import { cameraView, type CameraView } from '../../../src/slam/intrinsics/camera-view.js';
import type { ViewPair } from '../../../src/slam/intrinsics/view-pair.js';
import { all, along, insideOf, sphereOf, type Vec } from '../../field/views.js';

const WORLD = all([insideOf(1.3, 0.9, 0.7), sphereOf([0.6, 0.25, -0.3], 0.25)]);

export const CAMERA: Pinhole = { width: 160, height: 120, fx: 130, fy: 130, cx: 79.5, cy: 59.5 };

const wave = (v: number, phase: number): number =>
  128 + 60 * Math.sin(11 * v + phase) + 40 * Math.cos(5 * v - phase);

/** Depth and colour as seen from a place; normals are not needed. */
export function gridFrom(T_room_camera: Pose, camera = CAMERA): RangeGrid {
  const { width, height, fx, fy, cx, cy } = camera;
  const z = new Float32Array(width * height);
  const color = new Uint8Array(4 * z.length);
  const o = transformPoint(T_room_camera, 0, 0, 0);
  for (let i = 0; i < z.length; i++) {
    const tip = transformPoint(T_room_camera, ((i % width) - cx) / fx, (Math.floor(i / width) - cy) / fy, 1);
    const d: Vec = [tip[0] - o[0], tip[1] - o[1], tip[2] - o[2]];
    z[i] = WORLD.cast(o, d);
    const [x, y, w] = along(o, d, z[i]!);
    color.set([wave(x + y, 0), wave(y - w, 1), wave(w + x, 2), 255], 4 * i);
  }
  const none = new Float32Array(0);
  return { ...camera, z, nx: none, ny: none, nz: none, information: none, color };
}

/** Yaw, pitch and roll of the camera in the middle of the room, degrees, and where it is. */
export function placeAt(yaw: number, pitch = 0, roll = 0, x = 0): Pose {
  const [a, b, c] = [yaw, pitch, roll].map((v) => (v * Math.PI) / 180);
  const body = compose(exp([x, 0, 0, 0, 0, a!]), compose(exp([0, 0, 0, 0, b!, 0]), exp([0, 0, 0, c!, 0, 0])));
  return compose(body, CAMERA_ON_BODY);
}

/** The view with other intrinsics than it was taken with. */
export const misread = (view: CameraView, wrong: Partial<Pinhole>): CameraView => ({ ...view, ...wrong });

/** Each place with the next, poses as they are. */
export function pairsOf(places: readonly Pose[]): ViewPair[] {
  const views = places.map((place) => cameraView(gridFrom(place)));
  return views.slice(1).map((second, i) => ({
    first: views[i]!,
    second,
    pose: compose(inverse(places[i]!), places[i + 1]!),
    gain: 0,
    bias: 0,
  }));
}
