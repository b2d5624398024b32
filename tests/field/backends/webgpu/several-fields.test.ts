import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../../src/compute/pool.js';
import type { PosedChunk, RegisterOptions } from '../../../../src/field/backends/plain.js';
import { REACH } from '../../../../src/field/backends/webgpu/layout.js';
import { LinearSystem, unknownsAt, type ClassSums } from '../../../../src/field/linear-system.js';
import { FeltmapError } from '../../../../src/geometry/errors.js';
import { Random } from '../../../../src/geometry/random.js';
import { exp, identity } from '../../../../src/geometry/se3.js';
import { ball, CENTRE, errorOf, onBall, savedOf } from '../../ball.js';
import { hashOf, OPTIONS, place, room, rounded, scan, type Placed } from '../../helpers.js';
import type { TestFieldOptions } from '../../test-field.js';
import { apart, beside, cornersOfAll, missing, onDevice, type GpuTestField } from './setup.js';

const COARSE = { ...OPTIONS, saturation: 100, maxFineBlocks: 1500, maxFeatureRows: 15000 };
/** A grid for things at hand: voxels of 2 cm. */
const FINE: TestFieldOptions = {
  ...COARSE,
  voxel: 0.02,
  truncation: 0.04,
  outputScale: 0.013,
  maxRange: 3,
  unorientedRange: 2,
};
const FIT = { huber: 0.01, learningRate: 0.003, scalarRate: 0.3 };
const CHUNKS: PosedChunk[] = Array.from({ length: 4 }, (_, k) => ({
  first: k * 256,
  count: 256,
  pose: 0,
  optimisePose: true,
}));
const POSES = [rounded(exp([0.002, -0.001, 0.001, 0.001, 0, -0.001]))];
const REGISTER: RegisterOptions = {
  kernels: [0.1, 0.2, 0.4],
  levelWeights: [1, 0.05, 0.01, 0],
  gradientScale: 0.5,
  minWeight: 0.3,
  timeScale: 10,
  twist: [0, 0, 0, 0, 0, 0],
};

