import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import type { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import type { WasmField } from '../../src/field/backends/wasm/field.js';
import { unknownsAt, type PhotometricSums, type Unknowns } from '../../src/field/linear-system.js';
import type { AlignSolution } from '../../src/field/registration.js';
import type { GeometricTerm } from '../../src/field/terms/geometric.js';
import type { PhotometricTerm } from '../../src/field/terms/photometric.js';
import type { Term } from '../../src/field/terms/term.js';
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
import { GAIN_LEVELS } from '../../src/kernels/layout/gather.js';
import type { SurfaceSamples } from '../../src/sensors/observation.js';
import { cornerOf } from './helpers.js';
import { cameraField, pinholeOf, planeOf, samplesOf, viewOf, type Vec } from './views.js';

const VOXEL = 0.02;
const CAMERA = pinholeOf(128, 96);
const WALL = planeOf([0, 0, -1], -0.8);
/** Smooth, and different everywhere. */
const texture = ([x, y]: Vec): Vec => {
  const grey = 128 + 50 * Math.sin(9 * x + 1) + 40 * Math.cos(8 * y - 3 * x);
  return [grey, grey, grey];
};
const STILL = new Float64Array(6);

let pool: KernelPool;
let backend: WasmBackend;
let field: WasmField;
let surface: SurfaceSamples;
const see = (pose: Pose, color = texture, step = 3): SurfaceSamples =>
  samplesOf(pool.memory, viewOf(pool.memory, CAMERA, WALL, pose, { color }), step);
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 384 });
  ({ backend, field } = cameraField(pool));
  for (const x of [-0.2, 0, 0.2]) {
    const pose = exp([x, 0, 0, 0, 0, 0]);
    backend.gathering.fuse(field, viewOf(pool.memory, CAMERA, WALL, pose, { color: texture }), pose, {
      scan: 0,
    });
  }
  surface = see(identity());
});
afterAll(() => pool.close());

const term = (changes: Partial<PhotometricTerm> = {}): PhotometricTerm => ({
  kind: 'photometric',
  field,
  surface,
  metresPerLevel: 5e-4,
  kernel: 20,
  reach: 0.03,
  hold: 10,
  expected: { gain: 0, bias: 0 },
  ...changes,
});
const at = (pose: Pose, gain = 0, bias = 0): Unknowns => ({
  ...unknownsAt(pose),
  own: Float64Array.of(gain, bias),
});
const sums = (t: PhotometricTerm, u: Unknowns): PhotometricSums => {
  const s = backend.photometric.pass(field, t, u);
  return { ...s, system: s.system.slice() };
};
/** Where element (r, c ≥ r) of the upper triangle lies. */
const upper = (r: number, c: number): number => r * 8 - (r * (r - 1)) / 2 + c - r;

