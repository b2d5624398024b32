import { describe, expect, it } from 'vitest';
import {
  better,
  CERTAIN_AFTER_LOSS,
  CERTAIN_IN_LOADED_MAP,
  CERTAIN_VIEW,
  explainsClearlyMore,
  explainsMore,
  isCertain,
  scoreOf,
  type Candidate,
} from '../../../src/slam/places/certainty.js';

const candidate = (fit: number, valued: number, inlierRatio = 1, converged = true): Candidate => ({
  track: { inlierRatio, converged } as Candidate['track'],
  fit,
  valued,
});

describe.each([
  ['after a loss', CERTAIN_AFTER_LOSS],
  ['in a loaded map', CERTAIN_IN_LOADED_MAP],
])('a place is certain %s', (_, limits) => {
  it('at every limit, and below none', () => {
    const { fit, valued, inliers } = limits;
    expect(isCertain(candidate(fit, valued, inliers), limits)).toBe(true);
    expect(isCertain(candidate(fit - 1e-6, valued, inliers), limits)).toBe(false);
    expect(isCertain(candidate(fit, valued - 1e-6, inliers), limits)).toBe(false);
    expect(isCertain(candidate(fit, valued, inliers - 1e-6), limits)).toBe(false);
    expect(isCertain(candidate(1, 1, 1, false), limits)).toBe(false);
  });

  it('never where a figure is not a number', () => {
    for (const bad of [candidate(NaN, 1), candidate(1, NaN), candidate(1, 1, NaN)])
      expect(isCertain(bad, limits)).toBe(false);
  });
});

it('a place is certain for a narrow view only where nothing slides', () => {
  const on = (conditioning: number): Candidate => ({
    ...candidate(1, 1),
    track: { inlierRatio: 1, converged: true, conditioning } as Candidate['track'],
  });
  const limits = { ...CERTAIN_VIEW, conditioning: 0.02 };
  expect(isCertain(on(0.02), limits)).toBe(true);
  expect(isCertain(on(0.019), limits)).toBe(false);
  expect(isCertain(on(NaN), limits)).toBe(false);
});

describe('candidates', () => {
  it('score from 0 to 1, fit before overlap', () => {
    expect(scoreOf(candidate(1, 1))).toBe(1);
    expect(scoreOf(candidate(0, 1))).toBe(0);
    expect(scoreOf(candidate(0.9, 0.5))).toBeGreaterThan(scoreOf(candidate(0.7, 1)));
  });

  it('are compared by score', () => {
    const [good, bad] = [candidate(0.9, 0.8), candidate(0.8, 0.8)];
    expect(better(undefined, bad)).toBe(bad);
    expect(better(bad, good)).toBe(good);
    expect(better(good, bad)).toBe(good);
  });

  it('of a second scan are compared by score and how much of the scan fits, and the expected place holds until another clearly explains more', () => {
    const explaining = (fit: number, coarseRatio: number): Candidate => {
      const { track, ...rest } = candidate(fit, 0.8);
      return { ...rest, track: { ...track, coarseRatio } };
    };
    const [cars, standing] = [explaining(0.9, 0.2), explaining(0.85, 0.35)];
    expect(scoreOf(cars)).toBeGreaterThan(scoreOf(standing));
    expect(explainsMore(undefined, cars)).toBe(cars);
    expect(explainsMore(cars, standing)).toBe(standing);
    expect(explainsMore(standing, cars)).toBe(standing);
    expect(explainsClearlyMore(standing, cars)).toBe(true);
    expect(explainsClearlyMore(explaining(0.86, 0.35), standing)).toBe(false);
    expect(explainsClearlyMore(standing, standing)).toBe(false);
  });
});
