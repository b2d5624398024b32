import { SAMPLE_CHUNK, SAMPLE_FLOATS } from '../../../kernels/layout/field.js';
import type { Pose } from '../../../geometry/se3.js';
import type { PosedChunk } from '../plain.js';
import { ROW_FLOATS } from '../wasm/features.js';
import type { MapView } from './map-view.js';
import { WorkingSet } from './working-set.js';

/** Adam's step numbers are counted up to here, as in the wasm engine: corrections are 1 long before. */
const LAST_STEP = 1023;

/**
 * Corners and samples of one optimisation step, looked up in the map and laid out for tensors. Chunks shorter
 * than SAMPLE_CHUNK are filled up with samples of no weight.
 *
 * @example
 * const batch = new FitBatch(map);
 * batch.gather(chunks, poses);
 * batch.moveScalars(moves, changes); // after the step, back into the map
 */
export class FitBatch {
  /** C·256×3, sensor frame; weight 0 where there is no sample or no value. */
  points = new Float32Array(0);
  labels = new Float32Array(0);
  weights = new Float32Array(0);
  /** C·256×3: fine cell and feature cell of each sample. */
  scalarBase = new Float32Array(0);
  featureBase = new Float32Array(0);
  /** C·256×8: which member of the working sets each corner is. */
  scalarCorners = new Int32Array(0);
  featureCorners = new Int32Array(0);
  /** C×9 and C×3: transposed rotation and translation of each chunk's pose. */
  rotations = new Float32Array(0);
  translations = new Float32Array(0);
  used = 0;
  readonly usedOfChunk: number[] = [];
  /** Corners (block·512 + corner) and feature rows that the batch touches. */
  scalars = new WorkingSet(0);
  rows = new WorkingSet(0);
  readonly #map: MapView;
  readonly #found = new Int32Array(8);

  constructor(map: MapView) {
    this.#map = map;
  }

