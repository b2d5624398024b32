import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { DECODER_FLOATS, FEATURES, HIDDEN, randomDecoder } from '../../src/field/backends/wasm/features.js';
import { decode, type Vector } from '../oracle/reference-field.js';
import { Random } from '../../src/geometry/random.js';

const OUTPUT_SCALE = 0.1;
const decoder = randomDecoder(7, OUTPUT_SCALE);

function randomInput(random: Random): { f: number[]; q: Vector } {
  return {
    f: Array.from({ length: FEATURES }, () => random.normal()),
    q: [random.range(-1, 1), random.range(-1, 1), random.range(-1, 1)],
  };
}

describe('decoder', () => {
  beforeAll(async () => {
    tf.env().set('IS_NODE', false); // or it recommends its native backend on stderr
    await tf.setBackend('cpu');
  });

  it('starts at zero: features of zero decode to exactly zero everywhere in the cell, with zero slope', () => {
    const random = new Random('zero');
    for (let i = 0; i < 100; i++) {
      const { value, byPosition, byFeature } = decode(
        decoder,
        new Float64Array(FEATURES),
        randomInput(random).q,
      );
      expect(value).toBe(0);
      expect(byPosition.every((slope) => slope === 0)).toBe(true);
      expect(byFeature.some((slope) => slope !== 0)).toBe(true); // or nothing would ever be learned
    }
  });

  it('has derivatives by features and position that match central differences', () => {
    const random = new Random('differences');
    const h = 1e-6;
    let compared = 0;
    for (let i = 0; i < 200; i++) {
      const { f, q } = randomInput(random);
      const here = decode(decoder, f, q);
      const along = (list: readonly number[], axis: number, s: number): number[] =>
        list.map((x, k) => (k === axis ? x + s : x));
      for (let axis = 0; axis < FEATURES + 3; axis++) {
        const at = (s: number): ReturnType<typeof decode> =>
          axis < FEATURES
            ? decode(decoder, along(f, axis, s), q)
            : decode(decoder, f, along(q, axis - FEATURES, s) as unknown as Vector);
        const slope = (d: ReturnType<typeof decode>): number =>
          axis < FEATURES ? d.byFeature[axis]! : d.byPosition[axis - FEATURES]!;
        const [plus, minus] = [at(h), at(-h)];
        if (Math.abs(slope(plus) - slope(minus)) > 1e-9) continue; // a ReLU's edge lies between them
        expect((plus.value - minus.value) / (2 * h)).toBeCloseTo(slope(here), 6);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(2000);
  });

  it('equals tfjs, forward and by its automatic differentiation', () => {
    const random = new Random('tfjs');
    const inputs = Array.from({ length: 300 }, () => randomInput(random));
    const part = (from: number, rows: number): tf.Tensor2D =>
      tf.tensor2d(decoder.slice(from, from + rows * HIDDEN), [rows, HIDDEN]);
    const A = part(0, FEATURES);
    const P = part(FEATURES * HIDDEN, 3);
    const b = part((FEATURES + 3) * HIDDEN, 1);
    const c = part((FEATURES + 4) * HIDDEN, 1);
    const model = (f: tf.Tensor, q: tf.Tensor): tf.Tensor1D => {
      const u = tf.add(tf.matMul(q as tf.Tensor2D, P), b);
      const h = tf.add(tf.matMul(f as tf.Tensor2D, A), u);
      return tf.sum(tf.mul(c, tf.sub(tf.relu(h), tf.relu(u))), 1);
    };
    const F = tf.tensor2d(inputs.map(({ f }) => f));
    const Q = tf.tensor2d(inputs.map(({ q }) => [...q]));
    const values = model(F, Q).dataSync();
    const [byF, byQ] = tf
      .grads((f, q) => tf.sum(model(f, q)))([F, Q])
      .map((g) => g.dataSync()) as unknown as [ArrayLike<number>, ArrayLike<number>];
    inputs.forEach(({ f, q }, i) => {
      const ours = decode(decoder, f, q);
      expect(Math.abs(values[i]! - ours.value)).toBeLessThan(1e-6);
      const error = [
        ...ours.byFeature.map((g, k) => Math.abs(g - byF[i * FEATURES + k]!)),
        ...ours.byPosition.map((g, k) => Math.abs(g - byQ[i * 3 + k]!)),
      ];
      expect(Math.max(...error)).toBeLessThan(1e-5);
    });
  });

  it('is the same for the same seed, another for another, and scales with the output scale', () => {
    expect(randomDecoder(7, OUTPUT_SCALE)).toEqual(decoder);
    expect(randomDecoder(8, OUTPUT_SCALE)).not.toEqual(decoder);
    expect(decoder.length).toBe(DECODER_FLOATS);
    const { f, q } = randomInput(new Random('scale'));
    const tripled = decode(randomDecoder(7, 3 * OUTPUT_SCALE), f, q).value;
    expect(tripled / decode(decoder, f, q).value).toBeCloseTo(3, 5);
  });

  it('has the transposed copy of A that the kernel goes backward with', () => {
    const transposed = decoder.subarray(DECODER_FLOATS - FEATURES * HIDDEN);
    for (let k = 0; k < FEATURES; k++)
      for (let j = 0; j < HIDDEN; j++) expect(transposed[j * FEATURES + k]).toBe(decoder[k * HIDDEN + j]);
  });
});
