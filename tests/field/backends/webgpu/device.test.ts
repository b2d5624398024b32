import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PosedChunk } from '../../../../src/field/backends/plain.js';
import { KernelPool } from '../../../../src/compute/pool.js';
import { Random } from '../../../../src/geometry/random.js';
import { exp, identity, transformPoint } from '../../../../src/geometry/se3.js';
import { hashOf, OPTIONS, place, room, rounded, scan, type Placed } from '../../helpers.js';
import { apart, cornersOfAll, missing, onDevice, type GpuTestField } from './setup.js';
import { makeField, type TestField } from '../../test-field.js';

const FIT = { huber: 0.03, learningRate: 0.003, scalarRate: 0.3 };
const CHUNKS: PosedChunk[] = Array.from({ length: 8 }, (_, k) => ({
  first: k * 256,
  count: 256,
  pose: 0,
  optimisePose: true,
}));
const POSES = [rounded(exp([0.02, -0.01, 0.015, 0.002, 0, -0.003]))];

describe.skipIf(missing)('the device', () => {
  let pool: KernelPool;
  let clouds: Placed[];
  let queries: Float32Array;

  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 3000 });
    const random = new Random('device');
    const made = [0, 1, 2].map(() => scan(random, room(3, 2.5, 2), identity(), { count: 5000, noise: 0.02 }));
    clouds = made.map((cloud) => place(pool.memory, cloud));
    queries = Float32Array.from(
      made[0]!.points
        .slice(0, 1500)
        .flatMap((p) => transformPoint(identity(), ...p).map((x) => x + random.range(-0.1, 0.1))),
    );
  }, 60_000);
  afterAll(() => pool?.close());

  /** Fuses the clouds and trains a few steps. */
  function build(field: TestField | GpuTestField): void {
    clouds.forEach((cloud, i) => field.fuse(cloud.points, identity(), i));
    field.drawSamples(clouds[0]!.points, 512, 0, { seed: 5, band: 0.25 });
    field.allocateRows(CHUNKS, POSES);
    for (let step = 0; step < 3; step++) field.fit(CHUNKS, POSES, FIT);
  }

  it('gives the same bytes twice, with other workgroup sizes and with the heap in many segments', async () => {
    const run = async (options = {}): Promise<{ hash: number; segments: number }> => {
      const { gpu, mirror } = await onDevice(pool, options, { maxFineBlocks: 2000, maxFeatureRows: 20000 });
      build(gpu);
      gpu.sync();
      const { segments } = gpu.heap;
      const hash = hashOf(gpu.query(queries), ...cornersOfAll(mirror.levels));
      await gpu.close();
      return { hash, segments };
    };
    const once = await run();
    expect(once.segments).toBe(1);
    expect((await run()).hash).toBe(once.hash);
    const halves = await run({ half: true });
    expect((await run({ half: true, maxBindingBytes: 2 ** 19, firstPages: 64 })).hash).toBe(halves.hash);
    // Bindings of 512 KiB hold 128 pages each: the map is cut into several buffers and grows by them.
    const split = await run({ maxBindingBytes: 2 ** 19, firstPages: 64 });
    expect(split.segments).toBeGreaterThan(2);
    expect(split.hash).toBe(once.hash);
    const folder = mkdtempSync(join(tmpdir(), 'feltmap-'));
    try {
      const calibrated = { cache: folder, calibrateSoftware: true };
      expect((await run(calibrated)).hash).toBe(once.hash);
      const [file, ...more] = readdirSync(folder);
      expect(more).toEqual([]);
      const sizes = JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Record<string, number>;
      expect([32, 64, 128, 256]).toContain(sizes.register);
      const { gpu } = await onDevice(pool, calibrated, { maxFineBlocks: 2000, maxFeatureRows: 20000 });
      expect(gpu.backend.workgroups).toEqual(sizes); // read, not measured again
      await gpu.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 180_000);

  it('says when the map is full and keeps what it has', async () => {
    const { gpu } = await onDevice(pool, { maxBindingBytes: 2 ** 16, firstPages: 16 });
    expect(() => {
      build(gpu);
      gpu.ask('settle');
    }).toThrow(/full.*memoryMiB/);
    expect(gpu.query(queries).filter((x, i) => i % 5 === 4 && x > 0).length).toBeGreaterThan(10);
    await gpu.close();
  }, 60_000);

  it('may be lost: the map moves to a new one and goes on', async () => {
    const small = { maxFineBlocks: 2000, maxFeatureRows: 20000 };
    const wasm = makeField(pool, { ...OPTIONS, ...small });
    build(wasm);
    const { gpu } = await onDevice(pool, { syncEvery: 2 }, small);
    const [first, second, third] = clouds as [Placed, Placed, Placed];
    gpu.fuse(first.points, identity(), 0);
    gpu.fuse(second.points, identity(), 1);
    gpu.fuse(third.points, identity(), 2); // copies the first two before
    gpu.drawSamples(first.points, 512, 0, { seed: 5, band: 0.25 });
    gpu.ask('loseDevice'); // the third scan is in no copy: it is fused again
    gpu.allocateRows(CHUNKS, POSES);
    expect(gpu.notices.join()).toMatch(/lost.*moved to it again/);
    for (let step = 0; step < 2; step++) gpu.fit(CHUNKS, POSES, FIT);
    gpu.sync();
    gpu.ask('loseDevice');
    gpu.fit(CHUNKS, POSES, FIT); // samples come back too
    expect(gpu.onDevice).toBe(true);
    expect(gpu.notices.length).toBe(2);
    expect(apart(gpu.query(queries), wasm.query(queries))).toBeLessThan(1e-3);
    await gpu.close();
  }, 120_000);

  it('may be lost for good: engine wasm goes on with the map', async () => {
    const small = { maxFineBlocks: 2000, maxFeatureRows: 20000 };
    const wasm = makeField(pool, { ...OPTIONS, ...small });
    const { gpu } = await onDevice(pool, {}, small);
    for (const field of [wasm, gpu]) {
      const { points } = clouds[0]!;
      field.fuse(points, identity(), 0);
    }
    gpu.ask('loseDevice');
    gpu.ask('forbid');
    const { points } = clouds[1]!;
    for (const field of [wasm, gpu]) field.fuse(points, identity(), 1);
    const values = gpu.query(queries); // notices, and asks engine wasm
    expect(gpu.onDevice).toBe(false);
    expect(gpu.notices.join()).toMatch(/did not come back.*engine wasm goes on/);
    expect(hashOf(values)).toBe(hashOf(wasm.query(queries)));
    await gpu.close();
  }, 60_000);

  it('may run out of memory: the map moves to what is left', async () => {
    const { gpu } = await onDevice(pool, {}, { maxFineBlocks: 2000, maxFeatureRows: 20000 });
    const { points } = clouds[0]!;
    gpu.fuse(points, identity(), 0);
    const before = gpu.query(queries);
    gpu.ask('exhaust');
    const after = gpu.query(queries);
    expect(gpu.notices.join()).toMatch(/^The GPU was lost \(its memory is full.*moved to it again/);
    expect(hashOf(after)).toBe(hashOf(before));
    await gpu.close();
  }, 60_000);

  it('cuts gradients that its sums cannot hold, and keeps their sign', async () => {
    const small = { maxFineBlocks: 2000, maxFeatureRows: 20000 };
    const wasm = makeField(pool, { ...OPTIONS, ...small });
    const { gpu, mirror } = await onDevice(pool, {}, small);
    const { points } = clouds[0]!;
    for (const field of [wasm, mirror]) {
      const { decoder } = field.features;
      for (let j = 384; j < 416; j++) decoder[j]! *= 1e6; // the last layer: ∂SDF/∂f is a million times as large
    }
    gpu.load();
    for (const [field, memory] of [
      [wasm, wasm],
      [gpu, mirror],
    ] as const) {
      field.fuse(points, identity(), 0);
      field.drawSamples(points, 64, 0, { seed: 5, band: 0.25 });
      // The same sample 256 times: all gradients have the sign of one.
      const samples = pool.memory.f32(memory.poolPointer, 256 * 8);
      for (let i = 1; i < 256; i++) samples.copyWithin(8 * i, 0, 8);
    }
    gpu.putSamples(0, 256);
    const chunks = [{ first: 0, count: 256, pose: 0, optimisePose: true }];
    for (const field of [wasm, gpu]) {
      field.allocateRows(chunks, [identity()]);
      expect(field.fit(chunks, [identity()], { ...FIT, scalarRate: 0 }).used).toBe(256);
    }
    gpu.sync();
    const rows = (field: TestField): number[] =>
      Array.from({ length: 64 }, (_, i) => field.features.rows[32 * (1 + (i >> 3)) + (i & 7)]!);
    const byCorner = (field: TestField): number[] => {
      const { coords } = field.features;
      const order = [1, 2, 3, 4, 5, 6, 7, 8].sort((a, b) => {
        const key = (r: number): number =>
          (coords[4 * r + 2]! * 1e3 + coords[4 * r + 1]!) * 1e3 + coords[4 * r]!;
        return key(a) - key(b);
      });
      return order.flatMap((r) => rows(field).slice(8 * (r - 1), 8 * r));
    };
    expect(wasm.features.count).toBe(9);
    expect(byCorner(mirror).map(Math.sign)).toEqual(byCorner(wasm).map(Math.sign));
    expect(byCorner(mirror).filter((x) => Math.abs(x) > 0.9 * FIT.learningRate).length).toBeGreaterThan(32);
    await gpu.close();
  }, 60_000);

  it('stores features as halves within their rounding', async () => {
    const small = { maxFineBlocks: 2000, maxFeatureRows: 20000 };
    const wasm = makeField(pool, { ...OPTIONS, ...small });
    const { gpu } = await onDevice(pool, { half: true }, small);
    for (const field of [wasm, gpu]) build(field);
    const [a, b] = [gpu.query(queries), wasm.query(queries)];
    const values = (all: Float32Array): Float32Array => all.filter((_, i) => i % 5 === 0);
    const off = values(a).map((x, i) => Math.abs(x - values(b)[i]!));
    expect(Math.max(...off)).toBeGreaterThan(0); // they are halves
    expect(Math.max(...off)).toBeLessThan(1e-3); // metres
    expect(Math.hypot(...off) / Math.sqrt(off.length)).toBeLessThan(2e-4);
    await gpu.close();
  }, 60_000);
});
