import { expect, it } from 'vitest';
import {
  compose,
  exp,
  inverse,
  rotationAngle,
  translationNorm,
  type Pose,
} from '../../../src/geometry/se3.js';
import { Random } from '../../../src/geometry/random.js';
import { Extrinsics } from '../../../src/slam/tracking/extrinsics.js';

const GIVEN = exp([0.3, 0.1, 0.5, 0.2, -1.2, 0.4]);
const PRIOR = { linear: 0.02, angular: 0.02 };

/** A sensor that is really at `off` · GIVEN, measured `count` times with noise. */
function measure(off: Pose, count: number, prior = PRIOR): { extrinsics: Extrinsics; changes: number } {
  const random = new Random('mount');
  const extrinsics = new Extrinsics(prior);
  let changes = 0;
  for (let i = 0; i < count; i++) {
    const noise = exp(Array.from({ length: 6 }, (_, axis) => (axis < 3 ? 0.01 : 0.005) * random.normal()));
    const used = compose(extrinsics.correction('camera'), GIVEN);
    if (extrinsics.measured('camera', used, compose(noise, compose(off, GIVEN)))) changes++;
  }
  return { extrinsics, changes };
}

it('finds a mount that is well off, to a few millimetres, and says so once', () => {
  const off = exp([0.025, -0.02, 0.015, 0.01, 0.02, -0.015]);
  const { extrinsics, changes } = measure(off, 100);
  expect(changes).toBe(1);
  const rest = compose(inverse(off), extrinsics.correction('camera'));
  expect(translationNorm(rest)).toBeLessThan(0.008);
  expect(rotationAngle(rest)).toBeLessThan(0.006);
  expect(extrinsics.notices).toHaveLength(1);
  expect(extrinsics.notices[0]).toMatch(/'camera' on the body is off by 3\d mm and 1\.\d°/);
});

it('leaves a mount alone that is right to what coarse grids are biased by', () => {
  const { extrinsics, changes } = measure(exp([0.004, 0, -0.006, 0.003, -0.002, 0]), 200);
  expect(changes).toBe(0);
  expect(translationNorm(extrinsics.correction('camera'))).toBe(0);
  expect(extrinsics.notices).toEqual([]);
});

it('believes no measurement that is wildly off, and none where the mount is known exactly', () => {
  expect(measure(exp([1, 0, 0, 0, 0, 0.5]), 100).changes).toBe(0);
  expect(measure(exp([0.03, 0, 0, 0, 0.03, 0]), 100, { linear: 0, angular: 0 }).changes).toBe(0);
});

it('is settled once measurements have left all mounts as they are, and from the start where none is refined', () => {
  expect(measure(exp([0, 0, 0, 0, 0, 0]), 10).extrinsics.settled).toBe(false);
  expect(measure(exp([0, 0, 0, 0, 0, 0]), 30).extrinsics.settled).toBe(true);
  // Corrected at the first decision, found right at the second.
  const off = exp([0.025, -0.02, 0.015, 0.01, 0.02, -0.015]);
  expect(measure(off, 30).extrinsics.settled).toBe(false);
  expect(measure(off, 60).extrinsics.settled).toBe(true);
  expect(measure(off, 0, { linear: 0, angular: 0 }).extrinsics.settled).toBe(true);
});
