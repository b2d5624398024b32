import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { ScanGatherer } from '../../../src/sensors/lidar/gather.js';
import { LidarPreparer } from '../../../src/sensors/lidar/preparer.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 384 });
});
afterAll(() => pool.close());

/** 16 lasers of ±15° in the middle of a room of 12 × 12 × 3 m. */
function room(columns: number) {
  const count = 16 * columns;
  const positions = new Float32Array(3 * count);
  const rings = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const [azimuth, elevation] = [
      (2 * Math.PI * Math.floor(i / 16)) / columns,
      (((i % 16) - 7.5) * Math.PI) / 90,
    ];
    const d = [
      Math.cos(azimuth) * Math.cos(elevation),
      Math.sin(azimuth) * Math.cos(elevation),
      Math.sin(elevation),
    ];
    const range = Math.min(...d.map((v, k) => (k === 2 ? 1.5 : 6) / Math.max(1e-9, Math.abs(v))));
    d.forEach((v, k) => (positions[3 * i + k] = v * range));
    rings[i] = i % 16;
  }
  return { stampNs: 0n, frameId: 'lidar', count, positions, rings, timing: 'none' } as const;
}

describe('normals of sparse sensors', () => {
  it('there is no cliff in the number of columns, and they are right', () => {
    const preparer = new LidarPreparer(pool, { maxPoints: 30000, maxMapPoints: 30000 });
    for (const columns of [60, 80, 100, 120, 150, 180, 256, 360, 900, 1800]) {
      const scan = preparer.prepare(room(columns), preparer.makeScan());
      let [found, right] = [0, 0];
      for (let i = 0; i < scan.mapCount; i++) {
        const { nx, ny, nz, quality } = scan.columns;
        if (!(quality[i]! > 0)) continue;
        found++;
        if (Math.max(Math.abs(nx[i]!), Math.abs(ny[i]!), Math.abs(nz[i]!)) > 0.97) right++;
      }
      expect(found / scan.mapCount, `${columns} columns`).toBeGreaterThan(0.5);
      expect(right / found, `${columns} columns`).toBeGreaterThan(0.95);
    }
  });

  it('nor where turns at 50 Hz with the same columns are put together', () => {
    const preparer = new LidarPreparer(pool, { maxPoints: 30000, maxMapPoints: 30000 });
    for (const columns of [60, 90, 120, 180]) {
      const gatherer = new ScanGatherer();
      const turns = Array.from({ length: 6 }, (_, i) => ({
        ...room(columns),
        stampNs: BigInt(i) * 20_000_000n,
      }));
      const [whole] = turns.flatMap((turn) => gatherer.add(turn));
      expect(whole!.count).toBe(5 * 16 * columns);
      const scan = preparer.prepare(whole!, preparer.makeScan());
      preparer.complete(scan);
      let found = 0;
      for (let i = 0; i < scan.mapCount; i++) if (scan.columns.quality[i]! > 0) found++;
      expect(found / scan.mapCount, `${columns} columns`).toBeGreaterThan(0.5);
    }
  });
});
