import { describe, expect, it } from 'vitest';
import { GaussNewton } from '../../src/field/gauss-newton.js';
import {
  BASE_UNKNOWNS,
  LinearSystem,
  unknownsAt,
  type PhotometricSums,
  type Unknowns,
} from '../../src/field/linear-system.js';
import type { PhotometricTerm } from '../../src/field/terms/photometric.js';
import type { PriorContext, PriorTerm } from '../../src/field/terms/prior.js';
import { Random } from '../../src/geometry/random.js';
import { identity } from '../../src/geometry/se3.js';

/** Where pose, gain and bias lie among twelve unknowns and the own ones. */
const PLACES = [0, 1, 2, 3, 4, 5, 12, 13];

/** Sums of rows w (J, r), and the dense matrix that they stand for. */
function sumsOf(rows: readonly { J: number[]; r: number; w: number }[]): PhotometricSums {
  const system = new Float64Array(44);
  let [weight, cost] = [0, 0];
  for (const { J, r, w } of rows) {
    let at = 0;
    for (let a = 0; a < 8; a++) for (let b = a; b < 8; b++) system[at++]! += w * J[a]! * J[b]!;
    for (let a = 0; a < 8; a++) system[36 + a]! += w * r * J[a]!;
    weight += w;
    cost += w * r * r;
  }
  return { system, weight, cost, points: rows.length };
}

const ZERO = { gain: 0, bias: 0 };
const random = new Random('system');
const rows = Array.from({ length: 20 }, () => ({
  J: Array.from({ length: 8 }, () => random.normal()),
  r: random.normal(),
  w: random.next(),
}));

describe('addPhotometric', () => {
  it('puts pose, gain and bias where they belong, symmetric, and leaves the twist alone', () => {
    const system = new LinearSystem(3);
    system.addPhotometric(sumsOf(rows), 0, { ...unknownsAt(), own: new Float64Array(3) }, ZERO);
    const n = system.size;
    expect(n).toBe(15);
    for (let r = 0; r < n; r++)
      for (let c = 0; c < n; c++) {
        const [a, b] = [PLACES.indexOf(r), PLACES.indexOf(c)];
        const truth = a < 0 || b < 0 ? 0 : rows.reduce((sum, { J, w }) => sum + w * J[a]! * J[b]!, 0);
        expect(system.A[r * n + c]).toBeCloseTo(truth, 12);
      }
    for (let r = 0; r < n; r++) {
      const a = PLACES.indexOf(r);
      const truth = a < 0 ? 0 : -rows.reduce((sum, { J, r: residual, w }) => sum + w * residual * J[a]!, 0);
      expect(system.b[r]).toBeCloseTo(truth, 12);
    }
    // Grey levels say nothing of the variance of distances.
    expect([system.weight, system.cost]).toEqual([0, 0]);
  });

  it('holds gain and bias to what is expected by so many times their own information', () => {
    const expected = { gain: 1, bias: 5 };
    const at = (hold: number): LinearSystem => {
      const system = new LinearSystem(2);
      system.addPhotometric(sumsOf(rows), hold, { ...unknownsAt(), own: Float64Array.of(3, -2) }, expected);
      return system;
    };
    const [free, held] = [at(0), at(10)];
    for (const [i, own] of [
      [12, 3 - expected.gain],
      [13, -2 - expected.bias],
    ] as const) {
      expect(held.A[i * 15]! / free.A[i * 15]!).toBeCloseTo(11, 9);
      expect(held.b[i]! - free.b[i]!).toBeCloseTo(-10 * free.A[i * 15]! * own, 9);
    }
    for (let i = 0; i < 12; i++) expect(held.b[i]).toBe(free.b[i]);
  });
});

describe('own unknowns of measurements and of priors', () => {
  /** r = own − value, for the one unknown of its own. */
  class Wanted implements PriorTerm {
    readonly kind = 'prior';
    readonly ownUnknowns = 1;
    seen = -1;
    constructor(readonly value: number) {}
    add(total: LinearSystem, at: Unknowns, { firstOwn }: PriorContext): void {
      this.seen = firstOwn;
      total.A[firstOwn * total.size + firstOwn]! += 1;
      total.b[firstOwn]! -= at.own[firstOwn - BASE_UNKNOWNS]! - this.value;
    }
  }

  it('do not get in each other’s way: those of measurements come first', () => {
    // Brightness that asks for a pose of 0.1, a gain of 4 and a bias of −6.
    const wanted = [0.1, 0, 0, 0, 0, 0, 4, -6];
    const solver = new GaussNewton((terms, at, out) => {
      const { pose, own } = at[0]!;
      out[0]!.clear();
      if (terms.length === 0) return;
      const now = [pose[3]!, pose[7]!, pose[11]!, 0, 0, 0, own[0]!, own[1]!];
      const each = wanted.map((value, k) => ({
        J: now.map((_, i) => (i === k ? 1 : 0)),
        r: now[k]! - value,
        w: 1,
      }));
      out[0]!.addPhotometric(sumsOf(each), 0, at[0]!, ZERO);
    });
    const [a, b] = [new Wanted(7), new Wanted(9)];
    const photometric = { kind: 'photometric' } as PhotometricTerm;
    const problem = {
      start: identity(),
      twist: new Float64Array(6),
      solveTwist: false,
      maxIterations: 20,
      anneal: 1,
      translationTolerance: 1e-9,
      rotationTolerance: 1e-9,
      ownTolerance: 1e-9,
    };
    const { own, pose, converged } = solver.solve({ ...problem, terms: [a, photometric, b] });
    expect(converged).toBe(true);
    expect([a.seen, b.seen]).toEqual([14, 15]);
    [4, -6, 7, 9].forEach((value, i) => expect(own[i]).toBeCloseTo(value, 6));
    expect(pose[3]).toBeCloseTo(0.1, 6);
    // Without it they begin at once, in a smaller system.
    expect([...solver.solve({ ...problem, terms: [a, b] }).own].map((v) => Math.round(v))).toEqual([7, 9]);
    expect([a.seen, b.seen]).toEqual([12, 13]);
  });
});
