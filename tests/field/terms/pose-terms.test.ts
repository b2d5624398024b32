import { describe, expect, it } from 'vitest';
import { BASE_UNKNOWNS, LinearSystem, unknownsAt } from '../../../src/field/linear-system.js';
import { GravityPrior } from '../../../src/field/terms/gravity-prior.js';
import { CORRELATED } from '../../../src/field/terms/motion-tie.js';
import { PosePrior } from '../../../src/field/terms/pose-prior.js';
import { FADING, STEADY, type PoseTerm } from '../../../src/field/terms/pose-term.js';
import { solveCholesky } from '../../../src/geometry/linear.js';
import { Random } from '../../../src/geometry/random.js';
import { exp, moveAtSensor, rotationVector, type Pose } from '../../../src/geometry/se3.js';

const VARIANCE = 4e-4;
const context = { measured: new LinearSystem(), variance: VARIANCE, final: true, firstOwn: BASE_UNKNOWNS };
const random = new Random('pose terms');
const vector = (linear: number, angular: number): Float64Array =>
  Float64Array.from({ length: 6 }, (_, i) => random.range(-1, 1) * (i < 3 ? linear : angular));

function systemAt(term: PoseTerm, pose: Pose): LinearSystem {
  const system = new LinearSystem();
  term.add(system, unknownsAt(pose), context);
  return system;
}

/** Minus the slope of a cost over changes of the pose, by central differences. */
function slopes(cost: (pose: Pose) => number, pose: Pose, h = 1e-6): number[] {
  return Array.from({ length: 6 }, (_, i) => {
    const moved = (s: number): number =>
      cost(
        moveAtSensor(
          pose,
          Float64Array.from({ length: 6 }, (_, k) => (k === i ? s : 0)),
        ),
      );
    return -(moved(h) - moved(-h)) / (2 * h);
  });
}

const robust = (square: number): number => (VARIANCE * CORRELATED * square) / (1 + square / FADING) / 2;

/** A random positive definite matrix with standard deviations of about `linear` and `angular`. */
function information(linear: number, angular: number): Float64Array {
  const L = new Float64Array(36);
  const rows = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => random.normal()));
  for (let r = 0; r < 6; r++)
    for (let c = 0; c < 6; c++) {
      const scale = (i: number): number => 1 / (i < 3 ? linear : angular);
      const sum = rows[r]!.reduce((s, v, k) => s + v * rows[c]![k]!, r === c ? 1 : 0);
      L[r * 6 + c] = sum * scale(r) * scale(c);
    }
  return L;
}

