import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../../src/compute/pool.js';
import { GaussNewton } from '../../../../src/field/gauss-newton.js';
import { LinearSystem } from '../../../../src/field/linear-system.js';
import type { AlignProblem, AlignSolution } from '../../../../src/field/registration.js';
import type { PriorTerm } from '../../../../src/field/terms/prior.js';
import { MotionTie } from '../../../../src/field/terms/motion-tie.js';
import { GravityPrior } from '../../../../src/field/terms/gravity-prior.js';
import { PosePrior } from '../../../../src/field/terms/pose-prior.js';
import { SlidingHold } from '../../../../src/field/terms/sliding-hold.js';
import { TwistPrior } from '../../../../src/field/terms/twist-prior.js';
import { Random } from '../../../../src/geometry/random.js';
import {
  compose,
  exp,
  identity,
  inverse,
  moveAtSensor,
  rotationAngle,
  transformPoint,
  translationNorm,
  type Pose,
  type Twist,
} from '../../../../src/geometry/se3.js';
import type { Traffic } from '../../../../src/field/backends/webgpu/gpu.js';
import { OPTIONS, place, room, scan, type Cloud, type Placed } from '../../helpers.js';
import type { TestField } from '../../test-field.js';
import { makeField, unknownsAround } from '../../test-field.js';
import { missing, onDevice, type GpuTestField } from './setup.js';

const SMALL = { maxFineBlocks: 3000, maxFeatureRows: 20000 };
const STILL = new Float64Array(6);