describe.skipIf(missing)('several fields on one device', () => {
  let pool: KernelPool;
  let far: Placed;
  let near: Placed;
  let onWalls: Float32Array;
  let surface: Float32Array;

  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 3000 });
    const random = new Random('several');
    const walls = scan(random, room(4, 3, 1.5), identity(), { count: 12000, noise: 0.01 });
    far = place(pool.memory, walls);
    near = place(pool.memory, ball(random, 6000));
    onWalls = Float32Array.from(walls.points.slice(0, 1000).flat());
    surface = onBall(random, 1000);
  }, 60_000);
  afterAll(() => pool?.close());

  function train(field: GpuTestField, { points }: Placed): void {
    field.drawSamples(points, 256, 0, { seed: 5, band: 0.04 });
    field.allocateRows(CHUNKS, POSES);
    for (let step = 0; step < 2; step++) field.fit(CHUNKS, POSES, FIT);
  }

  /** Everything that is done to a field, with something else between the steps. */
  function work(field: GpuTestField, cloud: Placed, between: () => void = () => undefined): void {
    field.fuse(cloud.points, identity(), 0);
    between();
    train(field, cloud);
    between();
    field.carve(cloud.points, POSES[0]!, 1, { part: 0, parts: 1, maxRange: 20, keep: 0.3 });
  }

  /** A number that changes with any bit of what the field is asked for, or holds of distances. */
  function hashOfAll(field: GpuTestField, { points }: Placed, probe: Float32Array): number {
    const [ground, other] = field.register(points, POSES[0]!, REGISTER);
    field.sync();
    const { blocks } = field.levels[0]!;
    const values = pool.memory.f32(pool.memory.alloc(blocks.length * 729 * 4), blocks.length * 729);
    field.evaluate(blocks, values, { minWeight: 0.01, band: 1, features: true });
    return hashOf(ground.system, other.system, field.query(probe), values, ...cornersOfAll(field.levels));
  }

  it('hold a room at 15 cm and a ball at 2 cm at once, each as exact as its own scale', async () => {
    const { gpu: coarse } = await onDevice(pool, {}, COARSE);
    const fine = beside(coarse, FINE);
    for (let k = 0; k < 3; k++) {
      coarse.fuse(far.points, identity(), k);
      coarse.fuse(near.points, identity(), k);
      fine.fuse(near.points, identity(), k);
    }
    const [atCoarse, atFine] = [errorOf(coarse.query(surface)), errorOf(fine.query(surface))];
    expect(atFine.known).toBeGreaterThan(0.95);
    expect(atFine.rms).toBeLessThan(0.002);
    expect(atCoarse.known).toBeGreaterThan(0.95);
    expect(atCoarse.rms).toBeLessThan(0.03);
    expect(atFine.rms).toBeLessThan(atCoarse.rms / 3);
    // The walls are known to the coarse one alone, to a centimetre.
    const walls = Float32Array.of(4, 0, 0, -4, 1, 0.5, 0, 3, 0);
    expect(errorOf(coarse.query(walls))).toMatchObject({ known: 1 });
    expect(errorOf(coarse.query(walls)).rms).toBeLessThan(0.01);
    expect(errorOf(fine.query(walls)).known).toBe(0);
    // A pose from both at once: the sums of each add up.
    const at = [unknownsAt(POSES[0]!)];
    const terms = [coarse.term(far.points, REGISTER), fine.term(near.points, REGISTER)];
    const [both, one, other] = [new LinearSystem(), new LinearSystem(), new LinearSystem()];
    coarse.backend.linearise(terms, at, [both]);
    coarse.backend.linearise([terms[0]!], at, [one]);
    coarse.backend.linearise([terms[1]!], at, [other]);
    expect(one.weight).toBeGreaterThan(0);
    expect(other.weight).toBeGreaterThan(0);
    expect(both.weight).toBeCloseTo(one.weight + other.weight, 6);
    expect(coarse.notices).toEqual([]);
    await coarse.close();
  }, 60_000);

  it.each([false, true])(
    'do not see each other: one beside another has the bytes that it has alone (halves: %s)',
    async (half) => {
      const { gpu: alone } = await onDevice(pool, { half }, FINE);
      work(alone, near);
      const wanted = hashOfAll(alone, near, surface);
      await alone.close();
      const { gpu: other } = await onDevice(pool, { half }, { ...COARSE, seed: 3 });
      const fine = beside(other, FINE);
      let k = 0;
      work(fine, near, () => work(other, k++ === 0 ? far : near));
      expect(hashOfAll(fine, near, surface)).toBe(wanted);
      await other.close();
    },
    120_000,
  );

  it('give their pages back when they are freed, and others get them', async () => {
    const { gpu: coarse } = await onDevice(pool, { firstPages: 256 }, COARSE);
    work(coarse, far);
    const probed = hashOfAll(coarse, far, onWalls);
    const { used } = coarse.heap;
    let wanted: number | undefined;
    let held = 0;
    for (let k = 0; k < 8; k++) {
      const fine = beside(coarse, FINE);
      expect(errorOf(fine.query(surface)).known).toBe(0); // nothing is left of the one before
      work(fine, near);
      const hash = hashOfAll(fine, near, surface);
      expect(hash).toBe((wanted ??= hash));
      held += coarse.heap.used - used;
      fine.field.free();
      coarse.field.refresh();
      expect(coarse.heap.used).toBe(used);
    }
    expect(used + held).toBeGreaterThan(coarse.heap.pages); // would not have had room beside each other
    expect(hashOfAll(coarse, far, onWalls)).toBe(probed);
    expect(coarse.notices).toEqual([]);
    await coarse.close();
  }, 120_000);

  it('forget what is far away without touching each other, and go on', async () => {
    const { gpu: coarse, mirror } = await onDevice(pool, {}, COARSE);
    const fine = beside(coarse, FINE);
    work(coarse, far);
    work(fine, near);
    const untouched = hashOfAll(fine, near, surface);
    const before = coarse.query(onWalls);
    const { used } = coarse.heap;
    const gone = coarse.forgetBeyond([4, 0, 0], 3);
    expect(gone.length / 3).toBeGreaterThan(20);
    const after = coarse.query(onWalls);
    for (let i = 0; i < onWalls.length / 3; i++) {
      const distance = Math.hypot(onWalls[3 * i]! - 4, onWalls[3 * i + 1]!, onWalls[3 * i + 2]!);
      const weight = after[5 * i + 4];
      if (distance < 1) expect(weight).toBe(before[5 * i + 4]);
      if (distance > 5) expect(weight).toBe(0);
    }
    expect(errorOf(after).known).toBeGreaterThan(0.1);
    expect(apart(after, mirror.query(onWalls))).toBeLessThan(1e-4);
    fine.field.refresh();
    expect(coarse.heap.used).toBeLessThan(used);
    expect(hashOfAll(fine, near, surface)).toBe(untouched);
    // Both grow again, into pages that were given back too.
    coarse.fuse(far.points, identity(), 5);
    train(coarse, far);
    fine.fuse(near.points, identity(), 5);
    coarse.sync();
    const grown = coarse.query(onWalls);
    expect(errorOf(grown).known).toBeGreaterThan(0.95);
    expect(apart(grown, mirror.query(onWalls))).toBeLessThan(1e-4); // old blocks know their new neighbours
    expect(errorOf(fine.query(surface)).rms).toBeLessThan(0.002);
    coarse.clear();
    expect(errorOf(coarse.query(onWalls)).known).toBe(0);
    expect(errorOf(fine.query(surface)).known).toBeGreaterThan(0.95);
    await coarse.close();
  }, 60_000);

  it('come back from what was saved, in another place of the heap', async () => {
    const { gpu: coarse } = await onDevice(pool, {}, COARSE);
    const fine = beside(coarse, FINE);
    work(coarse, far);
    work(fine, near);
    const before = fine.query(surface);
    const saved = savedOf(fine.field);
    fine.field.free();
    coarse.fuse(near.points, POSES[0]!, 7); // takes some of its pages
    const probed = hashOfAll(coarse, far, onWalls);
    const other = beside(coarse, FINE);
    other.restore(saved);
    // Saved distances are rounded to a thirty-second of a voxel.
    const after = other.query(surface);
    const off = Array.from(before, (v, i) => (i % 5 === 0 ? Math.abs(v - after[i]!) : 0));
    expect(Math.max(...off)).toBeLessThan(FINE.voxel / 32);
    expect(hashOfAll(coarse, far, onWalls)).toBe(probed);
    await coarse.close();
  }, 60_000);

  it('leave for a while and come back bit by bit, as if they had never been away', async () => {
    const { gpu: coarse } = await onDevice(pool, {}, COARSE);
    const fine = beside(coarse, FINE);
    const run = (away: boolean): number => {
      work(fine, near);
      if (away) {
        const evicted = fine.field.evict();
        coarse.field.refresh();
        expect(coarse.heap.used).toBe(0);
        work(coarse, far); // takes its pages
        expect(() => coarse.field.admit(evicted)).toThrow(FeltmapError);
        expect(errorOf(coarse.query(onWalls)).known).toBeGreaterThan(0.95); // stays as it was
        fine.field.admit(structuredClone(evicted));
      }
      fine.fuse(near.points, POSES[0]!, 3);
      fine.fit(CHUNKS, POSES, FIT);
      const hash = hashOfAll(fine, near, surface);
      fine.clear();
      return hash;
    };
    const wanted = run(false);
    expect(run(true)).toBe(wanted);
    await coarse.close();
  }, 60_000);

  it('all move when the device is lost, with what no copy has yet', async () => {
    const { gpu: coarse } = await onDevice(pool, { syncEvery: 2 }, COARSE);
    const fine = beside(coarse, FINE);
    const gone = beside(coarse, FINE);
    work(gone, near);
    gone.field.free();
    for (let k = 0; k < 3; k++) {
      coarse.fuse(far.points, identity(), k);
      fine.fuse(near.points, identity(), k);
    }
    const [walls, seen] = [coarse.query(onWalls), fine.query(surface)];
    coarse.ask('loseDevice');
    expect(hashOf(fine.query(surface))).toBe(hashOf(seen));
    expect(hashOf(coarse.query(onWalls))).toBe(hashOf(walls));
    expect(coarse.notices.join()).toMatch(/lost.*moved to it again/);
    train(fine, near);
    train(coarse, far);
    fine.sync();
    coarse.sync();
    coarse.ask('loseDevice');
    coarse.fit(CHUNKS, POSES, FIT); // samples come back too
    fine.fit(CHUNKS, POSES, FIT);
    expect(coarse.notices.length).toBe(2);
    expect(errorOf(fine.query(surface)).rms).toBeLessThan(0.003);
    await coarse.close();
  }, 60_000);

  it('all go on in engine wasm when no device is left, and new ones are made there', async () => {
    const { gpu: coarse } = await onDevice(pool, {}, COARSE);
    const fine = beside(coarse, FINE);
    coarse.fuse(far.points, identity(), 0);
    fine.fuse(near.points, identity(), 0);
    const [walls, seen] = [coarse.query(onWalls), fine.query(surface)];
    coarse.ask('loseDevice');
    coarse.ask('forbid');
    const third = beside(coarse, FINE);
    third.fuse(near.points, identity(), 0);
    third.query(surface); // notices
    expect(coarse.onDevice).toBe(false);
    for (const [field, probe, values] of [
      [coarse, onWalls, walls],
      [fine, surface, seen],
      [third, surface, seen],
    ] as const) {
      const now = field.query(probe);
      const weights = (all: Float32Array): Float32Array => all.filter((_, i) => i % 5 === 4);
      expect(apart(weights(now), weights(values))).toBeLessThan(1e-3);
      expect(Math.abs(errorOf(now).rms - errorOf(values).rms)).toBeLessThan(1e-4);
    }
    expect(coarse.onDevice).toBe(false);
    fine.field.free();
    await coarse.close();
  }, 60_000);

  it('keep within what the keys hold: blocks beyond are neither mapped nor taken for others', async () => {
    const { gpu } = await onDevice(pool, {}, FINE);
    const limit = REACH * 8 * FINE.voxel; // metres
    const at = (z: number): Float64Array => Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, z);
    const probe = (z: number): Float32Array =>
      Float32Array.of(CENTRE[0] - 0.3, CENTRE[1], CENTRE[2] + z, CENTRE[0] - 0.28, CENTRE[1], CENTRE[2] + z);
    for (const z of [limit - 2, 1 - limit, limit + 2]) {
      gpu.fuse(near.points, at(z), 0);
      expect(errorOf(gpu.query(probe(z))).known).toBe(z < limit ? 1 : 0);
      gpu.drawSamples(near.points, 64, 0, { seed: 5, band: 0.04 });
      gpu.allocateRows(CHUNKS.slice(0, 1), [at(z)]);
    }
    const span = 2 * (REACH + 2) * 8 * FINE.voxel; // from where a key would come back to
    expect(errorOf(gpu.query(probe(limit + 2 - span))).known).toBe(0);
    gpu.sync();
    const { coords, blocks } = gpu.levels[0]!;
    const heights = Array.from(blocks, (block) => coords[4 * block + 2]!);
    expect(Math.max(...heights)).toBeGreaterThan(REACH - 20);
    expect(Math.max(...heights)).toBeLessThanOrEqual(REACH);
    expect(Math.min(...heights)).toBeLessThan(20 - REACH);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(-REACH);
    await gpu.close();
  }, 60_000);

  it('say so when a saved field finds no room beside the others, and lose nothing', async () => {
    // A heap of a few hundred pages, whatever the fields ask for.
    const heap = { maxBindingBytes: 2 ** 18, firstPages: 64 };
    const { gpu: fine } = await onDevice(pool, heap, FINE);
    fine.fuse(near.points, identity(), 0);
    fine.drawSamples(near.points, 256, 0, { seed: 5, band: 0.04 });
    fine.allocateRows(CHUNKS, POSES);
    const saved = savedOf(fine.field);
    // Not by a query: its kernel takes seconds to compile on a processor, once per segment of the heap.
    const sums = (field: GpuTestField): ClassSums[0] => field.register(near.points, identity(), REGISTER)[0];
    const before = hashOf(sums(fine).system);
    const fields: GpuTestField[] = [];
    const fill = (): void => {
      for (let k = 0; k < 20; k++) {
        fields.push(beside(fine, FINE));
        fields.at(-1)!.restore(saved);
      }
    };
    expect(sums(fine).valued).toBeGreaterThan(500);
    expect(fill).toThrow(FeltmapError);
    expect(fields.length).toBeLessThan(20);
    expect(sums(fields.at(-1)!).valued).toBe(0);
    expect(() => fields.at(-1)!.restore(saved)).toThrow(/no room on the GPU; free other fields/);
    expect(hashOf(sums(fine).system)).toBe(before);
    fields[0]!.field.free();
    fields.at(-1)!.restore(saved);
    expect(sums(fields.at(-1)!).valued).toBe(sums(fine).valued);
    await fine.close();
  }, 60_000);

  it('say which of them found no page, and forget what is far to make room', async () => {
    const { gpu: coarse } = await onDevice(pool, { maxBindingBytes: 2 ** 17, firstPages: 32 }, COARSE);
    const fine = beside(coarse, FINE);
    fine.fuse(near.points, identity(), 0);
    const valued = (): number => fine.register(near.points, identity(), REGISTER)[0].valued;
    const before = valued();
    expect(before).toBeGreaterThan(500);
    fine.field.refresh();
    expect(coarse.fill).toBeLessThan(0.01);
    coarse.fuse(far.points, identity(), 0);
    expect(valued()).toBe(before); // of the other's trouble it is not told
    expect(() => coarse.refresh()).toThrow(/map on the GPU is full.*memoryMiB/);
    coarse.refresh();
    expect(coarse.fill).toBe(1);
    expect(fine.fill).toBe(1); // there is no room left for it either
    const radius = coarse.radiusFor([4, 0, 0], 0.5);
    expect(radius).toBeLessThan(10);
    expect(coarse.forgetBeyond([4, 0, 0], radius).length).toBeGreaterThan(0);
    expect(coarse.fill).toBeLessThanOrEqual(0.5);
    expect(coarse.fill).toBeGreaterThan(0.3);
    expect(valued()).toBe(before);
    expect(coarse.levels[0]!.count).toBeLessThan(0.2 * COARSE.maxFineBlocks); // engine wasm had room for all
    await coarse.close();
  }, 60_000);
});
