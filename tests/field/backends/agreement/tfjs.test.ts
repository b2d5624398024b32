import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PosedChunk } from '../../../../src/field/backends/plain.js';
import { openTfBackend, type TfBackendName } from '../../../../src/field/backends/tfjs/backends.js';
import { pointersOf } from '../../../../src/field/backends/tfjs/map-view.js';
import { TfjsOperations } from '../../../../src/field/backends/tfjs/operations.js';
import { FEATURES, ROW_FLOATS } from '../../../../src/field/backends/wasm/features.js';
import { KernelPool } from '../../../../src/compute/pool.js';
import { registerSums, type ReferenceSample } from '../../../oracle/reference-field.js';
import { Random } from '../../../../src/geometry/random.js';
import { moveAtSensor } from '../../../../src/geometry/se3.js';
import { copyField, copyGrid, OPTIONS } from '../../helpers.js';
import { apart, compareFit, compareQuery, compareRegister } from './compare.js';
import { CHUNKS, GUESS, HUBER, makeScene, POSES, REGISTER, snapshot, restore } from './scene.js';

const pool = await KernelPool.create({ threads: 1, memoryMiB: 512 });
const scene = makeScene(pool);
const { field } = scene;
afterAll(() => pool.close());

describe.each(['wasm', 'cpu'] as TfBackendName[])('tfjs on its %s backend and the wasm engine', (name) => {
  let engine: TfjsOperations;
  beforeAll(async () => {
    const { backend } = await openTfBackend({ backends: [name] });
    engine = new TfjsOperations(backend, pool.memory.memory.buffer, pointersOf(field.memory));
  });
  afterAll(() => engine.dispose());

  it('agree on a step of the joint optimisation', () => compareFit(scene, engine));

  it('agree on a step that moves only features, or only scalars', async () => {
    await compareFit(scene, engine, { huber: HUBER, learningRate: 0.003, scalarRate: 0 });
    await compareFit(scene, engine, { huber: 0.005, learningRate: 0, scalarRate: 1 });
  });

  it('agree on a batch of another size', () =>
    compareFit(scene, engine, { huber: HUBER, learningRate: 0.01, scalarRate: 0.1 }, CHUNKS.slice(8)));

  it('agree on the normal equations of a scan', () => compareRegister(scene, engine));

  it('agree on them where only coarse levels count, or only well-observed corners', async () => {
    await compareRegister(scene, engine, { ...REGISTER, kernels: [0, 0.6, 1.2, 0] });
    await compareRegister(scene, engine, { ...REGISTER, minWeight: 2 });
  });

  it('agree on values, gradients and weights', () => compareQuery(scene, engine));
});

