import { describe, expect, it } from 'vitest';
import { identity } from '../../src/geometry/se3.js';
import type { Observation } from '../../src/sensors/observation.js';
import { asGiven, doubted } from '../../src/slam/estimate.js';
import { initialPhase } from '../../src/slam/phases.js';

const observation = { T_body_sensor: identity() } as Observation;
const tracked = asGiven(observation, { pose: identity(), twist: new Float64Array(6) }, initialPhase(false));

describe('the estimate of a sensor that is doubted', () => {
  it('is degraded, says why and keeps its pose', () => {
    expect(doubted(tracked, 'Its numbers are wrong.')).toEqual({
      ...tracked,
      state: 'degraded',
      reason: 'Its numbers are wrong.',
    });
  });

  it('stays as it is without doubt, or where it says something worse itself', () => {
    const lost = { ...tracked, state: 'lost', reason: 'Nothing fits.' } as const;
    expect(doubted(tracked, undefined)).toBe(tracked);
    expect(doubted(lost, 'Its numbers are wrong.')).toBe(lost);
  });
});
