import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { nearestSeeds } from '../../src/planning/nearest.js';

describe('nearest seeds', () => {
  it('are as near as those found by looking at all', () => {
    const random = new Random('nearest');
    for (let round = 0; round < 60; round++) {
      const [width, height] = [1 + random.int(20), 1 + random.int(20)];
      const chance = [0, 0.01, 0.1, 0.5, 1][round % 5]!;
      const seeds = Array.from({ length: width * height }, () => random.chance(chance));
      const nearest = nearestSeeds(seeds, width, height);
      const far = (a: number, b: number): number =>
        Math.hypot((a % width) - (b % width), Math.floor(a / width) - Math.floor(b / width));
      const all = seeds.flatMap((seed, i) => (seed ? [i] : []));
      for (let c = 0; c < width * height; c++) {
        if (all.length === 0) expect(nearest[c]).toBe(-1);
        else {
          expect(seeds[nearest[c]!]).toBe(true);
          expect(far(c, nearest[c]!)).toBe(Math.min(...all.map((seed) => far(c, seed))));
        }
      }
    }
  });
});