describe('registration of brightness', () => {
  it('has residuals c(T·p) − (1 + gain)·I − bias of exactly what is in the map', () => {
    const flat = see(identity(), () => [100, 100, 100]);
    const { backend: own, field: plain } = cameraField(pool, { pyramid: [] });
    own.gathering.fuse(
      plain,
      viewOf(pool.memory, CAMERA, WALL, identity(), { color: () => [60, 80, 40] }),
      identity(),
      { scan: 0 },
    );
    const fused = 0.299 * 60 + 0.587 * 80 + 0.114 * 40;
    for (const [gain, bias] of [
      [0, 0],
      [-20, 5],
      [32, -60],
    ] as const) {
      const t = term({ field: plain, surface: flat });
      const { weight, cost, points } = own.photometric.pass(plain, t, at(identity(), gain, bias));
      expect(points).toBeGreaterThan(500);
      const r = fused - (1 + gain / GAIN_LEVELS) * 100 - bias;
      expect(Math.sqrt(cost / weight)).toBeCloseTo(Math.abs(r), 1);
      // Geman–McClure, in metres per grey level.
      expect(weight / points).toBeCloseTo((400 / (400 + r * r)) ** 2 * 25e-8, 10);
    }
    plain.free();
  });

  it('has the Jacobian of finite differences over pose, gain and bias', () => {
    // A linear ramp on the corners is linear between them too; without the robust weight the cost is a quadratic.
    const { backend: own, field: ramp } = cameraField(pool, { pyramid: [] });
    own.gathering.fuse(ramp, viewOf(pool.memory, CAMERA, WALL, identity(), { color: texture }), identity(), {
      scan: 0,
    });
    const fine = ramp.levels[0]!;
    for (const block of fine.blocks)
      for (let i = 0; i < 512; i++) {
        const [x, y, z] = cornerOf(fine, block, i);
        const grey = Math.round(256 * (100 + 1.5 * x - 0.75 * y + 0.5 * (z - 40)));
        fine.colour!.set([grey, grey, grey, 256], 2048 * block + 4 * i);
      }
    const inner = viewOf(pool.memory, CAMERA, WALL, identity(), {
      color: texture,
      change: (z, x, y) => (Math.abs(x - 64) < 50 && Math.abs(y - 48) < 36 ? z : 0),
    });
    const t = term({ field: ramp, surface: samplesOf(pool.memory, inner, 3), kernel: 1e6 });
    const pass = (u: Unknowns): PhotometricSums => {
      const out = own.photometric.pass(ramp, t, u);
      return { ...out, system: out.system.slice() };
    };
    const pose = moveAtSensor(identity(), [0.006, -0.005, 0.003, 0.002, -0.003, 0.004]);
    const cost = (step: readonly number[]): number =>
      pass(at(moveAtSensor(pose, step.slice(0, 6)), 3 + step[6]!, -2 + step[7]!)).cost;
    const { system, points } = pass(at(pose, 3, -2));
    expect(points).toBe(t.surface.count);
    const e = [4e-3, 4e-3, 8e-3, 1e-3, 1e-3, 1e-3, 0.5, 0.5];
    const step = (k: number, h: number, l = k, g = 0): number[] => {
      const out = new Array<number>(8).fill(0);
      out[k]! += h;
      out[l]! += g;
      return out;
    };
    const middle = cost(step(0, 0));
    for (let k = 0; k < 8; k++) {
      const [up, down] = [cost(step(k, e[k]!)), cost(step(k, -e[k]!))];
      const scale = Math.sqrt(system[upper(k, k)]! * middle);
      expect(Math.abs(2 * system[36 + k]! - (up - down) / (2 * e[k]!)) / scale, `b of ${k}`).toBeLessThan(
        2e-3,
      );
      if (k >= 3 && k < 6) continue; // turns bend the residual: its second derivative is not H alone
      const second = (up + down - 2 * middle) / e[k]! ** 2;
      expect((2 * system[upper(k, k)]!) / second, `H of ${k}`).toBeCloseTo(1, 1);
    }
    // H over gain and bias is known in closed form: Σ w (I/128)², Σ w I/128, Σ w.
    const mean = (f: (g: number) => number): number =>
      t.surface.grey!.reduce((sum, g) => sum + f(g), 0) / points;
    const H = (r: number, c: number): number => system[upper(r, c)]! / points / 25e-8;
    expect(H(7, 7)).toBeCloseTo(1, 4);
    expect(H(6, 7)).toBeCloseTo(
      mean((g) => g / GAIN_LEVELS),
      4,
    );
    expect(H(6, 6)).toBeCloseTo(
      mean((g) => (g / GAIN_LEVELS) ** 2),
      4,
    );
    // J over translation is the ramp: 1.5, −0.75 and 0.5 levels a voxel.
    const slopes = [1.5, -0.75, 0.5].map((v) => v / VOXEL);
    for (let r = 0; r < 3; r++)
      for (let c = r; c < 3; c++) expect(H(r, c) / (slopes[r]! * slopes[c]!)).toBeCloseTo(1, 2);
    t.surface.grey!.forEach((_, i, grey) => i % 3 === 0 && (grey[i] = NaN));
    expect(pass(at(pose)).points).toBe(points - Math.ceil(points / 3)); // samples without brightness are left out
    ramp.free();
  });

  it('knows nothing without colours, without brightness, or too far from the surface', () => {
    const none = { weight: 0, cost: 0, points: 0 };
    const bare: SurfaceSamples = { ...surface };
    delete (bare as { grey?: Float32Array }).grey;
    expect(sums(term({ surface: bare }), at(identity()))).toMatchObject(none);
    const plain = cameraField(pool, { colour: false, pyramid: [] });
    plain.backend.gathering.fuse(plain.field, viewOf(pool.memory, CAMERA, WALL, identity()), identity(), {
      scan: 0,
    });
    expect(
      plain.backend.photometric.pass(plain.field, term({ field: plain.field }), at(identity())),
    ).toMatchObject(none);
    plain.field.free();
    expect(sums(term(), at(exp([0, 0, 0.05, 0, 0, 0])))).toMatchObject(none);
    expect(sums(term(), at(identity())).points).toBeGreaterThan(1000);
  });
});

