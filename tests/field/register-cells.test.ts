import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import type { RegisterOptions } from '../../src/field/backends/plain.js';
import { encodeSavedMap, openSavedMap } from '../../src/field/saved/saved-map.js';
import { unknownsAt } from '../../src/field/linear-system.js';
import { Random } from '../../src/geometry/random.js';
import { compose, exp, identity, type Pose } from '../../src/geometry/se3.js';
import { hashOf, OPTIONS, place, room, rounded, scan, type Placed } from './helpers.js';
import { makeField, TestField } from './test-field.js';

const REGISTER: RegisterOptions = {
  kernels: [0.4, 0.6, 1.2],
  levelWeights: [1, 0.05, 0.01, 0],
  gradientScale: 0.5,
  minWeight: 0.3,
  timeScale: 10,
  twist: [0.05, -0.08, 0.02, 0.01, -0.02, 0.015],
};

/** Registration keeps copies of the cells that points lie in: they must never be older than the map. */
describe('cells that register keeps', () => {
  let pool: KernelPool;
  let field: TestField;
  let map: Placed;
  let target: Placed;
  const pose = rounded(exp([0.13, -0.08, 0.05, 0.01, -0.015, 0.02]));

  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
    field = makeField(pool, OPTIONS);
    const random = new Random('cells');
    map = place(pool.memory, scan(random, room(4, 3, 2), identity(), { count: 30000, noise: 0.01 }), 2);
    target = place(pool.memory, scan(random, room(4, 3, 2), identity(), { count: 5000, noise: 0.02 }), 2);
  });
  afterAll(() => pool.close());
  beforeEach(() => {
    field.clear();
    field.fuse(map.points, identity(), 0);
  });

  const sums = (at: Pose): number =>
    hashOf(
      ...field
        .register(target.points, at, REGISTER)
        .flatMap((s) => [s.system, Float64Array.of(s.weight, s.cost, s.valued, s.inliers, s.absolute)]),
    );
  /** The sums that a field has which keeps no cell of before. */
  function afresh(at: Pose): number {
    field.levels[0]!.noteWrite();
    return sums(at);
  }

  it('make no difference, however the scan moves', () => {
    let at = pose;
    for (let k = 0; k < 12; k++) {
      const step = k % 3 === 0 ? 0.3 : k % 3 === 1 ? 0.01 : 1e-4; // into other cells, some, hardly any
      at = rounded(compose(at, exp([step, -step, step / 2, step / 20, 0, step / 10])));
      const kept = sums(at);
      expect(sums(at)).toBe(kept);
      expect(afresh(at)).toBe(kept);
    }
  });

  const changes: [string, () => void][] = [
    ['fuse', () => field.fuse(map.points, exp([0.03, 0, 0, 0, 0, 0]), 1)],
    [
      'carve',
      () =>
        field.backend.fusion.carve(field.field, map.points, exp([1.5, 0.8, 0.3, 0.3, 0.2, -0.3]), {
          part: 0,
          parts: 1,
          maxRange: 30,
          keep: 0.1,
        }),
    ],
    [
      'fit',
      () => {
        field.drawSamples(map.points, 1000, 0, { seed: 1, band: 0.25 });
        const chunks = [0, 1, 2, 3].map((k) => ({
          first: k * 256,
          count: 256,
          pose: 0,
          optimisePose: false,
        }));
        field.allocateRows(chunks, [pose]);
        field.fit(chunks, [pose], { huber: 0.03, learningRate: 0.003, scalarRate: 0.5 });
      },
    ],
    ['forgetBeyond', () => field.forgetBeyond([4, 0, 0], 4)],
    ['clear', () => field.clear()],
    [
      'restore',
      () => {
        // The map moved by a tenth of a metre, saved and loaded.
        const other = makeField(pool, OPTIONS);
        other.fuse(map.points, exp([0.1, 0.1, 0.1, 0, 0, 0]), 0);
        const files = encodeSavedMap({
          sensor: 'lidar',
          frame: 'map',
          scans: 1,
          last: { submap: 0, T_submap_sensor: identity() },
          submaps: [{ id: 0, T_world_submap: identity(), places: [], grids: [other.field.content()] }],
        });
        field.restore(openSavedMap(files).submaps[0]!.grids[0]!);
      },
    ],
    [
      'a write from outside that is noted',
      () => {
        halve();
        field.levels[0]!.noteWrite();
      },
    ],
  ];
  /** Halves all fine distances. */
  function halve(): void {
    const { data, blocks } = field.levels[0]!;
    for (const b of blocks) for (let i = b * 1024; i < (b + 1) * 1024; i += 2) data[i]! *= 0.5;
  }
  it.each(changes)('are given up after %s', (_, change) => {
    const before = sums(pose);
    change();
    const after = sums(pose);
    expect(after).not.toBe(before);
    expect(afresh(pose)).toBe(after);
  });

  it('are of use at all: a write that nobody notes is not seen', () => {
    const before = sums(pose);
    halve();
    expect(sums(pose)).toBe(before);
    expect(afresh(pose)).not.toBe(before);
  });

  it('take as many points as there is room for, and say so beyond', () => {
    const keypoints = pool.memory.u32(pool.memory.alloc(4 * (256 * 256 + 1)), 256 * 256 + 1);
    expect(() => field.register({ ...target.points, keypoints }, pose, REGISTER)).toThrow(/65536 points/);
  });

  it('of one field are not taken for those of another of the same backend', () => {
    const { backend } = field;
    const other = new TestField(backend, backend.createField(field.field.spec, field.field.room));
    other.fuse(map.points, exp([0.1, 0.1, 0.1, 0, 0, 0]), 0);
    const alone = sums(pose);
    const theirs = hashOf(other.register(target.points, pose, REGISTER)[0].system);
    expect(sums(pose)).toBe(alone);
    expect(hashOf(other.register(target.points, pose, REGISTER)[0].system)).toBe(theirs);
    expect(hashOf(field.register(target.points, pose, REGISTER)[0].system)).not.toBe(theirs);
    other.field.free();
  });
});

