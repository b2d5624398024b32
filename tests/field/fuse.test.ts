import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { KNOWN_WEIGHT } from '../../src/kernels/layout/field.js';
import { cornerKey, ReferenceGrid, type Vector } from '../oracle/reference-field.js';
import { Random } from '../../src/geometry/random.js';
import { exp, identity, inverse, transformPoint, type Pose } from '../../src/geometry/se3.js';
import { copyGrid, hashOf, OPTIONS, place, room, rounded, scan, type Cloud } from './helpers.js';
import { makeField, type TestField } from './test-field.js';

const f = Math.fround;
type Vector3 = [number, number, number];

/**
 * Fuses as TestField.fuse does: range gate, pose; points without a normal only on the finest level, along up where
 * they are ground and along their ray elsewhere.
 */
function fuseReference(
  grid: ReferenceGrid,
  cloud: Cloud,
  pose: Pose,
  indices: Iterable<number>,
  unorientedRange: number,
): void {
  const T = rounded(pose);
  const up = (cloud.up ?? [0, 0, 1]).map(f) as unknown as Vector;
  const chosen: [Vector, Vector, number][] = [];
  for (const i of indices) {
    const p = cloud.points[i]!.map(f) as unknown as Vector;
    let n = cloud.normals[i]!.map(f) as unknown as Vector;
    let quality = f(cloud.qualities[i]!);
    const range = Math.hypot(...p);
    if (range > OPTIONS.maxRange) continue;
    if (Math.hypot(...n) === 0) {
      if (range > unorientedRange) continue;
      n = cloud.ground[i]! ? up : (p.map((x) => -x / range) as unknown as Vector);
      quality = OPTIONS.unorientedQuality;
    }
    const turned = transformPoint(T, ...n).map((x, axis) => x - T[axis * 4 + 3]!) as unknown as Vector;
    const at = transformPoint(T, ...p);
    const alongRay = Math.hypot(...cloud.normals[i]!) === 0 && !cloud.ground[i];
    if (alongRay && grid.weightNear(at) > KNOWN_WEIGHT) continue;
    chosen.push([at, turned, quality]);
  }
  for (const element of chosen) grid.fuse(...element);
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
  const cloud: Cloud = {
    points: [],
    normals: [],
    qualities: [],
    taus: [],
    ground: [],
    up: [0.36, -0.48, 0.8],
  };
  for (let i = 0; i < count; i++) {
    const v = [random.normal(), random.normal(), random.normal()];
    const n = Math.hypot(...v);
    cloud.points.push([random.range(-4, 4), random.range(-4, 4), random.range(-4, 4)]);
    cloud.normals.push(i % 17 === 0 ? [0, 0, 0] : [v[0]! / n, v[1]! / n, v[2]! / n]);
    cloud.qualities.push(i % 13 === 0 ? 0 : random.range(0.05, 1));
    cloud.taus.push(0);
    cloud.ground.push(i % 34 === 0);
  }
  return cloud;
}

