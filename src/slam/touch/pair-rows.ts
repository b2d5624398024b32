import { compose, inverse, type Pose } from '../../geometry/se3.js';
import type { Patch } from '../../sensors/tactile/patch.js';

/** A patch with samples of its own to be compared with others. */
export interface PairPatch {
  readonly patch: Patch;
  /** Sensor frame: x y z each (m), and unit normals. */
  readonly points: Float32Array;
  readonly normals: Float32Array;
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
  const T = compose(inverse(T_submap_b), T_submap_a);
  const { width, height, pitch, cx, cy, z, nx, ny, nz, lateral } = patch;
  const { points, normals } = a;
  const { values } = out;
  const R = T_submap_b;
  const [t0, t1, t2, t3] = [T[0]!, T[1]!, T[2]!, T[3]!];
  const [t4, t5, t6, t7] = [T[4]!, T[5]!, T[6]!, T[7]!];
  const [t8, t9, t10, t11] = [T[8]!, T[9]!, T[10]!, T[11]!];
  let to = 0;
  for (let i = 0; i < points.length; i += 3) {
    const [px, py, pz] = [points[i]!, points[i + 1]!, points[i + 2]!];
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
    let [a0, b0, c0] = [nx[at]!, ny[at]!, nz[at]!];
    let r: number;
    if (c0 !== 0) {
      const [qx, qy, qz] = [normals[i]!, normals[i + 1]!, normals[i + 2]!];
      const cos =
        a0 * (t0 * qx + t1 * qy + t2 * qz) +
        b0 * (t4 * qx + t5 * qy + t6 * qz) +
        c0 * (t8 * qx + t9 * qy + t10 * qz);
      if (cos < LEAST_COS) continue;
      r = a0 * (x - (u - cx) * pitch) + b0 * (y - (v - cy) * pitch) + c0 * (w - h);
    } else {
      // The normal of what would touch here points into the gel, against its axis.
      if (lateral[at]! < LEAST_LATERAL * pitch || w >= h - TOO_DEEP) continue;
      [a0, b0, c0] = [0, 0, 1];
      r = w - h + TOO_DEEP;
    }
    if (!(Math.abs(r) < reach)) continue;
    values[to] = R[0]! * x + R[1]! * y + R[2]! * w + R[3]!;
    values[to + 1] = R[4]! * x + R[5]! * y + R[6]! * w + R[7]!;
    values[to + 2] = R[8]! * x + R[9]! * y + R[10]! * w + R[11]!;
    values[to + 3] = R[0]! * a0 + R[1]! * b0 + R[2]! * c0;
    values[to + 4] = R[4]! * a0 + R[5]! * b0 + R[6]! * c0;
    values[to + 5] = R[8]! * a0 + R[9]! * b0 + R[10]! * c0;
    values[to + 6] = r;
    to += PAIR_NUMBERS;
  }
  out.count = to / PAIR_NUMBERS;
}

/**
 * sign·[N, (P − c) × N] of the row at `at`, with c the sensor's position: what the residual changes by as a patch moves,
 * [v, ω] about its sensor, submap axes.
 */
export function jacobianAt(values: Float64Array, at: number, T: Pose, sign: number, out: Float64Array): void {
  const [x, y, z] = [values[at]! - T[3]!, values[at + 1]! - T[7]!, values[at + 2]! - T[11]!];
  const [a, b, c] = [sign * values[at + 3]!, sign * values[at + 4]!, sign * values[at + 5]!];
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = y * c - z * b;
  out[4] = z * a - x * c;
  out[5] = x * b - y * a;
}
