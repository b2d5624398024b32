import { describe, expect, it } from 'vitest';
import { BASE_UNKNOWNS, LinearSystem, TIME_SCALE, unknownsAt } from '../../../src/field/linear-system.js';
import { MotionTie } from '../../../src/field/terms/motion-tie.js';
import { Random } from '../../../src/geometry/random.js';
import {
  compose,
  exp,
  identity,
  inverse,
  log,
  moveAtSensor,
  type Pose,
  type Twist,
} from '../../../src/geometry/se3.js';

const VARIANCE = 4e-4;
const context = { measured: new LinearSystem(), variance: VARIANCE, final: true, firstOwn: BASE_UNKNOWNS };
const random = new Random('tie');
const twist = (linear: number, angular: number): Twist =>
  Float64Array.from({ length: 6 }, (_, i) => random.range(-1, 1) * (i < 3 ? linear : angular));

/** The system's right-hand side, minus the gradient of half the cost. */
function gradientAt(tie: MotionTie, pose: Pose, undistorted: Twist, correction: Float64Array): Float64Array {
  const system = new LinearSystem();
  tie.add(system, { ...unknownsAt(pose), undistorted, correction }, context);
  return system.b.slice();
}

describe('a motion tie', () => {
  it('expects the velocity of steady motion, and that at the middle of the sweep of steady acceleration', () => {
    const steady = twist(10, 1);
    const last = exp(twist(20, 2));
    const next = compose(last, exp(steady.map((v) => v * 0.1)));
    const without = new MotionTie({ last, dt: 0.1, middle: 0 });
    without.velocity(next).forEach((v, i) => expect(v).toBeCloseTo(steady[i]!, 9));
    const tie = new MotionTie({ last, dt: 0.1, before: steady, middle: 0.03 });
    tie.velocity(next).forEach((v, i) => expect(v).toBeCloseTo(steady[i]!, 9));
    // x = a t²/2, a pose each 0.1 s up to t = 1: the velocity at t + middle is a (t + middle).
    const [a, dt] = [3, 0.1];
    const x = (t: number): Pose => exp([(a * t * t) / 2, 0, 0, 0, 0, 0]);
    const before = log(compose(inverse(x(0.8)), x(0.9))).map((v) => v / dt);
    for (const middle of [-0.05, 0, 0.05]) {
      const accelerated = new MotionTie({ last: x(0.9), dt, before, middle });
      expect(accelerated.velocity(x(1))[0]).toBeCloseTo(a * (1 + middle), 9);
    }
  });

  it('has the gradient of its cost, by finite differences, at every unknown', () => {
    for (const before of [undefined, twist(8, 0.5)]) {
      const last = exp(twist(20, 2));
      const tie = new MotionTie({ last, dt: 0.1, before, middle: 0.02 });
      const pose = compose(last, exp(twist(0.8, 0.02)));
      // What a turn does to the linear part is left out of the matrix: only the angular residual counts for turns.
      const off = twist(0.5, 0.1);
      const angular = off.map((v, i) => (i < 3 ? 0 : v));
      const undistorted = tie.velocity(pose).map((v, i) => v + angular[i]!);
      const correction = twist(0.1, 0.01).map((v, i) => (i < 3 ? 0 : v));
      const cost = (p: Pose, c: Float64Array): number => {
        const v = tie.velocity(p);
        let sum = 0;
        for (let half = 0; half < 6; half += 3)
          for (let i = 0; i < 3; i++) {
            let r = c[half + i]!;
            for (let k = 0; k < 3; k++)
              r += (p[i * 4 + k]! * (undistorted[half + k]! - v[half + k]!)) / TIME_SCALE;
            sum += (VARIANCE * tie.information(half) * r * r) / 2;
          }
        return sum;
      };
      const b = gradientAt(tie, pose, undistorted, correction);
      const h = 1e-5;
      const scale = Math.max(...b.map(Math.abs));
      for (let i = 0; i < 12; i++) {
        const moved = (s: number): number => {
          if (i >= 6)
            return cost(
              pose,
              correction.map((v, k) => (k === i - 6 ? v + s : v)),
            );
          return cost(
            moveAtSensor(
              pose,
              Float64Array.from({ length: 6 }, (_, k) => (k === i ? s : 0)),
            ),
            correction,
          );
        };
        const slope = (moved(h) - moved(-h)) / (2 * h);
        // To first order in the turn of a step: within 5 % of the largest.
        expect(Math.abs(-slope - b[i]!)).toBeLessThan(0.05 * scale + 1e-9);
      }
    }
  });

  it('is looser along the axes in which carrying the acceleration on was wrong', () => {
    const steps = { last: identity(), dt: 0.1, middle: 0 };
    const spread = Float64Array.of(0, 0, 0.01, 0, 0, 0);
    const [calm, bouncing] = [new MotionTie(steps), new MotionTie({ ...steps, spread })];
    for (const i of [0, 1, 3, 4, 5]) expect(bouncing.information(i)).toBe(calm.information(i));
    // Standard deviations of 0.2 and of √(0.2² + (5·0.1)²).
    expect(calm.information(2) / bouncing.information(2)).toBeCloseTo((0.2 ** 2 + 0.5 ** 2) / 0.2 ** 2, 9);
  });

  it('adds a positive semidefinite matrix that leaves motions along the tie free', () => {
    const tie = new MotionTie({ last: identity(), dt: 0.1, middle: 0 });
    const system = new LinearSystem();
    tie.add(system, unknownsAt(identity()), context);
    const n = system.size;
    for (let k = 0; k < 200; k++) {
      const v = Float64Array.from({ length: 12 }, () => random.normal());
      const free = Float64Array.from({ length: 12 }, (_, i) => (i < 6 ? v[i]! : tie.sensitivity * v[i - 6]!));
      const square = (w: Float64Array): number => {
        let sum = 0;
        for (let r = 0; r < 12; r++) for (let c = 0; c < 12; c++) sum += w[r]! * system.A[r * n + c]! * w[c]!;
        return sum;
      };
      expect(square(v)).toBeGreaterThan(-1e-9);
      expect(Math.abs(square(free))).toBeLessThan(1e-6 * square(v) + 1e-9);
    }
    for (let r = 0; r < 12; r++)
      for (let c = 0; c < r; c++) expect(system.A[r * n + c]).toBe(system.A[c * n + r]);
  });
});
