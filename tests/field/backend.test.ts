import { afterAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import type { FitFrame } from '../../src/field/backend.js';
import { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import type { WasmField } from '../../src/field/backends/wasm/field.js';
import { Random } from '../../src/geometry/random.js';
import { compose, exp, identity, inverse, translationNorm } from '../../src/geometry/se3.js';
import { hashOfField, OPTIONS, place, room, scan } from './helpers.js';
import { firstField } from './test-field.js';

const pool = await KernelPool.create({ threads: 2, memoryMiB: 1024 });
const { spec, room: space, limits } = firstField({ ...OPTIONS, maxFineBlocks: 3000, maxFeatureRows: 20000 });
const backend = new WasmBackend(pool, limits);
const cloud = place(
  pool.memory,
  scan(new Random('backend'), room(3, 2.5, 2), identity(), { count: 20000, noise: 0.01 }),
).points;
afterAll(() => pool.close());

const PRIOR = { priorTranslation: 2500, priorRotation: 250000, systemScale: 33, minSamples: 64 };
const HOW = { huber: 0.03, learningRate: 0.003, scalarRate: 0.1, prior: PRIOR };

/** Maps the room and draws samples of it. */
function mapped(field: WasmField): WasmField {
  backend.integrate(field, cloud, identity(), { scan: 0 });
  backend.drawSamples(field, cloud, identity(), { points: 1024, first: 0, seed: 5, band: 0.25 });
  return field;
}

const batch = (from: number): { first: number; count: number; frame: number }[] =>
  Array.from({ length: 8 }, (_, k) => ({ first: 256 * (k + from), count: 256, frame: k & 1 }));

describe('fields of one backend', () => {
  it('do not know of each other', () => {
    const [a, b] = [0, 1].map(() => backend.createField(spec, space)) as [WasmField, WasmField];
    mapped(a);
    expect(a.id).not.toBe(b.id);
    expect(b.levels[0]!.count).toBe(1);
    const before = hashOfField(a);
    const alone = hashOfField(mapped(b));
    expect(alone).toBe(before); // the same work, the same field
    const frames: FitFrame[] = [0, 1].map(() => ({ pose: identity(), anchor: identity(), optimise: true }));
    backend.fit(b, [batch(0)], frames, HOW);
    expect(hashOfField(a)).toBe(before);
    expect(hashOfField(b)).not.toBe(before);
    a.free();
    b.free();
  });

  it('give their memory back', () => {
    const first = mapped(backend.createField(spec, space));
    const { freeBytes } = pool.memory;
    first.free();
    const second = backend.createField(spec, space);
    expect(pool.memory.freeBytes).toBe(freeBytes);
    expect(second.levels[0]!.count).toBe(1);
    expect(second.featureRows).toBe(0);
    second.free();
  });

  it('are not taken by another backend', () => {
    const stranger = { ...spec } as never;
    expect(() => backend.sample(stranger, 'distance', new Float32Array(3))).toThrow(TypeError);
  });
});

describe('fit', () => {
  const start = exp([0.02, -0.015, 0.01, 0, 0, 0]);
  const framesAt = (): FitFrame[] => [
    { pose: start, anchor: start, optimise: true },
    { pose: identity(), anchor: identity(), optimise: false },
  ];

  it('takes several batches as one after the other, poses moved in between', () => {
    const results = [1, 4].map((atOnce) => {
      const field = mapped(backend.createField(spec, space));
      const frames = framesAt();
      let last;
      for (let step = 0; step < 4; step += atOnce) {
        const batches = Array.from({ length: atOnce }, (_, k) => batch(2 * (step + k)));
        last = backend.fit(field, batches, frames, HOW);
      }
      const out = { hash: hashOfField(field), frames, last };
      field.free();
      return out;
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[0]!.last!.used).toBeGreaterThan(1000);
  });

  it('moves a pose that is optimised towards the field, and no other', () => {
    const field = mapped(backend.createField(spec, space));
    const frames = framesAt();
    const weak = { ...PRIOR, priorTranslation: 1, priorRotation: 1 };
    backend.fit(field, [0, 2, 4].map(batch), frames, { ...HOW, learningRate: 0, scalarRate: 0, prior: weak });
    const off = (pose: Float64Array): number => translationNorm(compose(inverse(identity()), pose));
    expect(off(frames[0]!.pose)).toBeLessThan(0.3 * off(start));
    expect(frames[1]!.pose).toEqual(identity());
    // Held tightly, or seen by too few samples, it stays.
    for (const prior of [
      { ...PRIOR, priorTranslation: 1e12, priorRotation: 1e12 },
      { ...PRIOR, minSamples: 1e6 },
    ]) {
      const held = framesAt();
      backend.fit(field, [batch(0)], held, { ...HOW, learningRate: 0, scalarRate: 0, prior });
      expect(translationNorm(compose(inverse(start), held[0]!.pose))).toBeLessThan(1e-6);
    }
    field.free();
  });
});
