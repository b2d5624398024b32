import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { configSchema } from '../../../src/config/schema.js';
import { log, compose, inverse } from '../../../src/geometry/se3.js';
import { raise } from '../../../src/sensors/lidar/elevation.js';
import { LidarFrontEnd } from '../../../src/sensors/lidar/front-end.js';
import { simulate } from '../../../src/sim/simulate.js';
import { createSlam } from '../../../src/slam/create.js';
import { random } from './prepare-scene.js';

const DEGREE = Math.PI / 180;

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 256 });
});
afterAll(() => pool.close());

const uniform = random(5);
const points = Float32Array.from({ length: 900 }, () => 60 * (uniform() - 0.5));

describe('raise', () => {
  it('adds the angle to the elevation and leaves range and azimuth as they are', () => {
    const raised = new Float32Array(900);
    raise(points, raised, 300, 0.5 * DEGREE);
    for (let i = 0; i < 900; i += 3) {
      const [x, y, z] = points.subarray(i, i + 3) as unknown as [number, number, number];
      const [a, b, c] = raised.subarray(i, i + 3) as unknown as [number, number, number];
      const elevation = Math.atan2(z, Math.hypot(x, y)) + 0.5 * DEGREE;
      const range = Math.hypot(x, y, z);
      expect(Math.hypot(a, b, c)).toBeCloseTo(range, 4);
      expect(Math.abs(c - range * Math.sin(elevation))).toBeLessThan(1e-4);
      expect(Math.abs(a * y - b * x)).toBeLessThan(1e-3);
    }
  });

  it('undoes itself in place, and keeps points on the axis', () => {
    const there = Float32Array.from([3, 4, 5, 0, 0, 7, NaN, 1, 1]);
    raise(there, there, 3, 2 * DEGREE);
    expect([...there.subarray(3, 6)]).toEqual([0, 0, 7]);
    raise(there, there, 3, -2 * DEGREE);
    expect(there[0]).toBeCloseTo(3, 5);
    expect(there[2]).toBeCloseTo(5, 5);
  });
});

describe('a LiDAR whose lasers point higher than they say', () => {
  it('is observed where its points are; the caller keeps what it gave', () => {
    const scan = { stampNs: 0n, frameId: 'lidar', count: 300, positions: points, timing: 'none' } as const;
    const low = points.slice();
    raise(points, low, 300, -1 * DEGREE);
    const given = low.slice();
    const options = { maxPoints: 1000, maxMapPoints: 1000, minRange: 0 };
    const right = new LidarFrontEnd(pool, options).observe(scan);
    const front = new LidarFrontEnd(pool, { ...options, elevationOffset: DEGREE });
    const mended = front.observe({ ...scan, positions: low });
    expect(low).toEqual(given);
    expect(mended.surface.count).toBe(right.surface.count);
    right.complete();
    mended.complete();
    for (const axis of ['x', 'y', 'z'] as const)
      for (let i = 0; i < right.surface.count; i++)
        expect(Math.abs(mended.surface[axis][i]! - right.surface[axis][i]!)).toBeLessThan(1e-4);
  });

  it('tilts the map along the way unless the setting says so', async () => {
    const sim = simulate({
      world: 'street',
      seed: 1,
      beams: 32,
      columns: 400,
      length: 20,
      elevationOffset: 1,
    });
    const scans = [...sim.scans()];
    const T = sim.odomFromWorld();
    const truth = compose(T, sim.trajectory.pose(sim.stampTime(scans.length - 1)));
    const tilt = async (elevationOffset: number): Promise<number> => {
      const config = configSchema.parse({
        sensor: { elevationOffset },
        threads: 1,
        map: { memoryMiB: 512 },
        mesh: { blocksPerScan: 0 },
      });
      const slam = await createSlam(config);
      let pose = truth;
      for (const scan of scans) pose = slam.process(scan).pose;
      await slam.close();
      const off = log(compose(inverse(truth), pose));
      return Math.hypot(off[3]!, off[4]!) / DEGREE;
    };
    const [without, mended] = [await tilt(0), await tilt(1)];
    expect(without).toBeGreaterThan(0.3);
    expect(mended).toBeLessThan(without / 4);
  }, 120_000);
});
