import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { Random } from '../../src/geometry/random.js';
import { exp, identity } from '../../src/geometry/se3.js';
import { ball, CENTRE, RADIUS, savedOf } from './ball.js';
import { hashOfField, OPTIONS, place, room, scan } from './helpers.js';
import { firstField, TestField } from './test-field.js';

const COARSE = { ...OPTIONS, saturation: 100 };
/** A grid for things at hand: voxels of 2 cm. */
const FINE = {
  ...COARSE,
  voxel: 0.02,
  truncation: 0.04,
  outputScale: 0.013,
  maxRange: 3,
  unorientedRange: 2,
  maxFineBlocks: 4000,
  maxFeatureRows: 30000,
};

let pool: KernelPool;
let backend: WasmBackend;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 384 });
  backend = new WasmBackend(pool, firstField(COARSE).limits);
});
afterAll(() => pool.close());

function make(options: typeof OPTIONS): TestField {
  const { spec, room: size } = firstField(options);
  return new TestField(backend, backend.createField(spec, size));
}

/** Root mean square of the field's distance at points on a surface that it knows, and how many it knows. */
function errorAt(field: TestField, points: readonly (readonly number[])[]): { rms: number; known: number } {
  const values = field.query(Float32Array.from(points.flat()));
  let [sum, known] = [0, 0];
  for (let i = 0; i < points.length; i++)
    if (values[5 * i + 4]! > 0) [sum, known] = [sum + values[5 * i]! ** 2, known + 1];
  return { rms: Math.sqrt(sum / known), known: known / points.length };
}

