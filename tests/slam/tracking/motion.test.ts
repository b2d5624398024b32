import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity, type Pose } from '../../../src/geometry/se3.js';
import { ConstantVelocity } from '../../../src/slam/tracking/motion.js';

const SECOND = 1_000_000_000n;

function distance(a: Pose, b: Pose): number {
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
}

describe('constant velocity', () => {
  it('stands still before it has seen anything', () => {
    const motion = new ConstantVelocity();
    expect(motion.elapsed(5n * SECOND)).toBe(0);
    expect(motion.predict(5n * SECOND)).toEqual(identity());
  });

  it('predicts a constant twist exactly, forward and backward, at any spacing of stamps', () => {
    const random = new Random('twist');
    for (let i = 0; i < 50; i++) {
      const twist = [20, 2, 1, 0.5, 0.5, 2].map((size) => size * random.range(-1, 1));
      const start = exp([1, 2, 3, 4, 5, 6].map(() => random.range(-2, 2)));
      const at = (seconds: number): Pose => compose(start, exp(twist.map((v) => v * seconds)));
      const motion = new ConstantVelocity();
      const begin = 1_700_000_000n * SECOND;
      const stamp = (seconds: number): bigint => begin + BigInt(Math.round(seconds * 1e9));
      motion.update(stamp(0), at(0));
      motion.update(stamp(0.1), at(0.1));
      motion.twist.forEach((v, k) => expect(v).toBeCloseTo(twist[k]!, 6));
      for (const seconds of [0.1, 0.15, 0.2, 0.45, 0])
        expect(distance(motion.predict(stamp(seconds)), at(seconds))).toBeLessThan(1e-6);
    }
  });

  it('keeps its velocity through a repeated stamp and one that goes back', () => {
    const motion = new ConstantVelocity();
    motion.update(0n, identity());
    motion.update(SECOND, exp([1, 0, 0, 0, 0, 0]));
    motion.update(SECOND, exp([1.01, 0, 0, 0, 0, 0]));
    motion.update(SECOND / 2n, exp([0.5, 0, 0, 0, 0, 0]));
    expect(motion.twist[0]).toBeCloseTo(1, 12);
    expect(motion.pose[3]).toBe(0.5);
    expect(motion.stampNs).toBe(SECOND / 2n);
    expect(motion.twist.every(Number.isFinite)).toBe(true);
  });

  it('takes a measured twist and a state set from outside', () => {
    const motion = new ConstantVelocity();
    motion.update(0n, identity());
    motion.update(SECOND, exp([1, 0, 0, 0, 0, 0]), Float64Array.of(2, 0, 0, 0, 0, 0));
    expect(motion.predict(2n * SECOND)[3]).toBeCloseTo(3, 12);
    motion.set(3n * SECOND, exp([9, 0, 0, 0, 0, 0]), new Float64Array(6));
    expect(motion.predict(10n * SECOND)[3]).toBe(9);
  });
});
