import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PosedChunk, RegisterOptions } from '../../../../src/field/backends/plain.js';
import { FEATURES, ROW_FLOATS } from '../../../../src/field/backends/wasm/features.js';
import { BLOCK_CORNERS, type BlockGrid } from '../../../../src/field/backends/wasm/grid.js';
import { KernelPool } from '../../../../src/compute/pool.js';
import { Random } from '../../../../src/geometry/random.js';
import { exp, identity, transformPoint, type Pose } from '../../../../src/geometry/se3.js';
import { cornerOf, OPTIONS, place, room, rounded, scan, type Placed, without } from '../../helpers.js';
import { apart, missing, onDevice, type GpuTestField } from './setup.js';
import { makeField, type TestField } from '../../test-field.js';

/** As a share of the largest number of its kind: both engines compute in float32 and add up in other orders. */
const TOLERANCE = 2e-5;
const FIT = { huber: 0.03, learningRate: 0.003, scalarRate: 0.3 };
const CHUNKS: PosedChunk[] = Array.from({ length: 8 }, (_, k) => ({
  first: k * 256,
  count: k === 7 ? 100 : 256,
  pose: k % 2,
  optimisePose: k !== 2,
}));
const POSES: Pose[] = [
  exp([0.02, -0.01, 0.015, 0.002, 0, -0.003]),
  exp([-0.01, 0.03, 0.01, 0, 0.004, 0.002]),
].map(rounded);
const REGISTER: RegisterOptions = {
  kernels: [0.4, 0.6, 1.2],
  levelWeights: [1, 0.05, 0.01, 0],
  gradientScale: 0.5,
  minWeight: 0.3,
  timeScale: 10,
  twist: [0.05, -0.08, 0.02, 0.01, -0.02, 0.015],
};

/** Observed corners of a level by their coordinates: {sdf, weight}. */
function cornersOf(grid: BlockGrid): Map<string, [number, number]> {
  const out = new Map<string, [number, number]>();
  for (const block of grid.blocks)
    for (let at = 0; at < BLOCK_CORNERS; at++) {
      const index = (block * BLOCK_CORNERS + at) * 2;
      const weight = grid.data[index + 1]!;
      if (weight > 0) out.set(cornerOf(grid, block, at).join(), [grid.data[index]!, weight]);
    }
  return out;
}

/** Rows by the coordinates of their corner: features, m, v and steps. */
function rowsOf({ features }: TestField): Map<string, number[]> {
  const out = new Map<string, number[]>();
  const { rows, coords, steps } = features;
  for (const r of features.listRows()) {
    const words = rows.subarray(r * ROW_FLOATS, (r + 1) * ROW_FLOATS);
    const held = [...words.subarray(0, FEATURES), ...words.subarray(2 * FEATURES)];
    out.set(coords.subarray(r * 4, r * 4 + 3).join(), [...held, steps[r]!]);
  }
  return out;
}

/** Numbers of two maps in the same order, those of keys that only one of them has as zeros. */
function aligned(
  a: Map<string, number[]>,
  b: Map<string, number[]>,
  part: (v: number[]) => number[],
): [number[], number[]] {
  const keys = [...new Set([...a.keys(), ...b.keys()])];
  const width = part([...a.values()][0]!).length;
  const pick = (m: Map<string, number[]>): number[] =>
    keys.flatMap((key) => (m.has(key) ? part(m.get(key)!) : Array<number>(width).fill(0)));
  return [pick(a), pick(b)];
}

