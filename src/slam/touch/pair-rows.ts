import { compose, identity, inverse, type Pose } from '../../geometry/se3.js';
import type { Patch } from '../../sensors/tactile/patch.js';

/** A patch with samples of its own to be compared with others. */
export interface PairPatch {
  readonly patch: Patch;
  /** Sensor frame: x y z each (m), and unit normals. */
  readonly points: Float32Array;
  readonly normals: Float32Array;
  /** A ball that holds all points: those of most pairs are nowhere near the other's gel. */
  readonly ball?: Ball;
}

/** Sensor frame (m). */
export interface Ball {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly radius: number;
}

/** Rows of one patch's samples on another, submap axes: place P, direction N and residual r, {@link PAIR_NUMBERS} each. */
export interface PairRows {
  count: number;
  readonly values: Float64Array;
}

/** Px Py Pz Nx Ny Nz r. */
export const PAIR_NUMBERS = 7;
/** Cosine between normals below which two samples are not of one surface. */
const LEAST_COS = 0.6;
/** Places nearer to a contact than so many pitches may touch or not. */
const LEAST_LATERAL = 1.5;

/**
 * Only what lies deeper than this in another's gel that touched nothing there lies too deep (m). Less is no news: a gel that is
 * pressed in by less than four tenths of the deepest does not count as touched, and depths are noisy. As nothing pulls the
 * other way, rows of less push touches apart: 240 on an object of 5 cm came to lie 2.2 mm outside of it.
 */
const TOO_DEEP = 5e-4;
/** Longer than what rounding can make of any length here (m). */
const ROUNDING = 1e-9;
const [INVERSE, RELATIVE] = [identity(), identity()];

/** A ball about the middle of points, x y z each. */
export function ballAround(points: Float32Array): Ball {
  const middle = [0, 0, 0];
  for (let i = 0; i < points.length; i++) middle[i % 3]! += (3 * points[i]!) / points.length;
  const [x, y, z] = middle as [number, number, number];
  let radius = 0;
  for (let i = 0; i < points.length; i += 3)
    radius = Math.max(radius, Math.hypot(points[i]! - x, points[i + 1]! - y, points[i + 2]! - z));
  return { x, y, z, radius: radius + ROUNDING };
}

/** Room for the rows of patches with at most so many samples. */
export function pairRows(samples: number): PairRows {
  return { count: 0, values: new Float64Array(samples * PAIR_NUMBERS) };
}

/**
 * Compares samples of a patch with another one, pixel by pixel: where both touched, the distance from the other's plane,
 * N·(P − S); where the other's gel was and touched nothing, by how much the sample lies too deep inside of the gel. Residuals larger
 * than `reach` are left out.
 *
 * @param T_submap_a of the samples
 * @param T_submap_b of the other
 * @example
 * const rows = pairRows(100);
 * comparePatches(a, T_submap_a, b.patch, T_submap_b, 0.005, rows);
 */
