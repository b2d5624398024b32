import { describe, expect, it } from 'vitest';
import { completeShape } from '../../src/completion/complete.js';
import { CompletionMesher } from '../../src/completion/completion-mesh.js';
import { transformEvidence } from '../../src/completion/evidence.js';
import { emptySpace, joinFree, sweptSpace, thinnedFree } from '../../src/completion/free-space.js';
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

  describe('that a camera saw', () => {
    // It looks down on a floor at z = 0; what lies beyond x = 50 mm is hidden.
    const looked = (points: Float32Array) =>
      Float32Array.from({ length: points.length / 3 }, (_, i) =>
        points[3 * i]! > 0.051 ? NaN : Math.min(0.04, points[3 * i + 2]!),
      );
    const free = emptySpace([-0.1, -0.1, -0.05, 0.1, 0.1, 0.1], { spacing: 0.01, sigma: 0.002 }, looked);

    it('is balls that touch neither the surface nor what is hidden', () => {
      // x from -100 to 40 mm, y from -100 to 100 mm, z from 20 mm (10 mm and its neighbour at 0 mm is not empty) to 100 mm.
      expect(free.clearances.length).toBe(15 * 21 * 9);
      for (let i = 0; i < free.clearances.length; i++) {
        expect(free.clearances[i]).toBeCloseTo(0.01, 9);
        expect(free.points[3 * i]! + free.clearances[i]!).toBeLessThanOrEqual(0.05 + 1e-6);
        expect(free.points[3 * i + 2]! - free.clearances[i]!).toBeGreaterThanOrEqual(0.01 - 1e-6);
      }
      expect(free.seen!.every((one) => one === 1)).toBe(true);
      expect(free.sigmas!.every((sigma) => Math.abs(sigma - 0.002) < 1e-9)).toBe(true);
    });

    it('a ray that only just passes a thing is not taken for space beside it', () => {
      // A wall 12 mm thin at x = 0, seen from above: the rays beside it go on to the floor.
      const past = (points: Float32Array) =>
        Float32Array.from({ length: points.length / 3 }, (_, i) =>
          Math.abs(points[3 * i]!) < 0.006 ? -0.01 : 0.04,
        );
      const beside = emptySpace([-0.03, 0, 0.05, 0.03, 0.01, 0.06], { spacing: 0.008, sigma: 0.001 }, past);
      const nearest = Math.min(
        ...Array.from(beside.clearances.keys(), (i) => Math.abs(beside.points[3 * i]!)),
      );
      expect(nearest - 0.008).toBeGreaterThanOrEqual(0.006);
      expect(beside.clearances.length).toBeGreaterThan(0);
    });

    it('joins what was felt, of which nothing is left out when it is thinned', () => {
      const both = joinFree([sweptSpace([sweep]), undefined, free])!;
      expect(both.clearances.length).toBe(9 + free.clearances.length);
      const few = thinnedFree(both, 100);
      expect(few.seen!.filter((one) => one === 0)).toHaveLength(9);
      expect(few.clearances.length).toBeLessThanOrEqual(100 + 9);
      expect(few.clearances.length).toBeGreaterThan(50);
      expect(joinFree([undefined, sweptSpace([])])).toBeUndefined();
    });

    it('may be touched again, beside a place where a sensor met nothing', async () => {
      const pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
      try {
        const plain = completeShape(ballPrior(), touched);
        const mesh = new CompletionMesher(pool, GRID).surface(plain);
        const count = (seen: number): number => {
          // Balls that only just touch the true ball.
          const points = Float32Array.from(touched.points, (v, i) => v + 0.012 * touched.normals[i]!);
          const n = points.length / 3;
          const around = {
            points,
            clearances: new Float32Array(n).fill(0.01),
            seen: new Uint8Array(n).fill(seen),
          };
          return rankTouches(completeShape(ballPrior(), { ...touched, free: around }), mesh).length;
        };
        expect(count(1)).toBe(rankTouches(plain, mesh).length);
        expect(count(0)).toBeLessThan(count(1));
      } finally {
        await pool.close();
      }
    });
  });
});
