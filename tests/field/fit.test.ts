import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { PosedChunk } from '../../src/field/backends/plain.js';
import { FEATURES, ROW_FLOATS } from '../../src/field/backends/wasm/features.js';
import { KernelPool } from '../../src/compute/pool.js';
import type { FeatureRow, ReferenceField, ReferenceSample } from '../oracle/reference-field.js';
import { Random } from '../../src/geometry/random.js';
import { exp, identity, type Pose, moveAtSensor } from '../../src/geometry/se3.js';
import { copyField, hashOf, OPTIONS, place, room, rounded, scan, type Placed } from './helpers.js';
import { makeField } from './test-field.js';

const HUBER = 0.03;
const pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
const field = makeField(pool, OPTIONS);
const cloud: Placed = place(
  pool.memory,
  scan(new Random('fit'), room(3, 2.5, 2), identity(), { count: 20000, noise: 0.02 }),
);
const CHUNKS: PosedChunk[] = Array.from({ length: 8 }, (_, k) => ({
  first: k * 256,
  count: k === 7 ? 100 : 256,
  pose: k % 2,
  optimisePose: true,
}));
/** Two keyframes slightly off, so that residuals are neither tiny nor all beyond the Huber threshold. */
const POSES: Pose[] = [
  exp([0.02, -0.01, 0.015, 0.002, 0, -0.003]),
  exp([-0.01, 0.03, 0.01, 0, 0.004, 0.002]),
].map(rounded);

function samplesOf(chunks: readonly PosedChunk[]): ReferenceSample[] {
  const words = pool.memory.f32(field.poolPointer, OPTIONS.poolSamples * 8);
  return chunks.flatMap(({ first, count, pose }) =>
    Array.from({ length: count }, (_, i) => {
      const [x, y, z, label, weight] = words.subarray((first + i) * 8) as unknown as [
        number,
        number,
        number,
        number,
        number,
      ];
      return { point: [x, y, z] as const, label, weight, pose };
    }),
  );
}

/** Row number of each reference row. */
function numbersOf(reference: ReferenceField): Map<FeatureRow, number> {
  const numbers = new Map<FeatureRow, number>();
  const { coords, count } = field.features;
  for (let r = 1; r < count; r++)
    numbers.set(reference.features.row(coords[r * 4]!, coords[r * 4 + 1]!, coords[r * 4 + 2]!), r);
  return numbers;
}

/** How far the scalars of two fields lie apart at worst, and how many have moved since `before`. */
function differences(
  expected: ReferenceField,
  actual: ReferenceField,
  before?: ReferenceField,
): { moved: number; largest: number } {
  expect([...actual.scalar.corners.keys()].sort()).toEqual([...expected.scalar.corners.keys()].sort());
  let moved = 0;
  let largest = 0;
  for (const [key, { sdf }] of expected.scalar.corners) {
    largest = Math.max(largest, Math.abs(sdf - actual.scalar.corners.get(key)!.sdf));
    if (sdf !== before?.scalar.corners.get(key)!.sdf) moved++;
  }
  return { moved, largest };
}

function randomiseFeatures(size: number): void {
  const random = new Random('features');
  const { rows, count } = field.features;
  for (let r = 1; r < count; r++)
    for (let k = 0; k < FEATURES; k++) rows[r * ROW_FLOATS + k] = size * random.normal();
}

afterAll(() => pool.close());
beforeEach(() => {
  field.clear();
  field.fuse(cloud.points, identity(), 0);
  field.drawSamples(cloud.points, 512, 0, { seed: 5, band: 0.25 });
  field.allocateRows(CHUNKS, POSES);
});

