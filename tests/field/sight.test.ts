import { afterAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { blocksInSight, Sights, type Sight } from '../../src/field/sight.js';
import { cubeCell } from '../../src/geometry/cube-cell.js';
import { Random } from '../../src/geometry/random.js';
import { exp, identity, transformPoint, type Pose } from '../../src/geometry/se3.js';
import { SIGHT_CELLS, SIGHT_SIDE, SIGHT_WORDS } from '../../src/kernels/layout/sight.js';
import type { SurfaceSamples } from '../../src/sensors/observation.js';
import { place } from './helpers.js';

type Vec3 = [number, number, number];
const pool = await KernelPool.create({ threads: 2, memoryMiB: 64 });
const sights = new Sights(pool);
afterAll(() => pool.close());

/** Samples of quality 1, in the kernel memory of a pool; no normal unless given. */
function surface(points: Vec3[], normal: Vec3 = [0, 0, 0], ground = false, of = pool): SurfaceSamples {
  const each = <T>(value: T): T[] => points.map(() => value);
  return place(of.memory, {
    points,
    normals: each(normal),
    qualities: each(1),
    taus: each(0),
    ground: each(ground),
  }).points;
}

/** A grid of ±half metres about the origin, 0.1 m apart. */
function square(half: number): [number, number][] {
  const steps = Array.from({ length: Math.round(20 * half) + 1 }, (_, i) => i / 10 - half);
  return steps.flatMap((a) => steps.map((b): [number, number] => [a, b]));
}

/** A wall across x at a distance, seen within ±half of its middle. */
const wall = (distance: number, half: number, normals: boolean): SurfaceSamples =>
  surface(
    square(half).map(([y, z]) => [distance, y, z]),
    normals ? [-1, 0, 0] : [0, 0, 0],
  );

function cast(of: SurfaceSamples, clear = 0.3): Sight {
  const sight = sights.create();
  sights.cast(of, clear, sight);
  return sight;
}

/** Whether each point is seen through. */
function seenThrough(sight: Sight, points: Vec3[]): boolean[] {
  const asked = surface(points);
  const how = { clear: 0.3, reach: 100, witnesses: 1 };
  const marked = sights.mark(asked, [{ sight, T_sight_sensor: identity() }], how);
  const out = Array.from(asked.quality, (q) => q === -1);
  expect(marked).toBe(out.filter(Boolean).length);
  return out;
}

describe('what a scan sees', () => {
  it.each([true, false])('proves what is clearly before it to be empty (normals: %s)', (normals) => {
    const sight = cast(wall(10, 4, normals));
    const before: Vec3[] = [
      [5, 0, 0],
      [3, 0.8, -0.7],
      [8, -1, 2],
    ];
    expect(seenThrough(sight, before)).toEqual([true, true, true]);
    // At the wall, behind it, beside what was seen, behind the sensor, and too near it.
    const others: Vec3[] = [
      [9.8, 0, 0],
      [10, 0, 0],
      [12, 1, 1],
      [5, 4.5, 0],
      [-5, 0, 0],
      [0.5, 0, 0],
    ];
    expect(seenThrough(sight, others)).toEqual(others.map(() => false));
  });

  it('stays off a plane that it grazes, however far before the point where it is seen', () => {
    // A road 1.7 m below.
    const road = surface(
      square(6).map(([x, y]) => [8 + x, y / 2, -1.7]),
      [0, 0, 1],
    );
    const sight = cast(road);
    const low = [4, 6, 8, 10].flatMap((x): Vec3[] => [
      [x, 0, -1.62],
      [x, 0, -1.45],
    ]);
    expect(seenThrough(sight, low)).toEqual(low.map(() => false));
    expect(seenThrough(sight, [[6, 0, -1.2]])).toEqual([true]);
  });

  it('is the plane of the nearest sample in each cell, on any number of threads', async () => {
    const random = new Random('sight');
    const points = Array.from({ length: 30000 }, (): Vec3 => {
      const d = [random.normal(), random.normal(), random.normal()];
      const range = 2 + 30 * random.next();
      return d.map((v) => (range * v) / Math.hypot(...d)) as Vec3;
    });
    points.push([0, 0, 0], [NaN, 1, 2]);
    const sight = cast(surface(points, [0.6, 0, 0.8]));
    const nearest = new Map<number, [number, Vec3]>();
    for (const point of points) {
      const p = point.map(Math.fround) as Vec3;
      const range = Math.fround(Math.hypot(...p));
      if (!(range > 0)) continue;
      const cell = cubeCell(...p, SIGHT_SIDE);
      const held = nearest.get(cell);
      if (!held || range < held[0]) nearest.set(cell, [range, p]);
    }
    for (let cell = 0; cell < SIGHT_CELLS; cell++) {
      const at = sight.cells.subarray(cell * SIGHT_WORDS, (cell + 1) * SIGHT_WORDS);
      const [range, p] = nearest.get(cell) ?? [0, [0, 0, 0]];
      expect(at[4]).toBeCloseTo(range, 5);
      if (range === 0) continue;
      const along = 0.6 * p[0] + 0.8 * p[2]; // of the normal; it is turned towards the sensor
      expect(at[3]).toBeCloseTo(-Math.abs(along), 4);
      expect(at[0]).toBeCloseTo(along > 0 ? -0.6 : 0.6, 5);
    }
    const single = await KernelPool.create({ threads: 1, memoryMiB: 64 });
    const others = new Sights(single);
    const same = others.create();
    others.cast(surface(points, [0.6, 0, 0.8], false, single), 0.3, same);
    for (let i = 4; i < same.cells.length; i += SIGHT_WORDS)
      if (same.cells[i]! > 0) expect(same.cells.slice(i - 4, i + 1)).toEqual(sight.cells.slice(i - 4, i + 1));
      else expect(sight.cells[i]).toBe(0);
    await single.close();
  });

  it('is asked from where the sensor is now, of as many as must agree, and not about the ground or far away', () => {
    const [here, there] = [cast(wall(10, 4, true)), cast(wall(6, 4, true))];
    const T: Pose = exp([1, 0.2, 0, 0, 0, 0.3]);
    const point: Vec3 = [4, 0, 0.1];
    const moved = transformPoint(T, ...point) as Vec3;
    expect(seenThrough(here, [moved])).toEqual([true]);
    const mark = (witnesses: number, of: Sight[], reach = 40, ground = false, p = point): number =>
      sights.mark(
        surface([p], [0, 0, 0], ground),
        of.map((sight) => ({ sight, T_sight_sensor: T })),
        { clear: 0.3, reach, witnesses },
      );
    expect(mark(1, [here])).toBe(1);
    expect(mark(2, [here])).toBe(0);
    expect(mark(2, [here, there])).toBe(1);
    expect(mark(1, [here], 40, true)).toBe(0);
    expect(mark(1, [here], 3)).toBe(0);
    // 8.3 m away: before the one wall, behind the other one.
    const far: Vec3 = [7, -1.5, 0.1];
    expect(mark(1, [here, there], 40, false, far)).toBe(1);
    expect(mark(2, [here, there], 40, false, far)).toBe(0);
    expect(mark(1, [])).toBe(0);
  });
});

it('looks at every block within range in one of the turns, and at none twice', () => {
  const coords: number[] = [0, 0, 0, 0];
  for (let x = -6; x < 6; x++)
    for (let y = -6; y < 6; y++) for (let z = -2; z < 2; z++) coords.push(x, y, z, 0);
  const blocks = Uint32Array.from({ length: coords.length / 4 - 1 }, (_, i) => i + 1);
  const table = { blocks, coords: Int32Array.from(coords), voxel: 0.15 };
  const out = new Int32Array(4 * blocks.length);
  const pose = exp([0.3, -0.4, 0.2, 0, 0, 1]);
  for (const parts of [1, 3, 4, 16]) {
    const seen: number[] = [];
    for (let part = 0; part < parts; part++) {
      const n = blocksInSight(table, pose, { part, parts, maxRange: 5 }, out);
      for (let i = 0; i < n; i++) seen.push(out[4 * i]!);
    }
    const near = [...blocks].filter((b) => {
      const at = [0, 1, 2].map((k) => (table.coords[4 * b + k]! + 0.5) * 1.2 - pose[3 + 4 * k]!);
      return Math.hypot(...at) < 5;
    });
    expect(new Set(seen).size).toBe(seen.length);
    expect(near.every((b) => seen.includes(b))).toBe(true);
    expect(seen.length).toBeLessThan(blocks.length);
  }
});
