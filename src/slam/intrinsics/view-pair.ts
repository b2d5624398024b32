import type { Pose } from '../../geometry/se3.js';
import type { CameraView } from './camera-view.js';

/** Two views of the same things, from two sides. */
export interface ViewPair {
  readonly first: CameraView;
  readonly second: CameraView;
  /** T_first_second. */
  pose: Pose;
  /** Of the second's brightness, to that of the first. */
  gain: number;
  bias: number;
}

/** What a camera's numbers are taken to be, pixels of a view. */
export interface Intrinsics {
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
}

/** Pose [x y z rotX rotY rotZ] in the first view, gain, bias; log of both focal lengths, of fx : fy, centre as a share of them. */
export const PAIR_UNKNOWNS = 8;
export const UNKNOWNS = PAIR_UNKNOWNS + 4;

/** Normal equations of one pair: A·Δ = b, symmetric, row by row. */
export interface PairSystem {
  readonly A: Float64Array;
  readonly b: Float64Array;
  /** Pixels whose depth was compared. */
  compared: number;
}

export const pairSystem = (): PairSystem => ({
  A: new Float64Array(UNKNOWNS * UNKNOWNS),
  b: new Float64Array(UNKNOWNS),
  compared: 0,
});

/** Pixels of a view from one that is compared to the next. */
const STEP = 3;
/** Depth beyond (m) is too noisy to say anything. */
const FARTHEST = 5;
/** Depths of neighbours that differ by more than this share lie across an edge. */
const EDGE = 0.03;
/** Standard deviation of depth, a + b·(z − z0)² in metres. */
const NOISE = { a: 0.0015, b: 0.0019, z0: 0.4 } as const;
/** Robust scale of depth, standard deviations, and (m) what is added to it where poses are not settled; beyond four times that a pixel is hidden. */
const DEPTH_KERNEL = 3;
const UNSETTLED_DEPTH = 0.02;
const HIDDEN = 4;
/** Of brightness, grey levels: standard deviation, robust scale; only where depths agree to within this share. */
const GREY_SIGMA = 4;
const GREY_KERNEL = 15;
const GREY_REACH = 0.05;
/** Standard deviations of gain and bias: exposure changes little. */
const GAIN_SIGMA = 0.1;
const BIAS_SIGMA = 10;

/** Value and gradient of an image at a place between its pixels. */
const sample = { value: 0, du: 0, dv: 0 };

/** Whether the four pixels around are known, and of depth on one surface. */
function look(image: Float32Array, width: number, height: number, u: number, v: number, depth: boolean) {
  const [x, y] = [Math.floor(u), Math.floor(v)];
  if (!(x >= 0 && y >= 0 && x < width - 1 && y < height - 1)) return false;
  const i = y * width + x;
  const a = image[i]!;
  const b = image[i + 1]!;
  const c = image[i + width]!;
  const d = image[i + width + 1]!;
  if (depth) {
    const most = Math.max(a, b, c, d);
    // An unknown one, which is zero, is as far away as can be.
    if (!(most - Math.min(a, b, c, d) <= EDGE * most) || most === 0) return false;
  } else if (Number.isNaN(a + b + c + d)) return false;
  const [p, q] = [u - x, v - y];
  sample.value = (a * (1 - p) + b * p) * (1 - q) + (c * (1 - p) + d * p) * q;
  sample.du = (b - a) * (1 - q) + (d - c) * q;
  sample.dv = (c - a) * (1 - p) + (d - b) * p;
  return true;
}

const gemanMcClure = (residual: number, scale: number): number => 1 / (1 + (residual / scale) ** 2) ** 2;

/** Of one residual. */
const J = new Float64Array(UNKNOWNS);
/** The pixel that is compared, in the second view's frame and in that of the first (m). */
const point = { X: 0, Y: 0, z: 0, px: 0, py: 0, pz: 0 };

