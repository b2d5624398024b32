import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { BLOCK_CORNERS, BLOCK_SIDE, type BlockGrid } from '../../src/field/backends/wasm/grid.js';
import { cornerKey } from '../oracle/reference-field.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { Random } from '../../src/geometry/random.js';
import { exp, identity } from '../../src/geometry/se3.js';
import { cornerOf, hashOf, hashOfField, OPTIONS, place, room, scan } from './helpers.js';
import { makeField, type TestField } from './test-field.js';

const CELL = 1; // metres, so that integer cells are exact in float32
const NEIGHBOURS_WORD = 6; // of the grid descriptor, as in src/kernels/field/grid.ts

/** The error that `action` throws; fails if it throws none. */
function errorOf(action: () => void): FeltmapError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(FeltmapError);
    return error as FeltmapError;
  }
  throw new Error('Nothing was thrown.');
}

describe('sparse grid', () => {
  let pool: KernelPool;
  let field: TestField;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 1, memoryMiB: 1024 });
    field = makeField(pool, { ...OPTIONS, voxel: CELL / 4, featureCell: 4, maxFineBlocks: 40000 });
  });
  afterAll(() => pool.close());

  /** Gives feature rows to cells by way of surface samples at their centres: only the first of every four counts. */
  function touch(target: TestField, cells: readonly (readonly [number, number, number])[]): void {
    const samples = pool.memory.f32(target.poolPointer, cells.length * 32);
    samples.fill(1e6); // the others would be noticed
    cells.forEach(([i, j, k], n) =>
      samples.set([(i + 0.5) * CELL, (j + 0.5) * CELL, (k + 0.5) * CELL, 0, 1, 0, 0, 0], n * 32),
    );
    for (let first = 0; first < cells.length * 4; first += 256)
      target.allocateRows(
        [{ first, count: Math.min(256, cells.length * 4 - first), pose: 0, optimisePose: false }],
        [identity()],
      );
  }

  function cornersOf(cells: readonly (readonly [number, number, number])[]): Set<string> {
    const corners = new Set<string>();
    for (const [i, j, k] of cells)
      for (let c = 0; c < 8; c++) corners.add(cornerKey(i + (c & 1), j + ((c >> 1) & 1), k + (c >> 2)));
    return corners;
  }

  /** Random cells near the origin and far away, of either sign, some of them twice. */
  function randomCells(seed: string, count: number): [number, number, number][] {
    const random = new Random(seed);
    const coordinate = (extent: number): number => random.int(2 * extent + 1) - extent;
    return Array.from({ length: count }, (_, n) => {
      const extent = n % 3 === 0 ? 12 : n % 3 === 1 ? 60 : 500_000;
      return [coordinate(extent), coordinate(extent), coordinate(extent)];
    });
  }

  const blockMap = (grid: BlockGrid): Map<string, number> => {
    const blocks = new Map<string, number>();
    for (const b of grid.blocks) {
      const key = cornerKey(grid.coords[b * 4]!, grid.coords[b * 4 + 1]!, grid.coords[b * 4 + 2]!);
      expect(blocks.has(key), `block ${key} twice`).toBe(false);
      blocks.set(key, b);
    }
    return blocks;
  };

  function expectNeighbours(grid: BlockGrid): void {
    const blocks = blockMap(grid);
    const pointer = pool.memory.u32(grid.descriptor, 16)[NEIGHBOURS_WORD]!;
    const neighbours = pool.memory.i32(pointer, grid.pool.maxBlocks * 8);
    for (const [key, block] of blocks) {
      const [x, y, z] = key.split(',').map(Number) as [number, number, number];
      const expected = Array.from(
        { length: 8 },
        (_, o) => blocks.get(cornerKey(x + (o & 1), y + ((o >> 1) & 1), z + (o >> 2))) ?? 0,
      );
      expect(Array.from(neighbours.subarray(block * 8, block * 8 + 8)), key).toEqual(expected);
    }
  }

  it('holds exactly one row for each corner of many random cells, as a Map would', () => {
    const cells = randomCells('rows', 3000);
    touch(field, cells);
    touch(field, cells.slice(0, 500)); // again: nothing new
    const { features } = field;
    const expected = cornersOf(cells);
    expect(features.count - 1).toBe(expected.size);
    const seen = new Set<string>();
    for (const block of features.grid.blocks)
      for (let at = 0; at < BLOCK_CORNERS; at++) {
        const row = features.grid.dataI32[block * BLOCK_CORNERS + at]!;
        if (row === 0) continue;
        const corner = cornerOf(features.grid, block, at);
        expect(Array.from(features.coords.subarray(row * 4, row * 4 + 3))).toEqual(corner);
        seen.add(cornerKey(...corner));
      }
    expect(seen).toEqual(expected);
  });

  it('has one block for each touched 8³ and ties each to the right neighbours', () => {
    const cells = randomCells('rows', 3000);
    const expected = new Set(
      [...cornersOf(cells)].map((key) =>
        cornerKey(
          ...(key.split(',').map((x) => Math.floor(Number(x) / BLOCK_SIDE)) as [number, number, number]),
        ),
      ),
    );
    expect(new Set(blockMap(field.features.grid).keys())).toEqual(expected);
    expectNeighbours(field.features.grid);
  });

  it('after clear is as new, whatever it held before', () => {
    const fresh = makeField(pool, { ...OPTIONS, voxel: CELL / 4, featureCell: 4 });
    const cells = randomCells('other', 700);
    field.clear();
    expect(field.features.count).toBe(1);
    expect(field.features.grid.count).toBe(1);
    expect(field.features.grid.data.subarray(0, 64 * BLOCK_CORNERS).every((word) => word === 0)).toBe(true);
    const cloud = place(pool.memory, scan(new Random(1), room(3, 2, 2), identity(), { count: 4000 }));
    for (const target of [field, fresh]) {
      touch(target, cells);
      target.fuse(cloud.points, identity(), 3);
    }
    expect(hashOfField(field)).toBe(hashOfField(fresh));
    expectNeighbours(field.features.grid);
    field.levels.forEach(expectNeighbours);
  });

  it('says when it is full and keeps what it has', () => {
    const small = makeField(pool, { ...OPTIONS, maxFineBlocks: 40 });
    const near = place(pool.memory, scan(new Random(2), room(0.4, 0.4, 0.4), identity(), { count: 3000 }));
    small.fuse(near.points, identity(), 0);
    const fine = small.levels[0]!;
    const before = fine.count;
    expect(before).toBeLessThan(40);
    const held = (): number =>
      hashOf(
        ...Array.from(fine.blocks.subarray(0, before - 1), (b) => [
          fine.coords.subarray(b * 4, b * 4 + 4),
          fine.data.subarray(b * BLOCK_CORNERS * 2, (b + 1) * BLOCK_CORNERS * 2),
        ]).flat(),
      );
    const hash = held();
    const far = place(pool.memory, scan(new Random(3), room(5, 5, 5), identity(), { count: 9000 }));
    const error = errorOf(() => small.fuse(far.points, exp([500, 0, 0, 0, 0, 0]), 1));
    expect(error.code).toBe('out-of-memory');
    expect(error.message).toMatch(/map\.memoryMiB/);
    expect(fine.count).toBe(40);
    expect(held()).toBe(hash);
    expectNeighbours(fine);
    const out = small.query(Float32Array.of(0.4, 0, 0));
    expect(Math.abs(out[0]!)).toBeLessThan(1e-3);
    expect(out[4]).toBeGreaterThan(0);

    small.clear();
    expect(() => small.fuse(near.points, identity(), 0)).not.toThrow();
    expect(fine.count).toBe(before);
  });

  it('says when feature rows run out and keeps those it has', () => {
    const small = makeField(pool, { ...OPTIONS, voxel: CELL / 4, featureCell: 4, maxFeatureRows: 50 });
    touch(small, [[-3, 5, 0]]);
    const rows = (): number[] =>
      Array.from(small.features.listRows().subarray(0, 8)).flatMap((row) =>
        Array.from(small.features.coords.subarray(row * 4, row * 4 + 3)),
      );
    const before = rows();
    const error = errorOf(() => touch(small, randomCells('many', 200)));
    expect(error.code).toBe('out-of-memory');
    expect(small.features.count).toBe(50);
    expect(rows()).toEqual(before);
  });

  it('knows nothing of places never seen, however wild', () => {
    const wild = [NaN, Infinity, -Infinity, 1e30, -1e30, 3e9, -3e9];
    const at = wild.flatMap((x) => [x, 0, 0, 0, x, 0, 0, 0, x, x, x, x]);
    const out = field.query(Float32Array.from(at));
    for (let i = 0; i < at.length / 3; i++) expect(out[i * 5 + 4], `${at.slice(i * 3, i * 3 + 3)}`).toBe(0);
  });
});
