import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { GaussNewton } from '../../src/field/gauss-newton.js';
import {
  BASE_UNKNOWNS,
  emptySums,
  LinearSystem,
  unknownsAt,
  type Unknowns,
} from '../../src/field/linear-system.js';
import type { AlignProblem } from '../../src/field/registration.js';
import type { PriorContext, PriorTerm } from '../../src/field/terms/prior.js';
import { HOLD_INFORMATION, SlidingHold } from '../../src/field/terms/sliding-hold.js';
import { TwistPrior } from '../../src/field/terms/twist-prior.js';
import { Random } from '../../src/geometry/random.js';
import {
  compose,
  exp,
  identity,
  inverse,
  moveAtSensor,
  rotationAngle,
  translationNorm,
} from '../../src/geometry/se3.js';
import { OPTIONS, place, room, scan, type Placed } from './helpers.js';
import { makeField, unknownsAround, type TestField } from './test-field.js';

const STILL = new Float64Array(6);
const LIMITS = {
  twist: STILL,
  solveTwist: false,
  maxIterations: 30,
  anneal: 0.7,
  translationTolerance: 1e-9,
  rotationTolerance: 1e-9,
};

/** Distances to planes that a sensor measures, all with the same unknown bias: r = n·(p + t) + d + bias − z. */
class BiasedPlanes implements PriorTerm {
  readonly kind = 'prior';
  readonly ownUnknowns = 1;

  constructor(
    readonly planes: readonly (readonly [number, number, number, number])[],
    readonly measured: readonly number[],
  ) {}

  add(total: LinearSystem, at: Unknowns, { firstOwn }: PriorContext): void {
    this.planes.forEach(([x, y, z, d], i) => {
      const J = new Float64Array(total.size);
      J.set([x, y, z]);
      J[firstOwn] = 1;
      const [tx, ty, tz] = [at.pose[3]!, at.pose[7]!, at.pose[11]!];
      const r = x * tx + y * ty + z * tz + d + at.own[firstOwn - BASE_UNKNOWNS]! - this.measured[i]!;
      for (let row = 0; row < total.size; row++) {
        total.b[row]! -= J[row]! * r;
        for (let c = 0; c < total.size; c++) total.A[row * total.size + c]! += J[row]! * J[c]!;
      }
    });
  }
}

describe('a term with an unknown of its own', () => {
  const planes = [
    [1, 0, 0, 2],
    [-1, 0, 0, 3],
    [0, 1, 0, 1],
    [0, 0, 1, 4],
    [0, 0.6, 0.8, -1],
  ] as const;
  const measure = ([x, y, z, d]: (typeof planes)[number], bias: number): number =>
    x * 0.3 - y * 0.2 + z * 0.7 + d + bias;
  const alone = new GaussNewton((_terms, _at, out) => out[0]!.clear());

  it('is solved together with the pose', () => {
    const term = new BiasedPlanes(
      planes,
      planes.map((plane) => measure(plane, 0.25)),
    );
    const solution = alone.solve({ ...LIMITS, terms: [term], start: identity(), ownTolerance: 1e-9 });
    expect(solution.converged).toBe(true);
    [0.3, -0.2, 0.7].forEach((t, k) => expect(solution.pose[k * 4 + 3]).toBeCloseTo(t, 6));
    expect(solution.own.length).toBe(1);
    expect(solution.own[0]).toBeCloseTo(0.25, 6);
    expect(rotationAngle(solution.pose)).toBeLessThan(1e-9); // nothing was said about it
  });

  it('has its own place beside those of others, with and without the twist', () => {
    const terms = [0.25, -0.5].map(
      (bias) =>
        new BiasedPlanes(
          planes,
          planes.map((plane) => measure(plane, bias)),
        ),
    );
    for (const solveTwist of [false, true]) {
      const solution = alone.solve({
        ...LIMITS,
        terms: [terms[0]!, new TwistPrior(STILL, 1, 1), terms[1]!],
        start: identity(),
        own: Float64Array.of(1, 1),
        solveTwist,
        ownTolerance: 1e-9,
      });
      expect(solution.converged).toBe(true);
      expect(solution.own[0]).toBeCloseTo(0.25, 6);
      expect(solution.own[1]).toBeCloseTo(-0.5, 6);
      [0.3, -0.2, 0.7].forEach((t, k) => expect(solution.pose[k * 4 + 3]).toBeCloseTo(t, 6));
      expect([...solution.twist]).toEqual([...STILL]);
    }
  });

  it('does not end the search before it has settled', () => {
    const term = new BiasedPlanes(
      planes,
      planes.map((plane) => measure(plane, 0.25)),
    );
    const start = exp([0.3, -0.2, 0.7, 0, 0, 0]);
    const iterations = (ownTolerance: number): number =>
      alone.solve({
        ...LIMITS,
        terms: [term],
        start,
        own: Float64Array.of(5),
        translationTolerance: 100,
        ownTolerance,
      }).iterations;
    expect(iterations(10)).toBe(1);
    expect(iterations(1e-6)).toBeGreaterThan(1);
  });

  it('stops where nothing holds an unknown', () => {
    const nothing: PriorTerm = { kind: 'prior', ownUnknowns: 1, add: () => undefined };
    const start = exp([1, 2, 3, 0, 0, 0]);
    const { converged, pose, iterations } = alone.solve({ ...LIMITS, terms: [nothing], start });
    expect(converged).toBe(false);
    expect(iterations).toBe(1);
    expect(pose).toEqual(start);
  });
});

