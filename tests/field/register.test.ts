import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RegisterOptions } from '../../src/field/backends/plain.js';
import type { NormalSums } from '../../src/field/linear-system.js';
import { KernelPool } from '../../src/compute/pool.js';
import {
  registerSums,
  type ReferenceGrid,
  type ReferencePoint,
  type Vector,
} from '../oracle/reference-field.js';
import { Random } from '../../src/geometry/random.js';
import { exp, identity, type Pose, moveAtSensor } from '../../src/geometry/se3.js';
import {
  copyGrid,
  OPTIONS,
  place,
  room,
  rounded,
  scan,
  type Cloud,
  type Placed,
  without,
} from './helpers.js';
import { makeField, type TestField } from './test-field.js';

const ALL: RegisterOptions = {
  kernels: [0.4, 0.6, 1.2],
  levelWeights: [1, 0.05, 0.01, 0],
  gradientScale: 0.5,
  minWeight: 0.3,
  timeScale: 10,
  twist: [0, 0, 0, 0, 0, 0],
};
const TWISTED = { ...ALL, twist: [0.05, -0.08, 0.02, 0.01, -0.02, 0.015] };
const FINE_ONLY = { ...ALL, kernels: [0.4, 0, 0] };

describe('register', () => {
  let pool: KernelPool;
  let field: TestField;
  let cloud: Cloud;
  let placed: Placed;
  let levels: ReferenceGrid[];
  let points: ReferencePoint[];
  const pose = rounded(exp([0.13, -0.08, 0.05, 0.01, -0.015, 0.02]));

  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
    field = makeField(pool, OPTIONS);
    const random = new Random('register');
    const map = place(pool.memory, scan(random, room(4, 3, 2), identity(), { count: 40000, noise: 0.01 }), 2);
    field.fuse(map.points, identity(), 0);
    // Part of the scan lies outside of the map.
    cloud = scan(random, [...room(4, 3, 2), ...room(9, 8, 7).slice(0, 2)], identity(), {
      count: 6000,
      noise: 0.02,
    });
    placed = place(pool.memory, cloud, 3);
    levels = field.levels.map((level) => copyGrid(level, OPTIONS.maxWeight));
    points = Array.from(placed.indices, (i) => ({
      point: cloud.points[i]!.map(Math.fround) as unknown as Vector,
      tau: Math.fround(cloud.taus[i]!),
      ground: cloud.ground[i]!,
    }));
  });
  afterAll(() => pool.close());

  const all = (sums: readonly [NormalSums, NormalSums], pick: (s: NormalSums) => number): number =>
    pick(sums[0]) + pick(sums[1]);

  it.each([
    ['pose only', ALL],
    ['with a twist correction', TWISTED],
    ['finest level only', FINE_ONLY],
    ['coarse levels only', { ...ALL, kernels: [0, 0.6, 1.2] }],
  ])('equals the float64 reference: %s', (_, options) => {
    const actual = field.register(placed.points, pose, options);
    const expected = registerSums(levels, points, pose, options);
    for (let kind = 0; kind < 2; kind++) {
      const [a, e] = [actual[kind]!, expected[kind]!];
      expect(a.points).toBe(e.points);
      expect(Math.abs(a.valued - e.valued)).toBeLessThanOrEqual(1); // a point on the very edge of what is known
      expect(Math.abs(a.inliers - e.inliers)).toBeLessThanOrEqual(2);
      expect(Math.abs(a.coarse - e.coarse)).toBeLessThanOrEqual(1);
      expect(Math.abs(a.coarseInliers - e.coarseInliers)).toBeLessThanOrEqual(2);
      expect(Math.abs(a.weight - e.weight)).toBeLessThan(2e-3 * e.weight);
      expect(Math.abs(a.cost - e.cost)).toBeLessThan(2e-3 * e.cost);
      expect(Math.abs(a.absolute - e.absolute)).toBeLessThan(2e-3 * e.absolute + 1e-9);
      for (let block = 0; block < 5; block++) {
        const [from, to] =
          block < 3 ? [21 * block, 21 * block + 21] : [63 + 6 * (block - 3), 69 + 6 * (block - 3)];
        const scale = Math.max(...e.system.subarray(from, to).map(Math.abs));
        for (let i = from; i < to; i++)
          expect(Math.abs(a.system[i]! - e.system[i]!), `${i}`).toBeLessThan(3e-3 * scale);
      }
    }
    expect(all(expected, (s) => s.points)).toBe(points.length);
    expect(all(expected, (s) => s.weight)).toBeGreaterThan(1);
  });

  it('counts points that only a coarse level knows apart from those with a fine value', () => {
    const { points } = placed;
    const sums = (options: RegisterOptions): number[] => {
      const out = field.register(points, pose, options);
      return [all(out, (s) => s.valued), all(out, (s) => s.coarse), all(out, (s) => s.coarseInliers)];
    };
    const [valued, bridged, fit] = sums(ALL) as [number, number, number];
    expect(bridged).toBeGreaterThan(0);
    expect(fit).toBeLessThanOrEqual(bridged);
    expect(sums(FINE_ONLY)).toEqual([valued, 0, 0]);
    // Without the fine level, the coarse ones know all of these points: they are wider.
    const [none, known, near] = sums({ ...ALL, kernels: [0, 0.6, 1.2] }) as [number, number, number];
    expect(none).toBe(0);
    expect(known).toBeGreaterThanOrEqual(valued);
    expect(near).toBeGreaterThan(0.75 * valued); // except near edges, which coarse cells round off
    // Nothing lies within a kernel of a hair's breadth.
    expect(sums({ ...ALL, kernels: [0, 1e-7, 1e-7] })[2]).toBe(0);
  });

  it('has the right Jacobian: w r J is how ½ w r² grows with pose and twist, weights held (central differences)', () => {
    // Without robust weights (huge kernel, huge gradient scale) w is one.
    const plain: RegisterOptions = { ...FINE_ONLY, kernels: [1e6, 0, 0], gradientScale: 1e6, minWeight: 0 };
    const at = (point: ReferencePoint, axis: number, s: number): readonly [NormalSums, NormalSums] => {
      const step = new Float64Array(12);
      step[axis] = s;
      const moved = moveAtSensor(pose, step.subarray(0, 6));
      return registerSums(levels, [point], moved, { ...plain, twist: step.subarray(6) });
    };
    const h = 1e-7;
    let compared = 0;
    for (const point of points.slice(0, 400)) {
      const here = registerSums(levels, [point], pose, plain);
      if (all(here, (s) => s.valued) === 0) continue;
      for (let axis = 0; axis < 12; axis++) {
        const [plus, minus] = [at(point, axis, h), at(point, axis, -h)];
        if (all(plus, (s) => s.valued) + all(minus, (s) => s.valued) < 2) continue;
        const numeric = (all(plus, (s) => s.cost) - all(minus, (s) => s.cost)) / (4 * h);
        const analytic = all(here, (s) => s.system[63 + axis]!);
        if (!(Math.abs(numeric - analytic) < 1e-5))
          throw new Error(`axis ${axis}: ${analytic}, but ${numeric}`);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });

  it('counts all points but trusts none where nothing is mapped', () => {
    const far: Pose = exp([1000, 0, 0, 0, 0, 0]);
    const sums = field.register(placed.points, far, ALL);
    expect(all(sums, (s) => s.points)).toBe(points.length);
    expect(all(sums, (s) => s.valued + s.weight + s.cost + s.inliers)).toBe(0);
    expect(sums[0].system.every((x) => x === 0)).toBe(true);
  });

  it('takes an empty scan', () => {
    const sums = field.register(without(placed.points), pose, ALL);
    expect(all(sums, (s) => s.points + s.weight)).toBe(0);
  });
});