describe('fusion', () => {
  let pool: KernelPool;
  let field: TestField;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
    field = makeField(pool, OPTIONS);
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
      field.fuse(placed.points, pose, k);
      expected.forEach((grid, level) =>
        level === 0
          ? fuseReference(grid, cloud, pose, cloud.points.keys(), OPTIONS.unorientedRange)
          : fuseReference(grid, cloud, pose, placed.indices, 0),
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
      field.fuse(placed.points, pose, 0);
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
    for (let k = 0; k < 12; k++) field.fuse(placed.points, identity(), k);
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

  it('fuses ground points without a normal along up, and on no coarse level', () => {
    field.clear();
    const random = new Random('bare ground');
    const pose = exp([0.3, -0.2, 0.1, 0.25, -0.15, 0.8]); // a sensor that is not level
    const inMap = [0.36, -0.48, 0.8] as const; // a slope that is not level either
    const up = [0, 1, 2].map((i) => inMap.reduce((sum, v, k) => sum + pose[k * 4 + i]! * v, 0)) as Vector3;
    const [a, b] = [
      [0.8, 0.6, 0],
      [-0.48, 0.64, 0.6],
    ] as const; // the plane through the sensor's foot, 1 m below
    const onSlope = (s: number, t: number, height: number): Vector3 =>
      [0, 1, 2].map((i) => pose[i * 4 + 3]! + s * a[i]! + t * b[i]! + (height - 1) * inMap[i]!) as Vector3;
    const toSensor = inverse(pose);
    const cloud: Cloud = { points: [], normals: [], qualities: [], taus: [], ground: [], up };
    for (let i = 0; i < 20000; i++) {
      cloud.points.push(transformPoint(toSensor, ...onSlope(random.range(-2, 2), random.range(-2, 2), 0)));
      cloud.normals.push([0, 0, 0]);
      cloud.qualities.push(1);
      cloud.taus.push(0);
      cloud.ground.push(true);
    }
    const placed = place(pool.memory, cloud);
    field.fuse(placed.points, pose, 0);
    for (const level of field.levels.slice(1)) expect(level.count).toBe(1); // block 0 stands for "none"
    let seen = 0;
    for (let i = 0; i < 500; i++) {
      const height = random.range(-0.04, 0.04); // no corner of the cell is cut off
      const [value, gx, gy, gz, weight] = field.query(
        Float32Array.from(onSlope(random.range(-1.5, 1.5), random.range(-1.5, 1.5), height)),
      ) as unknown as number[];
      if (weight === 0) continue;
      seen++;
      expect(Math.abs(value! - height)).toBeLessThan(1e-4);
      expect(Math.hypot(gx! - inMap[0], gy! - inMap[1], gz! - inMap[2])).toBeLessThan(2e-3);
    }
    expect(seen).toBeGreaterThan(450);
  });

  it('lets no point without a normal bend what is known by those with one', () => {
    field.clear();
    const random = new Random('bend');
    const wall = {
      centre: [0, 0, -1],
      edges: [
        [2, 0, 0],
        [0, 2, 0],
      ],
      normal: [0, 0, 1],
    } as Parameters<typeof scan>[1][number];
    const cloud = scan(random, [wall], identity(), { count: 12000 });
    field.fuse(place(pool.memory, cloud).points, identity(), 0);
    // The same wall at a grazing angle, beyond the beams that find its normal: half of it is known.
    const bare: Cloud = { points: [], normals: [], qualities: [], taus: [], ground: [] };
    const aside = exp([-4, 0, -0.7, 0, 0, 0]);
    const toSensor = inverse(aside);
    for (let i = 0; i < 12000; i++) {
      bare.points.push(transformPoint(toSensor, random.range(-1.5, 4), random.range(-1.5, 1.5), -1));
      bare.normals.push([0, 0, 0]);
      bare.qualities.push(1);
      bare.taus.push(0);
      bare.ground.push(false);
    }
    const at = (x: number): Float32Array =>
      Float32Array.from(Array.from({ length: 200 }, (_, i) => [x, -1.2 + 0.012 * i, -0.95]).flat());
    const before = field.query(at(0)).slice();
    expect(field.query(at(3))[4]).toBe(0);
    field.fuse(place(pool.memory, bare).points, aside, 1);
    expect(field.query(at(0))).toEqual(before);
    expect(field.query(at(3))[4]).toBeGreaterThan(0);
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
      field.fuse(placed.points, identity(), k);
      if (k === 0 || k === 9) errors.push(error());
    }
    expect(errors[1]!).toBeLessThan(errors[0]! * 0.45); // √10 times less, had every corner the same share
    expect(errors[1]!).toBeLessThan(0.005);
  });

  it('stamps changed blocks with the scan and books how much they changed', () => {
    field.clear();
    const fine = field.levels[0]!;
    const wall = place(pool.memory, scan(new Random('change'), room(1, 1, 1), identity(), { count: 8000 }));
    field.fuse(wall.points, identity(), 7);
    const sum = (): number => fine.blocks.reduce((s, block) => s + fine.change[block]!, 0);
    const first = sum();
    expect(first).toBeGreaterThan(0);
    fine.change.fill(0);
    for (let k = 8; k < 11; k++) field.fuse(wall.points, identity(), k);
    expect(sum()).toBeLessThan(first * 0.3); // the same again is hardly news
    const stamps = new Set(Array.from(fine.blocks, (block) => fine.coords[block * 4 + 3]));
    expect(stamps.has(10)).toBe(true);
  });
});

