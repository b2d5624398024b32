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
