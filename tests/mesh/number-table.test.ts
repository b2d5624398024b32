import { expect, it } from 'vitest';
import { NumberTable } from '../../src/mesh/number-table.js';
import { randomNumbers } from './helpers.js';

it('numbers keys in the order in which they come, as a Map would', () => {
  const random = randomNumbers(3);
  const table = new NumberTable();
  const map = new Map<number, number>();
  // Small ones, ones around 2³² and ones up to 2⁵³: many come more than once.
  const spans = [4000, 2 ** 32 + 500, 2 ** 53 - 2];
  for (let i = 0; i < 60000; i++) {
    const span = spans[i % 3]!;
    const key = i % 3 === 1 ? span - Math.floor(1000 * random()) : Math.floor(random() * span);
    if (!map.has(key)) map.set(key, map.size);
    expect(table.of(key)).toBe(map.get(key));
  }
  expect(table.size).toBe(map.size);
  expect(map.size).toBeGreaterThan(20000); // it has grown
});
