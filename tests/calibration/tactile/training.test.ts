import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GradientStep, trainSlopes } from '../../../src/calibration/tactile/slope-trainer.js';
import { KernelPool } from '../../../src/compute/pool.js';
import { Random } from '../../../src/geometry/random.js';
import * as L from '../../../src/kernels/layout/tactile.js';

let pool: KernelPool;
let two: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
  two = await KernelPool.create({ threads: 2, memoryMiB: 64 });
});
afterAll(async () => {
  await pool.close();
  await two.close();
});

const COUNT = 512;

function filled(threads: KernelPool): { step: GradientStep; weights: Float32Array } {
  const random = new Random(11);
  const step = new GradientStep(threads, COUNT);
  for (let i = 0; i < step.inputs.length; i++) step.inputs[i] = random.normal();
  for (let i = 0; i < step.targets.length; i++) step.targets[i] = 0.5 * random.normal();
  return { step, weights: Float32Array.from({ length: L.WEIGHTS }, () => 0.3 * random.normal()) };
}

describe('training', () => {
  it('follows the gradient that finite differences find', () => {
    const { step, weights } = filled(pool);
    const gradients = step.run(weights).slice();
    const random = new Random(12);
    const places = [
      ...[L.LAYER_1, L.LAYER_2, L.LAYER_3, L.LAYER_4].flatMap((at) => [at, at + 3, at + 57]),
      ...[L.LAYER_1 + 160, L.LAYER_2 + 1024 + 5, L.LAYER_3 + 1024 + 30, L.LAYER_4 + 64, L.LAYER_4 + 65], // biases
      ...Array.from({ length: 20 }, () => random.int(L.WEIGHTS)),
    ];
    // A step small enough that few units switch, large enough for float32 losses.
    const h = 2e-3;
    const scale = Math.hypot(...gradients) / Math.sqrt(L.WEIGHTS);
    for (const place of places) {
      const [more, less] = [h, -h].map((d) => {
        const moved = weights.slice();
        moved[place]! += d;
        step.run(moved);
        return step.loss;
      });
      const slope = (more! - less!) / (2 * h);
      expect(Math.abs(slope - gradients[place]!)).toBeLessThan(0.03 * (Math.abs(slope) + scale));
    }
    step.close();
  });

  it('gives the same bits on two threads', () => {
    const [a, b] = [pool, two].map((threads) => {
      const { step, weights } = filled(threads);
      return step.run(weights).slice();
    });
    expect(b).toEqual(a);
    expect(a!.some((g) => g !== 0)).toBe(true);
  });

  it('learns a function, and that the reference is flat', () => {
    const random = new Random(13);
    const count = 4000;
    const inputs = new Float32Array(L.INPUTS * count);
    const targets = new Float32Array(L.OUTPUTS * count);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < L.INPUTS; c++) inputs[c * count + i] = random.range(-1, 1);
      const [r, g, , x] = [0, 1, 2, 3].map((c) => inputs[c * count + i]!) as [number, number, number, number];
      targets[i] = 0.8 * r * (1 + 0.3 * x);
      targets[count + i] = Math.abs(g) * 0.5;
    }
    const train = (seed: number): Float32Array =>
      trainSlopes(pool, { count, inputs, targets }, { steps: 400, batch: 512, seed });
    const weights = train(1);
    const step = new GradientStep(pool, 256);
    for (let i = 0; i < 256; i++) {
      for (let c = 0; c < L.INPUTS; c++) step.inputs[c * 256 + i] = inputs[c * count + i]!;
      for (let c = 0; c < L.OUTPUTS; c++) step.targets[c * 256 + i] = targets[c * count + i]!;
    }
    step.run(weights);
    expect(step.loss).toBeLessThan(0.12); // |e| + e² of both; 0.5 for a network that says 0
    expect(train(1)).toEqual(weights);
    expect(train(2)).not.toEqual(weights);
  });
});
