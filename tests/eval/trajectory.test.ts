import { describe, expect, it } from 'vitest';
import { alignPoses, alignPositions } from '../../src/eval/align.js';
import { associate, pairByIndex } from '../../src/eval/associate.js';
import { drift } from '../../src/eval/drift.js';
import { eigenSymmetric4 } from '../../src/eval/eigen4.js';
import { relativeError } from '../../src/eval/relative.js';
import { uniform } from '../../src/eval/sampling.js';
import { statistics } from '../../src/eval/statistics.js';
import { absoluteError, evaluateTrajectory, lengthsFor } from '../../src/eval/trajectory.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { compose, exp, inverse, log, rotationAngle, type Pose } from '../../src/geometry/se3.js';
import { noisy, stamps, straight, winding } from './made-up.js';

const offset = exp([3, -2, 1, 0.4, -1.1, 2]);
const moved = (poses: Pose[], T: Pose) => poses.map((P) => compose(T, P));
const distance = (A: Pose, B: Pose) => Math.hypot(...log(compose(inverse(A), B)));

describe('statistics', () => {
  it('gives the textbook values', () => {
    const s = statistics([3, 1, 2, 6]);
    expect(s).toMatchObject({ count: 4, mean: 3, median: 2.5, min: 1, max: 6 });
    expect(s.rmse).toBeCloseTo(Math.sqrt(50 / 4), 14);
    expect(s.std).toBeCloseTo(Math.sqrt(14 / 4), 14);
    expect(statistics([5, 1, 2]).median).toBe(2);
  });
  it('does not call nothing zero', () => expect(statistics([]).rmse).toBeNaN());
});

describe('eigenSymmetric4', () => {
  it('diagonalises random matrices, equal eigenvalues included', () => {
    const random = uniform(7);
    for (let trial = 0; trial < 200; trial++) {
      const A = new Float64Array(16);
      for (let i = 0; i < 4; i++)
        for (let j = i; j < 4; j++)
          A[4 * i + j] = A[4 * j + i] = trial % 3 === 0 ? Math.round(2 * random()) : random() - 0.5;
      const { values, vectors } = eigenSymmetric4(A);
      for (let k = 0; k < 4; k++)
        for (let i = 0; i < 4; i++) {
          let av = 0;
          let gram = 0;
          for (let j = 0; j < 4; j++) {
            av += A[4 * i + j]! * vectors[4 * j + k]!;
            gram += vectors[4 * j + i]! * vectors[4 * j + k]!;
          }
          expect(av).toBeCloseTo(values[k]! * vectors[4 * i + k]!, 12);
          expect(gram).toBeCloseTo(i === k ? 1 : 0, 12);
        }
    }
  });
});

describe('alignment', () => {
  it('recovers a random rigid offset exactly', () => {
    const random = uniform(3);
    for (let trial = 0; trial < 50; trial++) {
      const T = exp(Array.from({ length: 6 }, (_, i) => (i < 3 ? 200 : 3.4) * (random() - 0.5)));
      const truth = winding(80, 1, trial + 1);
      expect(distance(alignPoses(moved(truth, inverse(T)), truth), T)).toBeLessThan(1e-9);
    }
  });
  it('beats every small perturbation of itself on noisy data', () => {
    const truth = winding(100, 1, 5);
    const estimate = moved(noisy(truth, 0.5, 0, 9), offset);
    const T = alignPoses(estimate, truth);
    const cost = (A: Pose) => absoluteError(moved(estimate, A), truth, 'none').translation.rmse;
    const best = cost(T);
    for (let k = 0; k < 12; k++) {
      const xi = new Float64Array(6);
      xi[k % 6] = k < 6 ? 1e-4 : -1e-4;
      expect(cost(compose(exp(xi), T))).toBeGreaterThan(best);
    }
  });
  it('takes the least rotation where the positions leave it open', () => {
    const truth = straight(20, 1);
    expect(distance(alignPoses(truth, truth), exp([0, 0, 0, 0, 0, 0]))).toBeLessThan(1e-9);
    const turned = moved(truth, exp([0, 0, 0, 0, 0, 0.3]));
    expect(distance(alignPoses(turned, truth), exp([0, 0, 0, 0, 0, -0.3]))).toBeLessThan(1e-9);
    const standing = Array.from({ length: 5 }, () => exp([1, 2, 3, 0, 0, 0]));
    expect(distance(alignPoses(standing, standing), exp([0, 0, 0, 0, 0, 0]))).toBeLessThan(1e-9);
  });
  it('never reflects: a mirrored path leaves an error', () => {
    const random = uniform(11);
    const p = Float64Array.from({ length: 60 }, () => 10 * random());
    const mirrored = p.map((v, i) => (i % 3 === 0 ? -v : v));
    const T = alignPositions(mirrored, p);
    const det =
      T[0]! * (T[5]! * T[10]! - T[6]! * T[9]!) -
      T[1]! * (T[4]! * T[10]! - T[6]! * T[8]!) +
      T[2]! * (T[4]! * T[9]! - T[5]! * T[8]!);
    expect(det).toBeCloseTo(1, 12);
  });
  it('aligns half a turn about the line of motion and other half turns', () => {
    for (const w of [
      [Math.PI, 0, 0],
      [0, Math.PI, 0],
      [0, 0, Math.PI],
    ]) {
      const truth = winding(60, 1, 8);
      const estimate = moved(truth, exp([0, 0, 0, ...w]));
      expect(absoluteError(estimate, truth).translation.max).toBeLessThan(1e-9);
    }
  });
});

