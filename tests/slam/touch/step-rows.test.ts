import { expect, it } from 'vitest';
import { PosePrior } from '../../../src/field/terms/pose-prior.js';
import { Random } from '../../../src/geometry/random.js';
import { multiply } from '../../../src/geometry/covariance.js';
import { compose, exp, inverse, log, moveAtSensor, type Pose } from '../../../src/geometry/se3.js';
import { BlockSystem } from '../../../src/slam/touch/block-system.js';
import { addStep, transposed, type BundleStep } from '../../../src/slam/touch/step-rows.js';

const random = new Random('steps');
const some = (scale: number): number[] => Array.from({ length: 6 }, () => scale * random.normal());
/** Symmetric and positive definite. */
const information = (): Float64Array => {
  const A = Float64Array.from({ length: 36 }, () => random.normal());
  const out = multiply(A, transposed(A));
  for (let k = 0; k < 6; k++) out[7 * k]! += 1;
  return out;
};

/** ½ rᵀΛr with Λ in the axes of the other. */
function cost(poses: readonly Pose[], j: number, { touch, pose, information: L }: BundleStep): number {
  const Ti = poses[touch]!;
  const Q = new Float64Array(36);
  for (let a = 0; a < 3; a++)
    for (let c = 0; c < 3; c++) Q[a * 6 + c] = Q[(a + 3) * 6 + c + 3] = Ti[4 * a + c]!;
  const { residual: r } = new PosePrior(compose(Ti, pose), L).quadratic(poses[j]!);
  const turned = multiply(multiply(Q, L), transposed(Q));
  let sum = 0;
  for (let a = 0; a < 6; a++) for (let c = 0; c < 6; c++) sum += 0.5 * r[a]! * turned[a * 6 + c]! * r[c]!;
  return sum;
}

it.each([
  [0, 1],
  [1, 0],
])('has the gradient that finite differences give (%d goes on to %d)', (i, j) => {
  const poses = [exp(some(0.5)), exp(some(0.5))];
  const pose = compose(compose(inverse(poses[i]!), poses[j]!), exp(some(1e-3)));
  const step = { touch: i, pose, information: information() };
  const system = new BlockSystem(2);
  addStep(system, poses, j, step);
  for (const k of [0, 1])
    for (let a = 0; a < 6; a++) {
      const at = (h: number): number => {
        const move = new Float64Array(6);
        move[a] = h;
        const moved = [...poses];
        moved[k] = moveAtSensor(poses[k]!, move);
        return cost(moved, j, step);
      };
      const numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
      expect(Math.abs(-system.b[6 * k + a]! - numeric)).toBeLessThan(0.01 * Math.abs(numeric) + 1e-3);
    }
});

it.each([
  [0, 1],
  [1, 0],
])('brings two poses to where the step says in one Gauss–Newton step (%d goes on to %d)', (i, j) => {
  const poses = [exp(some(0.5)), exp(some(0.5))];
  const pose = compose(compose(inverse(poses[i]!), poses[j]!), exp(some(1e-4)));
  const system = new BlockSystem(2);
  addStep(system, poses, j, { touch: i, pose, information: information() });
  // Where both are as a whole the step does not say.
  const loose = Float64Array.from({ length: 36 }, (_, k) => (k % 7 === 0 ? 1e-6 : 0));
  system.add(i, i, loose);
  const x = system.solve(1e-12, 2000);
  const moved = poses.map((T, k) => moveAtSensor(T, x.subarray(6 * k, 6 * k + 6)));
  const off = log(compose(inverse(compose(moved[i]!, pose)), moved[j]!));
  expect(Math.hypot(...off)).toBeLessThan(1e-7);
});
