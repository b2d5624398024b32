import { describe, it } from 'vitest';
import { KernelPool } from '../../../../src/compute/pool.js';
import { Random } from '../../../../src/geometry/random.js';
import { exp, identity, transformPoint } from '../../../../src/geometry/se3.js';
import { hashOf, place, room, rounded, scan } from '../../helpers.js';
import { cornersOfAll, onDevice } from './setup.js';

const FIT = { huber: 0.03, learningRate: 0.003, scalarRate: 0.3 };
const CHUNKS = Array.from({ length: 8 }, (_, k) => ({
  first: k * 256,
  count: 256,
  pose: 0,
  optimisePose: true,
}));
const POSES = [rounded(exp([0.02, -0.01, 0.015, 0.002, 0, -0.003]))];
describe('scratch', () => {
  it('hashes', async () => {
    const pool = await KernelPool.create({ threads: 2, memoryMiB: 3000 });
    const random = new Random('device');
    const made = [0, 1, 2].map(() => scan(random, room(3, 2.5, 2), identity(), { count: 5000, noise: 0.02 }));
    const clouds = made.map((cloud) => place(pool.memory, cloud));
    const queries = Float32Array.from(
      made[0]!.points
        .slice(0, 1500)
        .flatMap((p) => transformPoint(identity(), ...p).map((x) => x + random.range(-0.1, 0.1))),
    );
    for (const half of [false, true]) {
      const { gpu, mirror } = await onDevice(pool, { half }, { maxFineBlocks: 2000, maxFeatureRows: 20000 });
      const t0 = performance.now();
      const out: unknown[] = [];
      clouds.forEach((cloud, i) => gpu.fuse(cloud.points, identity(), i));
      gpu.drawSamples(clouds[0]!.points, 512, 0, { seed: 5, band: 0.25 });
      gpu.allocateRows(CHUNKS, POSES);
      for (let step = 0; step < 3; step++) gpu.fit(CHUNKS, POSES, FIT);
      const sums = gpu.register(clouds[1]!.points, POSES[0]!, {
        kernels: [0.4, 0.6, 1.2],
        levelWeights: [1, 0.05, 0.01, 0],
        gradientScale: 0.5,
        minWeight: 0.3,
        timeScale: 10,
        twist: [0, 0, 0, 0, 0, 0],
      });
      out.push(hashOf(sums[0].system), hashOf(gpu.query(queries)));
      gpu.carve(clouds[2]!.points, POSES[0]!, 3, { rays: 300, maxRange: 20, keep: 0.3, seed: 9 });
      out.push(hashOf(gpu.query(queries)));
      gpu.sync();
      out.push(hashOf(...cornersOfAll(mirror.levels)));
      out.push(mirror.levels.map((l) => l.count).join(), mirror.features.count);
      const gone = gpu.forgetBeyond([2, 0, 0], 2.5);
      out.push(gone.length, hashOf(gpu.query(queries)));
      gpu.allocateRows(CHUNKS, POSES);
      for (let step = 0; step < 3; step++) gpu.fit(CHUNKS, POSES, FIT);
      gpu.fuse(clouds[0]!.points, identity(), 4);
      out.push(hashOf(gpu.query(queries)));
      gpu.sync();
      out.push(hashOf(...cornersOfAll(mirror.levels)));
      console.log(JSON.stringify(out), (performance.now() - t0).toFixed(0));
      await gpu.close();
    }
    await pool.close();
  }, 120_000);
});