describe('fusion of known places', () => {
  const SATURATION = 6;
  const NOISE = 0.03;
  const COUNT = 20000;
  // In the middle between two layers' midpoints, so that noise never changes which layers a point reaches.
  const FLOOR = 0.001;
  const wall = {
    centre: [0, 0, FLOOR],
    edges: [
      [2, 0, 0],
      [0, 2, 0],
    ],
    normal: [0, 0, 1],
  } as Parameters<typeof scan>[1][number];
  let pool: KernelPool;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 1024 });
  });
  afterAll(() => pool.close());
  const make = (saturation: number, seed = 1): TestField =>
    makeField(pool, { ...OPTIONS, maxFineBlocks: 2000, maxWeight: 1e6, saturation, seed });
  const weightOf = (field: TestField): number => {
    let sum = 0;
    for (const { weight } of copyGrid(field.levels[0]!, 1e6).corners.values()) sum += weight;
    return sum;
  };

  it('takes the share saturation/weight of the points, and all where little is known', () => {
    const field = make(SATURATION);
    const random = new Random('share');
    const fuse = (k: number): Cloud => {
      const cloud = scan(random, [wall], identity(), { count: COUNT });
      const placed = place(pool.memory, cloud);
      field.fuse(placed.points, identity(), k);
      return cloud;
    };
    fuse(0);
    const perPoint = weightOf(field) / COUNT; // weight that a fused point adds, all layers together
    for (let k = 1; k < 4; k++) {
      const { corners } = copyGrid(field.levels[0]!, 1e6);
      const before = weightOf(field);
      const { points } = fuse(k);
      let expected = 0;
      let variance = 0;
      for (const p of points) {
        const [x, y, z] = p.map((v) => Math.round(f(v) / OPTIONS.voxel)) as Vector3;
        const share = Math.min(1, SATURATION / (corners.get(cornerKey(x, y, z))?.weight ?? 0));
        expected += share;
        variance += share * (1 - share);
      }
      const fused = (weightOf(field) - before) / perPoint;
      expect(Math.abs(fused - expected), `scan ${k}`).toBeLessThan(4 * Math.sqrt(variance) + 1e-3 * expected);
      expect(fused).toBeLessThan(0.5 * COUNT);
      expect(fused).toBeGreaterThan(0.02 * COUNT);
    }
  });

  it('chooses regardless of the values: the mean stays unbiased and grows better', () => {
    const random = new Random('unbiased');
    const field = make(SATURATION);
    /** Mean and root mean square error of the distances on the surface. */
    const errors = (): [number, number] => {
      const at = Array.from({ length: 2000 }, () => [
        random.range(-1.7, 1.7),
        random.range(-1.7, 1.7),
        FLOOR,
      ]);
      const out = field.query(Float32Array.from(at.flat()));
      const values = at.map((_, i) => out[i * 5]!);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      return [mean, Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)];
    };
    let first = 0;
    for (let k = 0; k < 12; k++) {
      const placed = place(pool.memory, scan(random, [wall], identity(), { count: COUNT, noise: NOISE }));
      field.fuse(placed.points, identity(), k);
      if (k === 0) first = errors()[1];
    }
    const [mean, rms] = errors();
    expect(Math.abs(mean)).toBeLessThan((4 * NOISE) / Math.sqrt(COUNT)); // as if of one whole scan alone
    expect(rms).toBeLessThan(0.85 * first);
  });

  it('chooses others for another seed, and the same for the same', () => {
    const run = (seed: number): number => {
      const field = make(SATURATION, seed);
      const random = new Random('seeds');
      for (let k = 0; k < 3; k++) {
        const placed = place(pool.memory, scan(random, [wall], identity(), { count: 4000, noise: NOISE }));
        field.fuse(placed.points, identity(), k);
      }
      const { data, blocks } = field.levels[0]!;
      return hashOf(...Array.from(blocks, (b) => data.subarray(b * 1024, (b + 1) * 1024)));
    };
    expect(run(1)).toBe(run(1));
    expect(run(1)).not.toBe(run(2));
  });
});
