import { describe, expect, it } from 'vitest';
import { UsualFits } from '../../../src/slam/places/usual-fit.js';

describe('UsualFits', () => {
  it('takes fits as they are until something is learnt, and of that camera only', () => {
    const fits = new UsualFits();
    for (let i = 0; i < 30; i++) fits.learn('noisy', 0.85);
    expect(fits.relative('other', 0.8)).toBeCloseTo(0.8, 9);
    expect(fits.relative('noisy', 0.85)).toBeCloseTo(0.93, 3);
  });

  it('never asks for less than of a camera that usually has 0.8, nor for more than of a good one', () => {
    const fits = new UsualFits();
    for (let i = 0; i < 30; i++) fits.learn('wrong', 0.3);
    expect(fits.relative('wrong', 0.8)).toBeCloseTo(0.93, 9);
    for (let i = 0; i < 60; i++) fits.learn('exact', 1);
    expect(fits.relative('exact', 0.8)).toBeCloseTo(0.8, 9);
  });

  it('learns slowly: one frame does not make what is usual', () => {
    const fits = new UsualFits();
    fits.learn('camera', 0.8);
    expect(fits.relative('camera', 0.8)).toBeLessThan(0.83);
  });
});