describe('several fields of one backend', () => {
  const random = new Random('several');
  const walls = scan(random, room(4, 3, 1.5), identity(), { count: 30000, noise: 0.01 });
  const seen = ball(random, 12000);
  const truth = (): number[][] =>
    ball(random, 2000).points.map((p) => {
      const d = p.map((v, a) => v - CENTRE[a]!);
      const length = Math.hypot(...d);
      return d.map((v, a) => CENTRE[a]! + (v / length) * RADIUS);
    });

  it('hold a room at 15 cm and a ball at 2 cm at once, each as exact as its own scale', () => {
    const [coarse, fine] = [make(COARSE), make(FINE)];
    const [far, near] = [place(pool.memory, walls), place(pool.memory, seen)];
    for (let k = 0; k < 3; k++) {
      coarse.fuse(far.points, identity(), k);
      coarse.fuse(near.points, identity(), k);
      fine.fuse(near.points, identity(), k);
    }
    const surface = truth();
    const [atCoarse, atFine] = [errorAt(coarse, surface), errorAt(fine, surface)];
    expect(atFine.known).toBeGreaterThan(0.95);
    expect(atFine.rms).toBeLessThan(0.002);
    expect(atCoarse.known).toBeGreaterThan(0.95);
    expect(atCoarse.rms).toBeLessThan(0.03);
    expect(atFine.rms).toBeLessThan(atCoarse.rms / 3);
    // The walls are known to the coarse one alone, to a centimetre.
    expect(
      errorAt(coarse, [
        [4, 0, 0],
        [-4, 1, 0.5],
        [0, 3, 0],
      ]).rms,
    ).toBeLessThan(0.01);
    expect(errorAt(fine, [[4, 0, 0]]).known).toBe(0);
    // Memory in use is that of the surface each has seen: some megabytes, whatever the room kept for them.
    expect(fine.usedBytes).toBeLessThan(8e6);
    expect(coarse.usedBytes).toBeLessThan(32e6);
    coarse.field.free();
    fine.field.free();
  });

  it('do not disturb each other: one beside another has the bytes that it has alone', () => {
    const near = place(pool.memory, seen);
    const far = place(pool.memory, walls);
    const hash = (beside: boolean): number => {
      const field = make(FINE);
      const other = beside ? make(COARSE) : undefined;
      for (let k = 0; k < 3; k++) {
        other?.fuse(far.points, identity(), k);
        field.fuse(near.points, identity(), k);
      }
      const out = hashOfField(field);
      field.field.free();
      other?.field.free();
      return out;
    };
    expect(hash(true)).toBe(hash(false));
  });

  it('leave and come back as they were: content out, freed, another field in its place, content in', () => {
    const near = place(pool.memory, seen);
    const field = make(FINE);
    for (let k = 0; k < 3; k++) field.fuse(near.points, identity(), k);
    const probe = Float32Array.from(truth().flat());
    const before = field.query(probe).slice();
    const saved = savedOf(field.field);
    field.field.free();
    const other = make(FINE);
    expect(other.query(probe).every((v, i) => i % 5 !== 4 || v === 0)).toBe(true); // nothing is left of the first
    other.restore(saved);
    const after = other.query(probe);
    // Saved distances are rounded to a thirty-second of a voxel.
    const apart = Math.max(...Array.from(before, (v, i) => (i % 5 === 0 ? Math.abs(v - after[i]!) : 0)));
    expect(apart).toBeLessThan(FINE.voxel / 32);
    other.field.free();
  });

  it('leave the pool for a while and come back bit by bit, as if they had never been away', () => {
    const [near, far] = [place(pool.memory, seen), place(pool.memory, walls)];
    const run = (away: boolean): number => {
      const field = make(FINE);
      const step = (k: number): void => {
        field.fuse(near.points, identity(), k);
        field.drawSamples(near.points, 1000, 0, { seed: k, band: 0.03 });
        const chunks = Array.from({ length: 16 }, (_, i) => ({
          first: i * 250,
          count: 250,
          pose: 0,
          optimisePose: false,
        }));
        field.fit(chunks, [identity()], { huber: 0.02, learningRate: 0.01, scalarRate: 0.1 });
      };
      for (let k = 0; k < 3; k++) step(k);
      if (away) {
        const before = hashOfField(field);
        const evicted = field.field.evict();
        expect(field.usedBytes).toBe(0);
        const other = make(COARSE); // takes the very blocks
        other.fuse(far.points, identity(), 1);
        field.field.admit(structuredClone(evicted));
        expect(hashOfField(field)).toBe(before);
        other.field.free();
      }
      for (let k = 3; k < 6; k++) step(k);
      const out = hashOfField(field);
      field.field.free();
      return out;
    };
    expect(run(true)).toBe(run(false));
  });

  it('are not admitted to a field of another layout, which stays as it was', () => {
    const [fine, coarse] = [make(FINE), make(COARSE)];
    const near = place(pool.memory, seen);
    fine.fuse(near.points, identity(), 0);
    coarse.fuse(near.points, identity(), 0);
    const before = hashOfField(coarse);
    expect(() => coarse.field.admit(fine.field.evict())).toThrow(FeltmapError);
    expect(hashOfField(coarse)).toBe(before);
    coarse.field.free();
    fine.field.free();
  });

  it('share one pool: many are made, each takes what it needs, and one says so when all of it is gone', () => {
    const near = place(pool.memory, seen);
    const far = place(pool.memory, walls);
    const many = Array.from({ length: 60 }, () => make({ ...FINE, maxFineBlocks: 8000, poolSamples: 256 }));
    many.forEach((field, k) => field.fuse(near.points, identity(), k));
    expect(new Set(many.map((field) => field.usedBytes)).size).toBe(1);
    const full = many.at(-1)!;
    const before = hashOfField(full);
    expect(() => {
      for (let k = 0; k < 200; k++) full.fuse(far.points, exp([9 * k, 0, 0, 0, 0, 0]), k);
    }).toThrow(/map\.memoryMiB/);
    expect(full.fill).toBeGreaterThan(0.99);
    full.forgetBeyond(CENTRE, 1);
    expect(full.fill).toBeLessThan(0.5);
    for (const field of many) field.field.free();
    // All of it is there again.
    const last = make(FINE);
    expect(last.levels[0]!.pool.used).toBe(1);
    last.fuse(near.points, identity(), 59);
    expect(hashOfField(last)).toBe(before);
    last.field.free();
  });
});