/** In a solution samples are read once; what moves them must be noticed. */
describe('samples that register keeps', () => {
  it('are those that the surface has now', async () => {
    const pool = await KernelPool.create({ threads: 1, memoryMiB: 512 });
    const field = makeField(pool, OPTIONS);
    const random = new Random('samples');
    const map = place(pool.memory, scan(random, room(4, 3, 2), identity(), { count: 30000, noise: 0.01 }), 2);
    field.fuse(map.points, identity(), 0);
    const { points } = place(
      pool.memory,
      scan(random, room(4, 3, 2), identity(), { count: 5000, noise: 0 }),
      2,
    );
    const { registration } = field.backend;
    const term = {
      kind: 'geometric',
      field: field.field,
      surface: points,
      kernels: REGISTER.kernels,
      levelWeights: REGISTER.levelWeights,
      gradientScale: REGISTER.gradientScale,
      minWeight: REGISTER.minWeight,
      groundWeight: 1,
    } as const;
    const cost = (): number =>
      registration.pass(field.field, term, unknownsAt()).reduce((sum, s) => sum + s.absolute, 0);
    const shift = (metres: number): void => {
      for (let i = 0; i < points.count; i++) points.x[i]! += metres;
    };
    const [before, shifted, held, told] = registration.whileSteady((moved) => {
      const first = cost();
      shift(0.1);
      const unnoticed = cost();
      moved();
      const noticed = cost();
      shift(-0.1);
      moved();
      return [first, noticed, unnoticed, cost()] as const;
    });
    expect(held).toBe(before);
    expect(told).toBeCloseTo(before, 3);
    expect(shifted).toBeGreaterThan(2 * before);
    // Outside of a solution they are read each time.
    shift(0.1);
    expect(cost()).toBeCloseTo(shifted, 3);
    // And in the next one.
    expect(registration.whileSteady(cost)).toBeCloseTo(shifted, 3);
    await pool.close();
  });
});
