import { describe, expect, it } from 'vitest';
import { completeShape } from '../../src/completion/complete.js';
import {
  BOUND_TERMS,
  errorBounds,
  type BoundWeights,
  type PlaceKnown,
} from '../../src/completion/error-bounds.js';
import { decodeShapePrior, encodeShapePrior, withBounds } from '../../src/completion/prior-file.js';
import { ballPrior, ballTouches } from './helpers.js';

const PLACE: PlaceKnown = {
  model: 0.003,
  leftOut: 0.001,
  open: 0.5,
  slope: 0.9,
  height: 0.05,
  offset: 0,
  other: 0.2,
  misfit: 0.3,
  touches: 5,
  points: 60,
  seen: 0,
};

describe('errorBounds', () => {
  it('multiplies powers of what is known', () => {
    const weights = { terms: ['one', 'slope'], sigma: [Math.log(0.002), -1], most: [Math.log(0.006), -2] };
    expect(errorBounds(weights, { ...PLACE, slope: 0.9 }).sigma).toBeCloseTo(0.002, 9);
    const flat = errorBounds(weights, { ...PLACE, slope: 0.4 });
    expect(flat.sigma).toBeCloseTo(0.004, 9);
    expect(flat.most).toBeCloseTo(0.024, 9);
  });

  it('keeps the wider bound wider, and both within limits', () => {
    const crossed = { terms: ['one'], sigma: [Math.log(0.004)], most: [Math.log(0.002)] };
    expect(errorBounds(crossed, PLACE).most).toBeCloseTo(0.0048, 9);
    const wild = { terms: ['one'], sigma: [50], most: [-50] };
    expect(errorBounds(wild, PLACE)).toEqual({ sigma: 0.2, most: 0.24 });
    expect(errorBounds({ terms: ['one'], sigma: [-50], most: [-50] }, PLACE).sigma).toBe(0.0002);
  });

  it('has finite terms for anything that can be known', () => {
    const nothing = { model: 0, leftOut: 0, open: 0, slope: 0, height: -0.001, offset: 0, other: 0, misfit: 0, touches: 1, points: 1, seen: 0 }; // prettier-ignore
    const all = { model: 0.1, leftOut: 0.1, open: 1, slope: 5, height: Infinity, offset: 1, other: 1, misfit: 50, touches: 900, points: 9000, seen: 1 }; // prettier-ignore
    for (const place of [nothing, all, PLACE])
      for (const term of Object.values(BOUND_TERMS)) expect(Number.isFinite(term(place))).toBe(true);
  });
});

describe('a prior with bounds', () => {
  const bounds: BoundWeights = {
    terms: ['one', 'open'],
    sigma: [Math.log(0.001), 2],
    most: [Math.log(0.003), 3],
  };

  it('gives them to its completions, by what they know at a place', () => {
    const touches = ballTouches(0.035, [[0, 0.2], [1, 0.2]]); // prettier-ignore
    const shape = completeShape({ ...ballPrior(), bounds }, touches);
    const without = completeShape(ballPrior(), touches);
    for (const x of [0.035, 0, -0.035]) {
      const open = shape.process!.openShare(x, 0, 0.03);
      expect(shape.sigma(x, 0, 0.03)).toBeCloseTo(0.001 * Math.exp(2 * open), 9);
      expect(shape.bounds(x, 0, 0.03).most).toBeCloseTo(0.003 * Math.exp(3 * open), 9);
      // What was not calibrated has the bounds of a normal distribution.
      const { sigma, most } = without.bounds(x, 0, 0.03);
      expect(most / sigma).toBeCloseTo(1.96, 6);
    }
    const known = shape.known(0.035, 0, 0.03);
    expect(known).toMatchObject({ touches: 2, points: touches.touches.length, seen: 0, height: 0.03 });
    // Balls that are known: the gradient of a signed distance is 1.
    expect(known.slope).toBeGreaterThan(0.85);
    expect(known.slope).toBeLessThan(1.15);
  });

  it('keeps them in its file and leaves all else of it as it was', () => {
    const before = encodeShapePrior(ballPrior(), 'a note');
    const found = decodeShapePrior(withBounds(before, bounds));
    expect(found.bounds).toEqual(bounds);
    expect(found).toEqual({ ...decodeShapePrior(before), bounds });
    expect(withBounds(withBounds(before, { ...bounds, sigma: [0, 0] }), bounds)).toEqual(
      withBounds(before, bounds),
    );
    expect(decodeShapePrior(encodeShapePrior(found)).bounds).toEqual(bounds);
  });

  it('refuses bounds that it cannot compute', () => {
    const file = encodeShapePrior(ballPrior());
    for (const wrong of [
      { ...bounds, terms: ['one', 'toString'] },
      { ...bounds, most: [1] },
      { ...bounds, sigma: [1, NaN] },
    ])
      expect(() => decodeShapePrior(withBounds(file, wrong))).toThrow(/damaged/);
  });
});
