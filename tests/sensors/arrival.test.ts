import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../src/sensors/arrival.js';

const ns = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9));

describe('Arrivals', () => {
  it('uses a late measurement of another sensor inside the window, at most', () => {
    const arrivals = new Arrivals(0.5);
    expect(arrivals.check('a', ns(10))).toBe('in-order');
    expect(arrivals.check('b', ns(10))).toBe('in-order');
    expect(arrivals.check('a', ns(10.4))).toBe('in-order');
    expect(arrivals.check('b', ns(10.1))).toBe('late');
    expect(arrivals.check('c', ns(9.9))).toBe('late');
    expect(arrivals.check('c', ns(9.8))).toBe('too-late');
    expect(arrivals.age(ns(9.8))).toBeCloseTo(0.6, 9);
    // What was late does not hold up what comes in order.
    expect(arrivals.check('b', ns(10.5))).toBe('in-order');
    expect(arrivals.counts).toEqual({ 'in-order': 4, late: 2, 'too-late': 1 });
  });

  it('goes on dropping a sensor that lags behind, however long', () => {
    const arrivals = new Arrivals(0.5);
    for (let k = 0; k < 20; k++) {
      expect(arrivals.check('a', ns(k))).toBe('in-order');
      expect(arrivals.check('slow', ns(k - 0.8))).toBe('too-late');
    }
    expect(arrivals.counts['too-late']).toBe(20);
  });

  it('begins anew where time itself goes back', () => {
    const arrivals = new Arrivals(0.5);
    arrivals.check('a', ns(100));
    arrivals.check('b', ns(100.1));
    expect(arrivals.check('a', ns(5))).toBe('in-order');
    expect(arrivals.check('b', ns(5.05))).toBe('in-order');
    expect(arrivals.check('a', ns(5.1))).toBe('in-order');
    expect(arrivals.age(ns(6))).toBe(0);
  });

  it('takes small steps back of one sensor for late ones', () => {
    const arrivals = new Arrivals(0.5);
    arrivals.check('a', ns(1));
    expect(arrivals.check('a', ns(1))).toBe('in-order');
    expect(arrivals.check('a', ns(0.9))).toBe('late');
  });
});