/** {@link J} of a residual at {@link point}, by its derivatives by u and v, and by pz where these stay. */
function derive({ fx, fy }: Intrinsics, T: Pose, ru: number, rv: number, rz: number): void {
  const { X, Y, z, px, py, pz } = point;
  const gx = (ru * fx) / pz;
  const gy = (rv * fy) / pz;
  const gz = rz - (gx * px + gy * py) / pz;
  J[0] = gx;
  J[1] = gy;
  J[2] = gz;
  J[3] = gz * py - gy * pz;
  J[4] = gx * pz - gz * px;
  J[5] = gy * px - gx * py;
  // In the second view's frame, whose points lie along other rays as well.
  const sx = gx * T[0]! + gy * T[4]! + gz * T[8]!;
  const sy = gx * T[1]! + gy * T[5]! + gz * T[9]!;
  const byFx = gx * px - sx * X;
  const byFy = gy * py - sy * Y;
  J[8] = byFx + byFy;
  J[9] = (byFx - byFy) / 2;
  J[10] = ru * fx - sx * z;
  J[11] = rv * fy - sy * z;
}

/**
 * Linearises what the second view's pixels, moved to the first, say: their inverse depth and brightness there. Only where
 * the camera's numbers are right does one rotation explain both how surfaces turn and how far they move in the image.
 *
 * @param unsettled 0 (poses are nearly right) to 2: widens the robust scales
 * @param out overwritten
 */
export function linearisePair(pair: ViewPair, camera: Intrinsics, unsettled: number, out: PairSystem): void {
  const { first, second, pose: T, gain, bias } = pair;
  const { width, height } = first;
  const { fx, fy, cx, cy } = camera;
  out.A.fill(0);
  out.b.fill(0);
  out.compared = 0;
  for (let y = 2; y < second.height - 2; y += STEP)
    for (let x = 2; x < second.width - 2; x += STEP) {
      const i = y * second.width + x;
      const z = 1 / second.inverse[i]!;
      if (!(z < FARTHEST)) continue;
      const X = ((x - cx) / fx) * z;
      const Y = ((y - cy) / fy) * z;
      const px = T[0]! * X + T[1]! * Y + T[2]! * z + T[3]!;
      const py = T[4]! * X + T[5]! * Y + T[6]! * z + T[7]!;
      const pz = T[8]! * X + T[9]! * Y + T[10]! * z + T[11]!;
      if (!(pz > 0.1)) continue;
      const inverse = 1 / pz;
      const u = fx * px * inverse + cx;
      const v = fy * py * inverse + cy;
      if (!look(first.inverse, width, height, u, v, true)) continue;

      point.X = X;
      point.Y = Y;
      point.z = z;
      point.px = px;
      point.py = py;
      point.pz = pz;
      const residual = inverse - sample.value;
      const perMetre = inverse * inverse;
      const sigma = (NOISE.a + NOISE.b * (pz - NOISE.z0) ** 2) * perMetre;
      const scale = unsettled * UNSETTLED_DEPTH * perMetre + DEPTH_KERNEL * sigma;
      if (Math.abs(residual) < HIDDEN * scale) {
        derive(camera, T, -sample.du, -sample.dv, -perMetre);
        J[6] = J[7] = 0;
        add(out, residual, gemanMcClure(residual, scale) / sigma ** 2);
        out.compared++;
      }
      const grey = second.grey[i]!;
      const near = Math.abs(residual) < GREY_REACH * (1 + unsettled) * inverse;
      if (!near || Number.isNaN(grey) || !look(first.grey, width, height, u, v, false)) continue;
      const difference = sample.value - (1 + gain) * grey - bias;
      derive(camera, T, sample.du, sample.dv, 0);
      J[6] = -grey;
      J[7] = -1;
      add(out, difference, gemanMcClure(difference, GREY_KERNEL * (1 + unsettled)) / GREY_SIGMA ** 2);
    }
  out.A[6 * UNKNOWNS + 6]! += GAIN_SIGMA ** -2;
  out.A[7 * UNKNOWNS + 7]! += BIAS_SIGMA ** -2;
  out.b[6]! -= gain * GAIN_SIGMA ** -2;
  out.b[7]! -= bias * BIAS_SIGMA ** -2;
  for (let r = 0; r < UNKNOWNS; r++)
    for (let c = r + 1; c < UNKNOWNS; c++) out.A[r * UNKNOWNS + c] = out.A[c * UNKNOWNS + r]!;
}

/** One residual with its derivatives {@link J}: lower triangle. */
function add({ A, b }: PairSystem, residual: number, weight: number): void {
  for (let r = 0; r < UNKNOWNS; r++) {
    const scaled = weight * J[r]!;
    b[r]! -= scaled * residual;
    for (let c = 0; c <= r; c++) A[r * UNKNOWNS + c]! += scaled * J[c]!;
  }
}
