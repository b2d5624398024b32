import { describe, expect, it } from 'vitest';
import { cornerCount, interpolate, newStencil } from '../../src/completion/prior-grid.js';
import { decodeShapePrior, encodeShapePrior } from '../../src/completion/prior-file.js';
import { CornerDecoder, decodeShape, PriorReader } from '../../src/completion/shape-prior.js';
import { principalComponents } from '../../src/completion/training/principal-components.js';
import { sampleShape, SAMPLE_UNIT } from '../../src/completion/training/shape-samples.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { Random } from '../../src/geometry/random.js';
import { ballPrior, GRID } from './helpers.js';

const random = new Random('prior');

describe('interpolate', () => {
  it('gives back a linear function, and how far outside a point lies', () => {
    const stencil = newStencil();
    const f = (x: number, y: number, z: number): number => 2 * x - y + 3 * z + 0.5;
    for (let n = 0; n < 50; n++) {
      const p = [random.range(-0.06, 0.06), random.range(-0.06, 0.06), random.range(-0.02, 0.11)] as const;
      expect(interpolate(GRID, ...p, stencil)).toBeCloseTo(0, 12);
      let sum = 0;
      stencil.corners.forEach((corner, c) => {
        const [i, j, k] = [corner % 13, Math.floor(corner / 13) % 13, Math.floor(corner / 169)];
        sum += stencil.weights[c]! * f(-0.06 + 0.01 * i, -0.06 + 0.01 * j, -0.02 + 0.01 * k);
      });
      expect(sum).toBeCloseTo(f(...p), 12);
    }
    expect(interpolate(GRID, 0.09, 0, 0.15, stencil)).toBeCloseTo(0.05, 12);
  });
});

describe('sampleShape', () => {
  it('cuts off, turns and shifts, and leaves nothing out beyond the cut-off', () => {
    const box = (x: number, y: number, z: number): number =>
      Math.max(Math.abs(x) - 0.03, Math.abs(y) - 0.01, Math.abs(z - 0.02) - 0.02);
    const [yaw, dx, dy, truncation] = [0.7, 0.004, -0.006, 0.015];
    const out = new Int16Array(cornerCount(GRID));
    sampleShape(box, GRID, { yaw, dx, dy }, truncation, out);
    for (let at = 0; at < out.length; at++) {
      const [i, j, k] = [at % 13, Math.floor(at / 13) % 13, Math.floor(at / 169)];
      const [x, y] = [-0.06 + 0.01 * i - dx, -0.06 + 0.01 * j - dy];
      const d = box(Math.cos(yaw) * x + Math.sin(yaw) * y, Math.cos(yaw) * y - Math.sin(yaw) * x, -0.02 + 0.01 * k);
      expect(out[at]! * SAMPLE_UNIT).toBeCloseTo(Math.max(-truncation, Math.min(truncation, d)), 5);
    }
  });
}); // prettier-ignore

describe('principalComponents', () => {
  it('finds the directions, variances and scores of a table of low rank', () => {
    const [rows, columns, rank] = [300, 40, 3];
    const sizes = [900, 400, 150];
    const directions = Array.from({ length: rank }, (_, k) =>
      Array.from({ length: columns }, (_, d) => Math.sqrt(2 / columns) * Math.cos((Math.PI * (k + 1) * (d + 0.5)) / columns)),
    ); // orthonormal: cosine transform
    const values = new Int16Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      const z = sizes.map((s) => s * random.normal());
      for (let d = 0; d < columns; d++)
        values[i * columns + d] = Math.round(100 + z.reduce((s, v, k) => s + v * directions[k]![d]!, 0));
    }
    const table = { rows, columns, values };
    const found = principalComponents(table, rank, new Random(1));
    for (let k = 0; k < rank; k++) {
      const overlap = directions.map((dir) => dir.reduce((s, v, d) => s + v * found.directions[k * columns + d]!, 0));
      expect(Math.hypot(...overlap)).toBeCloseTo(1, 3);
      expect(Math.sqrt(found.variances[k]!) / sizes[k]!).toBeGreaterThan(0.85);
      expect(Math.sqrt(found.variances[k]!) / sizes[k]!).toBeLessThan(1.15);
    }
    // Mean and scores give the rows back, up to rounding to whole numbers.
    for (let i = 0; i < rows; i += 37)
      for (let d = 0; d < columns; d++) {
        let sum = found.mean[d]!;
        for (let k = 0; k < rank; k++)
          sum += Math.sqrt(found.variances[k]!) * found.scores[i * rank + k]! * found.directions[k * columns + d]!;
        expect(Math.abs(sum - values[i * columns + d]!)).toBeLessThan(2);
      }
  }); // prettier-ignore
});

