import { median } from '../geometry/median.js';
import { inverse, type Pose } from '../geometry/se3.js';
import type { RangeGrid, SensorId, SurfaceSamples } from '../sensors/observation.js';

/** Points of a scan that are looked for in depth images, and how many of them must be seen. */
const POINTS = 2000;
const LEAST_POINTS = 30;
/** A scan and an image are compared where they are so near in time (s): the body hardly turns meanwhile. */
const TOGETHER = 0.06;
/** Nearer points (m) lie elsewhere in an image than tf says, by as much as it is wrong. */
const NEAREST = 0.4;
/** Ratios of one image that scatter by more (median deviation of their logarithms) are no unit: the two look at different things. */
const SCATTER = 0.12;
/** Images that are compared, and the share of them that must agree. */
const IMAGES = 12;
const AGREE = 0.9;
/** Ratios within this of 1, as a factor, are no other unit: intrinsics and tf may be off by as much. */
const ALIKE = 1.25;

interface Scan {
  readonly stampNs: bigint;
  /** 3 per point, body frame. */
  readonly points: Float64Array;
}

/**
 * Whether depth images and a LiDAR on one body measure the same distances: where points of a scan lie in an image that was taken
 * at nearly the same time, both know how far that is. Either unit may be wrong, and each fits itself.
 *
 * @example
 * const check = new DepthAgainstLidar();
 * check.scan(scan.stampNs, scan.surface, scan.T_body_sensor);
 * check.image('/camera/depth', image.stampNs, image.grid, image.T_body_sensor); // 0.1 after some of them, with depth in centimetres
 */
export class DepthAgainstLidar {
  #scan: Scan | undefined;
  /** Without depth images no scan is kept. */
  #cameras = false;
  /** Median ratio of each of the last images, by camera. */
  readonly #ratios = new Map<SensorId, number[]>();

  /** Takes a scan. @param surface all of it undistorted */
  scan(stampNs: bigint, { count, x, y, z }: Pick<SurfaceSamples, 'count' | 'x' | 'y' | 'z'>, T: Pose): void {
    if (!this.#cameras) return;
    const step = Math.max(1, Math.floor(count / POINTS));
    const points = new Float64Array(3 * Math.ceil(count / step));
    for (let i = 0, at = 0; i < count; i += step) {
      for (let r = 0; r < 12; r += 4)
        points[at++] = T[r]! * x[i]! + T[r + 1]! * y[i]! + T[r + 2]! * z[i]! + T[r + 3]!;
    }
    this.#scan = { stampNs, points };
  }

  /**
   * Takes a depth image.
   *
   * @returns depth as a multiple of what the LiDAR measured, where that is surely not 1; 1 where it is; undefined where nothing tells
   */
  image(camera: SensorId, stampNs: bigint, grid: RangeGrid, T_body_camera: Pose): number | undefined {
    this.#cameras = true;
    const scan = this.#scan;
    if (!scan || Math.abs(Number(stampNs - scan.stampNs)) * 1e-9 > TOGETHER) return undefined;
    const ratio = ratioOf(scan.points, grid, inverse(T_body_camera));
    if (ratio === undefined) return undefined;
    const known = this.#ratios.get(camera) ?? [];
    this.#ratios.set(camera, known);
    known.push(ratio);
    if (known.length > IMAGES) known.shift();
    if (known.length < IMAGES) return undefined;
    const usual = median(known);
    const off = (value: number): boolean => Math.abs(Math.log(value)) > Math.log(ALIKE);
    const agreeing = known.filter((one) => Math.abs(Math.log(one / usual)) < Math.log(ALIKE) / 2).length;
    if (agreeing < AGREE * known.length) return undefined;
    return off(usual) ? usual : 1;
  }
}

/** Median ratio of depth and what points have there. */
function ratioOf(points: Float64Array, grid: RangeGrid, T: Pose): number | undefined {
  const { width, height, fx, fy, cx, cy, z: depth } = grid;
  const logs: number[] = [];
  for (let i = 0; i < points.length; i += 3) {
    const [px, py, pz] = [points[i]!, points[i + 1]!, points[i + 2]!];
    const z = T[8]! * px + T[9]! * py + T[10]! * pz + T[11]!;
    if (!(z > NEAREST)) continue;
    const x = T[0]! * px + T[1]! * py + T[2]! * pz + T[3]!;
    const y = T[4]! * px + T[5]! * py + T[6]! * pz + T[7]!;
    const [u, v] = [Math.round((fx * x) / z + cx), Math.round((fy * y) / z + cy)];
    if (u < 0 || v < 0 || u >= width || v >= height) continue;
    const seen = depth[v * width + u]!;
    if (seen > 0) logs.push(Math.log(seen / z));
  }
  if (logs.length < LEAST_POINTS) return undefined;
  const middle = median(logs);
  const scatter = median(logs.map((value) => Math.abs(value - middle)));
  return scatter > SCATTER ? undefined : Math.exp(middle);
}
