import { describe, expect, it } from 'vitest';
import {
  fixed,
  markdownTable,
  mean,
  quantile,
  replaceSection,
  solveFalling,
} from '../../bench/lib/tables.mjs';

describe('replaceSection', () => {
  const page =
    'intro\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nbetween\n<!-- bench:b -->\n<!-- /bench:b -->\nend';

  it('replaces one section and nothing else, however often', () => {
    const once = replaceSection(page, 'a', 'new\n');
    expect(once).toContain('<!-- bench:a -->\n\nnew\n\n<!-- /bench:a -->');
    expect(once).not.toContain('old');
    expect(once.split('<!-- /bench:a -->')[1]).toBe(page.split('<!-- /bench:a -->')[1]);
    expect(replaceSection(once, 'a', 'new')).toBe(once);
  });

  it('takes text with $ signs as it is', () => {
    expect(replaceSection(page, 'b', "$& and $1 and $'")).toContain("\n$& and $1 and $'\n");
  });

  it('refuses a page without the markers or with swapped ones', () => {
    expect(() => replaceSection(page, 'c', 'x')).toThrow(/bench:c/);
    expect(() => replaceSection('<!-- /bench:a --><!-- bench:a -->', 'a', 'x')).toThrow(/bench:a/);
  });
});

describe('figures', () => {
  it('makes a table with a rule under the header', () => {
    expect(markdownTable(['', 'm'], [['a', '1']]).split('\n')).toEqual([
      '|  | m |',
      '| --- | --: |',
      '| a | 1 |',
    ]);
  });

  it('prints a dash for what was not measured', () => {
    expect([fixed(1.26, 1), fixed(undefined, 1), fixed(NaN, 2), fixed(Infinity, 0)]).toEqual([
      '1.3',
      '–',
      '–',
      '–',
    ]);
  });

  it('takes means and nearest-rank quantiles without changing the values', () => {
    const values = [9, 1, 5, 7, 3];
    expect(mean(values)).toBe(5);
    expect([0, 0.2, 0.5, 0.95, 1].map((q) => quantile(values, q))).toEqual([1, 1, 5, 9, 9]);
    expect(values).toEqual([9, 1, 5, 7, 3]);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('solveFalling', () => {
  it.each([2, 2.3, 3])('finds the voxel of a map whose bytes fall with power %d', async (power) => {
    let calls = 0;
    const bytes = async (v: number) => {
      calls++;
      return 1e5 * v ** -power;
    };
    const { x, value } = await solveFalling(bytes, 3e6, 0.3, { tolerance: 0.005 });
    expect(value / 3e6).toBeCloseTo(1, 2);
    expect(x).toBeCloseTo((1e5 / 3e6) ** (1 / power), 3);
    expect(calls).toBeLessThanOrEqual(4);
  });

  it('gives the nearest it tried when steps put the value out of reach', async () => {
    const tried: number[] = [];
    const stepped = async (v: number) => {
      tried.push(v);
      return v < 0.14 ? 4000 : 2000;
    };
    const { x, value } = await solveFalling(stepped, 2100, 0.13, { tries: 5 });
    expect(value).toBe(2000);
    expect(tried).toContain(x);
    expect(tried.length).toBe(5);
  });
});
