import { expect, it } from 'vitest';
import { leverArm } from '../../src/eval/lever-arm.js';
import { compose, exp, type Pose } from '../../src/geometry/se3.js';
import { noisy, stamps, winding } from './made-up.js';
import { uniform } from '../../src/eval/sampling.js';

/** A hand-held sensor that turns about all axes, `n` poses. */
function swung(n: number, seed: number): Pose[] {
  const random = uniform(seed);
  const rates = [0, 0, 0];
  let pose: Pose = exp([0, 0, 0, 0, 0, 0]);
  return Array.from({ length: n }, () => {
    for (let k = 0; k < 3; k++) rates[k] = 0.95 * rates[k]! + 0.05 * (random() - 0.5);
    pose = compose(pose, exp([0.05, 0, 0, ...rates]));
    return pose;
  });
}

/** Poses that drift from the given ones as odometry does: by a random step each. */
function drifting(poses: readonly Pose[], metres: number, radians: number, seed: number): Pose[] {
  const random = uniform(seed);
  const u = (s: number): number => s * (2 * random() - 1);
  let off: Pose = exp([0, 0, 0, 0, 0, 0]);
  return poses.map((T) => {
    off = compose(off, exp([u(metres), u(metres), u(metres), u(radians), u(radians), u(radians)]));
    return compose(off, T);
  });
}

const matched = (estimate: readonly Pose[], truth: readonly Pose[]): Parameters<typeof leverArm>[0] => ({
  stampsNs: stamps(truth.length),
  estimate: [...estimate],
  truth: [...truth],
  indices: truth.map((_, i) => i),
});
const WORLD = exp([3, -2, 1, 0.3, -0.2, 2.1]);
const moved = (poses: readonly Pose[], T: Pose): Pose[] => poses.map((P) => compose(WORLD, compose(P, T)));

it.each([
  ['along its axes', exp([0.19, -0.05, 0.3, 0, 0, 0])],
  ['with axes of its own', exp([0.1, 0.2, -0.1, -1.2, 0.9, -1.2])],
])('finds the point whose poses the truth has, %s', (_, X) => {
  const path = swung(600, 1);
  const estimate = noisy(drifting(path, 0.0005, 0.0001, 2), 0.003, 0.001, 3);
  const { offset, rmse, rmseMoved } = leverArm(matched(estimate, moved(path, X)))!;
  offset.forEach((v, i) => expect(v).toBeCloseTo(X[4 * i + 3]!, 1.7));
  expect(rmseMoved).toBeLessThan(0.4 * rmse);
});

it('finds the part of it that turns about one axis show', () => {
  const random = uniform(7);
  let pose: Pose = exp([0, 0, 0, 0, 0, 0]);
  let rate = 0;
  const path = Array.from({ length: 800 }, () => {
    rate = 0.97 * rate + 0.02 * (random() - 0.5);
    return (pose = compose(pose, exp([0.1, 0, 0, 0, 0, rate])));
  });
  const estimate = noisy(path, 0.005, 0.001, 4);
  const { offset } = leverArm(matched(estimate, moved(path, exp([0.4, -0.1, 0.5, 0, 0, 0]))))!;
  expect(offset[0]).toBeCloseTo(0.4, 1.7);
  expect(offset[1]).toBeCloseTo(-0.1, 1.7);
});

it('takes drift and noise for no arm, on 20 paths', () => {
  for (let seed = 0; seed < 20; seed++) {
    const path = swung(400, 100 + seed);
    const estimate = noisy(drifting(path, 0.004, 0.0008, seed), 0.01, 0.003, 50 + seed);
    expect(leverArm(matched(estimate, moved(path, exp([0, 0, 0, 0, 0, 0.7]))))).toBeUndefined();
  }
});

it('says nothing where the body hardly turns', () => {
  const path = winding(200, 0.5, 3).map((_, i) => exp([0.5 * i, 0, 0, 0, 0, 0]));
  expect(leverArm(matched(path, moved(path, exp([0.5, 0, 0, 0, 0, 0]))))).toBeUndefined();
});
