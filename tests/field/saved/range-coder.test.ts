import { describe, expect, it } from 'vitest';
import { IntegerModel } from '../../../src/field/saved/integer-model.js';
import { BitModels, RangeDecoder, RangeEncoder } from '../../../src/field/saved/range-coder.js';
import { Random } from '../../../src/geometry/random.js';

describe('range coder', () => {
  it('reads back any bits, and takes close to their entropy', () => {
    const random = new Random(1);
    const bits = Array.from({ length: 20000 }, (_, i) => ({
      context: i % 3,
      bit: random.chance([0.02, 0.5, 0.999][i % 3]!) ? 1 : 0,
    }));
    const encoder = new RangeEncoder();
    const models = new BitModels(3);
    for (const { context, bit } of bits) encoder.bit(models, context, bit);
    const bytes = encoder.finish();
    const decoder = new RangeDecoder(bytes);
    const again = new BitModels(3);
    for (const { context, bit } of bits) expect(decoder.bit(again, context)).toBe(bit);
    decoder.check();
    const entropy = (p: number): number => -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
    const ideal = ((entropy(0.02) + 1 + entropy(0.001)) * 20000) / 3 / 8;
    expect(bytes.length).toBeLessThan(ideal * 1.08 + 20);
    expect(bytes.length).toBeGreaterThan(ideal * 0.95);
  });

  it('carries through long runs of 0xff', () => {
    // The least likely branch again and again pushes the low end towards the top of its range.
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const bits = Array.from({ length: 5000 }, () => (random.chance(0.9) ? 1 : 0));
      const encoder = new RangeEncoder();
      bits.forEach((bit, i) => encoder.bit(new BitModels(1), 0, i % 7 ? bit : 1));
      const decoder = new RangeDecoder(encoder.finish());
      bits.forEach((bit, i) => expect(decoder.bit(new BitModels(1), 0)).toBe(i % 7 ? bit : 1));
    }
  });

  it('keeps integers of all sizes and signs', () => {
    const random = new Random(5);
    const values = [0, 1, -1, 2, -2, 3, 255, -256, 65535, -65536, 1 << 22, -(1 << 22)];
    for (let i = 0; i < 3000; i++) values.push(Math.round(random.normal() * 2 ** random.int(20)));
    const encoder = new RangeEncoder();
    const model = new IntegerModel(2);
    values.forEach((value, i) => model.code(encoder, i & 1, value));
    const decoder = new RangeDecoder(encoder.finish());
    const again = new IntegerModel(2);
    values.forEach((value, i) => expect(again.code(decoder, i & 1, 0) === value).toBe(true));
  });
});
