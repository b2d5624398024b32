import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/field/engines/wasm/pool.js';
import { WasmField } from '../../src/field/engines/wasm/field.js';
import { ReferenceGrid, type Vector } from '../../src/field/reference.js';
import { Random } from '../../src/geometry/random.js';
import { exp, identity, transformPoint, type Pose } from '../../src/geometry/se3.js';
import { copyGrid, OPTIONS, place, room, rounded, scan, type Cloud } from './helpers.js';

const f = Math.fround;

/** Fuses as WasmField.fuse does: range gate, rays where there is no normal, pose; one scalar level. */
function fuseReference(grid: ReferenceGrid, cloud: Cloud, pose: Pose, indices: Iterable<number>): void {
  const T = rounded(pose);
  for (const i of indices) {
    const p = cloud.points[i]!.map(f) as unknown as Vector;
    let n = cloud.normals[i]!.map(f) as unknown as Vector;
    let quality = f(cloud.qualities[i]!);
    const range = Math.hypot(...p);
    if (range > OPTIONS.maxRange) continue;
    if (Math.hypot(...n) === 0) {
      if (range > OPTIONS.bareRange) continue;
      n = p.map((x) => -x / range) as unknown as Vector;
      quality = OPTIONS.bareQuality;
    }
    const turned = transformPoint(T, ...n).map((x, axis) => x - T[axis * 4 + 3]!) as unknown as Vector;
    grid.fuse(transformPoint(T, ...p), turned, quality);
  }
}

/** Share of corners that differ; a decision that falls the other way in float32 may move a whole layer. */
function differing(actual: ReferenceGrid, expected: ReferenceGrid): { share: number; compared: number } {
  let wrong = 0;
  const keys = new Set([...actual.corners.keys(), ...expected.corners.keys()]);
  for (const key of keys) {
    const a = actual.corners.get(key) ?? { sdf: 0, weight: 0 };
    const e = expected.corners.get(key) ?? { sdf: 0, weight: 0 };
    // Where the weight is tiny, the mean rests on the rounding of one bilinear weight.
    const close = e.weight < 1e-3 || Math.abs(a.sdf - e.sdf) < 2e-5 + 1e-7 / e.weight;
    if (!(Math.abs(a.weight - e.weight) < 1e-4 * (1 + e.weight)) || !close) wrong++;
  }
  return { share: wrong / keys.size, compared: keys.size };
}

/** Normals in all directions at random places: every branch of the layer walk. */
function confetti(random: Random, count: number): Cloud {
  const cloud: Cloud = { points: [], normals: [], qualities: [], taus: [], ground: [] };
  for (let i = 0; i < count; i++) {
    const v = [random.normal(), random.normal(), random.normal()];
    const n = Math.hypot(...v);
    cloud.points.push([random.range(-4, 4), random.range(-4, 4), random.range(-4, 4)]);
    cloud.normals.push(i % 17 === 0 ? [0, 0, 0] : [v[0]! / n, v[1]! / n, v[2]! / n]);
    cloud.qualities.push(i % 13 === 0 ? 0 : random.range(0.05, 1));
    cloud.taus.push(0);
    cloud.ground.push(false);
  }
  return cloud;
}

