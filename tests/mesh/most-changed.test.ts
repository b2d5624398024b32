import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { mostChanged } from '../../src/mesh/most-changed.js';

/** Smaller changes do not count, metres. */
const LEAST = 0.05;
/** Blocks 1 … count − 1. */
const blocksTo = (count: number): Uint32Array => Uint32Array.from({ length: count - 1 }, (_, i) => i + 1);

describe('the most changed blocks', () => {
  it('are those with the largest change, never the empty one, never more than asked', () => {
    const random = new Random('changed');
    for (let round = 0; round < 50; round++) {
      const count = 1 + random.int(60);
      const change = Float32Array.from({ length: 80 }, () => (random.chance(0.3) ? 0 : random.int(6)));
      const budget = random.int(40);
      const picked = mostChanged(change, blocksTo(count), budget, LEAST);
      expect(picked.length).toBeLessThanOrEqual(budget);
      expect(new Set(picked).size).toBe(picked.length);
      for (const block of picked) {
        expect(block).toBeGreaterThan(0);
        expect(block).toBeLessThan(count);
        expect(change[block]!).toBeGreaterThan(0);
      }
      const rest = Array.from({ length: count - 1 }, (_, i) => i + 1).filter(
        (block) => change[block]! > 0 && !picked.includes(block),
      );
      if (picked.length < budget) expect(rest).toEqual([]);
      const least = Math.min(...picked.map((block) => change[block]!));
      if (picked.length > 0) for (const block of rest) expect(change[block]!).toBeLessThanOrEqual(least);
    }
  });

  it('are those that sorting all of them would pick', () => {
    const random = new Random('histogram');
    let ties = 0;
    for (let round = 0; round < 300; round++) {
      const count = 1 + random.int(400);
      // Sizes from far below the threshold to far above it, exact ties, and what never should be there.
      const levels = Array.from({ length: 5 }, () => 10 ** random.range(-3, 2));
      const change = Float32Array.from({ length: count + random.int(50) }, () =>
        random.chance(0.3)
          ? levels[random.int(5)]!
          : random.chance(0.05)
            ? [NaN, Infinity, -1, -0, -Infinity, 0.05][random.int(6)]!
            : 10 ** random.range(-3, 2),
      );
      const budget = [0, 1, random.int(count), count, 2 * count][round % 5]!;
      const sorted = Array.from({ length: count - 1 }, (_, i) => i + 1)
        .filter((block) => change[block]! > Math.fround(0.05))
        .sort((a, b) => (change[a] === change[b] ? a - b : change[b]! > change[a]! ? 1 : -1));
      if (sorted.length > budget && budget > 0)
        ties += change[sorted[budget - 1]!] === change[sorted[budget]!] ? 1 : 0;
      expect(mostChanged(change, blocksTo(count), budget, LEAST)).toEqual(
        sorted.slice(0, budget).sort((a, b) => a - b),
      );
    }
    expect(ties).toBeGreaterThan(10);
  });

  it('are the same scan after scan, whatever was picked before: growing, shrinking, none left', () => {
    const random = new Random('scans');
    const count = 20_000;
    const change = new Float32Array(count);
    const blocks = blocksTo(count);
    let picked = 0;
    for (let scan = 0; scan < 120; scan++) {
      // Much that changes little, then little that changes much, then nothing for a while, then all at once.
      const [share, scale] = [
        [0.3, 0.1],
        [0.01, 10],
        [0, 0],
        [1, 0.3],
      ][Math.floor(scan / 10) % 4] as [number, number];
      if (share < 1 || scan % 10 === 0)
        for (let b = 0; b < count; b++)
          if (random.chance(share)) change[b]! += scale * (random.chance(0.3) ? 0.5 : random.next());
      const budget = [48, 48, 1, 5000][scan % 4]!;
      const sorted = Array.from(blocks)
        .filter((block) => change[block]! > Math.fround(LEAST))
        .sort((a, b) => (change[a] === change[b] ? a - b : change[b]! - change[a]!));
      const expected = sorted.slice(0, budget).sort((a, b) => a - b);
      expect(mostChanged(change, blocks, budget, LEAST)).toEqual(expected);
      for (const block of expected) change[block] = 0;
      picked += expected.length;
    }
    expect(picked).toBeGreaterThan(50_000);
  });

  it('are among the listed ones, in the order of the list', () => {
    const change = Float32Array.of(9, 4, 8, 4, 6, 4, 7);
    expect(mostChanged(change, Uint32Array.of(5, 4, 1, 3), 10, LEAST)).toEqual([5, 4, 1, 3]);
    expect(mostChanged(change, Uint32Array.of(5, 4, 1, 3), 2, LEAST)).toEqual([5, 4]);
  });

  it('are found in a part of a larger buffer', () => {
    const whole = Float32Array.of(9, 9, 9, 0, 1, 2, 0.01, 3);
    expect(mostChanged(whole.subarray(3), blocksTo(5), 2, LEAST)).toEqual([2, 4]);
  });
});
