import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import type { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import type { WasmField } from '../../src/field/backends/wasm/field.js';
import { LinearSystem, unknownsAt } from '../../src/field/linear-system.js';
import type { AlignSolution } from '../../src/field/registration.js';
import type { GeometricTerm } from '../../src/field/terms/geometric.js';
import { Random } from '../../src/geometry/random.js';
import {
  compose,
  exp,
  identity,
  inverse,
  moveAtSensor,
  rotationAngle,
  translationNorm,
  type Pose,
} from '../../src/geometry/se3.js';
import type { SurfaceSamples } from '../../src/sensors/observation.js';
import {
  all,
  cameraField,
  insideOf,
  pinholeOf,
  planeOf,
  samplesOf,
  sphereOf,
  viewOf,
  type Vec,
} from './views.js';

const VOXEL = 0.02;
const CAMERA = pinholeOf(128, 96);
/** The end of a passage with a ball in it. */
const WORLD = all([insideOf(0.55, 0.4, 1), sphereOf([0.3, 0.2, 0.5], 0.18)]);
const STILL = new Float64Array(6);

let pool: KernelPool;
let backend: WasmBackend;
let field: WasmField;
let surface: SurfaceSamples;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 384 });
  ({ backend, field } = cameraField(pool));
  const views = [
    exp([0, 0, -0.2, 0.1, 0.1, 0]),
    exp([-0.2, 0.1, -0.1, 0.2, 0.35, 0]),
    exp([0.2, -0.1, 0, 0.1, -0.3, 0.1]),
  ];
  for (const pose of views)
    for (let k = 0; k < 2; k++)
      backend.gathering.fuse(field, viewOf(pool.memory, CAMERA, WORLD, pose), pose, { scan: 0 });
  surface = samplesOf(pool.memory, viewOf(pool.memory, CAMERA, WORLD, TRUTH));
});
afterAll(() => pool.close());

const TRUTH = exp([-0.05, 0.02, -0.12, 0.14, 0.16, 0.03]);

const term = (changes: Partial<GeometricTerm> = {}): GeometricTerm => ({
  kind: 'geometric',
  field,
  surface,
  kernels: [VOXEL],
  levelWeights: [1],
  gradientScale: 0.5,
  minWeight: 0,
  groundWeight: 1,
  ...changes,
});

function linearised(t: GeometricTerm, pose: Pose): LinearSystem {
  const system = new LinearSystem();
  backend.linearise([t], [unknownsAt(pose)], [system]);
  return system;
}

function register(start: Pose, changes: Partial<GeometricTerm> = {}): AlignSolution {
  return backend.solve({
    terms: [term({ kernels: [0.3], kernelEnd: VOXEL, ...changes })],
    start,
    twist: STILL,
    solveTwist: false,
    maxIterations: 30,
    anneal: 0.6,
    translationTolerance: 1e-5,
    rotationTolerance: 1e-5,
  });
}

const offset = (pose: Pose): { metres: number; degrees: number } => {
  const off = compose(inverse(TRUTH), pose);
  return { metres: translationNorm(off), degrees: (rotationAngle(off) * 180) / Math.PI };
};

/** A surface of a few samples: every column by the sample's number. */
function pick(
  from: SurfaceSamples,
  rows: readonly number[],
  change: (row: number) => Partial<Record<'nx' | 'ny' | 'nz' | 'information', number>> = () => ({}),
): SurfaceSamples {
  const column = (name: 'x' | 'y' | 'z' | 'nx' | 'ny' | 'nz' | 'information'): Float32Array => {
    const out = pool.memory.f32(pool.memory.alloc(rows.length * 4), rows.length);
    out.set(rows.map((i, k) => (change(k) as Record<string, number>)[name] ?? from[name]![i]!));
    return out;
  };
  const keypoints = pool.memory.u32(pool.memory.alloc(rows.length * 4), rows.length);
  keypoints.set(rows.map((_, k) => k));
  const [x, y, z] = [column('x'), column('y'), column('z')];
  const [nx, ny, nz] = [column('nx'), column('ny'), column('nz')];
  return { ...from, count: rows.length, keypoints, x, y, z, nx, ny, nz, information: column('information') };
}

