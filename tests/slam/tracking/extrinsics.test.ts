import { expect, it } from 'vitest';
import {
  compose,
  exp,
  inverse,
  rotationAngle,
  separation,
  translationNorm,
  type Pose,
} from '../../../src/geometry/se3.js';
import { Random } from '../../../src/geometry/random.js';
import { Extrinsics } from '../../../src/slam/tracking/extrinsics.js';

const GIVEN = exp([0.3, 0.1, 0.5, 0.2, -1.2, 0.4]);
const PRIOR = { linear: 0.02, angular: 0.02 };
const SIGMA = [0.005, 0.005, 0.005, 0.003, 0.003, 0.003];

/** A body that goes on by 12 cm and turns a little each time. */
const bodyAt = (i: number): Pose => exp([0.12 * i, 0.03 * i, 0, 0, 0, 0.3 * Math.sin(i)]);

interface Run {
  readonly extrinsics: Extrinsics;
  readonly changes: number;
}

/** A sensor that is really at `off` · GIVEN, seen from `count` places with the noise that is stated. */
function measure(
  off: Pose,
  count: number,
  {
    prior = PRIOR,
    at = bodyAt,
    sigma = SIGMA,
    voxel = 0.045,
  }: { prior?: typeof PRIOR; at?: typeof bodyAt; sigma?: readonly number[]; voxel?: number } = {},
): Run {
  const random = new Random('mount');
  const extrinsics = new Extrinsics(prior);
  const covariance = new Float64Array(36);
  sigma.forEach((s, i) => (covariance[i * 7] = s ** 2));
  let changes = 0;
  for (let i = 0; i < count; i++) {
    const truth = compose(off, GIVEN);
    const noise = sigma.map((s) => Math.min(s, 0.03) * random.normal());
    const found = compose(exp([0, 0, 0, ...noise.slice(3)]), truth);
    for (let c = 0; c < 3; c++) found[3 + 4 * c] = truth[3 + 4 * c]! + noise[c]!;
    const used = compose(extrinsics.correction('camera'), GIVEN);
    if (extrinsics.measured({ sensor: 'camera', used, found, body: at(i), covariance, voxel })) changes++;
  }
  return { extrinsics, changes };
}

const OFF = exp([0.025, -0.02, 0.015, 0.01, 0.02, -0.015]);

it('finds a mount that is well off, to a few millimetres, and says so once', () => {
  const { extrinsics, changes } = measure(OFF, 64);
  expect(changes).toBe(1);
  const found = compose(extrinsics.correction('camera'), GIVEN);
  const truth = compose(OFF, GIVEN);
  expect(separation(found, truth)).toBeLessThan(0.01);
  expect(rotationAngle(compose(inverse(truth), found))).toBeLessThan(0.006);
  expect(extrinsics.notices).toHaveLength(1);
  expect(extrinsics.notices[0]).toMatch(/'camera' on the body is off by \d\d mm and 1\.\d°/);
});

it('leaves a mount alone that is right to what coarse grids are biased by', () => {
  const { extrinsics, changes } = measure(exp([0.004, 0, -0.006, 0.003, -0.002, 0]), 200);
  expect(changes).toBe(0);
  expect(translationNorm(extrinsics.correction('camera'))).toBe(0);
  expect(extrinsics.notices).toEqual([]);
});

it('does not take what it sees from one place again and again for many measurements', () => {
  const { extrinsics, changes } = measure(OFF, 200, { at: () => bodyAt(0) });
  expect(changes).toBe(0);
  expect(extrinsics.isDue('camera', compose(bodyAt(0), GIVEN))).toBe(false);
  expect(extrinsics.isDue('camera', compose(bodyAt(1), GIVEN))).toBe(true);
});

it('learns nothing along directions that the surroundings leave open', () => {
  // Before a wall, square to the body's x: y, z and the turn about x are anybody's guess.
  const wall = [0.005, 1, 1, 1, 0.003, 0.003];
  const { changes } = measure(exp([0.001, 0.03, -0.03, 0.02, 0.001, 0.001]), 64, { at: (i) => exp([0.12 * i, 0, 0, 0, 0, 0]), sigma: wall }); // prettier-ignore
  expect(changes).toBe(0);
});

it('believes no measurement that is wildly off, and none where the mount is known exactly', () => {
  expect(measure(exp([1, 0, 0, 0, 0, 0.5]), 100).changes).toBe(0);
  expect(measure(exp([0.03, 0, 0, 0, 0.03, 0]), 100, { prior: { linear: 0, angular: 0 } }).changes).toBe(0);
});

it('is settled once measurements have left all mounts as they are, and from the start where none is refined', () => {
  expect(measure(exp([0, 0, 0, 0, 0, 0]), 7).extrinsics.settled).toBe(false);
  expect(measure(exp([0, 0, 0, 0, 0, 0]), 8).extrinsics.settled).toBe(true);
  // Corrected at the first decision, found right at the second.
  expect(measure(OFF, 8).extrinsics.settled).toBe(false);
  expect(measure(OFF, 16).extrinsics.settled).toBe(true);
  expect(measure(OFF, 0, { prior: { linear: 0, angular: 0 } }).extrinsics.settled).toBe(true);
});

it('asks for more where the grid is coarse, and believes in no mount that nobody could have missed by so much', () => {
  const off = exp([0.015, -0.01, 0.01, 0.006, 0.01, -0.008]);
  expect(measure(off, 64).changes).toBe(1);
  expect(measure(off, 64, { voxel: 0.15 }).changes).toBe(0);
  expect(measure(exp([0.09, -0.02, 0.015, 0.01, 0.02, -0.015]), 64).changes).toBe(0);
});
