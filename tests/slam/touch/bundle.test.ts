import { describe, expect, it } from 'vitest';
import { invertSpd, solveCholesky } from '../../../src/geometry/linear.js';
import { Random } from '../../../src/geometry/random.js';
import {
  compose,
  exp,
  identity,
  inverse,
  moveAtSensor,
  separation,
  transformPoint,
  type Pose,
} from '../../../src/geometry/se3.js';
import { patchOf, type Patch } from '../../../src/sensors/tactile/patch.js';
import { BlockSystem } from '../../../src/slam/touch/block-system.js';
import { optimiseTouches, type BundleTouch } from '../../../src/slam/touch/bundle.js';
import { PairSums, pairTotals } from '../../../src/slam/touch/bundle-rows.js';
import { contactsOf, surfaceOf } from '../../../src/sensors/tactile/contacts.js';
import { comparePatches, jacobianAt, PAIR_NUMBERS, pairRows } from '../../../src/slam/touch/pair-rows.js';
import { above, ball, feel, floor, KINEMATICS, lookingAt, rolling, type Solid, wrong } from './felt.js';

const random = new Random('bundle');

/** Touches that overlap, on a floor in waves: where they were, and where an arm says that they were. */
function onWaves(x: number, y: number): Pose {
  // As deep as the highest place under the middle of the gel, and a little more.
  return above(x, y, -rolling(x, y, 0) / 0.95, 7e-4);
}
const TRUTH = Array.from({ length: 25 }, (_, k) =>
  compose(onWaves(0.007 * (k % 5), 0.006 * Math.floor(k / 5)), exp([0, 0, 0, 0, 0, random.range(-1, 1)])),
);
const PATCHES = TRUTH.map((T) => patchOf(feel(rolling, T, random)));
const SAID = TRUTH.map((T) => wrong(T, random));
const touches = (predicted: readonly Pose[]): BundleTouch[] =>
  PATCHES.map((patch, i) => ({ patch, predicted: predicted[i]! }));

/** Rms of the poses' shifts along some axes relative to each other: what is common to all cannot be known. */
function relativeError(poses: readonly Pose[], axes: readonly number[]): number {
  const off = poses.map((T, i) => axes.map((k) => T[4 * k + 3]! - TRUTH[i]![4 * k + 3]!));
  const mean = axes.map((_, k) => off.reduce((s, o) => s + o[k]!, 0) / off.length);
  return Math.sqrt(
    off.reduce((s, o) => s + o.reduce((t, v, k) => t + (v - mean[k]!) ** 2, 0), 0) / off.length,
  );
}

