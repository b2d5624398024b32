import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { identity } from '../../src/geometry/se3.js';
import { judge } from '../../src/slam/judge.js';
import type { Track } from '../../src/slam/tracker.js';

const limits = configSchema.parse({}).tracking;
const GOOD: Track = {
  pose: identity(),
  twist: new Float64Array(6),
  covariance: new Float64Array(36),
  iterations: 7,
  converged: true,
  valuedRatio: 0.9,
  inlierRatio: 0.9,
  residual: 0.02,
  conditioning: 0.2,
};

describe('judge', () => {
  it.each([
    ['a good track', {}, 'tracking', /^$/],
    [
      'hardly anything of the scan in the map',
      { valuedRatio: limits.minValuedRatio - 0.01 },
      'lost',
      /known map/,
    ],
    ['hardly anything fits', { inlierRatio: limits.minInlierRatio - 0.01 }, 'lost', /fits the map/],
    ['a direction that slides', { conditioning: limits.minConditioning / 2 }, 'degraded', /covariance/],
    ['no convergence', { converged: false }, 'degraded', /7 steps/],
    [
      'exactly at every limit',
      {
        valuedRatio: limits.minValuedRatio,
        inlierRatio: limits.minInlierRatio,
        conditioning: limits.minConditioning,
      },
      'tracking',
      /^$/,
    ],
    ['lost beats degraded', { converged: false, conditioning: 0, valuedRatio: 0 }, 'lost', /0 %/],
  ] as const)('%s', (_, changes, state, reason) => {
    const verdict = judge({ ...GOOD, ...changes }, limits);
    expect(verdict.state).toBe(state);
    expect(verdict.reason).toMatch(reason);
  });

  it('trusts nothing that is not a number', () => {
    for (const key of ['valuedRatio', 'inlierRatio', 'conditioning'] as const)
      expect(judge({ ...GOOD, [key]: NaN }, limits).state, key).not.toBe('tracking');
  });
});