export function comparePatches(
  a: PairPatch,
  T_submap_a: Pose,
  patch: Patch,
  T_submap_b: Pose,
  reach: number,
  out: PairRows,
): void {
  const T = compose(inverse(T_submap_b, INVERSE), T_submap_a, RELATIVE);
  const { width, height, pitch, cx, cy, z, nx, ny, nz, lateral } = patch;
  const { points, normals } = a;
  const { values } = out;
  const R = T_submap_b;
  out.count = 0;
  if (a.ball && misses(a.ball, T, patch)) return;
  // By index, and no arrays that are taken apart: this is where the time goes.
  const t0 = T[0]!, t1 = T[1]!, t2 = T[2]!, t3 = T[3]!; // prettier-ignore
  const t4 = T[4]!, t5 = T[5]!, t6 = T[6]!, t7 = T[7]!; // prettier-ignore
  const t8 = T[8]!, t9 = T[9]!, t10 = T[10]!, t11 = T[11]!; // prettier-ignore
  const r0 = R[0]!, r1 = R[1]!, r2 = R[2]!, r3 = R[3]!; // prettier-ignore
  const r4 = R[4]!, r5 = R[5]!, r6 = R[6]!, r7 = R[7]!; // prettier-ignore
  const r8 = R[8]!, r9 = R[9]!, r10 = R[10]!, r11 = R[11]!; // prettier-ignore
  let to = 0;
  for (let i = 0; i < points.length; i += 3) {
    const px = points[i]!;
    const py = points[i + 1]!;
    const pz = points[i + 2]!;
    const x = t0 * px + t1 * py + t2 * pz + t3;
    const u = Math.round(x / pitch + cx);
    if (!(u >= 0 && u < width)) continue;
    const y = t4 * px + t5 * py + t6 * pz + t7;
    const v = Math.round(y / pitch + cy);
    if (!(v >= 0 && v < height)) continue;
    const at = v * width + u;
    const h = z[at]!;
    if (!(h - h === 0)) continue;
    const w = t8 * px + t9 * py + t10 * pz + t11;
    let a0 = nx[at]!;
    let b0 = ny[at]!;
    let c0 = nz[at]!;
    let r: number;
    if (c0 !== 0) {
      const qx = normals[i]!;
      const qy = normals[i + 1]!;
      const qz = normals[i + 2]!;
      const cos =
        a0 * (t0 * qx + t1 * qy + t2 * qz) +
        b0 * (t4 * qx + t5 * qy + t6 * qz) +
        c0 * (t8 * qx + t9 * qy + t10 * qz);
      if (cos < LEAST_COS) continue;
      r = a0 * (x - (u - cx) * pitch) + b0 * (y - (v - cy) * pitch) + c0 * (w - h);
    } else {
      // The normal of what would touch here points into the gel, against its axis.
      if (lateral[at]! < LEAST_LATERAL * pitch || w >= h - TOO_DEEP) continue;
      a0 = b0 = 0;
      c0 = 1;
      r = w - h + TOO_DEEP;
    }
    if (!(Math.abs(r) < reach)) continue;
    values[to] = r0 * x + r1 * y + r2 * w + r3;
    values[to + 1] = r4 * x + r5 * y + r6 * w + r7;
    values[to + 2] = r8 * x + r9 * y + r10 * w + r11;
    values[to + 3] = r0 * a0 + r1 * b0 + r2 * c0;
    values[to + 4] = r4 * a0 + r5 * b0 + r6 * c0;
    values[to + 5] = r8 * a0 + r9 * b0 + r10 * c0;
    values[to + 6] = r;
    to += PAIR_NUMBERS;
  }
  out.count = to / PAIR_NUMBERS;
}

/** Whether all of a ball lies beside a gel. */
function misses({ x, y, z, radius }: Ball, T: Pose, { width, height, pitch }: Patch): boolean {
  const u = Math.abs(T[0]! * x + T[1]! * y + T[2]! * z + T[3]!);
  const v = Math.abs(T[4]! * x + T[5]! * y + T[6]! * z + T[7]!);
  return u > 0.5 * width * pitch + radius || v > 0.5 * height * pitch + radius;
}

/**
 * sign·[N, (P − c) × N] of the row at `at`, with c the sensor's position: what the residual changes by as a patch moves,
 * [v, ω] about its sensor, submap axes.
 */
export function jacobianAt(values: Float64Array, at: number, T: Pose, sign: number, out: Float64Array): void {
  const x = values[at]! - T[3]!;
  const y = values[at + 1]! - T[7]!;
  const z = values[at + 2]! - T[11]!;
  const a = sign * values[at + 3]!;
  const b = sign * values[at + 4]!;
  const c = sign * values[at + 5]!;
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = y * c - z * b;
  out[4] = z * a - x * c;
  out[5] = x * b - y * a;
}
