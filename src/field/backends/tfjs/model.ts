import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { FEATURES, HIDDEN } from '../wasm/features.js';
import type { Tf } from './backends.js';

/** Value and derivatives of the field at N points. */
export interface Evaluated {
  /** N: SDF. */
  readonly value: Tensor;
  /** N×3: ∇SDF by the position in the submap. */
  readonly gradient: Tensor;
  /** N×8: ∂SDF/∂s_c, the blend weights. */
  readonly byScalar: Tensor;
  /** N×8×8: ∂SDF/∂f_c. */
  readonly byFeature?: Tensor;
}

/** Where N points lie on a grid: cell = position · inverse − base, in [0, 1]³. */
export interface Cells {
  /** N×1 or one number: 1 / side of a cell. */
  readonly inverse: Tensor | number;
  /** N×3: integer corner below the point. */
  readonly base: Tensor;
  /** N×8 scalars s_c, or N×8×8 features f_c. */
  readonly corners: Tensor;
}

/**
 * SDF(p) = Σ w_c s_c + ρ(Σ w_k f_k, q) in plain tfjs operations; see docs/how-it-works.md for the symbols.
 *
 * @example
 * const model = new FieldModel(tf, map.decoder);
 * const evaluated = model.evaluate(positions, scalars, features);
 * model.dispose();
 */
export class FieldModel {
  /** Per axis, cell (N×3) to the factor of each corner: c_i ? x_i : 1 − x_i = x·select + offset. */
  readonly #select: Tensor2D[];
  readonly #offset: Tensor2D[];
  // ρ with u = q·P + b and q = 2x − 1, written for the cell x: u = x·2P + (b − Σ_i P_i).
  readonly #A: Tensor2D;
  readonly #P: Tensor2D;
  readonly #b: Tensor2D;
  readonly #c: Tensor2D;
  readonly #tf: Tf;

  /** @param decoder A[8][32], P[3][32], b[32], c[32] one after the other, as in src/kernels/field/decoder.ts */
  constructor(tf: Tf, decoder: Float32Array) {
    this.#tf = tf;
    const corner = [0, 1, 2, 3, 4, 5, 6, 7];
    this.#select = [0, 1, 2].map((axis) =>
      tf.tensor2d(
        [0, 1, 2].map((a) => corner.map((c) => (a === axis ? ((c >> axis) & 1 ? 1 : -1) : 0))),
        [3, 8],
      ),
    );
    this.#offset = [0, 1, 2].map((axis) =>
      tf.tensor2d([corner.map((c) => ((c >> axis) & 1 ? 0 : 1))], [1, 8]),
    );
    const part = (row: number, rows: number): Float32Array =>
      decoder.slice(row * HIDDEN, (row + rows) * HIDDEN);
    const P = part(FEATURES, 3);
    const b = part(FEATURES + 3, 1).map((x, j) => x - P[j]! - P[HIDDEN + j]! - P[2 * HIDDEN + j]!);
    this.#A = tf.tensor2d(part(0, FEATURES), [FEATURES, HIDDEN]);
    this.#P = tf.tensor2d(
      P.map((x) => 2 * x),
      [3, HIDDEN],
    );
    this.#b = tf.tensor2d(b, [1, HIDDEN]);
    this.#c = tf.tensor2d(part(FEATURES + 4, 1), [HIDDEN, 1]);
  }

  dispose(): void {
    this.#tf.dispose([...this.#select, ...this.#offset, this.#A, this.#P, this.#b, this.#c]);
  }

  /**
   * One automatic differentiation gives everything: points do not see each other, so the derivatives of Σ_i SDF_i are
   * those of each point's own SDF. Call within tf.tidy.
   *
   * @param positions N×3
   */
  evaluate(positions: Tensor, scalars: Cells, features?: Cells): Evaluated {
    const tf = this.#tf;
    const inputs = [positions, scalars.corners, ...(features ? [features.corners] : [])];
    const all = tf.valueAndGrads((p: Tensor, s: Tensor, f?: Tensor) => {
      const fused = tf.sum(tf.mul(this.#weights(p, scalars).weights, s), 1);
      return features && f ? tf.add(fused, this.#residual(p, features, f)) : fused;
    });
    // ∂L/∂SDF_i = 1 for every point.
    const { value, grads } = all(inputs, tf.ones([positions.shape[0]!]));
    const [gradient, byScalar, byFeature] = grads as [Tensor, Tensor, Tensor?];
    return { value, gradient, byScalar, ...(byFeature ? { byFeature } : {}) };
  }

  /** Position in the cell (N×3) and trilinear weights of its corners (N×8). */
  #weights(positions: Tensor, { inverse, base }: Cells): { cell: Tensor2D; weights: Tensor2D } {
    const tf = this.#tf;
    const cell = tf.sub<Tensor2D>(tf.mul(positions, inverse), base);
    const [x, y, z] = [0, 1, 2].map((axis) =>
      tf.add<Tensor2D>(tf.matMul(cell, this.#select[axis]!), this.#offset[axis]!),
    ) as [Tensor2D, Tensor2D, Tensor2D];
    return { cell, weights: tf.mul(tf.mul(x, y), z) };
  }

  /** ρ(f, q) = Σ_j c_j (relu(a_j·f + u_j) − relu(u_j)). */
  #residual(positions: Tensor, cells: Cells, corners: Tensor): Tensor {
    const tf = this.#tf;
    const { cell, weights } = this.#weights(positions, cells);
    const n = positions.shape[0]!;
    const blended = tf.matMul<Tensor3D>(tf.reshape(weights, [n, 1, 8]), corners as Tensor3D);
    const u = tf.add<Tensor2D>(tf.matMul(cell, this.#P), this.#b);
    const f: Tensor2D = tf.reshape(blended, [n, FEATURES]);
    const h = tf.add<Tensor2D>(tf.matMul(f, this.#A), u);
    return tf.reshape(tf.matMul(tf.sub<Tensor2D>(tf.relu(h), tf.relu(u)), this.#c), [n]);
  }
}

/** a × b of two N×3 tensors. */
export function cross(tf: Tf, a: Tensor, b: Tensor): Tensor {
  // Columns change places by products with permutations, which every backend does fast.
  const yzx = tf.tensor2d([0, 0, 1, 1, 0, 0, 0, 1, 0], [3, 3]);
  const zxy = tf.tensor2d([0, 1, 0, 0, 0, 1, 1, 0, 0], [3, 3]);
  const turn = (t: Tensor, by: Tensor2D): Tensor => tf.matMul(t as Tensor2D, by);
  return tf.sub(tf.mul(turn(a, yzx), turn(b, zxy)), tf.mul(turn(a, zxy), turn(b, yzx)));
}

/**
 * Σ of the rows of `values` that have the same number. By scatterND, which adds up duplicates, because
 * unsortedSegmentSum has no kernel in tfjs' wasm backend and takes rows × segments steps in its cpu backend.
 *
 * @param rows M row numbers, int32
 * @param values M×K
 * @returns count×K
 */
export function segmentSum(tf: Tf, rows: Tensor, values: Tensor, count: number): Tensor {
  return tf.scatterND(tf.reshape(rows, [-1, 1]), values, [count, values.shape[1]!]);
}
