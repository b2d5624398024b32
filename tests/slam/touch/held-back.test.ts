import { describe, expect, it } from 'vitest';
import { heldBack, heldBackNotice } from '../../../src/slam/touch/held-back.js';

/** Of 20 touches, as they are known (m). */
const sigmas = (weak: Readonly<Record<number, number>>): Float64Array =>
  Float64Array.from({ length: 20 }, (_, i) => weak[i] ?? 0);

const ALIKE = new Array<number>(20).fill(300);

describe('touches that are known worse than a third of a voxel', () => {
  it('are left out where they felt a tenth of all at most', () => {
    const known = sigmas({ 3: 0.002, 11: 0.0004, 12: 0.00025 });
    expect(heldBack(known, ALIKE, 0.001)).toEqual(new Set([3, 11]));
    expect(heldBack(known, ALIKE, 0.002)).toEqual(new Set([3]));
    expect(heldBack(sigmas({}), ALIKE, 0.001).size).toBe(0);
  });

  it('are left out as far as there is room: the worst of them', () => {
    const known = sigmas({ 3: 0.0006, 11: 0.002, 12: 0.0004, 15: Infinity });
    expect(heldBack(known, ALIKE, 0.001)).toEqual(new Set([15, 11]));
  });

  it('may be more of the touches where each felt little', () => {
    const little = ALIKE.map((n, i) => (i < 6 ? n / 5 : n)); // 360 of 4560
    const weak = sigmas({ 0: 0.001, 1: 0.001, 2: 0.001, 3: 0.001, 4: 0.001, 5: 0.001 });
    expect(heldBack(weak, little, 0.001).size).toBe(6);
    expect(heldBack(weak, ALIKE, 0.001).size).toBe(2);
  });

  it('are told, with what they are known to, or that they fit nothing', () => {
    const told = (weak: Readonly<Record<number, number>>): string => {
      const known = sigmas(weak);
      return heldBackNotice(heldBack(known, ALIKE, 0.001), known);
    };
    expect(told({ 3: 0.002, 11: 0.0006 })).toMatch(
      /^2 of 20 touches are left out .*: 2 overlap others too little .*by 0\.6 mm or more.*; touch beside them/,
    );
    expect(told({ 3: 0.002, 11: Infinity })).toMatch(
      /^2 of 20 .*: 1 overlap .*by 2\.0 mm or more.*, 1 do not lie on those/,
    );
    expect(told({ 11: Infinity })).toMatch(/^1 of 20 .*better: 1 do not lie on those/);
  });
});