describe('a pose from distances and brightness', () => {
  const geometric = (on: SurfaceSamples): GeometricTerm => ({
    kind: 'geometric',
    field,
    surface: on,
    kernels: [0.1],
    kernelEnd: VOXEL,
    levelWeights: [1],
    gradientScale: 0.5,
    minWeight: 0,
    groundWeight: 1,
  });
  const solve = (terms: readonly Term[], start: Pose, own?: Float64Array): AlignSolution =>
    backend.solve({
      terms,
      start,
      twist: STILL,
      ...(own && { own }),
      solveTwist: false,
      maxIterations: 40,
      anneal: 0.6,
      translationTolerance: 1e-6,
      rotationTolerance: 1e-6,
    });
  const TRUTH = exp([0.03, -0.02, 0.01, 0.02, -0.03, 0.04]);
  const START = moveAtSensor(TRUTH, [0.03, 0.025, -0.02, 0.01, 0.02, -0.03]);
  const errors = (pose: Pose): { metres: number; degrees: number } => {
    const off = compose(inverse(TRUTH), pose);
    return { metres: translationNorm(off), degrees: (rotationAngle(off) * 180) / Math.PI };
  };

  it('slides along a textured wall to the right place, where distances alone do not', () => {
    const seen = see(TRUTH);
    const alone = solve([geometric(seen)], START);
    expect(errors(alone.pose).metres).toBeGreaterThan(0.02);
    const { pose, converged } = solve([geometric(seen), term({ surface: seen })], START);
    expect(converged).toBe(true);
    expect(errors(pose).metres).toBeLessThan(VOXEL / 10);
    expect(errors(pose).degrees).toBeLessThan(0.15);
  });

  it('starts by distances alone where no sample is near enough for its brightness to count', () => {
    const seen = see(TRUTH);
    const start = moveAtSensor(TRUTH, [0.02, -0.02, -0.07, 0, 0, 0]);
    expect(sums(term({ surface: seen }), at(start)).points).toBe(0);
    const { pose, converged } = solve([geometric(seen), term({ surface: seen })], start);
    expect(converged).toBe(true);
    expect(errors(pose).metres).toBeLessThan(VOXEL / 10);
  });

  it.each([
    ['brighter', 1.15, 8],
    ['darker', 0.85, -5],
  ])('finds it too in a frame that is %s, with gain and bias when they are free', (_, gain, bias) => {
    // The frame has I' with (1 + gain)·I' + bias = I.
    const exposed = (p: Vec): Vec => texture(p).map((v) => (v - bias) / gain) as unknown as Vec;
    const seen = see(TRUTH, exposed);
    const { pose, own } = solve([geometric(seen), term({ surface: seen, hold: 0 })], START);
    expect(errors(pose).metres).toBeLessThan(VOXEL / 8);
    expect(1 + own[0]! / GAIN_LEVELS).toBeCloseTo(gain, 1);
    expect(own[1]!).toBeCloseTo(bias, -0.5);
  });

  it('holds gain and bias near zero by their prior', () => {
    const exposed = (p: Vec): Vec => texture(p).map((v) => v - 10) as unknown as Vec;
    const seen = see(TRUTH, exposed);
    const at0 = (hold: number): number => {
      const { own } = solve([geometric(seen), term({ surface: seen, hold, kernel: 1000 })], TRUTH);
      return own[1]! + (own[0]! / GAIN_LEVELS) * 118;
    };
    expect(at0(0)).toBeCloseTo(10, 0);
    const held = at0(10);
    expect(held).toBeGreaterThan(0.3);
    expect(held).toBeLessThan(2); // of two unknowns that share it, each held by ten times its information
    expect(at0(1e6)).toBeCloseTo(0, 2);
  });

  it('holds them to what is expected, such as those of the frame before', () => {
    const exposed = (p: Vec): Vec => texture(p).map((v) => (v - 6) / 1.1) as unknown as Vec;
    const seen = see(TRUTH, exposed);
    const expected = { gain: 0.1 * GAIN_LEVELS, bias: 6 };
    const { own, pose } = solve([geometric(seen), term({ surface: seen, hold: 10, expected })], START);
    expect(own[0]!).toBeCloseTo(expected.gain, 0);
    expect(own[1]!).toBeCloseTo(expected.bias, 0);
    expect(errors(pose).metres).toBeLessThan(VOXEL / 8);
  });

  it('starts from the own unknowns that are given, and gives them back where nothing was measured', () => {
    const far = exp([0, 0, 30, 0, 0, 0]);
    const { own } = solve([term()], far, Float64Array.of(4, -3));
    expect([...own]).toEqual([4, -3]);
  });
});
