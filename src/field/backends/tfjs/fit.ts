import { SAMPLE_CHUNK } from '../../../kernels/layout/field.js';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import type { FitResult } from '../../backend.js';
import type { PosedChunk, StepOptions } from '../plain.js';
import { FEATURES, ROW_FLOATS } from '../wasm/features.js';
import type { Tf } from './backends.js';
import type { FitBatch } from './fit-batch.js';
import { cross, segmentSum, type FieldModel } from './model.js';

/** What a step leaves on the device. */
type Step = {
  /** C×6×7: Σ ω JJᵀ and Σ ω r J of each chunk. */
  readonly systems: Tensor;
  /** C: Σ of the weighted Huber losses. */
  readonly losses: Tensor;
  /** U×32: features, gradient, m, v after Adam. */
  readonly rows: Tensor;
  /** S: Σ of the scalars' steps, and of their sizes; absent with a scalar rate of 0. */
  readonly moves?: Tensor;
  readonly changes?: Tensor;
};

/** One step of the joint optimisation on a gathered batch; the batch's rows and scalars are moved in the map. */
export async function fitStep(
  tf: Tf,
  model: FieldModel,
  batch: FitBatch,
  chunks: readonly PosedChunk[],
  poses: number,
  options: StepOptions,
): Promise<FitResult> {
  const step = tf.tidy(() => build(tf, model, batch, chunks.length, options));
  const kept = Object.values(step) as Tensor[];
  try {
    const [systems, losses, rows, moves, changes] = (await Promise.all(
      [step.systems, step.losses, step.rows, step.moves, step.changes].map((tensor) => tensor?.data()),
    )) as [Float32Array, Float32Array, Float32Array, Float32Array?, Float32Array?];
    batch.writeRows(rows);
    if (moves && changes) batch.moveScalars(moves, changes);
    return sum(systems, losses, batch, chunks, poses);
  } finally {
    tf.dispose(kept);
  }
}

function build(tf: Tf, model: FieldModel, batch: FitBatch, chunks: number, options: StepOptions): Step {
  const { huber, learningRate, scalarRate } = options;
  const n = chunks * SAMPLE_CHUNK;
  const R = tf.tensor3d(batch.rotations, [chunks, 3, 3]);
  const t = tf.tensor3d(batch.translations, [chunks, 1, 3]);
  const turned = tf.matMul<Tensor3D>(tf.tensor3d(batch.points, [chunks, SAMPLE_CHUNK, 3]), R);
  const fromSensor = tf.reshape(turned, [n, 3]); // p − c: the sensor lies at t
  const positions = tf.reshape(tf.add(turned, t), [n, 3]);

  const { rows, corrections } = batch.readRows();
  const table = tf.tensor2d(rows, [rows.length / ROW_FLOATS, ROW_FLOATS]);
  const [features, , m0, v0] = tf.split(table, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const rowOf = tf.tensor1d(batch.featureCorners, 'int32');
  const scalarOf = tf.tensor1d(batch.scalarCorners, 'int32');
  const { inverses } = batch;
  const { value, gradient, byScalar, byFeature } = model.evaluate(
    positions,
    {
      inverse: inverses.fine,
      base: tf.tensor2d(batch.scalarBase, [n, 3]),
      corners: tf.reshape(tf.gather(tf.tensor1d(batch.readScalars()), scalarOf), [n, 8]),
    },
    {
      inverse: inverses.cell,
      base: tf.tensor2d(batch.featureBase, [n, 3]),
      corners: tf.reshape(tf.gather(features, rowOf), [n, 8, FEATURES]),
    },
  );

  // Huber: L = r²/2h inside, |r| − h/2 outside; with k = min(|r|, h) both are k²/2h + |r| − k. dL/dr = r / max(|r|, h).
  const weights = tf.tensor1d(batch.weights);
  const r = tf.sub(value, tf.tensor1d(batch.labels));
  const size = tf.abs(r);
  const inner = tf.minimum(size, huber);
  const loss = tf.mul(weights, tf.add(tf.div(tf.square(inner), 2 * huber), tf.sub(size, inner)));
  const robust = tf.div(weights, tf.maximum(size, huber)); // ω of iteratively re-weighted least squares
  const slope = tf.mul(robust, r);

  // Normal equations of each chunk: Σ ω J [J, r]ᵀ with J = [∇, (p − c) × ∇].
  const J = tf.concat([gradient, cross(tf, fromSensor, gradient)], 1);
  const Jr = tf.reshape(tf.concat([J, tf.reshape(r, [n, 1])], 1), [chunks, SAMPLE_CHUNK, 7]);
  const weighted = tf.reshape(tf.mul(J, tf.reshape(robust, [n, 1])), [chunks, SAMPLE_CHUNK, 6]);

  // ∂L/∂f_row, then Adam (Kingma & Ba 2015, algorithm 1) on all rows of the batch.
  const each = tf.mul(tf.reshape(slope, [n, 1]), tf.reshape(byFeature!, [n, 8 * FEATURES]));
  const g = segmentSum(tf, rowOf, tf.reshape(each, [n * 8, FEATURES]), table.shape[0]);
  const m = tf.add(tf.mul(m0, 0.9), tf.mul(g, 0.1));
  const v = tf.add(tf.mul(v0, 0.99), tf.mul(tf.square(g), 0.01));
  const [mScale, vScale] = tf.split(tf.tensor2d(corrections, [corrections.length / 2, 2]), 2, 1) as [
    Tensor,
    Tensor,
  ];
  const direction = tf.div(tf.mul(m, mScale), tf.add(tf.sqrt(tf.mul(v, vScale)), 1e-8));
  const moved = tf.sub(features, tf.mul(direction, learningRate));

  const step: Step = {
    systems: tf.matMul(weighted as Tensor3D, Jr as Tensor3D, true),
    losses: tf.sum(tf.reshape(loss, [chunks, SAMPLE_CHUNK]), 1),
    rows: tf.concat([moved, g, m, v], 1),
  };
  if (!(scalarRate > 0)) return step;
  // Normalised least mean squares: s_c −= η·w·r·w_c / Σ w_c², r cut to ±h.
  const cut = tf.mul(weights, tf.clipByValue(r, -huber, huber));
  const share = tf.div(tf.mul(cut, scalarRate), tf.sum(tf.square(byScalar), 1));
  const delta = tf.reshape(tf.mul(tf.reshape(share, [n, 1]), byScalar), [n * 8, 1]);
  const count = batch.scalars.paddedSize;
  return {
    ...step,
    moves: segmentSum(tf, scalarOf, delta, count),
    changes: segmentSum(tf, scalarOf, tf.abs(delta), count),
  };
}

/** Sums of chunks to those of poses, in float64. */
function sum(
  systems: Float32Array,
  losses: Float32Array,
  batch: FitBatch,
  chunks: readonly PosedChunk[],
  poses: number,
): FitResult {
  const out = new Float64Array(poses * 28);
  let loss = 0;
  chunks.forEach(({ pose, optimisePose }, k) => {
    loss += losses[k]!;
    if (!optimisePose) return;
    let at = pose * 28;
    for (let row = 0; row < 6; row++)
      for (let column = row; column < 6; column++) out[at++]! += systems[k * 42 + row * 7 + column]!;
    for (let row = 0; row < 6; row++) out[at++]! += systems[k * 42 + row * 7 + 6]!;
    out[at]! += batch.usedOfChunk[k]!;
  });
  return { loss: batch.used ? loss / batch.used : 0, used: batch.used, systems: out };
}
