import { expect, it } from 'vitest';
import { quaternionOrder } from '../../src/eval/quaternion-order.js';
import { compose, exp, fromQuaternion, toQuaternion, type Pose } from '../../src/geometry/se3.js';
import { noisy, stamps } from './made-up.js';

/** A drive of 60 poses that turns by `rate` radians at each, with the attitude of a car that rolls and pitches a little. */
function drive(rate: number): Pose[] {
  let pose: Pose = exp([0, 0, 0, 0, 0, 0]);
  return Array.from({ length: 60 }, (_, i) => {
    pose = compose(pose, exp([1, 0, 0, 0, 0, rate * Math.sin(i / 12)]));
    return compose(pose, exp([0, 0, 0, 0.02 * Math.sin(i), 0.01 * Math.cos(i / 2), 0]));
  });
}

/** As read from a file whose quaternions are in the order w x y z. */
const misread = (T: Pose): Pose => {
  const [x, y, z, w] = toQuaternion(T);
  return fromQuaternion([T[3]!, T[7]!, T[11]!], [w, x, y, z]);
};
const matched = (
  estimate: readonly Pose[],
  truth: readonly Pose[],
): Parameters<typeof quaternionOrder>[0] => ({
  stampsNs: stamps(truth.length),
  estimate: [...estimate],
  truth: [...truth],
  indices: truth.map((_, i) => i),
});
const WORLD = exp([3, -2, 1, 0.1, -0.2, 2.1]);
const path = drive(0.1);
const truth = path.map((T) => compose(WORLD, T));
const estimate = noisy(path, 0.02, 0.005, 1);

it('tells whose quaternions are in the other order, and how well they fit then', () => {
  const found = quaternionOrder(matched(estimate, truth.map(misread)))!;
  expect(found.wrong).toBe('truth');
  expect(found.asRead).toBeGreaterThan(10);
  expect(found.reread).toBeLessThan(1);
  expect(quaternionOrder(matched(estimate.map(misread), truth))).toMatchObject({ wrong: 'estimate' });
});

it('says nothing where they are in order, nor of other axes (a camera, north east down)', () => {
  for (const axes of [
    exp([0, 0, 0, 0, 0, 0]),
    fromQuaternion([0, 0, 0], [0.5, -0.5, 0.5, -0.5]),
    fromQuaternion([0, 0, 0], [1, 0, 0, 0]),
  ])
    expect(
      quaternionOrder(
        matched(
          estimate,
          truth.map((T) => compose(T, axes)),
        ),
      ),
    ).toBeUndefined();
});

it('says nothing of attitudes that are wrong in either order', () => {
  const lost = path.map((T, i) => compose(T, exp([0, 0, 0, 0, Math.sin(i), 2 * Math.cos(i)])));
  expect(quaternionOrder(matched(lost, truth))).toBeUndefined();
});

it('says nothing where the body hardly turns: then the order looks like other axes', () => {
  const straight = drive(0).map((T) => compose(WORLD, T));
  expect(quaternionOrder(matched(drive(0), straight.map(misread)))).toBeUndefined();
});
