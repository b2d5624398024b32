import { describe, expect, it } from 'vitest';
import { ReadingsCheck } from '../../src/sensors/readings-check.js';

const ns = (s: number): bigint => BigInt(Math.round(s * 1e9));

/** Readings of 100 Hz that come with scans of 10 Hz; what is said at each scan. */
function said(
  stamp: (t: number) => number,
  { scans = 30, value = 1, every = 0.01 }: { scans?: number; value?: number; every?: number } = {},
): (string | undefined)[] {
  const check = new ReadingsCheck({ lag: 0.05, gap: 0.05 });
  return Array.from({ length: scans }, (_, scan) => {
    const times = Array.from({ length: Math.round(0.1 / every) }, (_, i) => 100 + scan * 0.1 + i * every);
    return check.of(times.map(stamp).map(ns), [value, NaN, value], ns(100 + scan * 0.1));
  });
}

describe('ReadingsCheck', () => {
  it('says nothing of readings that cover the time between scans, late by less than the limit', () => {
    for (const late of [0, 0.1, -0.1])
      expect(said((t) => t - late).every((one) => one === undefined)).toBe(true);
  });

  it.each([
    ['stamps of zero', () => 0, {}, 'its stamps are zero'],
    [
      'a clock behind',
      (t: number) => t - 3,
      {},
      'its stamps lie 2.91 s before those of the scans they come with',
    ],
    [
      'a clock ahead',
      (t: number) => t + 60,
      {},
      'its stamps lie 60.00 s after those of the scans they come with',
    ],
    ['few readings', (t: number) => t, { every: 0.1 }, 'its readings come 0.10 s apart, 0.05 s is the most'],
    ['values that are no numbers', (t: number) => t, { value: NaN }, 'its values are no numbers'],
  ])('tells %s once, at the tenth scan', (_, stamp, how, text) => {
    const all = said(stamp, how);
    expect(all.flatMap((one, i) => (one === undefined ? [] : [[i, one]]))[0]![1]).toBe(text);
    expect(all.filter((one) => one !== undefined).length).toBe(1);
    expect(all.findIndex((one) => one !== undefined)).toBeLessThanOrEqual(10);
  });

  it('forgives what has passed before', () => {
    const check = new ReadingsCheck({ lag: 0.05, gap: 0.05 });
    for (let i = 0; i < 40; i++)
      expect(check.of([ns(i % 9 === 8 ? i : 0)], [1], ns(i % 9 === 8 ? i : 50))).toBeUndefined();
  });
});
