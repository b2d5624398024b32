// How far touches are from where they were.
import { compose, inverse, rotationAngle } from '../../../dist/geometry/se3.js';

/** Mean over the samples of a patch of the error of their places: all of it, along the normal, across it (m); and the turn. */
export function errorOf(patch, pose, truth) {
  const { width, pitch, cx, cy, samples } = patch;
  let [point, normal, tangential] = [0, 0, 0];
  for (const at of samples) {
    const p = [((at % width) - cx) * pitch, (Math.floor(at / width) - cy) * pitch, patch.z[at]];
    const n = [patch.nx[at], patch.ny[at], patch.nz[at]];
    const d = [0, 1, 2].map((r) => {
      const row = (T) => T[4 * r] * p[0] + T[4 * r + 1] * p[1] + T[4 * r + 2] * p[2] + T[4 * r + 3];
      return row(pose) - row(truth);
    });
    const along = [0, 1, 2].reduce(
      (sum, r) => sum + d[r] * (truth[4 * r] * n[0] + truth[4 * r + 1] * n[1] + truth[4 * r + 2] * n[2]),
      0,
    );
    const length = Math.hypot(...d);
    point += length;
    normal += Math.abs(along);
    tangential += Math.sqrt(Math.max(0, length ** 2 - along ** 2));
  }
  const n = samples.length;
  return {
    point: point / n,
    normal: normal / n,
    tangential: tangential / n,
    turn: rotationAngle(compose(inverse(truth), pose)),
  };
}

/** Spread of the normals of a patch, degrees: rms angle to their mean. */
export function spreadOf({ samples, nx, ny, nz }) {
  const mean = [0, 0, 0];
  for (const at of samples) [nx, ny, nz].forEach((c, i) => (mean[i] += c[at]));
  const norm = Math.hypot(...mean);
  let sum = 0;
  for (const at of samples) {
    const cos = (nx[at] * mean[0] + ny[at] * mean[1] + nz[at] * mean[2]) / norm;
    sum += Math.acos(Math.min(1, cos)) ** 2;
  }
  return (180 / Math.PI) * Math.sqrt(sum / samples.length);
}
