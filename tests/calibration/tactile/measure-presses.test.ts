import { describe, expect, it } from 'vitest';
import { flatError } from '../../../src/calibration/tactile/measure-presses.js';

describe('a flat gel', () => {
  it('is off by the spread of the heights of the ball inside nine tenths of the circle', () => {
    const [radius, ball] = [30, 50];
    const heights: number[] = [];
    for (let y = -40; y <= 40; y += 0.25)
      for (let x = -40; x <= 40; x += 0.25)
        if (Math.hypot(x, y) <= 0.9 * radius) heights.push(Math.sqrt(ball ** 2 - x * x - y * y));
    const mean = heights.reduce((sum, h) => sum + h, 0) / heights.length;
    const spread = Math.sqrt(heights.reduce((sum, h) => sum + (h - mean) ** 2, 0) / heights.length);
    expect(flatError(radius, ball)).toBeCloseTo(spread, 2);
  });
});
