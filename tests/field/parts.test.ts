import { afterEach, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { Random } from '../../src/geometry/random.js';
import { exp, type Pose } from '../../src/geometry/se3.js';
import { hashOfField, OPTIONS, place, room, rounded, scan } from './helpers.js';
import { firstField, makeField } from './test-field.js';

describe('a field shared by threads', () => {
  let pool: KernelPool;
  afterEach(() => pool.close());

  /** Hashes of the field after each step of some scans that fuse, carve and train. */
  async function run(threads: number): Promise<number[]> {
    pool = await KernelPool.create({ threads, memoryMiB: 512 });
    const field = makeField(pool, { ...OPTIONS, saturation: 8 });
    const random = new Random('parts');
    const hashes: number[] = [];
    const poses: Pose[] = [];
    for (let k = 0; k < 4; k++) {
      const pose = rounded(exp([0.7 * k, -0.4 * k, 0.1 * k, 0.05 * k, 0.02, 0.4 * k]));
      // Walls of other places too: rays pass through what the scans before took for solid.
      const patches = [...room(5, 4, 2), ...(k % 2 ? room(8, 7, 4).slice(0, 4) : [])];
      const bare = scan(random, patches, pose, { count: 9000, noise: 0.03 });
      bare.normals.forEach((n, i) => i % 9 === 0 && n.fill(0));
      const { points } = place(pool.memory, bare, 3);
      field.backend.fusion.carve(field.field, points, pose, {
        part: k % 2,
        parts: 2,
        maxRange: 30,
        keep: 0.3,
      });
      hashes.push(hashOfField(field));
      field.fuse(points, pose, k);
      hashes.push(hashOfField(field));
      poses.push(pose);
      field.drawSamples(points, 500, k * 2000, { seed: k, band: 0.25 });
      const chunks = poses.flatMap((_, p) =>
        Array.from({ length: 7 }, (__, c) => ({
          first: p * 2000 + c * 256,
          count: 256,
          pose: p,
          optimisePose: p > 0,
        })),
      );
      field.allocateRows(chunks, poses);
      for (let step = 0; step < 3; step++)
        field.fit(chunks, poses, { huber: 0.03, learningRate: 0.003, scalarRate: 0.2 });
      hashes.push(hashOfField(field));
    }
    expect(new Set(hashes).size).toBeGreaterThan(8); // every step did something
    await pool.close();
    return hashes;
  }

  it('comes to the same bytes, whatever the number of threads and of parts', async () => {
    const one = await run(1);
    for (const threads of [2, 3, 5]) expect(await run(threads), `${threads} threads`).toEqual(one);
  });

  it('does not take more blocks than the word of a ray can name', async () => {
    pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
    const { limits } = firstField(OPTIONS);
    const free = pool.memory.freeBytes;
    const make = (): WasmBackend =>
      new WasmBackend(pool, { ...limits, pool: { ...limits.pool, blocks: 2 ** 23 + 1 } });
    expect(make).toThrow(FeltmapError);
    expect(make).toThrow(/at most 8388608 blocks/);
    expect(pool.memory.freeBytes).toBe(free); // said before anything was taken
  });
});
