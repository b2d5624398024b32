import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/completion/complete-region.js';
import { loadShapePrior } from '../../../src/completion/load-prior.js';
import { KernelPool } from '../../../src/compute/pool.js';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, inverse, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import { SurfaceCompleter } from '../../../src/host/completion/complete-surface.js';
import { HeldTouches } from '../../../src/host/completion/held-touches.js';

const RADIUS = 0.04;
const BOX: Box = [-0.1, -0.1, 0, 0.1, 0.1, 0.15];
const random = new Random('held');

/** What a gel in the odom frame feels of a ball that stands on z = 0 of the object's frame, in the gel's frame. */
function felt(T_odom_object: Pose, T_odom_sensor: Pose, direction: readonly number[]) {
  const T = compose(inverse(T_odom_sensor), T_odom_object);
  const R = T.slice();
  R[3] = R[7] = R[11] = 0;
  const [points, normals]: [number[], number[]] = [[], []];
  for (let i = 0; i < 25; i++) {
    const n = direction.map((v) => v + 0.1 * random.normal());
    const length = Math.hypot(...n);
    const [x, y, z] = n.map((v) => v / length) as [number, number, number];
    points.push(...transformPoint(T, RADIUS * x, RADIUS * y, RADIUS * (z + 1)));
    normals.push(...transformPoint(R, x, y, z));
  }
  return { points: Float32Array.from(points), normals: Float32Array.from(normals), sigma: 0.0005 };
}

const DIRECTIONS = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0.6, 0.6, -0.4], [-0.6, 0.6, 0.6], [-0.5, -0.6, -0.4]]; // prettier-ignore

describe('touches of an object that moves', () => {
  it('come together in its frame, wherever it was when it was touched', async () => {
    const held = new HeldTouches();
    const still = new HeldTouches();
    DIRECTIONS.forEach((direction, k) => {
      // The hand carries it half a metre and turns it, while the gel is somewhere else each time.
      const T_odom_object = exp([0.06 * k, 0.3, 0.5, 0.1 * k, 0.2 * k, -0.3 * k]);
      const T_odom_sensor = exp([0.1 * random.normal(), 0.2, 0.4, random.normal(), random.normal(), 0.5]);
      const touch = felt(T_odom_object, T_odom_sensor, direction);
      held.add(compose(inverse(T_odom_object), T_odom_sensor), touch);
      // Control: as if it had stayed where it was first.
      still.add(compose(inverse(exp([0, 0.3, 0.5, 0, 0, 0])), T_odom_sensor), touch);
    });
    const { touches, standsOn } = held.region(BOX);
    expect(touches).toHaveLength(DIRECTIONS.length);
    expect(standsOn).toEqual({ normal: [0, 0, 1], offset: 0 });
    for (const { points } of touches)
      for (let i = 0; i < points.length; i += 3)
        expect(Math.hypot(points[i]!, points[i + 1]!, points[i + 2]! - RADIUS)).toBeCloseTo(RADIUS, 5);

    const pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
    try {
      const completer = new SurfaceCompleter(await loadShapePrior(), pool);
      const worst = (from: HeldTouches): number => {
        const { positions } = completer.complete(from.region(BOX), BOX).mesh;
        let sum = 0;
        for (let v = 0; v < positions.length; v += 3)
          sum += Math.abs(Math.hypot(positions[v]!, positions[v + 1]!, positions[v + 2]! - RADIUS) - RADIUS);
        return sum / (positions.length / 3);
      };
      expect(worst(held)).toBeLessThan(0.004);
      expect(worst(still)).toBeGreaterThan(0.006);
    } finally {
      await pool.close();
    }
  });

  it('know where nothing was felt, too: no place there is proposed again', async () => {
    const held = new HeldTouches();
    DIRECTIONS.slice(0, 3).forEach((direction, k) => {
      const T_odom_object = exp([0.06 * k, 0.3, 0.5, 0.1 * k, 0.2 * k, -0.3 * k]);
      const T_odom_sensor = exp([0, 0.2, 0.4, 1, 2, 0.5]);
      held.add(compose(inverse(T_odom_object), T_odom_sensor), felt(T_odom_object, T_odom_sensor, direction));
    });
    const before = held.region(BOX);
    const pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
    try {
      const completer = new SurfaceCompleter(await loadShapePrior(), pool);
      const first = completer.complete(before, BOX).next!;
      // The ball of a gel whose face is at the place.
      const centre = first.point.map((v, k) => v - 0.0075 * first.approach[k]!) as [number, number, number];
      const none = new Float32Array(0);
      const miss = { points: none, normals: none, sigma: 0.001, clear: { point: [0, 0, -0.0075], clearance: 0.0075 } } as const; // prettier-ignore
      held.add(exp([centre[0], centre[1], centre[2] + 0.0075, 0, 0, 0]), miss);
      const after = held.region(BOX);
      expect(after.fingerprint).not.toBe(before.fingerprint);
      expect(after.touches).toHaveLength(3);
      centre.forEach((v, k) => expect(after.free!.points[k]).toBeCloseTo(v, 6));
      const away = (region: typeof after): number =>
        Math.hypot(...completer.complete(region, BOX).next!.point.map((v, k) => v - centre[k]!));
      expect(away(after)).toBeGreaterThan(1.5 * 0.0075);
      expect(away(held.region(BOX))).toBeGreaterThan(1.5 * 0.0075);
      // Control: without it the same place again.
      expect(away(before)).toBeCloseTo(0.0075, 4);
      held.clear();
      expect(held.region(BOX).free!.clearances).toHaveLength(0);
    } finally {
      await pool.close();
    }
  });

  it('are those in the box, another fingerprint each time; none leave a sentence', async () => {
    const held = new HeldTouches();
    const before = held.region(BOX).fingerprint;
    held.add(exp([0, 0, 0, 0, 0, 0]), { points: Float32Array.of(0, 0, 0.05, 0, 0, 5), normals: new Float32Array(6), sigma: 0.001 }); // prettier-ignore
    held.add(exp([0, 0, 0, 0, 0, 0]), { points: new Float32Array(0), normals: new Float32Array(0), sigma: 0.001 }); // prettier-ignore
    const { touches, fingerprint } = held.region(BOX);
    expect(fingerprint).not.toBe(before);
    expect(touches).toHaveLength(1);
    expect(Array.from(touches[0]!.points, (v) => Number(v.toFixed(6)))).toEqual([0, 0, 0.05]);
    expect(Array.from(touches[0]!.normals!).every(Number.isNaN)).toBe(true);
    held.clear();
    const pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
    try {
      const completer = new SurfaceCompleter(await loadShapePrior(), pool);
      expect(() => completer.complete(held.region(BOX), BOX)).toThrow(/Nothing was felt in the box/);
    } finally {
      await pool.close();
    }
  });
});