describe('samples', () => {
  it('lie on rays and normals with the label that the plane gives them', () => {
    let counted = 0;
    for (const [i, { point, label, weight }] of samplesOf(CHUNKS).entries()) {
      expect(Math.abs(label)).toBeLessThanOrEqual(0.25);
      if (i % 4 === 0) expect(label).toBe(0);
      if (!(weight > 0)) continue;
      // Distance to the nearest wall of the room; samples along a ray may be nearer to another wall.
      const distance = Math.min(...[3, 2.5, 2].map((half, k) => half - Math.abs(point[k]!)));
      if (Math.abs(distance - label) < 0.1) counted++; // range noise of 2 cm, five times
    }
    expect(counted).toBeGreaterThan(0.97 * samplesOf(CHUNKS).length);
  });

  it('are other samples for another seed, and the same for the same', () => {
    const words = pool.memory.f32(field.poolPointer, 2048 * 8);
    const draw = (seed: number): number => {
      field.drawSamples(cloud.points, 512, 0, { seed, band: 0.25 });
      return hashOf(words);
    };
    expect(draw(6)).not.toBe(draw(7));
    expect(draw(6)).toBe(draw(6));
  });
});

describe('one step', () => {
  it('has the loss, the feature gradients and the pose systems of the float64 reference', () => {
    randomiseFeatures(0.2);
    const reference = copyField(field);
    const numbers = numbersOf(reference);
    const expected = reference.evaluate(samplesOf(CHUNKS), POSES, HUBER);
    const actual = field.fit(CHUNKS, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0 });
    expect(expected.used).toBeGreaterThan(1000);
    expect(Math.abs(actual.used - expected.used)).toBeLessThanOrEqual(1);
    expect(actual.loss / (expected.loss / expected.used)).toBeCloseTo(1, 3);

    let worst = 0;
    let largest = 0;
    for (const [row, gradient] of expected.gradients) {
      const at = numbers.get(row)! * ROW_FLOATS + FEATURES;
      gradient.forEach((g, k) => {
        worst = Math.max(worst, Math.abs(g - field.features.rows[at + k]!));
        largest = Math.max(largest, Math.abs(g));
      });
    }
    expect(expected.gradients.size).toBeGreaterThan(100);
    expect(worst).toBeLessThan(1e-2 * largest);

    for (let pose = 0; pose < POSES.length; pose++)
      for (const [from, to] of [
        [0, 21],
        [21, 27],
      ] as const) {
        const [a, e] = [actual, expected].map(({ systems }) =>
          systems.subarray(pose * 28 + from, pose * 28 + to),
        ) as [Float64Array, Float64Array];
        const scale = Math.max(...e.map(Math.abs));
        e.forEach((x, i) =>
          expect(Math.abs(a[i]! - x), `pose ${pose}, ${from + i}`).toBeLessThan(1e-2 * scale),
        );
      }
  });

  it('has feature gradients that match central differences of the loss', () => {
    randomiseFeatures(0.2);
    const reference = copyField(field);
    const samples = samplesOf(CHUNKS.slice(0, 2)); // one of either pose
    const { gradients } = reference.evaluate(samples, POSES, HUBER);
    const random = new Random('pick');
    const rows = [...gradients.keys()];
    const h = 1e-7;
    let compared = 0;
    for (let i = 0; i < 25; i++) {
      const row = rows[random.int(rows.length)]!;
      const k = random.int(FEATURES);
      const value = row.f[k]!;
      const [plus, minus] = [h, -h].map((s) => {
        row.f[k] = value + s;
        return reference.evaluate(samples, POSES, HUBER);
      }) as [ReturnType<ReferenceField['evaluate']>, ReturnType<ReferenceField['evaluate']>];
      row.f[k] = value;
      const analytic = gradients.get(row)![k]!;
      // Where a sample changes side of a ReLU within the step, the gradient itself jumps.
      if (Math.abs(plus.gradients.get(row)![k]! - minus.gradients.get(row)![k]!) > 1e-4) continue;
      expect(Math.abs((plus.loss - minus.loss) / (2 * h) - analytic)).toBeLessThan(
        1e-4 + 1e-4 * Math.abs(analytic),
      );
      compared++;
    }
    expect(compared).toBeGreaterThan(15);
  });

  it('has pose right-hand sides that match central differences of the loss', () => {
    randomiseFeatures(0.05);
    const reference = copyField(field);
    const samples = samplesOf(CHUNKS.slice(0, 2)); // one of either pose
    const { systems } = reference.evaluate(samples, POSES, HUBER);
    for (let pose = 0; pose < POSES.length; pose++)
      for (let axis = 0; axis < 6; axis++) {
        const loss = (s: number): ReturnType<ReferenceField['evaluate']> => {
          const step = [0, 0, 0, 0, 0, 0].map((_, i) => (i === axis ? s : 0));
          return reference.evaluate(
            samples,
            POSES.map((T, i) => (i === pose ? moveAtSensor(T, step) : T)),
            HUBER,
          );
        };
        const h = 1e-7;
        const [plus, minus] = [loss(h), loss(-h)];
        expect(plus.used).toBe(minus.used);
        const analytic = systems[pose * 28 + 21 + axis]!;
        const numeric = (plus.loss - minus.loss) / (2 * h);
        expect(Math.abs(numeric - analytic), `pose ${pose}, axis ${axis}`).toBeLessThan(
          0.02 * Math.abs(analytic) + 0.5,
        );
      }
  });

  it('changes nothing with a learning rate of zero, and only touched rows otherwise', () => {
    randomiseFeatures(0.1);
    const { features } = field;
    const held = (r: number): string =>
      features.rows.subarray(r * ROW_FLOATS, r * ROW_FLOATS + FEATURES).join();
    const before = Array.from({ length: features.count }, (_, r) => held(r));
    field.fit(CHUNKS, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0 });
    expect(Array.from({ length: features.count }, (_, r) => held(r))).toEqual(before);

    const one = CHUNKS.slice(0, 1);
    const reference = copyField(field);
    const numbers = numbersOf(reference);
    const touched = new Set(
      [...reference.evaluate(samplesOf(one), POSES, HUBER).gradients.keys()].map((row) => numbers.get(row)!),
    );
    field.fit(one, POSES, { huber: HUBER, learningRate: 0.01, scalarRate: 0 });
    const changed = before.flatMap((text, r) => (held(r) === text ? [] : [r]));
    expect(changed.length).toBeGreaterThan(20);
    expect(changed.every((r) => touched.has(r))).toBe(true);
    expect(held(0)).toBe('0,0,0,0,0,0,0,0'); // the row that stands for "not there"
  });

  it('leaves poses out that are not to be optimised', () => {
    const chunks = CHUNKS.map((chunk) => ({ ...chunk, optimisePose: chunk.pose === 1 }));
    const { systems } = field.fit(chunks, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0 });
    expect(systems.subarray(0, 28).every((x) => x === 0)).toBe(true);
    expect(systems[28 + 27]).toBeGreaterThan(100);
  });

  it('refuses a batch that is too large', () => {
    const many = Array.from({ length: OPTIONS.maxBatchChunks + 1 }, () => CHUNKS[0]!);
    expect(() => field.fit(many, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0 })).toThrow(
      RangeError,
    );
  });
});

