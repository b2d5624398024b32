// Touches without a map before: how far what they felt is from the true surface, after the best rigid alignment.
import { eigenSymmetric } from '../../../dist/geometry/linear.js';
import { compose, fromQuaternion, inverse } from '../../../dist/geometry/se3.js';

/** Every sample of a patch in the frame of the pose, as x y z each. */
export function samplesAt({ width, pitch, cx, cy, z, samples }, T) {
  const out = [];
  for (const at of samples) {
    const p = [((at % width) - cx) * pitch, (Math.floor(at / width) - cy) * pitch, z[at]];
    for (let r = 0; r < 3; r++)
      out.push(T[4 * r] * p[0] + T[4 * r + 1] * p[1] + T[4 * r + 2] * p[2] + T[4 * r + 3]);
  }
  return out;
}

/** T_b_a that moves points a onto b with the least squares (Horn 1987). */
export function alignPoints(a, b) {
  const n = a.length / 3;
  const mean = (p) => [0, 1, 2].map((k) => p.reduce((s, v, i) => (i % 3 === k ? s + v : s), 0) / n);
  const [ma, mb] = [mean(a), mean(b)];
  const S = new Float64Array(9);
  for (let i = 0; i < n; i++)
    for (let r = 0; r < 3; r++)
      for (let c = 0; c < 3; c++) S[r * 3 + c] += (a[3 * i + r] - ma[r]) * (b[3 * i + c] - mb[c]);
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = S;
  const N = Float64Array.of(
    xx + yy + zz, yz - zy, zx - xz, xy - yx,
    yz - zy, xx - yy - zz, xy + yx, zx + xz,
    zx - xz, xy + yx, -xx + yy - zz, yz + zy,
    xy - yx, zx + xz, yz + zy, -xx - yy + zz,
  ); // prettier-ignore
  const { vectors } = eigenSymmetric(N, 4);
  const [w, x, y, z] = [3, 7, 11, 15].map((k) => vectors[k]);
  const R = fromQuaternion([0, 0, 0], [x, y, z, w]);
  for (let r = 0; r < 3; r++)
    R[4 * r + 3] = mb[r] - (R[4 * r] * ma[0] + R[4 * r + 1] * ma[1] + R[4 * r + 2] * ma[2]);
  return R;
}

/** Distances from the shape of what was felt, with the poses moved rigidly to fit the true ones: rms and median (m). */
export function surfaceError(shape, touches, poses) {
  const [felt, truth] = [[], []];
  touches.forEach(({ patch, pose }, i) => {
    felt.push(...samplesAt(patch, poses[i]));
    truth.push(...samplesAt(patch, pose));
  });
  const T = alignPoints(felt, truth);
  const d = [];
  for (let i = 0; i < felt.length; i += 3) {
    const p = [felt[i], felt[i + 1], felt[i + 2]];
    d.push(
      Math.abs(
        shape(
          ...[0, 1, 2].map((r) => T[4 * r] * p[0] + T[4 * r + 1] * p[1] + T[4 * r + 2] * p[2] + T[4 * r + 3]),
        ),
      ),
    );
  }
  d.sort((a, b) => a - b);
  return {
    rms: Math.sqrt(d.reduce((s, v) => s + v * v, 0) / d.length),
    median: d[d.length >> 1],
    aligned: poses.map((pose) => compose(T, pose)),
    T: inverse(T),
  };
}