describe('a prior', () => {
  it('says the same at points and at the corners of its grid', () => {
    const prior = ballPrior();
    const z = Float64Array.from({ length: prior.rank }, () => random.normal());
    const values = decodeShape(prior, z);
    const reader = new PriorReader(prior);
    for (let n = 0; n < 30; n++) {
      const [i, j, k] = [random.int(13), random.int(13), random.int(14)];
      reader.at(-0.06 + 0.01 * i, -0.06 + 0.01 * j, -0.02 + 0.01 * k);
      const sum = z.reduce((s, v, c) => s + v * reader.components[c]!, reader.mean);
      expect(sum).toBeCloseTo(values[(k * 13 + j) * 13 + i]!, 5);
    }
  });

  it('decodes corners one by one to the same, also when the shape changes', () => {
    const prior = ballPrior();
    const decoder = new CornerDecoder(prior);
    for (let n = 0; n < 2; n++) {
      const z = Float64Array.from({ length: prior.rank }, () => random.normal());
      const values = decodeShape(prior, z);
      decoder.shape(z);
      for (const corner of [0, 700, 701, 700]) expect(decoder.at(corner)).toBe(values[corner]);
    }
  });

  it('survives its file: components to the bit, the rest to its step', () => {
    const plain = ballPrior();
    const mixture = {
      kinds: 2,
      rank: 1,
      weights: Float32Array.of(0.5, 0.25),
      centres: Float32Array.from({ length: 2 * plain.rank }, () => random.normal()),
      factors: Float32Array.from({ length: 2 * plain.rank }, () => random.normal()),
      spreads: Float32Array.from({ length: plain.rank }, () => random.next()),
    };
    const back = decodeShapePrior(encodeShapePrior({ ...plain, mixture }));
    expect(back.grid).toEqual(plain.grid);
    expect(back.components).toEqual(plain.components);
    expect(back.steps).toEqual(plain.steps);
    expect(back.mixture!.centres).toEqual(mixture.centres);
    expect(back.mixture!.spreads).toEqual(mixture.spreads);
    plain.mean.forEach((v, i) => expect(Math.abs(back.mean[i]! - v)).toBeLessThan(1e-6));
    plain.leftOut.forEach((v, i) => expect(Math.abs(Math.sqrt(back.leftOut[i]!) - Math.sqrt(v))).toBeLessThan(2e-5));
    const most = Math.max(...mixture.factors.map(Math.abs));
    mixture.factors.forEach((v, i) => expect(Math.abs(back.mixture!.factors[i]! - v)).toBeLessThan(most / 200));
  }); // prettier-ignore

  it('of a damaged file is named in one sentence', () => {
    const whole = encodeShapePrior(ballPrior());
    const cases = [0, 5, 25, 200, 900, 0.5 * whole.length, whole.length - 1].map((n) => whole.slice(0, n));
    for (const at of [3, 20, 40, 2000, whole.length - 2]) {
      const bytes = whole.slice();
      bytes[at]! ^= 0x55;
      cases.push(bytes);
    }
    for (const bytes of cases) {
      const decode = () => decodeShapePrior(bytes, 'shape.prior');
      expect(decode).toThrow(FeltmapError);
      expect(decode).toThrow(/^shape\.prior [^.]*\.$/);
    }
  });
});