describe('absoluteError', () => {
  it('is zero after alignment when only the frame differs, in position and attitude', () => {
    const truth = winding(200, 0.7, 1);
    const e = absoluteError(moved(truth, offset), truth);
    expect(e.translation.max).toBeLessThan(1e-9);
    expect(e.rotationDeg.max).toBeLessThan(1e-6);
    expect(distance(e.transform, inverse(offset))).toBeLessThan(1e-9);
    expect(absoluteError(moved(truth, offset), truth, 'first').translation.max).toBeLessThan(1e-9);
    expect(absoluteError(moved(truth, offset), truth, 'none').translation.min).toBeGreaterThan(0.1);
  });
  it('of a scale error on a line is the analytic value', () => {
    // Positions (i − (n−1)/2)·step after centring; error 1 % of them: rmse = 0.01·step·√((n²−1)/12).
    const n = 101;
    const e = absoluteError(straight(n, 1.01), straight(n, 1));
    expect(e.translation.rmse).toBeCloseTo(0.01 * Math.sqrt((n * n - 1) / 12), 12);
    expect(e.translation.max).toBeCloseTo(0.5, 12);
  });
  it('refuses unequal lengths', () => {
    expect(() => absoluteError(straight(3, 1), straight(4, 1))).toThrow(FeltmapError);
  });
});

describe('relativeError', () => {
  it('of a 1 % scale error is 1 % of the step, whatever the frame', () => {
    const truth = straight(100, 2);
    const estimate = moved(straight(100, 2.02), offset);
    const perFrame = relativeError(estimate, truth);
    expect(perFrame.translation.count).toBe(99);
    expect(perFrame.translation.rmse).toBeCloseTo(0.02, 9);
    const per10m = relativeError(estimate, truth, { delta: 10, unit: 'metres' });
    expect(per10m.translation.count).toBe(95);
    expect(per10m.translation.mean).toBeCloseTo(0.1, 9);
    const apart = relativeError(estimate, truth, { delta: 10, unit: 'metres', pairs: 'consecutive' });
    expect(apart.translation.count).toBe(19);
  });
  it('sees a constant yaw drift per frame', () => {
    const turn = exp([0, 0, 0, 0, 0, 0.001]);
    const truth = winding(50, 1, 2);
    const estimate = [truth[0]!];
    for (let i = 1; i < truth.length; i++)
      estimate.push(compose(compose(estimate[i - 1]!, compose(inverse(truth[i - 1]!), truth[i]!)), turn));
    const e = relativeError(estimate, truth);
    expect(e.rotationDeg.mean).toBeCloseTo((0.001 * 180) / Math.PI, 9);
    expect(e.translation.max).toBeLessThan(1e-12);
  });
  it('refuses deltas that make no pairs', () => {
    const t = straight(5, 1);
    expect(() => relativeError(t, t, { delta: 0 })).toThrow(/whole number/);
    expect(() => relativeError(t, t, { delta: 0, unit: 'metres' })).toThrow(/above 0/);
  });
});