describe('optimiseTouches', () => {
  it('puts touches that overlap where they were, relative to each other', () => {
    const found = optimiseTouches(touches(SAID), { kinematics: KINEMATICS });
    expect(relativeError(SAID, [0, 1, 2])).toBeGreaterThan(2.5e-3);
    expect(relativeError(found.poses, [2])).toBeLessThan(0.3 * relativeError(SAID, [2]));
    expect(relativeError(found.poses, [0, 1])).toBeLessThan(0.8 * relativeError(SAID, [0, 1]));
    expect(found.residual).toBeLessThan(1.5e-4);
    expect(Math.min(...found.overlaps)).toBeGreaterThan(1);
  });

  it('leaves a touch that overlaps no other where the arm says', () => {
    const alone = { patch: PATCHES[0]!, predicted: above(1, 1, 1) };
    const { poses, overlaps } = optimiseTouches([...touches(SAID).slice(0, 4), alone], {
      kinematics: KINEMATICS,
    });
    expect(overlaps[4]).toBe(0);
    expect(separation(poses[4]!, alone.predicted)).toBeLessThan(1e-9);
  });

  it('finds what is wrong with the place on the hand in touches from all sides', () => {
    // A ball from all sides: the sensor sits 3 mm farther out than it is said to.
    const solid = ball(0.02);
    const turn = new Random('sides');
    const T = Array.from({ length: 40 }, () =>
      compose(exp([0, 0, 0, 0, turn.range(-3, 3), turn.range(-3, 3)]), above(0, 0, 0.02)),
    );
    const error = exp([0, 0, 0.003, 0, 0, 0]);
    const small = { translation: 2e-4, rotation: 2e-3 };
    const input = T.map((pose) => ({
      patch: patchOf(feel(solid, pose, turn)),
      predicted: compose(pose, inverse(error)),
    }));
    const { handEyes } = optimiseTouches(input, { kinematics: small, handEye: KINEMATICS, iterations: 40 });
    const [handEye] = handEyes;
    expect(handEye![11]!).toBeGreaterThan(0.0025);
    expect(handEye![11]!).toBeLessThan(0.0035);
  });

  it('goes by the arm while it is not known what lies on what', () => {
    const cylinder = (radius: number, from: number, to: number): Solid => {
      const [middle, half] = [(from + to) / 2, (to - from) / 2];
      return (x, y, z) => {
        const [a, b] = [Math.hypot(x, y) - radius, Math.abs(z - middle) - half];
        return Math.min(0, Math.max(a, b)) + Math.hypot(Math.max(a, 0), Math.max(b, 0));
      };
    };
    const parts = [cylinder(0.02, -0.03, 0), ball(0.02), cylinder(0.008, 0, 0.045)];
    const bottle: Solid = (x, y, z) => Math.min(...parts.map((part) => part(x, y, z)));
    const sides = new Random('bottle');
    const around = (): number => sides.range(-3.14, 3.14);
    const across = (): number => sides.range(-0.006, 0.006);
    /** In turn on its shoulder, neck, top and body. */
    const places = [
      () => lookingAt([0, 0, 0], 0.0193, around(), sides.range(0, 1)),
      () => lookingAt([0, 0, sides.range(0.03, 0.042)], 0.0073, around(), 0),
      () => lookingAt([across(), across(), 0.03], 0.0143, around(), 1.5707),
      () => lookingAt([0, 0, sides.range(-0.025, 0)], 0.0193, around(), 0),
    ];
    const felt = Array.from({ length: 60 }, (_, k) => places[k % 4]!()).map((T) => ({
      T,
      patch: patchOf(feel(bottle, T)),
    }));
    /** Mean square of what the touches felt from the bottle (m²). */
    const off = (found: readonly { readonly patch: Patch; readonly pose: Pose }[]): number => {
      let [sum, count] = [0, 0];
      for (const { patch, pose } of found) {
        const { points } = surfaceOf(patch, 20);
        for (let k = 0; k < points.length; k += 3, count++)
          sum += bottle(...transformPoint(pose, points[k]!, points[k + 1]!, points[k + 2]!)) ** 2;
      }
      return sum / count;
    };
    let [said, found] = [0, 0];
    for (let arm = 0; arm < 4; arm++) {
      const input = felt.map(({ T, patch }) => ({ patch, predicted: wrong(T, sides) }));
      const { poses } = optimiseTouches(input, { kinematics: KINEMATICS, iterations: 4, tolerance: 0 });
      said += off(input.map(({ patch, predicted }) => ({ patch, pose: predicted }))) / 4;
      found += off(felt.map(({ patch }, i) => ({ patch, pose: poses[i]! }))) / 4;
    }
    // 0.60 of it; 0.72 where patches count fully from the first step.
    expect(Math.sqrt(found)).toBeLessThan(0.65 * Math.sqrt(said));
  });

  it('refuses poses that are not made of numbers', () => {
    const bad = touches([SAID[0]!, identity().fill(NaN)]).slice(0, 2);
    expect(() => optimiseTouches(bad, { kinematics: KINEMATICS })).toThrow(
      /pose of touch 1 is not made of numbers/,
    );
  });
});

