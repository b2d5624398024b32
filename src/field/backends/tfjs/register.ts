import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { Pose } from '../../../geometry/se3.js';
import { emptySums, type ClassSums } from '../../linear-system.js';
import type { RegisterOptions } from '../plain.js';
import type { Tf } from './backends.js';
import { REGISTER_CHUNK } from '../../../kernels/layout/field.js';
import { cross, type FieldModel } from './model.js';
import type { RegisterBatch } from './register-batch.js';

/** Normal equations of a gathered batch; [other, ground]. */
export async function registerPass(
  tf: Tf,
  model: FieldModel,
  batch: RegisterBatch,
  pose: Pose,
  options: RegisterOptions,
): Promise<ClassSums> {
  const [systems, scalars] = tf.tidy(() => build(tf, model, batch, pose, options));
  try {
    const [s, v] = (await Promise.all([systems.data(), scalars.data()])) as [Float32Array, Float32Array];
    return sum(s, v, batch);
  } finally {
    tf.dispose([systems, scalars]);
  }
}

/** C×36×7: per chunk, class and power of τ: Σ w τᵏ J [J, r]ᵀ. C×2×5: Σ of w, w r², inliers, |r| of them, coarse inliers. */
function build(
  tf: Tf,
  model: FieldModel,
  batch: RegisterBatch,
  pose: Pose,
  options: RegisterOptions,
): [Tensor, Tensor] {
  const n = batch.count;
  const chunks = n / REGISTER_CHUNK;
  const T = pose;
  const [vx, vy, vz, wx, wy, wz] = options.twist as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // Points are rows, so matrices stand transposed: q = R·p, ω × q.
  const Rt = tf.tensor2d([T[0]!, T[4]!, T[8]!, T[1]!, T[5]!, T[9]!, T[2]!, T[6]!, T[10]!], [3, 3]);
  const turn = tf.tensor2d([0, wz, -wy, -wz, 0, wx, wy, -wx, 0], [3, 3]);
  const columns = tf.split(tf.tensor2d(batch.columns, [n, 8]), 8, 1) as Tensor[];
  const [inverse, k2, levelWeight, fine, coarse, inlierKernel, other, ground] = columns as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const tau = tf.tensor2d(batch.taus, [n, 1]);
  const q = tf.matMul(tf.tensor2d(batch.points, [n, 3]), Rt);
  const velocity = tf.add(tf.matMul(q, turn), tf.tensor2d([vx, vy, vz], [1, 3]));
  const fromSensor = tf.add(q, tf.mul(tau, velocity));
  const positions = tf.add(fromSensor, tf.tensor2d([T[3]!, T[7]!, T[11]!], [1, 3]));
  const { value, gradient } = model.evaluate(positions, {
    inverse,
    base: tf.tensor2d(batch.base, [n, 3]),
    corners: tf.reshape(tf.gather(tf.tensor1d(batch.values), tf.tensor1d(batch.corners, 'int32')), [n, 8]),
  });

  const r = tf.reshape(value, [n, 1]);
  const r2 = tf.square(r);
  const g2 = options.gradientScale ** 2;
  const norm = tf.sqrt(tf.sum(tf.square(gradient), 1, true));
  const sane = tf.div(g2, tf.add(tf.square(tf.sub(norm, 1)), g2));
  // Points without a value have k² = 0 and weight 0; the 1e-30 keeps 0/0 out.
  const robust = tf.div(k2, tf.add(tf.add(k2, r2), 1e-30));
  const w = tf.mul(tf.mul(tf.square(robust), tf.square(sane)), levelWeight);

  const J = tf.concat([gradient, cross(tf, fromSensor, gradient)], 1);
  const powers = tf.concat([tf.onesLike(tau), tau, tf.square(tau)], 1);
  const classes = tf.concat([other, ground], 1); // one-hot
  const perClass = tf.mul(tf.reshape(classes, [n, 2, 1]), tf.reshape(powers, [n, 1, 3]));
  const factors = tf.mul(tf.reshape(perClass, [n, 6]), w);
  const A = tf.reshape(tf.mul(tf.reshape(factors, [n, 6, 1]), tf.reshape(J, [n, 1, 6])), [
    chunks,
    REGISTER_CHUNK,
    36,
  ]);
  const B = tf.reshape(tf.concat([J, r], 1), [chunks, REGISTER_CHUNK, 7]);

  const size = tf.abs(r);
  const inlier = tf.cast(tf.less(size, inlierKernel), 'float32');
  const fineInlier = tf.mul(inlier, fine);
  const S = tf.concat(
    [w, tf.mul(w, r2), fineInlier, tf.mul(fineInlier, size), tf.mul(inlier, coarse)] as Tensor2D[],
    1,
  );
  return [
    tf.matMul(A as Tensor3D, B as Tensor3D, true),
    tf.matMul(
      tf.reshape(classes, [chunks, REGISTER_CHUNK, 2]) as Tensor3D,
      tf.reshape(S, [chunks, REGISTER_CHUNK, 5]),
      true,
    ),
  ];
}

/** Adds chunks up in float64. */
function sum(systems: Float32Array, scalars: Float32Array, batch: RegisterBatch): ClassSums {
  const both = [emptySums(), emptySums()] as const;
  both.forEach((out, kind) => {
    Object.assign(out, batch.counts[kind]);
    for (let chunk = 0; chunk < batch.count / REGISTER_CHUNK; chunk++) {
      const part = scalars.subarray((chunk * 2 + kind) * 5);
      out.weight += part[0]!;
      out.cost += part[1]!;
      out.inliers += part[2]!;
      out.absolute += part[3]!;
      out.coarseInliers += part[4]!;
      let at = 0;
      for (let power = 0; power < 3; power++)
        for (let row = 0; row < 6; row++)
          for (let column = row; column < 6; column++)
            out.system[at++]! += systems[element(chunk, kind, power, row, column)]!;
      for (let power = 0; power < 2; power++)
        for (let row = 0; row < 6; row++) out.system[at++]! += systems[element(chunk, kind, power, row, 6)]!;
    }
  });
  return both;
}

function element(chunk: number, kind: number, power: number, row: number, column: number): number {
  return (chunk * 36 + kind * 18 + power * 6 + row) * 7 + column;
}
