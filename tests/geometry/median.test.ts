import { expect, it } from 'vitest';
import { median } from '../../src/geometry/median.js';

it('is the middle of some numbers, sorted as numbers, which stay as they are', () => {
  const values = [10, 9, 100];
  expect(median(values)).toBe(10);
  expect(values).toEqual([10, 9, 100]);
  expect(median([4, 1, 3, 2])).toBe(3);
  expect(median([-5])).toBe(-5);
  expect(median([])).toBeNaN();
});