describe('tfjs and the float64 reference', () => {
  let engine: TfjsOperations;
  beforeAll(async () => {
    const { backend } = await openTfBackend({ backends: ['wasm'] });
    engine = new TfjsOperations(backend, pool.memory.memory.buffer, pointersOf(field.memory));
  });
  afterAll(() => engine.dispose());

  const samplesOf = (chunks: readonly PosedChunk[]): ReferenceSample[] => {
    const words = pool.memory.f32(field.poolPointer, OPTIONS.poolSamples * 8);
    return chunks.flatMap(({ first, count, pose }) =>
      Array.from({ length: count }, (_, i) => {
        const [x, y, z, label, weight] = words.subarray((first + i) * 8, (first + i) * 8 + 5);
        return { point: [x!, y!, z!] as const, label: label!, weight: weight!, pose };
      }),
    );
  };

  it('have the same normal equations of a scan', async () => {
    const { cloud, scan } = scene;
    const points = Array.from(scan.indices, (i) => ({
      point: cloud.points[i]!,
      tau: cloud.taus[i]!,
      ground: cloud.ground[i]!,
    }));
    const levels = field.levels.map((level) => copyGrid(level, OPTIONS.maxWeight));
    const expected = registerSums(levels, points, GUESS, REGISTER);
    const actual = await engine.register(scan.points, GUESS, REGISTER);
    for (const kind of [0, 1] as const) {
      // A point on the border of a cell may fall to either side: its gradient is another there.
      expect(apart(actual[kind].system, expected[kind].system)).toBeLessThan(2e-3);
      expect(actual[kind].inliers).toBe(expected[kind].inliers);
      expect(Math.abs(actual[kind].weight / expected[kind].weight - 1)).toBeLessThan(1e-3);
    }
  });

  it('have feature gradients and pose right-hand sides that are central differences of the loss', async () => {
    const before = snapshot(field);
    const few = CHUNKS.slice(0, 2).map((chunk) => ({ ...chunk, optimisePose: true })); // one of either pose
    const actual = await engine.fit(few, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0 });
    const gradients = field.features.rows.slice();
    restore(field, before);
    const reference = copyField(field);
    const batch = samplesOf(few);
    const { gradients: touched } = reference.evaluate(batch, POSES, HUBER);
    const { coords, count } = field.features;
    const random = new Random('rows');
    const h = 1e-6;
    let compared = 0;
    while (compared < 20) {
      const r = 1 + random.int(count - 1);
      const k = random.int(FEATURES);
      const row = reference.features.row(coords[r * 4]!, coords[r * 4 + 1]!, coords[r * 4 + 2]!);
      if (!touched.has(row)) continue;
      const value = row.f[k]!;
      const [plus, minus] = [h, -h].map((s) => {
        row.f[k] = value + s;
        return reference.evaluate(batch, POSES, HUBER);
      }) as [ReturnType<typeof reference.evaluate>, ReturnType<typeof reference.evaluate>];
      row.f[k] = value;
      const [above, below] = [plus, minus].map(({ gradients: g }) => g.get(row)?.[k] ?? 0) as [
        number,
        number,
      ];
      if (Math.abs(above - below) > 1e-3) continue; // a sample passes a ReLU's edge within the step
      const numeric = (plus.loss - minus.loss) / (2 * h);
      expect(Math.abs(numeric - gradients[r * ROW_FLOATS + FEATURES + k]!)).toBeLessThan(
        1e-3 + 1e-3 * Math.abs(numeric),
      );
      compared++;
    }

    for (let pose = 0; pose < POSES.length; pose++)
      for (let axis = 0; axis < 6; axis++) {
        const loss = (s: number): number => {
          const step = [0, 0, 0, 0, 0, 0].map((_, i) => (i === axis ? s : 0));
          const moved = POSES.map((T, i) => (i === pose ? moveAtSensor(T, step) : T));
          return reference.evaluate(batch, moved, HUBER).loss;
        };
        const numeric = (loss(1e-7) - loss(-1e-7)) / 2e-7;
        const analytic = actual.systems[pose * 28 + 21 + axis]!;
        expect(Math.abs(numeric - analytic), `pose ${pose}, axis ${axis}`).toBeLessThan(
          0.02 * Math.abs(analytic) + 0.5,
        );
      }
  });

  it('stay together over several steps', async () => {
    const before = snapshot(field);
    const reference = copyField(field);
    const batch = samplesOf(CHUNKS);
    const options = { huber: HUBER, learningRate: 0.003, scalarRate: 0.1 };
    for (let step = 0; step < 6; step++) {
      const { loss, used } = await engine.fit(CHUNKS, POSES, options);
      const expected = reference.evaluate(batch, POSES, HUBER);
      expect(Math.abs(used - expected.used)).toBeLessThanOrEqual(1);
      expect(loss / (expected.loss / expected.used)).toBeCloseTo(1, 3);
      reference.leastMeanSquares(expected.residuals, options.scalarRate);
      reference.adam(expected.gradients, options.learningRate);
    }
    const after = copyField(field);
    let worst = 0;
    for (const [key, { sdf }] of reference.scalar.corners)
      worst = Math.max(worst, Math.abs(sdf - after.scalar.corners.get(key)!.sdf));
    expect(worst).toBeLessThan(2e-4); // metres, of steps up to centimetres
    restore(field, before);
  });
});