describe.skipIf(missing)('solve on the device', () => {
  let pool: KernelPool;
  let wasm: TestField;
  let gpu: GpuTestField;
  let cloud: Cloud;
  let placed: Placed;
  const walls = room(3, 2.5, 2);
  const truth = exp([0.2, -0.1, 0.05, 0.01, 0.02, 0.15]);
  const twist = Float64Array.of(3, -1, 0.2, 0.1, -0.2, 0.9);
  const start = moveAtSensor(truth, [0.06, -0.05, 0.03, 0.005, -0.01, 0.02]);

  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 1024 });
    wasm = makeField(pool, { ...OPTIONS, ...SMALL });
    ({ gpu } = await onDevice(pool, {}, SMALL));
    const random = new Random('solve');
    const map = place(pool.memory, scan(random, walls, identity(), { count: 20000, noise: 0.005 }), 2);
    for (const field of [wasm, gpu]) field.fuse(map.points, identity(), 0);
    cloud = scan(random, walls, truth, {
      count: 4000,
      noise: 0.005,
      motion: (tau) => compose(truth, exp(twist.map((v) => v * tau))),
    });
    placed = place(pool.memory, cloud, 2);
  }, 120_000);
  afterAll(async () => {
    await gpu?.close();
    await pool?.close();
  });

  /** p(0) = exp(ν τ) p(τ) for every point as it was measured. */
  const undistort = (nu: Twist): void => {
    const columns = [placed.points.x, placed.points.y, placed.points.z];
    cloud.points.forEach((p, i) =>
      transformPoint(exp(nu.map((v) => v * cloud.taus[i]!)), ...p).forEach((x, k) => (columns[k]![i] = x)),
    );
  };

  function untied({ field }: TestField | GpuTestField, changes: Partial<AlignProblem> = {}): AlignProblem {
    return {
      terms: [
        {
          kind: 'geometric',
          field,
          surface: placed.points,
          kernels: [0.4, 0.6, 1.2, 0],
          kernelEnd: 0.1,
          levelWeights: [1, 0.05, 0.01, 0],
          gradientScale: 0.5,
          minWeight: 0.05,
          groundWeight: 0.5,
        },
        new TwistPrior(STILL, 5, 5),
        new SlidingHold(start, STILL, 0.02),
      ],
      start,
      twist: STILL,
      solveTwist: false,
      maxIterations: 30,
      anneal: 0.7,
      translationTolerance: 1e-4,
      rotationTolerance: 1e-4,
      ...changes,
    };
  }

  function expectSame(a: AlignSolution, b: AlignSolution): void {
    const off = compose(inverse(a.pose), b.pose);
    expect(translationNorm(off)).toBeLessThan(5e-4);
    expect(rotationAngle(off)).toBeLessThan(2e-4);
    for (let i = 0; i < 6; i++) expect(Math.abs(a.twist[i]! - b.twist[i]!)).toBeLessThan(i < 3 ? 0.02 : 5e-3);
    expect(a.converged).toBe(b.converged);
    expect(Math.abs(a.system.weight / b.system.weight - 1)).toBeLessThan(5e-3);
    expect(Math.abs(Math.sqrt(a.variance) - Math.sqrt(b.variance))).toBeLessThan(1e-3);
    const { sums } = a.system;
    expect(sums[0].points + sums[1].points).toBe(placed.points.keypoints.length);
  }

  it.each([
    ['pose alone', false, false, 0],
    ['pose and twist', true, false, 0],
    ['pose and twist, tied', true, true, 0],
    ['pose and twist, tied, with priors about the pose', true, true, 0.003],
    ['pose with priors', false, false, 0.003],
  ])(
    'comes to the solution of the shared loop: %s',
    (_, solveTwist, tied, sigma) => {
      const shared = new GaussNewton((terms, at, out) => gpu.backend.linearise(terms, at, out));
      const last = compose(truth, exp(twist.map((v) => -0.1 * v)));
      const tie = tied ? [new MotionTie({ last, dt: 0.1, before: twist, middle: 0.01 })] : [];
      // Millimetres off in a direction of its own.
      const prior = moveAtSensor(truth, [0.003, 0.004, -0.004, 0.001, 0, -0.001]);
      const along = Float64Array.from({ length: 36 }, (_, i) => (i % 7 ? 0.3 : 1) / sigma ** 2);
      const sensor = [0, 1, 2].map((c) => prior[8 + c]!); // up, where the prior would have the sensor
      const gravity = new GravityPrior(sensor, [0, 0, 1], 3e-4);
      const priors = sigma > 0 ? [new PosePrior(prior, along), gravity] : [];
      const problem = (one: TestField | GpuTestField, changes: Partial<AlignProblem>): AlignProblem => {
        const { terms, ...rest } = untied(one, changes);
        return { ...rest, terms: [...terms, ...tie, ...priors] };
      };
      const changes = solveTwist ? { solveTwist, undistort } : {};
      undistort(STILL);
      const onGpu = gpu.backend.solve(problem(gpu, changes));
      const { pose, iterations } = onGpu;
      undistort(STILL);
      expectSame(onGpu, shared.solve(problem(gpu, changes)));
      undistort(STILL);
      expectSame(onGpu, wasm.backend.solve(problem(wasm, changes)));
      expect(iterations).toBeGreaterThan(3);
      if (sigma > 0) {
        const without = wasm.backend.solve(untied(wasm, changes)).pose;
        expect(translationNorm(compose(inverse(without), pose))).toBeGreaterThan(5e-4); // it was drawn there
      }
      if (!solveTwist || sigma > 0) return;
      const off = compose(inverse(truth), pose);
      expect(translationNorm(off)).toBeLessThan(0.01);
      for (let i = 0; i < 6; i++)
        expect(Math.abs(onGpu.twist[i]! - twist[i]!)).toBeLessThan(i < 3 ? 0.15 : 0.03);
    },
    60_000,
  );

  it('waits for the device once per eight steps, the shared loop at every step', () => {
    undistort(STILL);
    const trips = (solve: () => AlignSolution): [number, number] => {
      const before = (gpu.ask('traffic') as Traffic).roundTrips;
      const { iterations } = solve();
      return [(gpu.ask('traffic') as Traffic).roundTrips - before, iterations];
    };
    const [few, steps] = trips(() => gpu.backend.solve(untied(gpu)));
    expect(few).toBeLessThanOrEqual(Math.ceil((steps + 1) / 8));
    // An unknown of a term's own is beyond the device: the shared loop solves it, one round trip a pass.
    const bias: PriorTerm = {
      kind: 'prior',
      ownUnknowns: 1,
      add: (total, at, { firstOwn }) => {
        total.A[firstOwn * (total.size + 1)]! += 1;
        total.b[firstOwn]! -= at.own[0]! - 0.5;
      },
    };
    const own = untied(gpu);
    let solution: AlignSolution | undefined;
    const [many, passes] = trips(
      () => (solution = gpu.backend.solve({ ...own, terms: [...own.terms, bias] })),
    );
    expect(many).toBe(passes + 1);
    expect(solution!.own[0]).toBeCloseTo(0.5, 6);
    expectSame(solution!, gpu.backend.solve(own));
    // So are two geometric terms.
    const twice = gpu.backend.solve({ ...own, terms: [own.terms[0]!, ...own.terms] });
    expect(translationNorm(compose(inverse(twice.pose), solution!.pose))).toBeLessThan(1e-3);
  }, 60_000);

  it('linearises at many poses as at one after the other', () => {
    const terms = untied(gpu).terms.filter((term) => term.kind === 'geometric');
    const random = new Random('many');
    const at = unknownsAround(truth, random, 70);
    const together = at.map(() => new LinearSystem());
    gpu.backend.linearise(terms, at, together);
    for (const k of [0, 1, 33, 63, 64, 69]) {
      const system = new LinearSystem();
      gpu.backend.linearise(terms, [at[k]!], [system]);
      expect(system.weight).toBeGreaterThan(0);
      expect(together[k]).toEqual(system);
    }
  }, 60_000);

  it('goes on with the shared loop where the device is lost for good on the way', () => {
    undistort(STILL);
    const before = gpu.backend.solve(untied(gpu, { solveTwist: true, undistort }));
    const pose: Pose = before.pose.slice();
    undistort(STILL);
    gpu.ask('loseDevice');
    gpu.ask('forbid');
    const after = gpu.backend.solve(untied(gpu, { solveTwist: true, undistort }));
    expect(gpu.onDevice).toBe(false);
    expect(gpu.notices.join()).toMatch(/did not come back/);
    expect(after.converged).toBe(true);
    expect(translationNorm(compose(inverse(pose), after.pose))).toBeLessThan(5e-4);
  }, 60_000);
});