describe('registration of oriented points', () => {
  it('has the gradient of Σ w r² with the weights frozen, and H = Σ w J Jᵀ', () => {
    // One sample at a time: its weight is what stands in the sums, and does not change with a step.
    const random = new Random('gradient');
    const pose = moveAtSensor(TRUTH, [0.004, -0.003, 0.005, 0.002, 0.004, -0.003]);
    let checked = 0;
    for (let round = 0; round < 60; round++) {
      const one = term({ surface: pick(surface, [random.int(surface.count)]) });
      const { weight, cost, b, A } = linearised(one, pose);
      if (weight === 0) continue;
      const r = (at: Pose): number => residual(at, one.surface);
      expect(cost / weight).toBeCloseTo(r(pose) ** 2, 7);
      const e = 1e-4;
      const J = Array.from({ length: 6 }, (_, k) => {
        const step = (h: number): Pose =>
          moveAtSensor(
            pose,
            Array.from({ length: 6 }, (_, i) => (i === k ? h : 0)),
          );
        return (r(step(e)) - r(step(-e))) / (2 * e);
      });
      // Where a step crosses from one cell into the next, the trilinear field has a kink.
      const smooth = J.every(
        (j, k) => Math.abs(-b[k]! / weight - j * r(pose)) < 2e-3 * Math.abs(r(pose)) + 1e-6,
      );
      if (!smooth) continue;
      checked++;
      for (let i = 0; i < 6; i++)
        for (let j = 0; j < 6; j++) expect(A[i * 12 + j]! / weight).toBeCloseTo(J[i]! * J[j]!, 2);
    }
    expect(checked).toBeGreaterThan(40);
  });

  /** The distance that the finest level has at the one sample of a surface. */
  function residual(pose: Pose, { x, y, z }: SurfaceSamples): number {
    const p = [0, 4, 8].map(
      (i) => pose[i]! * x[0]! + pose[i + 1]! * y[0]! + pose[i + 2]! * z[0]! + pose[i + 3]!,
    );
    return backend.sample(field, 'distance', Float32Array.from(p))[0]!;
  }

  it('weighs by Geman–McClure of the distance and of the gradient, and by information', () => {
    const random = new Random('weights');
    const pose = moveAtSensor(TRUTH, [0.01, -0.008, 0.006, 0, 0.004, 0]);
    let checked = 0;
    for (let round = 0; round < 40; round++) {
      const row = random.int(surface.count);
      const plain = pick(surface, [row]);
      const { weight, cost } = linearised(term({ surface: plain }), pose);
      if (weight === 0) continue;
      checked++;
      const robust = (VOXEL ** 2 / (VOXEL ** 2 + cost / weight)) ** 2;
      expect(weight).toBeLessThan(robust + 1e-5);
      expect(weight).toBeGreaterThan(0.5 * robust); // the gradient of a distance is nearly one
      const strong = pick(surface, [row], () => ({ information: 0.25 }));
      expect(linearised(term({ surface: strong }), pose).weight).toBeCloseTo(0.25 * weight, 6);
    }
    expect(checked).toBeGreaterThan(25);
  });

  it('drops points whose normal points away from the gradient, but counts them', () => {
    const rows = Array.from({ length: 400 }, (_, i) => i);
    const count = (turn: (i: number) => [number, number, number]): LinearSystem =>
      linearised(
        term({
          surface: pick(surface, rows, (k) => {
            const [nx, ny, nz] = turn(k);
            return { nx, ny, nz };
          }),
        }),
        TRUTH,
      );
    const normal = (i: number, sign: number): [number, number, number] => [
      sign * surface.nx[i]!,
      sign * surface.ny[i]!,
      sign * surface.nz[i]!,
    ];
    const right = count((i) => normal(i, 1));
    const wrong = count((i) => normal(i, -1));
    const half = count((i) => normal(i, i % 2 ? 1 : -1));
    expect(right.weight).toBeGreaterThan(300);
    expect(wrong.weight).toBe(0);
    expect(half.weight / right.weight).toBeGreaterThan(0.4);
    expect(half.weight / right.weight).toBeLessThan(0.6);
    expect([right, wrong].map(({ sums }) => sums[0].points)).toEqual([400, 400]);
    expect(wrong.sums[0].valued).toBe(right.sums[0].valued);
    expect(wrong.sums[0].inliers).toBe(0);
    expect(right.sums[0].inliers).toBeGreaterThan(300);
    expect(right.sums[0].absolute / right.sums[0].inliers).toBeLessThan(VOXEL / 20);
  });

  it.each([
    ['2 cm', 0.02, 1, 10],
    ['5 cm and 5°', 0.05, 5, 10],
    ['10 cm and 5°', 0.1, 5, 10],
    ['20 cm and 5°', 0.2, 5, 9],
    ['10 cm and 10°', 0.1, 10, 7],
  ])('finds back to a tenth of a voxel from %s away', (_, metres, degrees, least) => {
    const random = new Random(`offset ${metres} ${degrees}`);
    const along = (length: number): Vec => {
      const d = [random.normal(), random.normal(), random.normal()];
      return d.map((v) => (length * v) / Math.hypot(...d)) as unknown as Vec;
    };
    let found = 0;
    for (let round = 0; round < 10; round++) {
      const start = moveAtSensor(TRUTH, [...along(metres), ...along((degrees * Math.PI) / 180)]);
      const { pose, system } = register(start);
      if (offset(pose).metres > VOXEL / 10 || offset(pose).degrees > 0.15) continue;
      found++;
      expect(system.sums[0].inliers / system.sums[0].valued).toBeGreaterThan(0.95);
    }
    expect(found).toBeGreaterThanOrEqual(least);
  });

  it('needs the coarse levels for what is far: alone the finest does not find back from 20 cm', () => {
    const { backend: own, field: fine } = cameraField(pool, { pyramid: [] });
    own.gathering.fuse(fine, viewOf(pool.memory, CAMERA, WORLD, TRUTH), TRUTH, { scan: 0 });
    const start = moveAtSensor(TRUTH, [0.1, -0.15, 0.1, 0, 0.08, 0]);
    const { pose } = own.solve({
      terms: [term({ field: fine, kernels: [0.3], kernelEnd: VOXEL })],
      start,
      twist: STILL,
      solveTwist: false,
      maxIterations: 30,
      anneal: 0.6,
      translationTolerance: 1e-5,
      rotationTolerance: 1e-5,
    });
    expect(offset(pose).metres).toBeGreaterThan(0.02);
    fine.free();
  });

  it('goes by the information of the samples: a few exact ones outweigh many coarse ones', () => {
    // Of two halves of the samples one is 1 cm too far; only the information says which.
    const wall = planeOf([0, 0, -1], -0.9);
    const { backend: own, field: map } = cameraField(pool, { pyramid: [] });
    own.gathering.fuse(map, viewOf(pool.memory, CAMERA, wall, identity()), identity(), { scan: 0 });
    const seen = samplesOf(
      pool.memory,
      viewOf(pool.memory, CAMERA, wall, identity(), {
        change: (z, x) => (x % 8 < 4 ? z : z + 0.004),
        information: (z) => (z > 0.902 ? 0.1 : 1),
      }),
      4,
    );
    const system = new LinearSystem();
    own.linearise([term({ field: map, surface: seen, kernels: [1] })], [unknownsAt()], [system]);
    // b[2]/A[2][2] is the step along z that the mean residual asks for: 0.004 · 0.1/1.1.
    expect(system.b[2]! / system.A[2 * 12 + 2]!).toBeCloseTo(-0.004 * (0.1 / 1.1), 4);
    map.free();
  });

  it('gives the same sums with one thread and with two', async () => {
    const two = await KernelPool.create({ threads: 2, memoryMiB: 256 });
    try {
      const run = (on: KernelPool): Float64Array => {
        const own = cameraField(on);
        own.backend.gathering.fuse(own.field, viewOf(on.memory, CAMERA, WORLD, TRUTH), TRUTH, { scan: 0 });
        const system = new LinearSystem();
        const seen = samplesOf(on.memory, viewOf(on.memory, CAMERA, WORLD, TRUTH), 3);
        const at = moveAtSensor(TRUTH, [0.02, 0, 0.01, 0.01, 0, 0]);
        own.backend.linearise([term({ field: own.field, surface: seen })], [unknownsAt(at)], [system]);
        own.field.free();
        return Float64Array.of(...system.A, ...system.b, system.weight, system.cost);
      };
      expect(run(two)).toEqual(run(pool));
    } finally {
      await two.close();
    }
  });

  it('refuses more points than it has room for', () => {
    const many = { ...surface, keypoints: pool.memory.u32(pool.memory.alloc(70_000 * 4), 70_000) };
    expect(() => linearised(term({ surface: many }), TRUTH)).toThrow(/At most 65536 points/);
  });
});