describe('drift', () => {
  it('of a constant 1 % scale error is 1 %', () => {
    // 1.25 m steps and "more than the length away": the segment of nominal 100 m is 101.25 m long.
    const d = drift(straight(801, 1.2625), straight(801, 1.25), { lengths: [100] });
    expect(d.translationPercent).toBeCloseTo(1.0125, 9);
    expect(d.rotationDegPer100m).toBe(0);
    const fine = drift(straight(100_001, 0.0101), straight(100_001, 0.01));
    expect(fine.translationPercent).toBeCloseTo(1, 3);
    expect(fine.perLength.map((l) => l.length)).toEqual([100, 200, 300, 400, 500, 600, 700, 800]);
  });
  it('counts the segments of the protocol', () => {
    const t = straight(301, 1); // 300 m: starts 0, 10, …; a segment needs a pose more than its length away
    const d = drift(t, t, { lengths: [100, 250, 300] });
    expect(d.perLength.map((l) => l.count)).toEqual([20, 5, 0]);
    expect(d.count).toBe(25);
    expect(d.perLength[2]!.translationPercent).toBeNaN();
    expect(drift(t, t, { lengths: [100], step: 1 }).count).toBe(200);
  });
  it('of a constant yaw rate is that rate per 100 m', () => {
    const truth = straight(1001, 0.1);
    const turn = exp([0, 0, 0, 0, 0, 1e-5]);
    const estimate = [truth[0]!];
    for (let i = 1; i < truth.length; i++)
      estimate.push(compose(compose(estimate[i - 1]!, exp([0.1, 0, 0, 0, 0, 0])), turn));
    const d = drift(estimate, truth, { lengths: [50] });
    // 501 steps of 1e-5 rad over a nominal 50 m
    expect(d.rotationDegPer100m).toBeCloseTo((2 * 501e-5 * 180) / Math.PI, 9);
  });
});

describe('associate', () => {
  const truth = { stampsNs: stamps(50), poses: straight(50, 1) };
  it('interpolates the truth on SE(3) between its neighbours', () => {
    const at = truth.stampsNs.slice(0, 49).map((s) => s + 25_000_000n);
    const m = associate({ stampsNs: at, poses: straight(49, 1) }, truth);
    expect(m.truth.length).toBe(49);
    m.truth.forEach((T, i) => expect(T[3]).toBeCloseTo(i + 0.25, 12));
  });
  it('takes the nearest within the tolerance, from unsorted input', () => {
    const est = {
      stampsNs: [
        truth.stampsNs[7]! + 4_000_000n,
        truth.stampsNs[3]! - 9_000_000n,
        truth.stampsNs[5]! + 50_000_000n,
      ],
      poses: straight(3, 1),
    };
    const m = associate(est, truth, { method: 'nearest' });
    expect(m.indices).toEqual([1, 0]);
    expect(m.truth.map((T) => T[3])).toEqual([3, 7]);
  });
  it('leaves out gaps of the truth, poses that are not finite and stamps outside', () => {
    const holed = {
      stampsNs: truth.stampsNs.filter((_, i) => i < 10 || i > 30),
      poses: truth.poses.filter((_, i) => i < 10 || i > 30),
    };
    const poses = straight(5, 1);
    poses[4]![7] = NaN;
    const at = [
      holed.stampsNs[0]! - 1_000_000_000n,
      holed.stampsNs[2]!,
      truth.stampsNs[20]!,
      holed.stampsNs[12]!,
    ];
    const m = associate({ stampsNs: [...at, holed.stampsNs[13]!], poses }, holed);
    expect(m.indices).toEqual([1, 3]);
  });
  it('says so when the clocks have nothing in common', () => {
    const est = { stampsNs: stamps(5, 100_000_000n, 0n), poses: straight(5, 1) };
    expect(() => associate(est, truth)).toThrow(/same clock/);
    expect(() => associate({ stampsNs: stamps(4), poses: straight(5, 1) }, truth)).toThrow(/paired/);
    expect(() => pairByIndex(est, truth)).toThrow(/stamps/);
  });
});

describe('evaluateTrajectory', () => {
  it('bundles the metrics and picks segment lengths that fit', () => {
    const truth = { stampsNs: stamps(72), poses: straight(72, 1) };
    const m = evaluateTrajectory({ stampsNs: truth.stampsNs, poses: straight(72, 1.01) }, truth);
    expect(m).toMatchObject({ matched: 72, unmatched: 0, pathLength: 71 });
    expect(m.drift.perLength[0]!.length).toBe(50);
    expect(m.drift.translationPercent).toBeCloseTo((0.51 / 50) * 100, 9);
    expect(m.rpe.map((r) => r.translation.mean)).toEqual([
      expect.closeTo(0.01, 9) as number,
      expect.closeTo(0.1, 9) as number,
    ]);
    expect(lengthsFor(500)[0]).toBe(100);
    expect(lengthsFor(0.5)).toEqual([]);
    expect(rotationAngle(m.ate.transform)).toBeLessThan(1e-6);
  });
});
