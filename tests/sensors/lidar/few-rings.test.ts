import { afterAll, beforeAll, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { fewRings } from '../../../src/sensors/lidar/few-rings.js';
import { LidarFrontEnd } from '../../../src/sensors/lidar/front-end.js';
import type { LidarScan } from '../../../src/sensors/lidar/scan.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 128 });
});
afterAll(() => pool.close());

/** A round room seen by so many lasers from −15° to 15°. */
function scanOf(lasers: number, columns = 360): LidarScan {
  const count = lasers * columns;
  const positions = new Float32Array(3 * count);
  const rings = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const azimuth = (2 * Math.PI * Math.floor(i / lasers)) / columns;
    const elevation = ((i % lasers) / Math.max(1, lasers - 1) - 0.5) * (Math.PI / 6);
    positions.set([9 * Math.cos(azimuth), 9 * Math.sin(azimuth), 9 * Math.tan(elevation)], 3 * i);
    rings[i] = i % lasers;
  }
  return { stampNs: 0n, frameId: 'lidar', count, positions, rings, timing: 'none' };
}

it('tells that a LiDAR has few rings, once and by its number', () => {
  const lidar = new LidarFrontEnd(pool, { maxPoints: 4000, maxMapPoints: 4000 });
  for (let k = 0; k < 2; k++) lidar.observe(scanOf(4)).release();
  expect(lidar.notices).toEqual([
    expect.stringMatching(/^The clouds of 'lidar' have 4 rings:.* need about 8/),
  ]);
});

it('says nothing of LiDARs with enough of them, of clouds without any, and of a few points', () => {
  const { rings, ...without } = scanOf(4);
  expect(rings).toBeDefined();
  expect([8, 16, 64].map((n) => fewRings(scanOf(n)))).toEqual([undefined, undefined, undefined]);
  expect(fewRings(without)).toBeUndefined();
  expect(fewRings(scanOf(4, 20))).toBeUndefined();
  expect(fewRings(scanOf(1))).toMatch(/one ring:/);
});