describe('a pose prior', () => {
  /** r by its definition: shift, and rotation vector of R R̂ᵀ. */
  function squared(pose: Pose, predicted: Pose, L: Float64Array): number {
    const turned = new Float64Array(12);
    for (let r = 0; r < 3; r++)
      for (let c = 0; c < 3; c++)
        for (let k = 0; k < 3; k++) turned[r * 4 + c]! += pose[r * 4 + k]! * predicted[c * 4 + k]!;
    const r = [3, 7, 11].map((i) => pose[i]! - predicted[i]!).concat(rotationVector(turned));
    return r.reduce((s, v, i) => s + r.reduce((t, w, j) => t + v * L[i * 6 + j]! * w, 0), 0);
  }

  it('has the gradient of its cost, by finite differences, near and far', () => {
    for (const size of [0.01, 0.3, 1]) {
      const predicted = exp(vector(20, 2));
      const pose = moveAtSensor(predicted, vector(size, size));
      const L = information(0.5, 0.3);
      const { b } = systemAt(new PosePrior(predicted, L), pose);
      const expected = slopes((p) => robust(squared(p, predicted, L)), pose);
      const scale = Math.max(...expected.map(Math.abs));
      expected.forEach((v, i) => expect(Math.abs(b[i]! - v)).toBeLessThan(1e-5 * scale));
    }
  });

  it('leads to what was predicted, and adds a symmetric matrix', () => {
    const predicted = exp(vector(20, 2));
    const prior = new PosePrior(predicted, information(0.5, 0.3));
    let pose = moveAtSensor(predicted, vector(0.1, 0.1));
    for (let step = 0; step < 8; step++) {
      const { A, b, size } = systemAt(prior, pose);
      const six = new Float64Array(36);
      for (let r = 0; r < 6; r++) for (let c = 0; c < 6; c++) six[r * 6 + c] = A[r * size + c]!;
      for (let r = 0; r < 6; r++)
        for (let c = 0; c < r; c++) expect(six[r * 6 + c]).toBeCloseTo(six[c * 6 + r]!, 9);
      const x = b.slice(0, 6);
      expect(solveCholesky(six, x, 6)).toBe(true);
      pose = moveAtSensor(pose, x);
    }
    pose.forEach((v, i) => expect(v).toBeCloseTo(predicted[i]!, 6));
  });

  it('pulls less the farther it is off: a wheel that slips does not drag what the scan determines', () => {
    const prior = new PosePrior(
      exp([1, 0, 0, 0, 0, 0]),
      Float64Array.from({ length: 36 }, (_, i) => (i % 7 ? 0 : 1e4)),
    );
    const pull = (off: number): number => systemAt(prior, exp([1 + off, 0, 0, 0, 0, 0])).b[0]!;
    expect(pull(-0.01)).toBeGreaterThan(0.8 * VARIANCE * CORRELATED * 1e4 * 0.01);
    expect(pull(-1)).toBeLessThan(0.01 * pull(-0.01));
  });
});

describe('a gravity prior', () => {
  const up = (): number[] => {
    const v = Array.from({ length: 3 }, () => random.normal());
    return v.map((x) => x / Math.hypot(...v));
  };
  const turned = (T: Pose, u: ArrayLike<number>): number[] =>
    [0, 4, 8].map((r) => T[r]! * u[0]! + T[r + 1]! * u[1]! + T[r + 2]! * u[2]!);
  /** Angle by the half chord: well conditioned near zero, unlike the arc cosine. */
  const angle = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    2 * Math.asin(Math.min(1, Math.hypot(...[0, 1, 2].map((i) => a[i]! - b[i]!)) / 2));
  /** Huber's cost. */
  const huber = (chi: number): number =>
    VARIANCE * CORRELATED * (chi < STEADY ? chi ** 2 / 2 : STEADY * (chi - STEADY / 2));

  it('has the gradient of its cost, by finite differences, within its deviation and far beyond', () => {
    for (const size of [0.001, 0.02, 0.5]) {
      const sensor = up();
      const pose = exp(vector(20, 2));
      const submap = turned(exp([0, 0, 0, ...vector(0, size).subarray(3)]), turned(pose, sensor));
      const sigma = 0.01;
      const { b } = systemAt(new GravityPrior(sensor, submap, sigma), pose);
      const expected = slopes((p) => huber(angle(turned(p, sensor), submap) / sigma), pose);
      const scale = Math.max(...expected.map(Math.abs));
      expected.forEach((v, i) => expect(Math.abs(b[i]! - v)).toBeLessThan(1e-3 * scale));
    }
  });

  it('says nothing about where the sensor is, nor about the heading', () => {
    const sensor = up();
    const pose = exp(vector(20, 2));
    const submap = turned(pose, sensor);
    const { A, b, size } = systemAt(new GravityPrior(sensor, submap, 0.01), pose);
    for (let i = 0; i < 12; i++) expect(Math.abs(b[i]!)).toBeLessThan(1e-9);
    for (let r = 0; r < 3; r++) for (let c = 0; c < 12; c++) expect(A[r * size + c]).toBe(0);
    for (let r = 0; r < 3; r++)
      expect(
        Math.abs([0, 1, 2].reduce((s, c) => s + A[(3 + r) * size + 3 + c]! * submap[c]!, 0)),
      ).toBeLessThan(1e-9);
  });
});
