import type { Pose } from '../../../geometry/se3.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type { RegisterOptions } from '../plain.js';
import { REGISTER_CHUNK } from '../../../kernels/layout/field.js';
import type { MapView } from './map-view.js';
import { WorkingSet } from './working-set.js';

/**
 * The registered points of a scan, each looked up on the finest level that has a value there.
 *
 * @example
 * const batch = new RegisterBatch(map);
 * batch.gather(surface, pose, options);
 * const [other, ground] = batch.counts; // points, and how many of them have a value
 */
export class RegisterBatch {
  /** Points, filled up to a multiple of 256; the rest has no weight. */
  count = 0;
  /** N×3, sensor frame. */
  points = new Float32Array(0);
  /** N: τ in scaled units. */
  taus = new Float32Array(0);
  /** N×8 columns: 1/voxel, k² of the level, its weight (0: no value), fine, coarse, k of inliers, other, ground. */
  columns = new Float32Array(0);
  base = new Float32Array(0);
  corners = new Int32Array(0);
  scalars = new WorkingSet(0);
  /** Scalars of the working set. */
  values = new Float32Array(0);
  /** Per class (other, ground): points, those with a fine value, those with a coarse one only. */
  readonly counts = [0, 1].map(() => ({ points: 0, valued: 0, coarse: 0 }));
  readonly #map: MapView;
  readonly #found = new Int32Array(8);

  constructor(map: MapView) {
    this.#map = map;
  }

  gather(surface: SurfaceSamples, pose: Pose, options: RegisterOptions): void {
    const { x: px, y: py, z: pz, tau: taus, flags, keypoints } = surface;
    this.#reserve(Math.max(REGISTER_CHUNK, Math.ceil(keypoints.length / REGISTER_CHUNK) * REGISTER_CHUNK));
    for (const counts of this.counts) counts.points = counts.valued = counts.coarse = 0;
    this.scalars.clear();
    for (const array of [this.points, this.taus, this.columns, this.base, this.corners]) array.fill(0);
    const T = Float32Array.from(pose);
    const twist = Float32Array.from(options.twist);
    for (let i = 0; i < keypoints.length; i++) {
      const index = keypoints[i]!;
      const x = px[index]!;
      const y = py[index]!;
      const z = pz[index]!;
      const tau = taus[index]! * options.timeScale;
      this.points[i * 3] = x;
      this.points[i * 3 + 1] = y;
      this.points[i * 3 + 2] = z;
      this.taus[i] = tau;
      const qx = T[0]! * x + T[1]! * y + T[2]! * z;
      const qy = T[4]! * x + T[5]! * y + T[6]! * z;
      const qz = T[8]! * x + T[9]! * y + T[10]! * z;
      const mx = qx + tau * (twist[0]! + twist[4]! * qz - twist[5]! * qy) + T[3]!;
      const my = qy + tau * (twist[1]! + twist[5]! * qx - twist[3]! * qz) + T[7]!;
      const mz = qz + tau * (twist[2]! + twist[3]! * qy - twist[4]! * qx) + T[11]!;
      this.#find(i, mx, my, mz, (flags[index]! >> 1) & 1, options);
    }
    this.values = new Float32Array(this.scalars.paddedSize);
    for (let i = 1; i < this.scalars.size; i++) this.values[i] = this.#scalar(this.scalars.members[i]!);
  }

  /** Sets the level of point i: the finest that was observed around (x, y, z). */
  #find(i: number, x: number, y: number, z: number, kind: number, options: RegisterOptions): void {
    const counts = this.counts[kind]!;
    counts.points++;
    for (const [l, level] of this.#map.levels.entries()) {
      const kernel = options.kernels[l] ?? 0;
      if (!(kernel > 0) || !level.find(x, y, z, this.#found, 0)) continue;
      let least = Infinity;
      for (let c = 0; c < 8; c++) least = Math.min(least, level.data[this.#found[c]! * 2 + 1]!);
      if (!(least > (l === 0 ? options.minWeight : 0))) continue;
      // Corners of all levels in one working set: the level is the remainder.
      for (let c = 0; c < 8; c++)
        this.corners[i * 8 + c] = this.scalars.add(this.#found[c]! * this.#map.levels.length + l);
      this.base.set(level.base, i * 3);
      const fine = l === 0 ? 1 : 0;
      this.columns.set(
        [
          level.inverse,
          kernel * kernel,
          options.levelWeights[l]!,
          fine,
          1 - fine,
          fine ? kernel : kernel * 0.5,
          1 - kind,
          kind,
        ],
        i * 8,
      );
      if (fine) counts.valued++;
      else counts.coarse++;
      return;
    }
  }

  #scalar(member: number): number {
    const { levels } = this.#map;
    const corner = Math.floor(member / levels.length);
    // Row 0 of the set is block 0 of the finest level, which is empty.
    return levels[member % levels.length]!.data[corner * 2]!;
  }

  #reserve(n: number): void {
    if (this.count === n) return;
    this.count = n;
    this.points = new Float32Array(n * 3);
    this.taus = new Float32Array(n);
    this.columns = new Float32Array(n * 8);
    this.base = new Float32Array(n * 3);
    this.corners = new Int32Array(n * 8);
    this.scalars = new WorkingSet(n * 8);
  }
}
