import { describe, expect, it } from 'vitest';
import { CONTROL, KernelPool, runChunks, type Kernel } from '../../src/compute/pool.js';
import { Random } from '../../src/geometry/random.js';
import { compose, exp, identity, inverse, log, type Pose } from '../../src/geometry/se3.js';
import { Mapper } from '../../src/slam/mapping/mapper.js';
import { Tracker } from '../../src/slam/tracking/tracker.js';
import { mapperOptions, trackerOptions } from '../slam/options.js';
import { hashOf, hashOfField, OPTIONS, place, room, scan } from '../field/helpers.js';
import { makeField } from '../field/test-field.js';

/** Tracks and maps a few scans; returns a hash of the field and of every pose, and how much was mapped. */
async function mapWith(threads: number): Promise<{ hash: number; poses: Pose[]; rows: number }> {
  const pool = await KernelPool.create({ threads, memoryMiB: 512 });
  expect(pool.threads).toBe(threads);
  const field = makeField(pool, OPTIONS);
  const mapper = new Mapper(field.backend, field.field, mapperOptions(field), 16);
  const tracker = new Tracker(field.backend, field.field, trackerOptions(field));
  const random = new Random('threads');
  const poses: Pose[] = [];
  for (let k = 0; k < 5; k++) {
    const truth = exp([0.2 * k, 0.05 * k, 0, 0, 0, 0.03 * k]);
    const { points } = place(
      pool.memory,
      scan(random, room(6, 4, 2), truth, { count: 8000, noise: 0.02 }),
      3,
    );
    const pose =
      k === 0
        ? identity()
        : tracker.track({
            surface: points,
            predicted: compose(poses.at(-1)!, exp([0.2, 0.05, 0, 0, 0, 0.03])),
            twist: new Float64Array(6),
          }).pose;
    mapper.integrate(points, pose, k);
    poses.push(mapper.optimise() ?? pose);
  }
  const hash = hashOf(Uint32Array.of(hashOfField(field)), ...poses);
  const rows = field.features.count;
  await pool.close();
  return { hash, poses, rows };
}

describe('kernel pool', () => {
  it('gives the same bytes with one, two and three threads', async () => {
    const [one, two, three] = [await mapWith(1), await mapWith(2), await mapWith(3)];
    expect(one.rows).toBeGreaterThan(500);
    expect(two.hash).toBe(one.hash);
    expect(three.hash).toBe(one.hash);
    const error = log(compose(inverse(exp([0.8, 0.2, 0, 0, 0, 0.12])), one.poses.at(-1)!));
    expect(Math.hypot(...error)).toBeLessThan(0.02); // and it is the right map
  });

  it('finishes thousands of short jobs of changing length, whoever comes late', async () => {
    const pool = await KernelPool.create({ threads: 3, memoryMiB: 256 });
    const field = makeField(pool, { ...OPTIONS, maxFineBlocks: 2000 });
    const cloud = place(pool.memory, scan(new Random(1), room(2, 2, 2), identity(), { count: 10000 }));
    field.fuse(cloud.points, identity(), 0);
    const random = new Random('late');
    const all = Float32Array.from({ length: 3 * 3000 }, (_, i) =>
      i % 3 === 2 ? -2 : random.range(-1.5, 1.5),
    );
    const expected = field.query(all);
    for (let job = 0; job < 3000; job++) {
      const n = 1 + random.int(job % 10 === 0 ? 3000 : 600);
      const out = field.query(all.subarray(0, n * 3));
      if (out.at(-5) !== expected[n * 5 - 5] || out.at(-1) !== expected[n * 5 - 1])
        throw new Error(`job ${job} is wrong`);
      if (job % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 5)); // lets the others fall asleep
    }
    await pool.close();
  });

  it('goes on alone after close, and may be closed twice', async () => {
    const pool = await KernelPool.create({ threads: 2, memoryMiB: 256 });
    const field = makeField(pool, { ...OPTIONS, maxFineBlocks: 2000 });
    const cloud = place(pool.memory, scan(new Random(1), room(2, 2, 2), identity(), { count: 10000 }));
    await pool.close();
    await pool.close();
    expect(pool.threads).toBe(1);
    field.fuse(cloud.points, identity(), 0);
    expect(Math.abs(field.query(Float32Array.of(0.1, 0.2, -2))[0]!)).toBeLessThan(0.01);
  });

  it('knows its kernels', async () => {
    const pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
    expect(() => pool.run('no-such-kernel', 0, 1)).toThrow(/no-such-kernel/);
    await pool.close();
  });
});

describe('taking chunks', () => {
  function job(generation: number, chunks: number, kernel: number, args: number): Int32Array {
    const control = new Int32Array(new SharedArrayBuffer(CONTROL.length * 4));
    control[CONTROL.kernel] = kernel;
    control[CONTROL.args] = args | 0;
    control[CONTROL.chunks] = chunks;
    control[CONTROL.ticket] = generation << 16;
    control[CONTROL.generation] = generation;
    return control;
  }

  it('runs each chunk once, with the job’s parameters, also past 32767 jobs', () => {
    for (const generation of [1, 32767, 32768, 65535, 65536, 0x7fffffff, -5]) {
      const seen: [number, number][] = [];
      const kernels: Kernel[] = [
        () => expect.fail('wrong kernel'),
        (args, chunk) => seen.push([args, chunk]),
      ];
      const control = job(generation, 5, 1, 0xf0000000);
      runChunks(control, generation, kernels);
      expect(seen).toEqual([0, 1, 2, 3, 4].map((chunk) => [0xf0000000, chunk]));
      expect(control[CONTROL.done]).toBe(5);
    }
  });

  it('takes nothing of another job', () => {
    const control = job(8, 5, 0, 0);
    runChunks(control, 7, [() => expect.fail('a chunk of job 8 was run for job 7')]);
    expect(control[CONTROL.done]).toBe(0);
    expect(control[CONTROL.ticket]).toBe(8 << 16);
  });

  it('shares a job with a thread that takes chunks in between', () => {
    const seen: number[] = [];
    const control = job(3, 6, 0, 0);
    const kernels: Kernel[] = [
      (_, chunk) => {
        seen.push(chunk);
        if (chunk === 1) runChunks(control, 3, kernels); // the other thread takes all the rest
      },
    ];
    runChunks(control, 3, kernels);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect(control[CONTROL.done]).toBe(6);
  });
});