describe('training', () => {
  it('follows the float64 reference through several steps of Adam and of the scalars', () => {
    const reference = copyField(field);
    const numbers = numbersOf(reference);
    const samples = samplesOf(CHUNKS);
    const learningRate = 0.01;
    const scalarRate = 0.1;
    const STEPS = 8;
    for (let step = 0; step < STEPS; step++) {
      const { loss } = field.fit(CHUNKS, POSES, { huber: HUBER, learningRate, scalarRate });
      const expected = reference.evaluate(samples, POSES, HUBER);
      reference.leastMeanSquares(expected.residuals, scalarRate);
      reference.adam(expected.gradients, learningRate);
      expect(loss / (expected.loss / expected.used)).toBeCloseTo(1, 2);
    }
    let sum = 0;
    let far = 0;
    let count = 0;
    for (const [row, r] of numbers) {
      expect(field.features.steps[r]).toBe(row.steps);
      row.f.forEach((value, k) => {
        const error = Math.abs(value - field.features.rows[r * ROW_FLOATS + k]!);
        sum += error;
        count++;
        if (error > 0.05 * learningRate * STEPS) far++;
      });
    }
    // Adam divides a gradient by its own size: where gradients nearly cancel, float32 may turn either way.
    expect(sum / count).toBeLessThan(1e-3 * learningRate * STEPS);
    expect(far / count).toBeLessThan(5e-3);
    const scalars = differences(reference, copyField(field));
    expect(scalars.moved).toBeGreaterThan(1000);
    expect(scalars.largest).toBeLessThan(2e-4); // of steps up to 2 cm
  });

  it('moves the scalars by the normalised least mean squares step, and nothing else by it', () => {
    randomiseFeatures(0.2);
    const before = copyField(field);
    const reference = copyField(field);
    const { residuals } = reference.evaluate(samplesOf(CHUNKS), POSES, HUBER);
    reference.leastMeanSquares(residuals, 0.3);
    field.fit(CHUNKS, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0.3 });
    const after = copyField(field);
    const { moved, largest } = differences(reference, after, before);
    expect(moved).toBeGreaterThan(1000);
    expect(largest).toBeLessThan(2e-5);
    for (const [key, { weight }] of before.scalar.corners)
      expect(after.scalar.corners.get(key)!.weight).toBe(weight);
    for (const [key, { f }] of before.features.rows) expect(after.features.rows.get(key)!.f).toEqual(f);
  });

  it('takes the given share of a residual away from a lone sample, and no more than the Huber threshold', () => {
    const [x, y, z] = [0.4, -0.3, -1.93]; // 7 cm above the floor
    const value = (): number => field.query(Float32Array.of(x, y, z))[0]!;
    const words = pool.memory.f32(field.poolPointer, 8);
    const alone: PosedChunk[] = [{ first: 0, count: 1, pose: 0, optimisePose: false }];
    for (const [offset, rate, taken] of [
      [0.02, 1, 0.02],
      [0.02, 0.25, 0.005],
      [-0.02, 0.25, -0.005],
      [0.2, 1, HUBER],
    ] as const) {
      const here = value();
      words.set([x, y, z, here - offset, 1]);
      field.fit(alone, [identity()], { huber: HUBER, learningRate: 0, scalarRate: rate });
      expect(value() - here).toBeCloseTo(-taken, 5);
    }
  });

  it.each([
    ['features', { learningRate: 0.01, scalarRate: 0 }, 0.02],
    ['scalars', { learningRate: 0, scalarRate: 0.1 }, 0.027],
    ['both', { learningRate: 0.01, scalarRate: 0.1 }, 0.02],
  ])('learns what the fused distances miss: %s', (_, rates, bound) => {
    // The walls have moved by 4 cm since they were fused.
    const moved = place(
      pool.memory,
      scan(new Random('moved'), room(3.04, 2.54, 2.04), identity(), { count: 20000, noise: 0.02 }),
    );
    field.drawSamples(moved.points, 4096, 0, { seed: 5, band: 0.1 });
    const chunks = Array.from({ length: 64 }, (_, k) => ({
      first: k * 256,
      count: 256,
      pose: 0,
      optimisePose: false,
    }));
    field.allocateRows(chunks, [identity()]);
    const losses = Array.from(
      { length: 80 },
      () => field.fit(chunks, [identity()], { huber: HUBER, ...rates }).loss,
    );
    expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
    const on = new Float32Array(300);
    const random = new Random('on');
    for (let i = 0; i < 300; i += 3) on.set([random.range(-2.5, 2.5), random.range(-2, 2), -2.04], i);
    const out = field.query(on);
    const values = Array.from({ length: 100 }, (_, i) => out[i * 5]!).filter((_, i) => out[i * 5 + 4]! > 0);
    expect(values.length).toBeGreaterThan(80);
    const mean = values.reduce((s, v) => s + Math.abs(v), 0) / values.length;
    expect(mean).toBeLessThan(bound); // 0.04 before training
  });
});
