// TensorFlow.js differentiates the same network by itself: its gradients are those of the kernel.
import { describe, expect, it } from 'vitest';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { GradientStep } from '../../../src/calibration/tactile/slope-trainer.js';
import { KernelPool } from '../../../src/compute/pool.js';
import { openTfBackend } from '../../../src/field/backends/tfjs/backends.js';
import { Random } from '../../../src/geometry/random.js';
import * as L from '../../../src/kernels/layout/tactile.js';

const LAYERS = [
  [L.LAYER_1, L.INPUTS, L.UNITS],
  [L.LAYER_2, L.UNITS, L.UNITS],
  [L.LAYER_3, L.UNITS, L.UNITS],
  [L.LAYER_4, L.UNITS, L.OUTPUTS],
] as const;
const COUNT = 256;

describe('the gradient of the training kernel', () => {
  it('is that of tfjs', async () => {
    const pool = await KernelPool.create({ threads: 1, memoryMiB: 32 });
    const random = new Random(21);
    const step = new GradientStep(pool, COUNT);
    step.inputs.forEach((_, i) => (step.inputs[i] = random.normal()));
    step.targets.forEach((_, i) => (step.targets[i] = 0.5 * random.normal()));
    const weights = Float32Array.from({ length: L.WEIGHTS }, () => 0.3 * random.normal());
    const gradients = step.run(weights);

    const { tf } = (await openTfBackend({ backends: ['cpu'] })).backend;
    const x = tf.transpose(tf.tensor2d(step.inputs.slice(), [L.INPUTS, COUNT]));
    const y = tf.transpose(tf.tensor2d(step.targets.slice(), [L.OUTPUTS, COUNT]));
    const variables = LAYERS.flatMap(([at, inputs, outputs]) => [
      tf.transpose(tf.tensor2d(weights.slice(at, at + inputs * outputs), [outputs, inputs])),
      tf.tensor2d(weights.slice(at + inputs * outputs, at + (inputs + 1) * outputs), [1, outputs]),
    ]);
    const loss = (...w: Tensor2D[]) => {
      let h: Tensor2D = x;
      for (let l = 0; l < 4; l++) {
        h = tf.add(tf.matMul(h, w[2 * l]!), w[2 * l + 1]!);
        if (l < 3) h = tf.relu(h);
      }
      const e = tf.sub(h, y);
      const absolute = tf.add(tf.relu(e), tf.relu(tf.sub(y, h)));
      return tf.sum(tf.add(absolute, tf.mul(e, e)));
    };
    const { value, grads } = tf.valueAndGrads(loss as never)(variables);
    expect(value.dataSync()[0]! / COUNT).toBeCloseTo(step.loss, 4);
    LAYERS.forEach(([at, inputs, outputs], l) => {
      const [w, b] = [grads[2 * l]!, grads[2 * l + 1]!].map((g) => g.dataSync());
      for (let o = 0; o < outputs; o++) {
        for (let i = 0; i < inputs; i++)
          expect(gradients[at + o * inputs + i]).toBeCloseTo(w![i * outputs + o]! / COUNT, 4);
        expect(gradients[at + inputs * outputs + o]).toBeCloseTo(b![o]! / COUNT, 4);
      }
    });
    expect(gradients.some((g) => Math.abs(g) > 0.1)).toBe(true);
    step.close();
    await pool.close();
  });
});
