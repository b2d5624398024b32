import { describe, expect, it } from 'vitest';
import { PageSet } from '../../src/bags/page-set.js';
import { random } from './helpers.js';

describe('a set of pages', () => {
  it('knows what was added, as a Set does, whatever the numbers', () => {
    const r = random(5);
    const [pages, known] = [new PageSet(), new Set<number>()];
    for (let i = 0; i < 20_000; i++) {
      const page = Math.floor(r() * (i % 2 ? 50_000 : 2 ** 32));
      expect(pages.add(page)).toBe(!known.has(page));
      known.add(page);
    }
  });
});