describe('a linear system', () => {
  it('sums classes of points by the weight of ground, and is symmetric', () => {
    const random = new Random('sums');
    const sums = [emptySums(), emptySums()] as const;
    for (const part of sums) {
      part.system.forEach((_, i) => (part.system[i] = random.normal()));
      [part.weight, part.cost, part.points] = [random.next(), random.next(), 5];
    }
    const system = new LinearSystem(2);
    system.addGeometric(sums, 0.25);
    system.addGeometric(sums, 0.25);
    const h = (i: number): number => 2 * (sums[0].system[i]! + 0.25 * sums[1].system[i]!);
    const n = system.size;
    expect(n).toBe(14);
    expect(system.A[0]).toBeCloseTo(h(0), 12);
    expect(system.A[1 * n + 2]).toBeCloseTo(h(7), 12); // second row of the first triangle
    expect(system.A[5 * n + 6 + 5]).toBeCloseTo(h(41), 12);
    expect(system.A[11 * n + 11]).toBeCloseTo(h(62), 12);
    expect(system.b[2]).toBeCloseTo(-h(65), 12);
    expect(system.b[11]).toBeCloseTo(-h(74), 12);
    for (let r = 0; r < n; r++)
      for (let c = 0; c < n; c++) {
        expect(system.A[r * n + c]).toBe(system.A[c * n + r]);
        if (r >= BASE_UNKNOWNS) expect(system.A[r * n + c]).toBe(0);
      }
    expect(system.weight).toBeCloseTo(2 * (sums[0].weight + 0.25 * sums[1].weight), 12);
    expect(system.sums[1].points).toBe(10);
    system.clear();
    expect([...system.A, ...system.b, system.weight, system.sums[0].points].every((v) => v === 0)).toBe(true);
  });
});

