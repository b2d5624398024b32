import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { exp, transformPoint } from '../../../src/geometry/se3.js';
import type { Observation } from '../../../src/sensors/observation.js';
import { LidarFrontEnd } from '../../../src/sensors/lidar/front-end.js';
import type { LidarScan } from '../../../src/sensors/lidar/scan.js';
import { random } from './prepare-scene.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 256 });
});
afterAll(() => pool.close());

const OPTIONS = { maxPoints: 4000, maxMapPoints: 4000, minRange: 0 };

/** Random points with random times in ±`span` s. */
function scanOf(seed: number, span = 0.05): LidarScan {
  const uniform = random(seed);
  const count = 2000 + 100 * seed;
  const positions = Float32Array.from({ length: 3 * count }, () => 80 * (uniform() - 0.5));
  const times = Float32Array.from({ length: count }, () => 2 * span * (uniform() - 0.5));
  return { stampNs: BigInt(seed), frameId: `lidar${seed}`, count, positions, times, timing: 'field' };
}

const column = ({ surface }: Observation, name: 'x' | 'y' | 'z' | 'tau'): number[] => [
  ...surface[name].subarray(0, surface.count),
];

/** Largest distance of the samples from exp(τ·ξ)·p, where p are the samples of another, raw observation. */
function worst(moved: Observation, raw: Observation, xi: readonly number[]): number {
  let worst = 0;
  const [a, b] = [moved.surface, raw.surface];
  expect(a.count).toBe(b.count);
  for (let i = 0; i < a.count; i++) {
    const q = transformPoint(exp(xi.map((v) => v * b.tau[i]!)), b.x[i]!, b.y[i]!, b.z[i]!);
    worst = Math.max(worst, Math.hypot(q[0] - a.x[i]!, q[1] - a.y[i]!, q[2] - a.z[i]!));
  }
  return worst;
}

describe('LidarFrontEnd', () => {
  it('describes what it observed', () => {
    const lidar = new LidarFrontEnd(pool, OPTIONS);
    const mount = exp([1, 2, 3, 0.1, 0.2, 0.3]);
    const o = lidar.observe(scanOf(1), { T_body_sensor: mount, sensor: '/front' });
    expect(o).toMatchObject({ sensor: '/front', stampNs: 1n, frameId: 'lidar1', motion: 'sweep' });
    expect(o.T_body_sensor).toBe(mount);
    expect(o.counts.input).toBe(2100);
    expect(o.surface.keypoints.length).toBeGreaterThan(100);
    const shifted = lidar.observe({ ...scanOf(1), stampNs: 500n, clockShiftNs: 300n });
    expect(shifted).toMatchObject({ stampNs: 200n, clockShiftNs: 300n });
    shifted.release();
    const rigid = lidar.observe({ ...scanOf(1), timing: 'none' });
    expect([rigid.motion, rigid.sensor]).toEqual(['rigid', 'lidar1']);
    rigid.complete();
    const before = column(rigid, 'x');
    rigid.undistort(Float64Array.of(9, 0, 0, 0, 0, 3));
    rigid.complete();
    expect(column(rigid, 'x')).toEqual(before);
    const untouched = new LidarFrontEnd(pool, { ...OPTIONS, deskew: false }).observe(scanOf(1));
    expect(untouched.motion).toBe('rigid');
  });

  it('keeps several observations that are undistorted in any order, each from its own raw points', () => {
    const lidar = new LidarFrontEnd(pool, OPTIONS);
    const raw = new LidarFrontEnd(pool, OPTIONS);
    const twists = [
      [10, 1, 0, 0, 0.1, 0.5],
      [-3, 0, 2, 1, 0, 40], // fast enough for the motion in segments
      [0, 5, 0, -1, 2, 0],
    ];
    const all = [1, 2, 3].map((seed) => lidar.observe(scanOf(seed)));
    const originals = [1, 2, 3].map((seed) => raw.observe(scanOf(seed)));
    for (const o of originals) o.complete();
    for (const order of [
      [2, 0, 1],
      [1, 2, 0],
    ])
      for (const k of order) {
        all[k]!.undistort(Float64Array.of(50, 50, 50, 1, 1, 1)); // a bad guess leaves nothing behind
        all[k]!.undistort(Float64Array.from(twists[k]!));
        all[k]!.complete();
        all.forEach((o, i) => {
          if (order.indexOf(i) <= order.indexOf(k))
            expect(worst(o, originals[i]!, twists[i]!)).toBeLessThan(1e-4);
        });
      }
    // Each is what it would be alone.
    const alone = new LidarFrontEnd(pool, OPTIONS).observe(scanOf(2));
    alone.undistort(Float64Array.from(twists[1]!));
    alone.complete();
    for (const name of ['x', 'y', 'z', 'tau'] as const)
      expect(column(all[1]!, name)).toEqual(column(alone, name));
    expect([...all[1]!.surface.keypoints]).toEqual([...alone.surface.keypoints]);
    expect(Array.from(all[1]!.surface.up)).toEqual(Array.from(alone.surface.up));
    all[0]!.undistort(new Float64Array(6));
    all[0]!.complete();
    expect(worst(all[0]!, originals[0]!, [0, 0, 0, 0, 0, 0])).toBe(0);
  });

  it('refuses an observation for which no slot is free, and takes the memory back', () => {
    const lidar = new LidarFrontEnd(pool, { ...OPTIONS, slots: 2 });
    const first = lidar.observe(scanOf(1));
    const second = lidar.observe(scanOf(2));
    second.complete();
    const kept = column(second, 'x');
    const memory = pool.memory.freeBytes;
    expect(() => lidar.observe(scanOf(3))).toThrow(expect.objectContaining({ code: 'out-of-memory' }));
    first.release();
    first.release();
    expect(lidar.free).toBe(1);
    expect(() => first.undistort(new Float64Array(6))).toThrow(/released/);
    expect(() => first.complete()).toThrow(/released/);
    const third = lidar.observe(scanOf(3));
    expect(third.stampNs).toBe(3n);
    expect(column(second, 'x')).toEqual(kept);
    expect(pool.memory.freeBytes).toBe(memory);
  });

  it('holds nothing after a scan that it refuses', () => {
    const lidar = new LidarFrontEnd(pool, { ...OPTIONS, slots: 1 });
    const bad = { ...scanOf(1), positions: new Float32Array(3) };
    for (let i = 0; i < 3; i++)
      expect(() => lidar.observe(bad)).toThrow(expect.objectContaining({ code: 'bad-input' }));
    expect(lidar.free).toBe(1);
  });
});
