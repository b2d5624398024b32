import { FeltmapError } from '../geometry/errors.js';
import { compose, fromQuaternion, identity, inverse, toQuaternion, type Pose } from '../geometry/se3.js';
import { eigenSymmetric4 } from './eigen4.js';

/**
 * The rigid transform (rotation and translation, no scale) that maps `source` positions onto `target` positions with
 * the least sum of squared distances. Solved with Horn's unit quaternion (Horn 1987, "Closed-form solution of
 * absolute orientation using unit quaternions"): the optimum equals Umeyama's with scale 1, and no reflection can
 * come out.
 *
 * Where the positions leave the rotation open (all on a line, or all at one place) the smallest of the equally good
 * rotations is taken.
 *
 * @param source 3·N positions (m)
 * @param target 3·N positions (m)
 * @returns T_target_source
 * @throws FeltmapError bad-input when the lengths differ or N is 0
 */
export function alignPositions(source: Float64Array, target: Float64Array): Pose {
  const n = source.length / 3;
  if (source.length !== target.length || n === 0)
    throw new FeltmapError(
      'bad-input',
      `Cannot align trajectories: ${n} estimated and ${target.length / 3} true positions; give pairs, at least one.`,
    );
  const a = centroid(source);
  const b = centroid(target);
  const S = new Float64Array(9); // S = Σ (source − a)(target − b)ᵀ
  for (let i = 0; i < source.length; i += 3) {
    for (let r = 0; r < 3; r++) {
      const s = source[i + r]! - a[r]!;
      for (let c = 0; c < 3; c++) S[3 * r + c]! += s * (target[i + c]! - b[c]!);
    }
  }
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = S as unknown as number[];
  // Horn's matrix N, order (w, x, y, z); the quaternion is its eigenvector of the largest eigenvalue.
  const N = Float64Array.of(
    xx! + yy! + zz!, yz! - zy!, zx! - xz!, xy! - yx!,
    yz! - zy!, xx! - yy! - zz!, xy! + yx!, zx! + xz!,
    zx! - xz!, xy! + yx!, yy! - xx! - zz!, yz! + zy!,
    xy! - yx!, zx! + xz!, yz! + zy!, zz! - xx! - yy!,
  ); // prettier-ignore
  const [w, x, y, z] = smallestRotation(N);
  const T = fromQuaternion([0, 0, 0], [x, y, z, w]);
  for (let r = 0; r < 3; r++)
    T[4 * r + 3] = b[r]! - (T[4 * r]! * a[0]! + T[4 * r + 1]! * a[1]! + T[4 * r + 2]! * a[2]!);
  return T;
}

/** T_truth_estimate from the positions of matched poses; see {@link alignPositions}. */
export function alignPoses(estimate: readonly Pose[], truth: readonly Pose[]): Pose {
  return alignPositions(positions(estimate), positions(truth));
}

/** How the truth's axes lie on the body, the mean over all poses after alignment of the positions. */
export function meanAxes(estimate: readonly Pose[], truth: readonly Pose[]): Pose {
  const T = alignPoses(estimate, truth);
  const sum = [0, 0, 0, 0];
  estimate.forEach((P, i) => {
    const q = toQuaternion(compose(inverse(compose(T, P)), truth[i]!));
    const sign = q[0] * sum[0]! + q[1] * sum[1]! + q[2] * sum[2]! + q[3] * sum[3]! < 0 ? -1 : 1;
    for (let k = 0; k < 4; k++) sum[k]! += sign * q[k]!;
  });
  return Math.hypot(...sum) < 1e-9 ? identity() : fromQuaternion([0, 0, 0], sum);
}

/** 3·N positions of N poses. */
export function positions(poses: readonly Pose[]): Float64Array {
  const out = new Float64Array(3 * poses.length);
  poses.forEach((T, i) => out.set([T[3]!, T[7]!, T[11]!], 3 * i));
  return out;
}

/** Projects the identity onto the eigenspace of the largest eigenvalue: the least rotation among equal optima. */
function smallestRotation(N: Float64Array): [number, number, number, number] {
  const { values, vectors } = eigenSymmetric4(N);
  const largest = Math.max(...values);
  const tolerance = 1e-12 * Math.max(...values.map(Math.abs));
  const q: [number, number, number, number] = [0, 0, 0, 0];
  let best = 0;
  for (let k = 0; k < 4; k++) {
    if (values[k]! === largest) best = k;
    if (largest - values[k]! > tolerance) continue;
    const w = vectors[k]!; // row 0 of column k
    for (let i = 0; i < 4; i++) q[i]! += w * vectors[4 * i + k]!;
  }
  if (Math.hypot(...q) > 1e-9) return q;
  return [vectors[best]!, vectors[4 + best]!, vectors[8 + best]!, vectors[12 + best]!]; // half a turn
}

function centroid(points: Float64Array): [number, number, number] {
  const c: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < points.length; i += 3) for (let k = 0; k < 3; k++) c[k]! += points[i + k]!;
  const n = points.length / 3;
  return [c[0] / n, c[1] / n, c[2] / n];
}