  get inverses(): { fine: number; cell: number } {
    return { fine: this.#map.fine.inverse, cell: this.#map.cells.inverse };
  }

  /** Looks the samples of the chunks up. @throws RangeError for a chunk of more than 256 samples */
  gather(chunks: readonly PosedChunk[], poses: readonly Pose[]): void {
    this.#reserve(chunks.length);
    this.scalars.clear();
    this.rows.clear();
    this.weights.fill(0);
    this.points.fill(0);
    this.scalarBase.fill(0);
    this.featureBase.fill(0);
    this.scalarCorners.fill(0);
    this.featureCorners.fill(0);
    this.used = 0;
    this.usedOfChunk.length = 0;
    chunks.forEach((chunk, k) => {
      if (chunk.count > SAMPLE_CHUNK) throw new RangeError(`A chunk takes at most ${SAMPLE_CHUNK} samples.`);
      const pose = Float32Array.from(poses[chunk.pose]!);
      for (let r = 0; r < 3; r++) {
        for (let c = 0; c < 3; c++) this.rotations[k * 9 + c * 3 + r] = pose[r * 4 + c]!;
        this.translations[k * 3 + r] = pose[r * 4 + 3]!;
      }
      let used = 0;
      for (let i = 0; i < chunk.count; i++)
        if (this.#sample((chunk.first + i) * SAMPLE_FLOATS, k * SAMPLE_CHUNK + i, pose)) used++;
      this.usedOfChunk.push(used);
      this.used += used;
    });
  }

  /** Sets `points` … of sample number `at`; false where the sample has no weight or lies where nothing was observed. */
  #sample(from: number, at: number, T: Float32Array): boolean {
    const { fine, cells, samples } = this.#map;
    const weight = samples[from + 4]!;
    if (!(weight > 0)) return false;
    const px = samples[from]!;
    const py = samples[from + 1]!;
    const pz = samples[from + 2]!;
    const x = T[0]! * px + T[1]! * py + T[2]! * pz + T[3]!;
    const y = T[4]! * px + T[5]! * py + T[6]! * pz + T[7]!;
    const z = T[8]! * px + T[9]! * py + T[10]! * pz + T[11]!;
    const found = this.#found;
    if (!fine.find(x, y, z, found, 0)) return false;
    for (let c = 0; c < 8; c++) if (!(fine.data[found[c]! * 2 + 1]! > 0)) return false;
    for (let c = 0; c < 8; c++) this.scalarCorners[at * 8 + c] = this.scalars.add(found[c]!);
    this.scalarBase.set(fine.base, at * 3);
    if (cells.find(x, y, z, found, 0))
      for (let c = 0; c < 8; c++) this.featureCorners[at * 8 + c] = this.rows.add(cells.dataI32[found[c]!]!);
    this.featureBase.set(cells.base, at * 3);
    this.points[at * 3] = px;
    this.points[at * 3 + 1] = py;
    this.points[at * 3 + 2] = pz;
    this.labels[at] = samples[from + 3]!;
    this.weights[at] = weight;
    return true;
  }

  /** Values of the working set of scalars. */
  readScalars(): Float32Array {
    const { data } = this.#map.fine;
    const out = new Float32Array(this.scalars.paddedSize);
    for (let i = 1; i < this.scalars.size; i++) out[i] = data[this.scalars.members[i]! * 2]!;
    return out;
  }

  /**
   * Moves the scalars, and notes the change of their blocks for the mesher.
   *
   * @param moves per member: Σ of the steps
   * @param changes per member: Σ of their sizes
   */
  moveScalars(moves: ArrayLike<number>, changes: ArrayLike<number>): void {
    const { data, change } = this.#map.fine;
    for (let i = 1; i < this.scalars.size; i++) {
      const corner = this.scalars.members[i]!;
      data[corner * 2]! -= moves[i]!;
      change[corner >> 9]! += changes[i]!;
    }
  }

  /** Rows of the working set: features, gradient, Adam's m and v each; and its two bias corrections for the next step. */
  readRows(): { rows: Float32Array; corrections: Float32Array } {
    const { rows, steps } = this.#map;
    const out = new Float32Array(this.rows.paddedSize * ROW_FLOATS);
    const corrections = new Float32Array(this.rows.paddedSize * 2).fill(1);
    for (let i = 1; i < this.rows.size; i++) {
      const row = this.rows.members[i]!;
      out.set(rows.subarray(row * ROW_FLOATS, (row + 1) * ROW_FLOATS), i * ROW_FLOATS);
      const step = Math.min(steps[row]! + 1, LAST_STEP);
      corrections[i * 2] = 1 / (1 - 0.9 ** step);
      corrections[i * 2 + 1] = 1 / (1 - 0.99 ** step);
    }
    return { rows: out, corrections };
  }

  /** Puts rows back after a step. */
  writeRows(values: Float32Array): void {
    const { rows, steps } = this.#map;
    for (let i = 1; i < this.rows.size; i++) {
      const row = this.rows.members[i]!;
      rows.set(values.subarray(i * ROW_FLOATS, (i + 1) * ROW_FLOATS), row * ROW_FLOATS);
      steps[row] = Math.min(steps[row]! + 1, LAST_STEP);
    }
  }

  #reserve(chunks: number): void {
    const n = chunks * SAMPLE_CHUNK;
    if (this.weights.length === n) return;
    this.points = new Float32Array(n * 3);
    this.labels = new Float32Array(n);
    this.weights = new Float32Array(n);
    this.scalarBase = new Float32Array(n * 3);
    this.featureBase = new Float32Array(n * 3);
    this.scalarCorners = new Int32Array(n * 8);
    this.featureCorners = new Int32Array(n * 8);
    this.rotations = new Float32Array(chunks * 9);
    this.translations = new Float32Array(chunks * 3);
    this.scalars = new WorkingSet(n * 8);
    this.rows = new WorkingSet(n * 8);
  }
}