describe('Gauss–Newton on a field', () => {
  let pool: KernelPool;
  let field: TestField;
  let cloud: Placed;
  const truth = exp([0.4, -0.3, 0.1, 0.01, 0.02, 0.2]);
  const start = moveAtSensor(truth, [0.1, -0.08, 0.05, 0.01, -0.01, 0.03]);
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
    field = makeField(pool, OPTIONS);
    const random = new Random('gauss');
    const walls = room(4, 3, 2);
    field.fuse(
      place(pool.memory, scan(random, walls, identity(), { count: 40000 }), 2).points,
      identity(),
      0,
    );
    cloud = place(pool.memory, scan(random, walls, truth, { count: 6000, noise: 0.005 }), 2);
  });
  afterAll(() => pool.close());

  const problem = (changes: Partial<AlignProblem> = {}): AlignProblem => ({
    ...LIMITS,
    translationTolerance: 1e-4,
    rotationTolerance: 1e-4,
    terms: [
      {
        kind: 'geometric',
        field: field.field,
        surface: cloud.points,
        kernels: [0.4, 0.6, 1.2, 0],
        kernelEnd: 0.1,
        levelWeights: [1, 0.05, 0.01, 0],
        gradientScale: 0.5,
        minWeight: 0.05,
        groundWeight: 1,
      },
    ],
    start,
    ...changes,
  });
  const off = (pose: Float64Array): number => translationNorm(compose(inverse(truth), pose));

  it('finds the pose, and leaves the problem as it was given', () => {
    const given = problem();
    const solution = field.backend.solve(given);
    expect(off(start)).toBeGreaterThan(0.1);
    expect(off(solution.pose)).toBeLessThan(0.005);
    expect(solution.converged).toBe(true);
    expect(given).toEqual(problem());
    expect(solution.system.weight).toBeGreaterThan(100);
  });

  it('gives the sums at the scale that is asked for, from the same pose', () => {
    const [term] = problem().terms;
    if (term?.kind !== 'geometric') throw new Error('a geometric term is expected');
    const { pose, iterations } = field.backend.solve(problem());
    const solution = field.backend.solve(problem({ terms: [{ ...term, sumsKernel: 0.3 }] }));
    expect(solution.pose).toEqual(pose);
    expect(solution.iterations).toBe(iterations);
    const { weight } = solution.system;
    const wide = new LinearSystem();
    field.backend.linearise([{ ...term, kernels: [0.3, 0.6, 1.2, 0] }], [unknownsAt(pose)], [wide]);
    expect(weight).toBeCloseTo(wide.weight, 6);
    expect(weight).toBeGreaterThan(1.01 * field.backend.solve(problem()).system.weight);
  });

  it('takes the same term twice for one of twice the weight', () => {
    const { terms } = problem();
    const once = field.backend.solve(problem());
    const { weight } = once.system;
    const twice = field.backend.solve(problem({ terms: [...terms, ...terms] }));
    expect(twice.system.weight).toBeCloseTo(2 * weight, 6);
    expect(translationNorm(compose(inverse(once.pose), twice.pose))).toBeLessThan(1e-6);
  });

  it('weighs a second field against the first', () => {
    // The same room four centimetres further along x: the pose settles in between, or where the heavier one wants it.
    const other = makeField(pool, {
      ...OPTIONS,
      maxFineBlocks: 6000,
      maxFeatureRows: 1000,
      poolSamples: 256,
    });
    const shift = exp([0.04, 0, 0, 0, 0, 0]);
    const random = new Random('second');
    const moved = place(pool.memory, scan(random, room(4, 3, 2), identity(), { count: 40000 }), 2);
    other.fuse(moved.points, shift, 0);
    const [term] = problem().terms;
    if (term?.kind !== 'geometric') throw new Error('a geometric term is expected');
    const wide = { ...term, kernels: [0.4, 0, 0, 0], kernelEnd: 0.4 };
    const second = { ...wide, field: other.field };
    const x = (terms: AlignProblem['terms']): number =>
      field.backend.solve(problem({ terms, start: truth })).pose[3]! - truth[3]!;
    expect(x([wide])).toBeCloseTo(0, 2);
    expect(x([second])).toBeCloseTo(0.04, 2);
    expect(Math.abs(x([wide, second]) - 0.02)).toBeLessThan(0.005);
  });

  it('linearises at several poses as at one after the other', () => {
    const { terms } = problem();
    const measurements = terms.filter((term) => term.kind === 'geometric');
    const random = new Random('places');
    const at = unknownsAround(truth, random, 5);
    const together = at.map(() => new LinearSystem());
    field.backend.linearise(measurements, at, together);
    at.forEach((place, k) => {
      const system = new LinearSystem();
      field.backend.linearise(measurements, [place], [system]);
      expect(system.weight).toBeGreaterThan(0);
      expect(together[k]).toEqual(system);
    });
  });

  it('has priors whose gradient is that of their energy (central differences)', () => {
    const at: Unknowns = {
      pose: exp([0.1, 0.2, 0.3, 0.1, -0.2, 0.3]),
      undistorted: Float64Array.of(1, 2, 3, 0.1, 0.2, 0.3),
      correction: Float64Array.of(0.02, -0.01, 0.03, 0.01, 0.02, -0.03),
      own: new Float64Array(0),
    };
    const measured = new LinearSystem();
    const context = { measured, variance: 0.01, final: true, firstOwn: BASE_UNKNOWNS };
    const prior = new TwistPrior(Float64Array.of(0.5, 1, 2, 0, 0.3, 0.1), 2, 0.5);
    const gradient = (where: Unknowns): Float64Array => {
      const system = new LinearSystem();
      prior.add(system, where, context);
      return system.b;
    };
    const system = new LinearSystem();
    prior.add(system, at, context);
    for (let i = 0; i < 6; i++)
      for (let k = 0; k < 6; k++) {
        const h = 1e-4;
        const moved = (s: number): Float64Array => {
          const correction = at.correction.slice();
          correction[k]! += s;
          return gradient({ ...at, correction });
        };
        const slope = (moved(h)[6 + i]! - moved(-h)[6 + i]!) / (2 * h);
        expect(-slope).toBeCloseTo(system.A[(6 + i) * system.size + 6 + k]!, 4);
      }
    expect(system.A.filter((v) => v !== 0).length).toBe(6);
  });

  it('holds nothing before the robust scales have reached their end', () => {
    const measured = new LinearSystem();
    measured.weight = 1;
    const total = new LinearSystem();
    const hold = new SlidingHold(identity(), STILL, 0.1);
    const context = { measured, variance: 1, firstOwn: BASE_UNKNOWNS };
    const at = unknownsAt(exp([1, 0, 0, 0, 0, 0]));
    hold.add(total, at, { ...context, final: false });
    expect(total.A.every((v) => v === 0)).toBe(true);
    hold.add(total, at, { ...context, final: true });
    // No information at all: held with the weight of all points.
    for (let k = 0; k < 3; k++) expect(total.A[k * (total.size + 1)]).toBeCloseTo(1, 9);
    expect(total.b[0]).toBeCloseTo(-1, 9); // back to the prediction
    expect(total.b[1]! + 0).toBeCloseTo(0, 9);
  });

  it('holds what carries information no more than the prediction is worth', () => {
    const stiffnessAt = (eigenvalue: number): number => {
      const measured = new LinearSystem();
      measured.weight = 1000;
      for (let k = 0; k < 3; k++) measured.A[k * (measured.size + 1)] = k === 0 ? eigenvalue * 1000 : 300;
      const total = new LinearSystem();
      const context = { measured, variance: 4e-4, final: true, firstOwn: BASE_UNKNOWNS };
      new SlidingHold(identity(), STILL, 0.08).add(total, unknownsAt(identity()), context);
      return total.A[0]!;
    };
    const prediction = HOLD_INFORMATION * 4e-4;
    expect(stiffnessAt(0.01)).toBeCloseTo(1000, 6); // noise alone
    expect(stiffnessAt(0.06)).toBeGreaterThan(prediction);
    expect(stiffnessAt(0.06)).toBeLessThan(1.5 * prediction);
    expect(stiffnessAt(0.02)).toBeLessThan(5 * prediction);
    expect(stiffnessAt(0.09)).toBe(0);
  });
});
