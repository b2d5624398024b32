import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BLOCK_CORNERS } from '../../src/field/backends/wasm/grid.js';
import { FEATURES, ROW_FLOATS } from '../../src/field/backends/wasm/features.js';
import { KernelPool } from '../../src/compute/pool.js';
import type { ReferenceField, Vector } from '../oracle/reference-field.js';
import { Random } from '../../src/geometry/random.js';
import { identity } from '../../src/geometry/se3.js';
import { copyField, cornerOf, OPTIONS, place, room, scan } from './helpers.js';
import { makeField, type TestField } from './test-field.js';

const HALF: Vector = [4, 3, 2];
// Off the axes, so that walls do not fall on corner layers.
const ORIGIN: Vector = [-0.43, 0.21, 0.07];

describe('query', () => {
  let pool: KernelPool;
  let field: TestField;
  let reference: ReferenceField;
  const near = new Float32Array(4000 * 3);

  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
    field = makeField(pool, OPTIONS);
    const random = new Random('query');
    const pose = identity();
    [pose[3], pose[7], pose[11]] = ORIGIN;
    const placed = place(pool.memory, scan(random, room(...HALF), identity(), { count: 40000, noise: 0.01 }));
    field.fuse(placed.points, pose, 0);
    // Features on part of the room only, with random content: partly filled cells and none at all occur.
    field.drawSamples(placed.points, 200, 0, { seed: 3, band: 0.25 });
    field.allocateRows([{ first: 0, count: 256, pose: 0, optimisePose: false }], [pose]);
    field.allocateRows([{ first: 256, count: 256, pose: 0, optimisePose: false }], [pose]);
    const { features } = field;
    for (const row of features.listRows())
      for (let k = 0; k < FEATURES; k++) features.rows[row * ROW_FLOATS + k] = random.normal();
    reference = copyField(field);
    for (let i = 0; i < near.length; i += 3) {
      const axis = random.int(3);
      for (let k = 0; k < 3; k++)
        near[i + k] =
          ORIGIN[k]! +
          (k === axis
            ? (random.chance(0.5) ? 1 : -1) * HALF[k]! + random.range(-0.4, 0.4)
            : random.range(-1, 1) * HALF[k]!);
    }
  });
  afterAll(() => pool.close());

  it('equals the float64 reference: value, gradient, weight, and where nothing is known', () => {
    const out = field.query(near);
    const counts = { known: 0, decoded: 0, unknown: 0 };
    let worst = 0;
    let worstGradient = 0;
    for (let i = 0; i < near.length / 3; i++) {
      const p = Array.from(near.subarray(i * 3, i * 3 + 3)) as unknown as Vector;
      const [value, gx, gy, gz, weight] = out.subarray(i * 5, i * 5 + 5) as unknown as [
        number,
        number,
        number,
        number,
        number,
      ];
      const expected = reference.at(p);
      if (!expected) {
        expect(weight).toBe(0);
        counts.unknown++;
        continue;
      }
      expect(Math.abs(weight - expected.weight)).toBeLessThan(1e-5 * expected.weight);
      worst = Math.max(worst, Math.abs(value - expected.value));
      worstGradient = Math.max(
        worstGradient,
        ...[gx, gy, gz].map((g, k) => Math.abs(g - expected.gradient[k]!)),
      );
      counts.known++;
      if (expected.decoded) counts.decoded++;
    }
    expect(counts.known).toBeGreaterThan(1000);
    expect(counts.decoded).toBeGreaterThan(300);
    expect(counts.known - counts.decoded).toBeGreaterThan(100);
    expect(counts.unknown).toBeGreaterThan(100);
    expect(worst).toBeLessThan(2e-5);
    expect(worstGradient).toBeLessThan(1e-3);
  });

  it('returns the derivative of its own value (central differences of the reference)', () => {
    const step = 1e-6;
    let compared = 0;
    let worst = 0;
    for (let i = 0; i < near.length / 3; i += 3) {
      const p = Array.from(near.subarray(i * 3, i * 3 + 3));
      const here = reference.at(p as unknown as Vector);
      const sides = [0, 1, 2].map((axis) =>
        [1, -1].map((sign) =>
          reference.at(p.map((x, k) => (k === axis ? x + sign * step : x)) as unknown as Vector),
        ),
      );
      if (!here || sides.flat().some((side) => !side)) continue;
      const numeric = sides.map(([plus, minus]) => (plus!.value - minus!.value) / (2 * step));
      // On a ReLU's edge or a cell's border the two sides differ; there neither derivative is the right one.
      const smooth = sides
        .flat()
        .every((side) => Math.hypot(...side!.gradient.map((g, k) => g - here.gradient[k]!)) < 1e-3);
      if (!smooth) continue;
      worst = Math.max(worst, ...numeric.map((g, k) => Math.abs(g - here.gradient[k]!)));
      compared++;
    }
    expect(compared).toBeGreaterThan(300);
    expect(worst).toBeLessThan(1e-3);
  });

  it('is continuous across cells and blocks of the scalar level', () => {
    const random = new Random('continuity');
    const { voxel } = field.levels[0]!;
    const pairs: number[] = [];
    for (let i = 0; i < 2000; i++) {
      // A point on a corner layer (every 8th: a block's border) near a wall, a little to either side.
      const p = Array.from(near.subarray(random.int(4000) * 3).subarray(0, 3));
      const axis = random.int(3);
      const layer = Math.round(p[axis]! / voxel / (i % 2 ? 8 : 1)) * (i % 2 ? 8 : 1);
      for (const side of [-1e-5, 1e-5])
        pairs.push(...p.map((x, k) => (k === axis ? (layer + side) * voxel : x)));
    }
    const scalar = new Float32Array(pairs);
    field.features.rows.fill(0);
    const out = field.query(scalar);
    copyBack();
    let compared = 0;
    for (let i = 0; i < 2000; i++) {
      if (!(out[i * 10 + 4]! > 0 && out[i * 10 + 9]! > 0)) continue;
      compared++;
      expect(Math.abs(out[i * 10]! - out[i * 10 + 5]!)).toBeLessThan(1e-4);
    }
    expect(compared).toBeGreaterThan(200);
  });

  /** Writes the reference's features back to the field. */
  function copyBack(): void {
    const { features } = field;
    for (const r of features.listRows()) {
      const [i, j, k] = features.coords.subarray(r * 4, r * 4 + 3) as unknown as [number, number, number];
      features.rows.set(reference.features.row(i, j, k).f, r * ROW_FLOATS);
    }
  }

  it('takes more points than fit in one kernel call, and none', () => {
    const many = new Float32Array(70_000 * 3);
    for (let i = 0; i < many.length; i++) many[i] = near[i % near.length]!;
    const out = field.query(many);
    const few = field.query(near);
    expect(out.length).toBe(70_000 * 5);
    let known = 0;
    for (let i = 0; i < 2000; i++) {
      const [there, here] = [out.subarray((68_000 + i) * 5).subarray(0, 5), few.subarray(i * 5, i * 5 + 5)];
      expect(there[4]).toBe(here[4]);
      if (!(here[4]! > 0)) continue; // the other four mean nothing then
      expect(there).toEqual(here);
      known++;
    }
    expect(known).toBeGreaterThan(500);
    expect(field.query(new Float32Array(0)).length).toBe(0);
  });

  it('gives marching cubes the same distances on the corners of blocks, NaN where not observed', () => {
    const fine = field.levels[0]!;
    const blocks = Array.from(fine.blocks.subarray(0, 24));
    const values = pool.memory.f32(pool.memory.alloc(blocks.length * 729 * 4), blocks.length * 729);
    const options = { minWeight: 0.3, band: 1.75 * fine.voxel };
    for (const features of [false, true]) {
      field.evaluate(blocks, values, { ...options, features });
      let finite = 0;
      let worst = 0;
      for (const [slot, block] of blocks.entries())
        for (let at = 0; at < BLOCK_CORNERS; at++) {
          const corner = cornerOf(fine, block, at);
          const value = values[slot * 729 + (at & 7) + 9 * ((at >> 3) & 7) + 81 * (at >> 6)]!;
          const stored = reference.scalar.corners.get(corner.join(','));
          if (!stored || stored.weight < options.minWeight || Math.abs(stored.sdf) >= options.band) {
            if (!Number.isNaN(value)) throw new Error(`${corner}: ${value} where nothing was observed`);
            continue;
          }
          finite++;
          const p = corner.map((c) => Math.fround(c * fine.voxel)) as unknown as Vector;
          // A corner of the fine grid may lie on faces between feature cells, where the cell on either side is right.
          const decoded = Array.from({ length: 8 }, (_, side) => {
            const beside = p.map((x, k) => x + ((side >> k) & 1 ? 1e-5 : -1e-5)) as unknown as Vector;
            return reference.features.decode(beside)?.value ?? 0;
          });
          const error = decoded.map((rho) => Math.abs(value - stored.sdf - (features ? rho : 0)));
          worst = Math.max(worst, Math.min(...error));
        }
      expect(worst).toBeLessThan(features ? 1e-3 : 1e-6);
      expect(finite).toBeGreaterThan(300);
    }
  });

  it('gives corners that were not observed the mean of those next to them, across blocks too', () => {
    const fine = field.levels[0]!;
    const blocks = Array.from(fine.blocks.subarray(0, 24));
    const values = pool.memory.f32(pool.memory.alloc(blocks.length * 729 * 4), blocks.length * 729);
    const minWeight = 0.3;
    field.evaluate(blocks, values, { minWeight, band: Infinity, features: false, beside: true });
    const seen = (at: readonly number[]): number | undefined => {
      const stored = reference.scalar.corners.get(at.join(','));
      return stored && stored.weight >= minWeight ? stored.sdf : undefined;
    };
    const counts = { seen: 0, beside: 0, away: 0, fromAnotherBlock: 0 };
    let worst = 0;
    for (const [slot, block] of blocks.entries()) {
      const origin = cornerOf(fine, block, 0);
      for (let at = 0; at < 729; at++) {
        const local = [at % 9, Math.floor(at / 9) % 9, Math.floor(at / 81)];
        const corner = local.map((l, axis) => l + origin[axis]!);
        const next = Array.from({ length: 6 }, (_, side) =>
          corner.map((c, axis) => (axis === side >> 1 ? c + 1 - 2 * (side & 1) : c)),
        );
        const [own, around] = [seen(corner), next.flatMap((place) => seen(place) ?? [])];
        const value = values[slot * 729 + at]!;
        if (own === undefined && around.length === 0) {
          if (!Number.isNaN(value)) throw new Error(`${corner}: ${value} where nothing was observed`);
          counts.away++;
          continue;
        }
        const expected = own ?? around.reduce((sum, d) => sum + d, 0) / around.length;
        worst = Math.max(worst, Math.abs(value - expected));
        counts[own === undefined ? 'beside' : 'seen']++;
        // On the first layer, from the block before it.
        if (
          own === undefined &&
          next.some((c, side) => (side & 1) === 1 && local[side >> 1] === 0 && seen(c))
        )
          counts.fromAnotherBlock++;
      }
    }
    expect(worst).toBeLessThan(1e-5);
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(100);
  });
});
