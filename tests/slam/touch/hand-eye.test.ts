import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity, inverse, type Pose } from '../../../src/geometry/se3.js';
import { patchOf } from '../../../src/sensors/tactile/patch.js';
import { BlockSystem } from '../../../src/slam/touch/block-system.js';
import { optimiseTouches } from '../../../src/slam/touch/bundle.js';
import { addKinematics, HandEye } from '../../../src/slam/touch/hand-eye.js';
import { kinematicInformation } from '../../../src/slam/touch/kinematics.js';
import { above, ball, feel, floor } from './felt.js';

const SIGMA = { translation: 0.001, rotation: 0.01 };
const ARM = { translation: 0.002, rotation: 0.02 };

/** What a system of so many sensors makes of touches that are known to be where they are. */
function found(
  touches: readonly { readonly truth: Pose; readonly predicted: Pose; readonly sensor?: number }[],
  sensors: number,
): HandEye[] {
  const hands = Array.from({ length: sensors }, () => new HandEye(SIGMA));
  const system = new BlockSystem(touches.length + sensors);
  const sure = Float64Array.from({ length: 36 }, (_, k) => (k % 7 === 0 ? 1e14 : 0));
  const all = touches.map((touch) => ({ ...touch, patch: patchOf(feel(floor(), above(0, 0, 0))) }));
  const add = (): void => {
    system.clear();
    touches.forEach((_, i) => system.add(i, i, sure));
    addKinematics(system, all, touches.map(({ truth }) => truth), kinematicInformation(ARM), hands); // prettier-ignore
  };
  for (const hand of hands) hand.release();
  add();
  hands.forEach((hand, k) => hand.free(system.covariance(touches.length + k)));
  for (let step = 0; step < 3; step++) {
    add();
    const x = system.solve();
    hands.forEach((hand, k) => hand.move(x.subarray(6 * (touches.length + k), 6 * (touches.length + k + 1))));
  }
  return hands;
}

describe('HandEye', () => {
  const turn = new Random('hand-eye');
  const poses = Array.from({ length: 120 }, () =>
    exp(Array.from({ length: 6 }, (_, k) => (k < 3 ? 0.1 : 2) * turn.normal())),
  );
  const error = exp([0.0004, -0.0008, 0.0012, 0.003, 0, -0.004]);

  it('is found where touches are known, as far as its prior lets it', () => {
    const [hand] = found(poses.map((truth) => ({ truth, predicted: compose(truth, inverse(error)) })), 1); // prettier-ignore
    // 120 touches of 2 mm beside a prior of 1 mm: 30 of 31 parts of the error.
    for (const k of [3, 7, 11]) expect(hand!.pose[k]! / error[k]!).toBeCloseTo(30 / 31, 2);
  });

  it('is found for each sensor by itself', () => {
    const two = poses.map((truth, i) => ({
      truth,
      predicted: i % 2 === 0 ? compose(truth, inverse(error)) : truth,
      sensor: i % 2,
    }));
    const [first, second] = found(two, 2);
    expect(first!.pose[11]! / error[11]!).toBeCloseTo(15 / 16, 2);
    expect(Math.abs(second!.pose[11]!)).toBeLessThan(1e-8);
  });

  it('stays where touches tell too little of it', () => {
    // Three touches of 2 mm leave 0.76 of the prior's standard deviation.
    const [hand] = found(poses.slice(0, 3).map((truth) => ({ truth, predicted: compose(truth, inverse(error)) })), 1); // prettier-ignore
    for (let k = 0; k < 12; k++) expect(hand!.pose[k]).toBeCloseTo(identity()[k]!, 7);
  });

  it('is not sought in touches of one side, nor by those that a camera saw', () => {
    const random = new Random('one side');
    const flat = Array.from({ length: 16 }, (_, k) => above(0.005 * (k % 4), 0.004 * Math.floor(k / 4), 0));
    const input = flat.map((truth) => ({
      patch: patchOf(feel(floor(), truth, random)),
      predicted: compose(truth, exp([0, 0, -0.0012, 0, 0, 0])),
    }));
    const { handEyes } = optimiseTouches(input, { kinematics: ARM, handEye: SIGMA });
    expect(Math.abs(handEyes[0]![11]!)).toBeLessThan(1e-4);
    const seen = found(poses.map((truth) => ({ truth, predicted: compose(truth, inverse(error)), byHand: false })), 1); // prettier-ignore
    expect(seen[0]!.pose[11]).toBeCloseTo(0, 9);
  });

  it('makes a ball as large as it is that an arm feels too far out all round', () => {
    const random = new Random('ball');
    const T = Array.from({ length: 60 }, () =>
      compose(exp([0, 0, 0, 0, random.range(-3, 3), random.range(-3, 3)]), above(0, 0, 0.02)),
    );
    const out = exp([0, 0, 0.0015, 0, 0, 0]);
    const input = T.map((pose) => ({
      patch: patchOf(feel(ball(0.02), pose, random, 5e-6)),
      predicted: compose(compose(pose, inverse(out)), exp([0, 1, 2, 3, 4, 5].map((k) => (k < 3 ? 5e-4 : 5e-3) * random.normal()))), // prettier-ignore
    }));
    const kinematics = { translation: 5e-4, rotation: 5e-3 };
    /** How far the middle of the ball is from the gels on average, beyond the truth (m). */
    const tooLarge = (found: readonly Pose[]): number => {
      const centre = [3, 7, 11].map(
        (k) => found.reduce((sum, P, i) => sum + P[k]! - T[i]![k]!, 0) / found.length,
      );
      const distance = (P: Pose, c: readonly number[]): number =>
        Math.hypot(P[3]! - c[0]!, P[7]! - c[1]!, P[11]! - c[2]!);
      return (
        found.reduce((sum, P, i) => sum + distance(P, centre) - distance(T[i]!, [0, 0, 0]), 0) / found.length
      );
    };
    const held = optimiseTouches(input, { kinematics });
    const free = optimiseTouches(input, { kinematics, handEye: SIGMA });
    expect(tooLarge(held.poses)).toBeGreaterThan(6e-4);
    expect(Math.abs(tooLarge(free.poses))).toBeLessThan(3e-4);
  });
});