describe('comparePatches', () => {
  const [a, b] = [PATCHES[6]!, PATCHES[7]!];
  const piece = { patch: a, ...contactsOf(a, 60) };

  it('finds no distance between patches that lie where they were', () => {
    const rows = pairRows(60);
    comparePatches(piece, TRUTH[6]!, b, TRUTH[7]!, 2e-3, rows);
    expect(rows.count).toBeGreaterThan(15);
    const r = Array.from({ length: rows.count }, (_, k) => rows.values[k * PAIR_NUMBERS + 6]!);
    expect(Math.sqrt(r.reduce((s, v) => s + v * v, 0) / r.length)).toBeLessThan(8e-5);
  });

  it('has Jacobians that finite differences give, for both patches', () => {
    // A plane onto a plane: correspondences do not change.
    const flat = patchOf(feel(floor(), above(0, 0, 0)));
    const first = { patch: flat, ...contactsOf(flat, 60) };
    const [Ta, Tb] = [
      compose(above(0.004, 0.002, 4e-4), exp([0, 0, 0, 0.01, 0.02, 0.3])),
      compose(above(0, 0, 0), exp([0, 0, 0, 0, 0.015, 0])),
    ];
    const [rows, moved] = [pairRows(60), pairRows(60)];
    comparePatches(first, Ta, flat, Tb, 5e-3, rows);
    expect(rows.count).toBeGreaterThan(20);
    const J = new Float64Array(6);
    for (const [T, sign] of [
      [Ta, 1],
      [Tb, -1],
    ] as const)
      for (let k = 0; k < 6; k++) {
        const step = new Float64Array(6);
        step[k] = 1e-6;
        const at = moveAtSensor(T, step);
        comparePatches(first, sign > 0 ? at : Ta, flat, sign > 0 ? Tb : at, 5e-3, moved);
        expect(moved.count).toBe(rows.count);
        let [worst, largest] = [0, 0];
        for (let i = 0; i < rows.count; i++) {
          jacobianAt(rows.values, i * PAIR_NUMBERS, T, sign, J);
          const numeric = (moved.values[i * PAIR_NUMBERS + 6]! - rows.values[i * PAIR_NUMBERS + 6]!) / 1e-6;
          worst = Math.max(worst, Math.abs(numeric - J[k]!));
          largest = Math.max(largest, Math.abs(numeric));
        }
        expect(worst).toBeLessThan(1e-3 * largest + 1e-5);
      }
  });

  it('counts a sample as too deep where the other gel was free, and only there', () => {
    const half = feel(floor(), above(0, 0, 0));
    const contact = half.contact.map((_, i) => (i % 40 < 20 ? 1 : 0));
    const depth = half.depth.map((d, i) => (i % 40 < 20 ? d : 0));
    const other = patchOf({ ...half, contact, depth });
    const flat = patchOf(half);
    const rows = pairRows(60);
    // The same plane, a millimetre into the other gel: it would have been felt.
    comparePatches(
      { patch: flat, ...contactsOf(flat, 60) },
      above(0, 0, 0),
      other,
      above(0, 0, 0),
      5e-3,
      rows,
    );
    const deep = Array.from({ length: rows.count }, (_, k) => rows.values[k * PAIR_NUMBERS + 6]!).filter(
      (r) => r < -4e-4,
    );
    expect(deep.length).toBeGreaterThan(10);
    expect(deep.length).toBeLessThan(rows.count);
    // What is pressed in by so little does not count as touched: that it lies a little deeper is no news.
    const shallow = patchOf({
      ...half,
      contact,
      depth: half.depth.map((d, i) => (contact[i] ? d : d - 4e-4)),
    });
    const piece = { patch: flat, ...contactsOf(flat, 60) };
    comparePatches(piece, above(0, 0, 0), shallow, above(0, 0, 0), 5e-3, rows);
    expect(rows.count).toBeGreaterThan(10);
    for (let k = 0; k < rows.count; k++)
      expect(Math.abs(rows.values[k * PAIR_NUMBERS + 6]!)).toBeLessThan(3e-4);
  });
});

