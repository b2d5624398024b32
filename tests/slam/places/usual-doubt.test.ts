import { describe, expect, it } from 'vitest';
import {
  learned,
  mostDoubtThere,
  mostOneWayThere,
  type UsualDoubt,
} from '../../../src/slam/places/usual-doubt.js';

const LIMIT = 0.05;
/** Each the same both ways: its doubt as well. */
const after = (shares: readonly number[]): UsualDoubt | undefined =>
  shares.reduce<UsualDoubt | undefined>(
    (usual, share) => learned(usual, { inEmpty: share, seenThrough: share }),
    undefined,
  );
const always = (share: number, observations = 40): UsualDoubt | undefined =>
  after(Array<number>(observations).fill(share));

describe('usual doubt', () => {
  it('is the most of it, of which the old is forgotten: a third is left after thirty observations', () => {
    expect(after([0.004, 0.001])!.doubt).toBeCloseTo(0.004 * Math.exp(-1 / 30), 12);
    expect(after([0.001, 0.004])!.doubt).toBeCloseTo(0.004, 12);
    expect(after([0.009, ...Array<number>(30).fill(0)])!.doubt).toBeCloseTo(0.009 / Math.E, 12);
    expect(after([0.009, ...Array<number>(300).fill(0.002)])!.oneWay).toBe(0.002);
  });

  it('tells what is different both ways from what comes or goes', () => {
    const came = learned(undefined, { inEmpty: 0.04, seenThrough: 0 });
    expect(came).toEqual({ doubt: 0, oneWay: 0.04, observations: 1 });
    expect(learned(came, { inEmpty: 0.01, seenThrough: 0.0025 }).doubt).toBeCloseTo(0.005, 12);
  });

  it('limits what is believed where hardly anything comes or goes, and not beside traffic', () => {
    expect(mostDoubtThere(always(0), LIMIT)).toBeCloseTo(0.006, 12);
    expect(mostDoubtThere(always(0.005), LIMIT)).toBeCloseTo(0.021, 12);
    expect(mostDoubtThere(always(0.03), LIMIT)).toBe(LIMIT);
    expect(mostOneWayThere(always(0.03))).toBeCloseTo(0.1, 12);
  });

  it('says nothing after a few observations', () => {
    expect(mostDoubtThere(undefined, LIMIT)).toBe(LIMIT);
    expect(mostDoubtThere(always(0, 14), LIMIT)).toBe(LIMIT);
    expect(mostDoubtThere(always(0, 15), LIMIT)).toBeLessThan(LIMIT);
    expect(mostOneWayThere(always(0, 14))).toBe(Infinity);
  });
});