describe('fusion', () => {
  let pool: KernelPool;
  let field: WasmField;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
    field = new WasmField(pool, OPTIONS);
  });
  afterAll(() => pool.close());

  it('equals the float64 reference on every level, for any normals, over several scans', () => {
    const random = new Random('fuse');
    const expected = field.levels.map(
      (level) => new ReferenceGrid(level.voxel, level.truncation, OPTIONS.maxWeight),
    );
    for (let k = 0; k < 3; k++) {
      const cloud =
        k < 2
          ? confetti(random, 1500)
          : scan(random, room(5, 4, 3), identity(), { count: 3000, noise: 0.02 });
      const pose = exp([
        random.normal(),
        random.normal(),
        random.normal(),
        0.5 * random.normal(),
        0.3,
        random.normal(),
      ]);
      const placed = place(pool.memory, cloud);
      field.fuse(placed.points, placed.coarse, pose, k);
      expected.forEach((grid, level) =>
        fuseReference(grid, cloud, pose, level === 0 ? cloud.points.keys() : placed.indices),
      );
    }
    field.levels.forEach((level, i) => {
      const { share, compared } = differing(copyGrid(level, OPTIONS.maxWeight), expected[i]!);
      expect(compared).toBeGreaterThan(1000);
      expect(share, `level ${i}`).toBeLessThan(2e-3);
    });
  });

  it('fuses a plane to its exact distance within the band, whatever its slope', () => {
    const random = new Random('plane');
    for (let k = 0; k < 4; k++) {
      field.clear();
      const pose = exp([
        random.normal(),
        random.normal(),
        random.normal(),
        random.normal(),
        random.normal(),
        random.normal(),
      ]);
      const wall = {
        centre: [0, 0, 0],
        edges: [
          [2, 0, 0],
          [0, 2, 0],
        ],
        normal: [0, 0, 1],
      } as Parameters<typeof scan>[1][number];
      const placed = place(pool.memory, scan(random, [wall], identity(), { count: 20000 }));
      field.fuse(placed.points, placed.coarse, pose, 0);
      const at: number[] = [];
      const truth: number[] = [];
      for (let i = 0; i < 2000; i++) {
        const d = random.range(-1, 1) * (OPTIONS.truncation - Math.sqrt(3) * OPTIONS.voxel); // no corner cut off
        truth.push(d);
        at.push(...transformPoint(pose, random.range(-1.5, 1.5), random.range(-1.5, 1.5), d));
      }
      const out = field.query(Float32Array.from(at));
      const normal = [pose[2]!, pose[6]!, pose[10]!];
      let seen = 0;
      let worst = 0;
      let worstGradient = 0;
      for (let i = 0; i < 2000; i++) {
        const [value, gx, gy, gz, weight] = out.subarray(i * 5, i * 5 + 5) as unknown as number[];
        if (weight === 0) continue;
        seen++;
        worst = Math.max(worst, Math.abs(value! - truth[i]!));
        worstGradient = Math.max(
          worstGradient,
          Math.hypot(gx! - normal[0]!, gy! - normal[1]!, gz! - normal[2]!),
        );
      }
      expect(seen).toBeGreaterThan(1800);
      expect(worst).toBeLessThan(1e-4);
      expect(worstGradient).toBeLessThan(2e-3);
    }
  });

  it('never stores more than the truncation distance or the largest weight', () => {
    field.clear();
    const random = new Random('limits');
    const placed = place(pool.memory, scan(random, room(1, 1, 1), identity(), { count: 20000 }));
    for (let k = 0; k < 12; k++) field.fuse(placed.points, placed.coarse, identity(), k);
    let heaviest = 0;
    let farthest = 0;
    for (const level of field.levels)
      for (const { sdf, weight } of copyGrid(level, OPTIONS.maxWeight).corners.values()) {
        heaviest = Math.max(heaviest, weight);
        farthest = Math.max(farthest, Math.abs(sdf) / level.truncation);
      }
    expect(heaviest).toBe(OPTIONS.maxWeight);
    expect(farthest).toBeGreaterThan(0.99);
    expect(farthest).toBeLessThan(1 + 1e-6);
  });

  it('averages independent noise away', () => {
    field.clear();
    const random = new Random('noise');
    const wall = {
      centre: [0, 0, 0.02],
      edges: [
        [2, 0, 0],
        [0, 2, 0],
      ],
      normal: [0, 0, 1],
    } as Parameters<typeof scan>[1][number];
    const error = (): number => {
      const at = Array.from({ length: 500 }, () => [random.range(-1.5, 1.5), random.range(-1.5, 1.5), 0.02]);
      const out = field.query(Float32Array.from(at.flat()));
      let sum = 0;
      for (let i = 0; i < 500; i++) sum += out[i * 5]! ** 2;
      return Math.sqrt(sum / 500);
    };
    const errors: number[] = [];
    for (let k = 0; k < 10; k++) {
      const placed = place(pool.memory, scan(random, [wall], identity(), { count: 8000, noise: 0.03 }));
      field.fuse(placed.points, placed.coarse, identity(), k);
      if (k === 0 || k === 9) errors.push(error());
    }
    expect(errors[1]!).toBeLessThan(errors[0]! * 0.45); // √10 times less, had every corner the same share
    expect(errors[1]!).toBeLessThan(0.005);
  });

  it('stamps changed blocks with the scan and books how much they changed', () => {
    field.clear();
    const fine = field.levels[0]!;
    const wall = place(pool.memory, scan(new Random('change'), room(1, 1, 1), identity(), { count: 8000 }));
    field.fuse(wall.points, wall.coarse, identity(), 7);
    const sum = (): number => fine.change.subarray(1, fine.count).reduce((s, x) => s + x, 0);
    const first = sum();
    expect(first).toBeGreaterThan(0);
    fine.change.fill(0);
    for (let k = 8; k < 11; k++) field.fuse(wall.points, wall.coarse, identity(), k);
    expect(sum()).toBeLessThan(first * 0.3); // the same again is hardly news
    const stamps = new Set(Array.from({ length: fine.count - 1 }, (_, i) => fine.coords[(i + 1) * 4 + 3]));
    expect(stamps.has(10)).toBe(true);
  });
});
