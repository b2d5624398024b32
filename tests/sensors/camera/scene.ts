import type { CameraIntrinsics, RgbdFrame } from '../../../src/sensors/camera/frame.js';

/** A pinhole like the usual ones, of any size. */
export function pinhole(width: number, height: number, focal = 0.91 * width): CameraIntrinsics {
  return {
    width,
    height,
    fx: focal,
    fy: focal,
    cx: 0.49 * width,
    cy: 0.51 * height,
    distortion: 'none',
    coefficients: [],
  };
}

/** The distance along the axis of what a ray (u, v, 1) meets; 0 where it meets nothing. */
export type Scene = (u: number, v: number) => number;

/** The plane n·p = d. */
export const plane =
  (n: readonly number[], d: number): Scene =>
  (u, v) =>
    d / (n[0]! * u + n[1]! * v + n[2]!);

/** A ball in front of nothing. */
export const ball =
  (centre: readonly number[], radius: number): Scene =>
  (u, v) => {
    // |t·r − c|² = R² for the ray r = (u, v, 1)
    const rr = u * u + v * v + 1;
    const rc = u * centre[0]! + v * centre[1]! + centre[2]!;
    const cc = centre[0]! ** 2 + centre[1]! ** 2 + centre[2]! ** 2;
    const root = rc * rc - rr * (cc - radius * radius);
    return root < 0 ? 0 : (rc - Math.sqrt(root)) / rr;
  };

/** Depth in metres as a pinhole sees a scene, changed by `change` pixel by pixel. */
export function depthOf(
  { width, height, fx, fy, cx, cy }: CameraIntrinsics,
  scene: Scene,
  change: (z: number, x: number, y: number) => number = (z) => z,
): Float32Array {
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data[y * width + x] = change(scene((x - cx) / fx, (y - cy) / fy), x, y);
  return data;
}

/** A frame of depth alone. */
export function frameOf(camera: CameraIntrinsics, data: Float32Array | Uint16Array, scale = 1): RgbdFrame {
  const { width, height } = camera;
  return {
    kind: 'rgbd',
    stampNs: 5n,
    frameId: 'camera',
    depth: { width, height, data, scale },
    camera,
  };
}

/** Angle in degrees between the normal of pixel `i` and (x, y, z), which need not be a unit vector. */
export function angleTo(
  grid: { nx: Float32Array; ny: Float32Array; nz: Float32Array },
  i: number,
  [x, y, z]: readonly [number, number, number],
): number {
  const [a, b, c] = [grid.nx[i]!, grid.ny[i]!, grid.nz[i]!];
  const cross = Math.hypot(b * z - c * y, c * x - a * z, a * y - b * x);
  return (Math.atan2(cross, a * x + b * y + c * z) * 180) / Math.PI;
}

/** The normalised image point whose distorted image is (x, y): Newton's method on `distort`, by finite differences. */
export function undistort(
  distort: (x: number, y: number) => [number, number],
  x: number,
  y: number,
): [number, number] {
  let [a, b] = [x, y];
  for (let k = 0; k < 20; k++) {
    const e = 1e-6;
    const [u, v] = distort(a, b);
    if (Math.abs(x - u) + Math.abs(y - v) < 1e-9) break;
    const [ua, va] = distort(a + e, b);
    const [ub, vb] = distort(a, b + e);
    const [j00, j10, j01, j11] = [(ua - u) / e, (va - v) / e, (ub - u) / e, (vb - v) / e];
    const det = j00 * j11 - j01 * j10;
    a += (j11 * (x - u) - j01 * (y - v)) / det;
    b += (j00 * (y - v) - j10 * (x - u)) / det;
  }
  return [a, b];
}

/** A smooth texture of space, 28 … 228. */
export const texture = (x: number, y: number, z: number): [number, number, number] => [
  128 + 100 * Math.sin(3 * x + 1),
  128 + 100 * Math.sin(2 * y - z),
  128 + 100 * Math.sin(2 * x + 2 * y + z),
];
