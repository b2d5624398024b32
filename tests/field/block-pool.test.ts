import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { BlockPool } from '../../src/field/backends/wasm/block-pool.js';
import { BLOCK_CORNERS, BlockGrid } from '../../src/field/backends/wasm/grid.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { Random } from '../../src/geometry/random.js';
import { BLOCK_LIMIT, G_NEIGHBOURS, MAX_GRIDS } from '../../src/kernels/layout/field.js';

type Place = readonly [number, number, number];
const BLOCKS = 600;
const OPTIONS = { voxel: 0.1, truncation: 0.2, maxBlocks: BLOCKS, maxWeight: 10 };

describe('a pool of blocks', () => {
  let pool: KernelPool;
  let blocks: BlockPool;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
    blocks = new BlockPool(pool, { blocks: BLOCKS, wordsPerCorner: 2 });
  });
  afterAll(() => pool.close());

  const make = (grid: BlockGrid, ...places: readonly Place[]): void =>
    blocks.make(grid, Int32Array.from(places.flat()));
  const placesOf = (grid: BlockGrid): string[] =>
    Array.from(grid.blocks, (b) => grid.coords.subarray(b * 4, b * 4 + 3).join());

  /** Each block is tied to those that exist above it, and to no other. */
  function expectTied(grid: BlockGrid): void {
    const table = pool.memory.i32(pool.memory.u32(grid.descriptor + G_NEIGHBOURS, 1)[0]!, BLOCKS * 8);
    const at = new Map(Array.from(grid.blocks, (b, i) => [placesOf(grid)[i]!, b]));
    for (const b of grid.blocks) {
      const [x, y, z] = grid.coords.subarray(b * 4, b * 4 + 3) as unknown as Place;
      const expected = Array.from(
        { length: 8 },
        (_, o) => at.get([x + (o & 1), y + ((o >> 1) & 1), z + (o >> 2)].join()) ?? 0,
      );
      expect(Array.from(table.subarray(b * 8, b * 8 + 8))).toEqual(expected);
    }
  }

  it('gives grids the blocks that a list each would hold, in order, whatever is made and dropped', () => {
    const random = new Random('pool');
    const grids = [1, 2, 3].map(() => new BlockGrid(blocks, OPTIONS));
    const lists: string[][] = grids.map(() => []);
    const place = (): Place => [random.int(5) - 2, random.int(5) - 2, random.int(4) - 2];
    for (let round = 0; round < 300; round++) {
      const g = random.int(3);
      const [grid, list] = [grids[g]!, lists[g]!];
      if (random.chance(0.6)) {
        const wanted = Array.from({ length: random.int(12) }, place);
        make(grid, ...wanted);
        for (const p of wanted) if (!list.includes(p.join())) list.push(p.join());
        for (const b of grid.blocks)
          grid.data.fill(g + 1, b * BLOCK_CORNERS * 2, (b + 1) * BLOCK_CORNERS * 2);
      } else {
        const share = random.chance(0.1) ? 1 : random.next();
        const gone = grid.blocks.filter(() => random.chance(share));
        const names = new Set(Array.from(gone, (b) => grid.coords.subarray(b * 4, b * 4 + 3).join()));
        grid.drop(gone);
        lists[g] = list.filter((name) => !names.has(name));
        for (const b of gone)
          expect(grid.data.subarray(b * BLOCK_CORNERS * 2, (b + 1) * BLOCK_CORNERS * 2).some(Boolean)).toBe(
            false,
          );
      }
      grids.forEach((each, i) => expect(placesOf(each)).toEqual(lists[i]));
      expect(blocks.used).toBe(1 + lists.reduce((sum, { length }) => sum + length, 0));
      expect(new Set(grids.flatMap((each) => Array.from(each.blocks))).size).toBe(blocks.used - 1);
      if (round % 20 === 0) grids.forEach(expectTied);
    }
    // What one grid wrote is nobody else's.
    grids.forEach((grid, i) => {
      for (const b of grid.blocks)
        if (grid.data[b * BLOCK_CORNERS * 2] !== 0) expect(grid.data[b * BLOCK_CORNERS * 2]).toBe(i + 1);
    });
    for (const grid of grids) grid.free();
    expect(blocks.used).toBe(1);
  });

  it('finds blocks up to the limit of coordinates and never takes one for another', () => {
    const grid = new BlockGrid(blocks, OPTIONS);
    const other = new BlockGrid(blocks, OPTIONS);
    const far: Place[] = [];
    for (const x of [-BLOCK_LIMIT, BLOCK_LIMIT - 1, 0])
      for (const y of [-BLOCK_LIMIT, BLOCK_LIMIT - 1, 0])
        for (const z of [-BLOCK_LIMIT, BLOCK_LIMIT - 1, 0]) far.push([x, y, z]);
    make(grid, ...far);
    make(grid, ...far);
    expect(placesOf(grid)).toEqual(far.map((p) => p.join()));
    expect(other.count).toBe(1);
    expect(() => make(grid, [BLOCK_LIMIT, 0, 0])).toThrow(FeltmapError);
    expect(() => make(grid, [0, 0, -BLOCK_LIMIT - 1])).toThrow(/beyond/);
    grid.free();
    other.free();
  });

  it('says when it is full, and has room again once another grid gives some back', () => {
    const [one, two] = [new BlockGrid(blocks, OPTIONS), new BlockGrid(blocks, OPTIONS)];
    const row = (from: number, count: number): Place[] =>
      Array.from({ length: count }, (_, i) => [from + i, 0, 0]);
    make(one, ...row(0, 400));
    expect(two.room).toBe(BLOCKS - 400);
    make(two, ...row(0, 300));
    expect(two.overflowed).toBe(true);
    expect(two.count).toBe(two.room);
    expect(one.count).toBe(401);
    one.clear();
    two.drop(two.blocks.subarray(0, 0));
    make(two, ...row(0, 300));
    expect(two.overflowed).toBe(false);
    expect(placesOf(two)).toEqual(row(0, 300).map((p) => p.join()));
    one.free();
    two.free();
  });

  it('numbers grids anew after they were freed, and says when there are too many at a time', () => {
    for (let i = 0; i < 20_000; i++) new BlockGrid(blocks, OPTIONS).free();
    const grids = Array.from({ length: MAX_GRIDS }, () => new BlockGrid(blocks, OPTIONS));
    expect(() => new BlockGrid(blocks, OPTIONS)).toThrow(/at most 8190 grids/);
    make(grids[0]!, [1, 2, 3]);
    make(grids.at(-1)!, [1, 2, 3]);
    expect(blocks.used).toBe(3);
    for (const grid of grids) grid.free();
    expect(() => new BlockGrid(blocks, OPTIONS).free()).not.toThrow();
  });
});
