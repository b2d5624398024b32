import { describe, expect, it } from 'vitest';
import { compose, exp, identity } from '../../../src/geometry/se3.js';
import type { Observation } from '../../../src/sensors/observation.js';
import { isFar, isFarFromFirst } from '../../../src/slam/tracking/far-step.js';
import type { Track } from '../../../src/slam/tracking/tracker.js';

const T_body_sensor = exp([0.3, 0, 0.5, 0, 0.4, 0]);
const predicted = exp([2, -1, 0, 0, 0, 0.7]);

/** Whether a camera was found far, when it was found so much away from where it was predicted. */
function far(away: readonly number[], seconds: number): boolean {
  const pose = compose(compose(predicted, T_body_sensor), exp(away));
  return isFar(predicted, { pose } as Track, { T_body_sensor } as Observation, seconds);
}

describe('isFar', () => {
  it('is never so at the prediction, whatever the mount', () => {
    expect(far([0, 0, 0, 0, 0, 0], 0)).toBe(false);
    expect(
      isFar(identity(), { pose: identity() } as Track, { T_body_sensor: identity() } as Observation, 0),
    ).toBe(false);
  });

  it('allows more after a longer time, and no more than 0.4 m and 30°', () => {
    expect(far([0.12, 0, 0, 0, 0, 0], 0)).toBe(true);
    expect(far([0.12, 0, 0, 0, 0, 0], 1 / 15)).toBe(false);
    expect(far([0.39, 0, 0, 0, 0, 0], 10)).toBe(false);
    expect(far([0.41, 0, 0, 0, 0, 0], 10)).toBe(true);
    expect(far([0, 0, 0, 0.1, 0, 0], 0)).toBe(true);
    expect(far([0, 0, 0, 0.1, 0, 0], 1 / 15)).toBe(false);
    expect(far([0, 0, 0, 0, 0.51, 0], 10)).toBe(false);
    expect(far([0, 0, 0, 0, 0.54, 0], 10)).toBe(true);
  });

  it('takes a clock that runs back for no time at all', () => {
    expect(far([0.12, 0, 0, 0, 0, 0], -5)).toBe(true);
    expect(far([0.09, 0, 0, 0, 0, 0], -5)).toBe(false);
  });
});

describe('isFarFromFirst', () => {
  const farFromFirst = (away: readonly number[], seconds: number): boolean => {
    const pose = compose(compose(predicted, T_body_sensor), exp(away));
    return isFarFromFirst(predicted, { pose } as Track, { T_body_sensor } as Observation, seconds);
  };

  it('allows what a shaken hand does between two images, and another corner of the room never', () => {
    expect(farFromFirst([0, 0, 0, 0, 0.25, 0], 1 / 30)).toBe(false);
    expect(farFromFirst([0, 0, 0, 0, 0.35, 0], 1 / 30)).toBe(true);
    expect(farFromFirst([0.29, 0, 0, 0, 0.5, 0], 0.5)).toBe(false);
    expect(farFromFirst([0.16, 0, 0, 0, Math.PI / 2, 0], 10)).toBe(true);
  });

  it('allows 0.6 m, later on', () => {
    expect(farFromFirst([0.25, 0, 0, 0, 0, 0], 1 / 30)).toBe(true);
    expect(farFromFirst([0.59, 0, 0, 0, 0, 0], 1)).toBe(false);
    expect(farFromFirst([0.61, 0, 0, 0, 0, 0], 10)).toBe(true);
  });
});