describe('BlockSystem', () => {
  it('solves what is symmetric and positive definite', () => {
    const n = 5;
    const system = new BlockSystem(n);
    const dense = new Float64Array((6 * n) ** 2);
    const add = (i: number, j: number, J: readonly Float64Array[]): void => {
      const block = (a: Float64Array, b: Float64Array): Float64Array =>
        Float64Array.from({ length: 36 }, (_, k) => a[Math.floor(k / 6)]! * b[k % 6]!);
      for (const [p, q] of [
        [0, 0],
        [1, 1],
        [0, 1],
      ] as const) {
        const [r, c] = [p === 0 ? i : j, q === 0 ? i : j];
        const values = block(J[p]!, J[q]!);
        system.add(r, c, values);
        values.forEach((v, k) => {
          const [x, y] = [6 * r + Math.floor(k / 6), 6 * c + (k % 6)];
          dense[x * 6 * n + y]! += v;
          if (r !== c) dense[y * 6 * n + x]! += v;
        });
      }
    };
    for (let i = 0; i < n; i++)
      for (let j = i + 1; j < n; j++)
        for (let k = 0; k < 4; k++)
          add(
            i,
            j,
            [0, 1].map(() => Float64Array.from({ length: 6 }, () => random.normal())),
          );
    const eye = Float64Array.from({ length: 36 }, (_, k) => (k % 7 === 0 ? 0.1 : 0));
    for (let i = 0; i < n; i++) {
      system.add(i, i, eye);
      for (let k = 0; k < 6; k++) dense[(6 * i + k) * (6 * n + 1)]! += 0.1;
    }
    for (let i = 0; i < 6 * n; i++) system.b[i] = random.normal();
    const x = system.solve(1e-10, 2000);
    for (let r = 0; r < 6 * n; r++) {
      const sum = x.reduce((s, v, c) => s + dense[r * 6 * n + c]! * v, 0);
      expect(sum).toBeCloseTo(system.b[r]!, 6);
    }
  });
});

describe('PairSums', () => {
  it('adds what the Jacobians of both patches amount to, whichever comes first', () => {
    const [sigma, scale] = [1e-4, 1e-3];
    const poses = [TRUTH[6]!, SAID[7]!];
    const pieces = [6, 7].map((k) => ({ patch: PATCHES[k]!, ...contactsOf(PATCHES[k]!, 60) }));
    const H = new Float64Array(144);
    const b = new Float64Array(12);
    const [rows, J] = [pairRows(60), [new Float64Array(6), new Float64Array(6)]];
    for (const [i, j] of [
      [0, 1],
      [1, 0],
    ] as const) {
      comparePatches(pieces[i]!, poses[i]!, pieces[j]!.patch, poses[j]!, 3e-3, rows);
      expect(rows.count).toBeGreaterThan(10);
      for (let at = 0; at < rows.count * PAIR_NUMBERS; at += PAIR_NUMBERS) {
        const r = rows.values[at + 6]!;
        const w = Math.min(30, rows.count) / rows.count / (2 * sigma ** 2) / (1 + (r / scale) ** 2);
        jacobianAt(rows.values, at, poses[i]!, 1, J[i]!);
        jacobianAt(rows.values, at, poses[j]!, -1, J[j]!);
        const both = [...J[0]!, ...J[1]!];
        for (let a = 0; a < 12; a++) {
          for (let c = 0; c < 12; c++) H[12 * a + c]! += w * both[a]! * both[c]!;
          b[a]! -= w * both[a]! * r;
        }
      }
    }
    const system = new BlockSystem(2);
    const adding = new PairSums(pieces).add(system, poses, { scale, sigma }, pairTotals(2));
    while (adding.next().done !== true);
    for (let a = 0; a < 12; a++) expect(Math.abs(system.b[a]! - b[a]!)).toBeLessThan(1e-9 * Math.hypot(...b));
    // The blocks, by what the system makes of them: with a prior on both, else moving both alike costs nothing.
    const prior = Float64Array.from({ length: 36 }, (_, k) => (k % 7 === 0 ? 1e8 : 0));
    for (const k of [0, 1]) system.add(k, k, prior);
    const whole = H.map((v, k) => v + (k % 13 === 0 ? 1e8 : 0));
    const known = invertSpd(whole, 12)!;
    for (const k of [0, 1]) {
      const covariance = system.covariance(k);
      for (let a = 0; a < 6; a++)
        for (let c = 0; c < 6; c++)
          expect(covariance[6 * a + c]).toBeCloseTo(known[12 * (6 * k + a) + 6 * k + c]!, 13);
    }
    const step = b.slice();
    solveCholesky(whole, step, 12);
    const solved = system.solve();
    for (let a = 0; a < 12; a++) expect(solved[a]).toBeCloseTo(step[a]!, 9);
  });
});
