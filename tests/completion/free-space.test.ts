import { describe, expect, it } from 'vitest';
import { completeShape } from '../../src/completion/complete.js';
import { CompletionMesher } from '../../src/completion/completion-mesh.js';
import { transformEvidence } from '../../src/completion/evidence.js';
import { sweptSpace } from '../../src/completion/free-space.js';
import { rankTouches } from '../../src/completion/next-touch.js';
import { KernelPool } from '../../src/compute/pool.js';
import { exp, inverse } from '../../src/geometry/se3.js';
import { ballPrior, ballTouches, GRID } from './helpers.js';

describe('free space', () => {
  // Touched on one side only: how large the ball is stays open.
  const touched = ballTouches(0.03, [[0, 0.2]]);
  const sweep = { from: [-0.1, 0, 0.03], to: [-0.036, 0, 0.03], clearance: 0.007 } as const;

  it('is a row of points along a sweep, none ahead of where it stopped', () => {
    const { points, clearances } = sweptSpace([sweep, { ...sweep, clearance: 0.02 }]);
    expect(clearances.length).toBe(9 + 3);
    for (let i = 0; i < clearances.length; i++) {
      expect(points[3 * i]! + clearances[i]!).toBeLessThanOrEqual(-0.036 + 1e-6);
      expect(points[3 * i]!).toBeGreaterThan(-0.1);
      expect(points[3 * i + 2]).toBeCloseTo(0.03, 6);
    }
  });

  it('pushes a surface out that was guessed there, and changes nothing where it was not', () => {
    const before = completeShape(ballPrior(), touched);
    const at = [-0.038, 0, 0.03] as const;
    const way = { from: [-0.1, 0, 0.03], to: [at[0] + 0.004, 0, 0.03], clearance: 0.004 } as const;
    const wrong = completeShape(ballPrior(), ballTouches(0.045, [[0, 0.2]]));
    expect(wrong.distance(...at)).toBeLessThan(0);
    const after = completeShape(ballPrior(), { ...ballTouches(0.045, [[0, 0.2]]), free: sweptSpace([way]) });
    expect(after.distance(...at)).toBeGreaterThan(wrong.distance(...at) + 0.002);
    const far = { from: [-0.1, 0, 0.1], to: [-0.08, 0, 0.1], clearance: 0.005 } as const;
    const same = completeShape(ballPrior(), { ...touched, free: sweptSpace([far]) });
    expect(same.corners(0.02)).toEqual(before.corners(0.02));
  });

  it('moves with the evidence', () => {
    const T = exp([0.1, 0.2, 0.3, 0, 0, 1]);
    const there = transformEvidence(T, { ...touched, free: sweptSpace([sweep]) });
    const back = transformEvidence(inverse(T), there);
    back.free!.points.forEach((v, i) => expect(v).toBeCloseTo(sweptSpace([sweep]).points[i]!, 6));
  });

  it('is where no touch is proposed again', async () => {
    const pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
    try {
      const shape = completeShape(ballPrior(), touched);
      const mesh = new CompletionMesher(pool, GRID).surface(shape);
      const first = rankTouches(shape, mesh)[0]!;
      expect(first.contact).toBeGreaterThan(0.5);
      expect(first.contact).toBeLessThanOrEqual(1);
      const [from, to] = [-0.08, 0.01].map((t) => first.point.map((v, k) => v + t * first.approach[k]!) as [number, number, number]); // prettier-ignore
      const free = sweptSpace([{ from: from!, to: to!, clearance: 0.007 }]);
      const next = completeShape(ballPrior(), { ...touched, free });
      for (const { point } of rankTouches(next, new CompletionMesher(pool, GRID).surface(next)))
        for (let i = 0; i < free.clearances.length; i++)
          expect(Math.hypot(...point.map((v, k) => v - free.points[3 * i + k]!))).toBeGreaterThan(0.007);
      // The same where the sensor met something in the end: its way is passed, and not taken for free of the object.
      const passed = rankTouches(shape, mesh, { passed: free });
      expect(passed.length).toBeGreaterThan(0);
      expect(passed.length).toBeLessThan(rankTouches(shape, mesh).length);
      for (const { point } of passed)
        for (let i = 0; i < free.clearances.length; i++)
          expect(Math.hypot(...point.map((v, k) => v - free.points[3 * i + k]!))).toBeGreaterThan(0.007);
    } finally {
      await pool.close();
    }
  });
});
