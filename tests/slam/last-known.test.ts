import { describe, expect, it } from 'vitest';
import { compose, exp, identity, separation } from '../../src/geometry/se3.js';
import type { Observation } from '../../src/sensors/observation.js';
import { lastKnown } from '../../src/slam/last-known.js';
import type { Phase } from '../../src/slam/phases.js';
import { BodyMotion } from '../../src/slam/tracking/motion.js';

const MOUNT = exp([0.2, 0, 0.1, 0, 0, 0.3]);
const START = exp([1, 2, 0, 0, 0, 0.5]);
/** Ahead, up and turning to the left; it pitches, too. */
const TWIST = Float64Array.of(0.5, 0, 0.1, 0, 0.2, 0.3);
const at = (seconds: number) =>
  ({
    stampNs: BigInt(Math.round(seconds * 1e9)),
    T_body_sensor: MOUNT,
    motion: 'rigid',
  }) as unknown as Observation;

function moving(): BodyMotion {
  const motion = new BodyMotion();
  motion.set(0n, START, TWIST);
  return motion;
}
const onward = (seconds: number, twist: ArrayLike<number> = TWIST) =>
  compose(compose(START, exp(Array.from(twist, (v) => v * seconds))), MOUNT);

describe('lastKnown', () => {
  it('is where the sensor was, and where its motion would have taken it', () => {
    const { last, ahead, elapsed } = lastKnown({ kind: 'tracking', slidingScans: 0 }, at(0.6), moving());
    expect(elapsed).toBeCloseTo(0.6, 9);
    expect(separation(last, compose(START, MOUNT))).toBeLessThan(1e-9);
    expect(separation(ahead, onward(0.6))).toBeLessThan(1e-9);
  });

  it('lets nobody heave and pitch for seconds, nor go on for more than three', () => {
    const state = { stampNs: 0n, pose: START, twist: TWIST };
    const lost: Phase = {
      kind: 'lost',
      since: 1n,
      lastKnown: state,
      failures: 1,
      contradicted: false,
      slidingScans: 0,
    };
    const level = [0.5, 0, 0, 0, 0, 0.3];
    expect(separation(lastKnown(lost, at(2), new BodyMotion()).ahead, onward(2, level))).toBeLessThan(1e-9);
    const late = lastKnown(lost, at(9), new BodyMotion());
    expect(late.elapsed).toBeCloseTo(9, 9);
    expect(separation(late.ahead, onward(3, level))).toBeLessThan(1e-9);
  });

  it('is where the map began while it holds one observation, at rest as far as is known', () => {
    const phase: Phase = { kind: 'bootstrapping', origin: identity(), first: at(0), failures: 1 };
    const { last, ahead, elapsed } = lastKnown(phase, at(1), moving());
    expect(separation(last, MOUNT)).toBeLessThan(1e-9);
    expect(separation(ahead, MOUNT)).toBeLessThan(1e-9);
    expect(elapsed).toBeCloseTo(1, 9);
  });
});