describe.skipIf(missing)('webgpu and wasm agree', () => {
  let pool: KernelPool;
  let wasm: TestField;
  let gpu: GpuTestField;
  let mirror: TestField;
  let cloud: Placed;
  let target: Placed;
  let queries: Float32Array;
  const start = rounded(exp([0.02, -0.01, 0.015, 0.3, 0.2, -0.3]));
  const guess = rounded(exp([0.05, -0.03, 0.02, 0.305, 0.2, -0.3]));

  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 1024 });
    wasm = makeField(pool, OPTIONS);
    ({ gpu, mirror } = await onDevice(pool));
    const random = new Random('gpu');
    const bare = scan(random, room(3, 2.5, 2), identity(), { count: 12000, noise: 0.02 });
    // Some points without a normal: along the ray, or up on the ground.
    bare.normals.forEach((n, i) => i % 7 === 0 && n.fill(0));
    cloud = place(pool.memory, bare);
    const other = scan(random, [...room(3, 2.5, 2), ...room(9, 8, 7).slice(0, 2)], identity(), {
      count: 4000,
      noise: 0.02,
    });
    target = place(pool.memory, other, 3);
    queries = Float32Array.from(
      bare.points
        .slice(0, 3000)
        .flatMap((p) => transformPoint(start, ...p).map((x) => x + random.range(-0.2, 0.2))),
    );
    for (const field of [wasm, gpu]) field.fuse(cloud.points, start, 0);
    gpu.sync();
  }, 120_000);
  afterAll(async () => {
    await gpu?.close();
    await pool?.close();
  });

  it('on fused distances and weights of all levels', () => {
    wasm.levels.forEach((level, l) => {
      const [a, b] = [cornersOf(mirror.levels[l]!), cornersOf(level)];
      const [sdfs, wanted] = aligned(a, b, ([sdf]) => [sdf!]);
      const [weights, wantedWeights] = aligned(a, b, ([, weight]) => [weight!]);
      expect(b.size).toBeGreaterThan(200);
      expect(Math.abs(a.size - b.size)).toBeLessThanOrEqual(0.001 * b.size);
      expect(apart(weights, wantedWeights)).toBeLessThan(1e-4);
      // A point on the border between two layers may fall to either side: rare, and it weighs little.
      const off = wanted.filter(
        (x, i) =>
          wantedWeights[i]! < OPTIONS.maxWeight && Math.abs(x - sdfs[i]!) > TOLERANCE * level.truncation,
      );
      expect(off.length).toBeLessThanOrEqual(0.002 * wanted.length);
      // Where the weight is cut at its maximum within one scan, the order of points matters a little.
      expect(apart(sdfs, wanted)).toBeLessThan(0.05);
    });
  });

  it('on values, gradients and weights of queries', () => {
    const [a, b] = [gpu.query(queries), wasm.query(queries)];
    const known = b.filter((x, i) => i % 5 === 4 && x > 0).length;
    expect(known).toBeGreaterThan(1000);
    for (let part = 0; part < 3; part++) {
      const pick = (all: Float32Array): Float32Array =>
        all.filter((_, i) => (part === 0 ? i % 5 === 0 : part === 1 ? i % 5 > 0 && i % 5 < 4 : i % 5 === 4));
      expect(apart(pick(a), pick(b))).toBeLessThan(part === 1 ? 1e-4 : TOLERANCE);
    }
  });

  it('on the 6×6 systems of a registration pass, twist included', () => {
    const actual = gpu.register(target.points, guess, REGISTER);
    const expected = wasm.register(target.points, guess, REGISTER);
    for (const kind of [0, 1] as const) {
      const [a, e] = [actual[kind], expected[kind]];
      expect(a.points).toBe(e.points);
      expect(e.valued).toBeGreaterThan(50);
      for (const name of ['valued', 'inliers', 'coarse', 'coarseInliers'] as const)
        expect(Math.abs(a[name] - e[name]), name).toBeLessThanOrEqual(1);
      for (const name of ['weight', 'cost', 'absolute'] as const)
        expect(Math.abs(a[name] / e[name] - 1), name).toBeLessThan(1e-4);
      for (let block = 0; block < 5; block++) {
        const at = block < 3 ? 21 * block : 63 + 6 * (block - 3);
        const part = (v: Float64Array): Float64Array => v.subarray(at, at + (block < 3 ? 21 : 6));
        expect(apart(part(a.system), part(e.system)), `block ${block}`).toBeLessThan(1e-4);
      }
    }
    const far = gpu.register(target.points, exp([1000, 0, 0, 0, 0, 0]), REGISTER);
    expect(far[0].points + far[1].points).toBe(target.points.keypoints.length);
    expect(far[0].weight + far[1].weight + far[0].valued).toBe(0);
    const none = gpu.register(without(target.points), guess, REGISTER);
    expect(none[0].points + none[1].points).toBe(0);
  });

  it('on a training step: loss, systems, gradients, Adam and scalars', () => {
    wasm.drawSamples(cloud.points, 512, 0, { seed: 5, band: 0.25 });
    gpu.drawSamples(cloud.points, 512, 0, { seed: 5, band: 0.25 });
    const poses = POSES.map((pose) => Float64Array.from(pose));
    for (const field of [wasm, gpu]) field.allocateRows(CHUNKS, poses);
    // The same features in both, with some Adam state.
    const random = new Random('rows');
    const { features } = wasm;
    for (let r = 1; r < features.count; r++)
      for (let k = 0; k < FEATURES; k++) features.rows[r * ROW_FLOATS + k] = 0.2 * random.normal();
    for (let step = 0; step < 2; step++) wasm.fit(CHUNKS.slice(step), poses, FIT);
    gpu.sync();
    expect([...rowsOf(mirror).keys()].sort()).toEqual([...rowsOf(wasm).keys()].sort());
    copyInto(mirror, wasm);
    gpu.load();

    const before = rowsOf(wasm);
    const [expected, actual] = [wasm.fit(CHUNKS, poses, FIT), gpu.fit(CHUNKS, poses, FIT)];
    gpu.sync();
    expect(expected.used).toBeGreaterThan(500);
    expect(actual.used).toBe(expected.used);
    expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThan(TOLERANCE);
    for (const [from, to] of [
      [0, 21],
      [21, 27],
      [28, 49],
      [49, 55],
    ] as const)
      // prettier-ignore
      expect(
        apart(actual.systems.subarray(from, to), expected.systems.subarray(from, to)),
        `${from}`,
      ).toBeLessThan(1e-4);
    const [a, b] = [rowsOf(mirror), rowsOf(wasm)];
    const parts = { features: [0, 8], m: [8, 16], v: [16, 24], steps: [24, 25] } as const;
    for (const [name, [from, to]] of Object.entries(parts)) {
      const [x, y] = aligned(a, b, (row) => row.slice(from, to));
      expect(apart(x, y), name).toBeLessThan(1e-4);
    }
    // g = (m′ − 0.9 m)/0.1 of touched rows.
    const gradient = (rows: Map<string, number[]>): number[] =>
      [...before].flatMap(([key, row]) =>
        rows.get(key)![24] === row[24]
          ? []
          : row.slice(8, 16).map((m, k) => (rows.get(key)![8 + k]! - 0.9 * m) / 0.1),
      );
    expect(gradient(b).length).toBeGreaterThan(1000);
    expect(apart(gradient(a), gradient(b))).toBeLessThan(1e-4);
    const [sdfs, wanted] = aligned(cornersOf(mirror.levels[0]!), cornersOf(wasm.levels[0]!), ([sdf]) => [
      sdf!,
    ]);
    expect(apart(sdfs, wanted)).toBeLessThan(TOLERANCE);
    expect(apart(gpu.query(queries), wasm.query(queries))).toBeLessThan(1e-4);
  });

  it('on the corners that marching cubes gets', () => {
    gpu.refresh();
    const blocks = [0, 4, 39].map((i) => gpu.levels[0]!.blocks[i]!);
    const out = pool.memory.f32(pool.memory.alloc(blocks.length * 729 * 4), blocks.length * 729);
    const of = (field: GpuTestField | TestField, list: number[]): Float32Array => {
      field.evaluate(list, out, { minWeight: 0.01, band: 0.26, features: true });
      return out.slice();
    };
    const values = of(gpu, blocks);
    const same = blocks.map((block) => {
      const key = (field: TestField, b: number): string =>
        field.levels[0]!.coords.subarray(b * 4, b * 4 + 3).join();
      return wasm.levels[0]!.blocks.find((b) => key(wasm, b) === key(mirror, block))!;
    });
    const wanted = of(wasm, same);
    expect(wanted.filter((x) => !Number.isNaN(x)).length).toBeGreaterThan(100);
    expect(values.map(Number.isNaN as never)).toEqual(wanted.map(Number.isNaN as never));
    const zero = (x: number): number => (Number.isNaN(x) ? 0 : x);
    expect(apart(values.map(zero), wanted.map(zero))).toBeLessThan(TOLERANCE);
  });

  it('on what is carved away as it is seen through', () => {
    const options = { part: 0, parts: 1, maxRange: 20, keep: 0.3 };
    const behind = rounded(exp([1.2, 0.8, 0.3, 0.3, 0.2, -0.3])); // from here, the scan sees through what was a wall
    copyInto(mirror, wasm);
    gpu.load();
    const before = cornersOf(wasm.levels[0]!);
    const { count } = cloud.points;
    const quality = pool.memory.f32(pool.memory.alloc(count * 4), count); // zero
    const weightless = { ...cloud.points, quality };
    for (const field of [wasm, gpu]) {
      field.carve(without(weightless), behind, 1, options); // and fuses little
    }
    gpu.sync();
    const [a, b] = [cornersOf(mirror.levels[0]!), cornersOf(wasm.levels[0]!)];
    const moved = [...before].filter(([key, [, weight]]) => b.get(key)?.[1] !== weight).length;
    expect(moved).toBeGreaterThan(20);
    const [weights, wanted] = aligned(a, b, ([, weight]) => [weight!]);
    const off = wanted.filter((x, i) => Math.abs(x - weights[i]!) > 1e-4).length;
    expect(off).toBeLessThanOrEqual(0.02 * moved); // a corner on the border between two cells
  });
});

/** Makes `to` hold what `from` holds, bit by bit. */
function copyInto(to: TestField, from: TestField): void {
  const content = from.field.evict();
  for (const { field } of [from, to]) field.admit(content);
}
