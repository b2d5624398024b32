import { describe, expect, it } from 'vitest';
import { lookAhead } from '../../src/bags/look-ahead.js';
import { collect } from './helpers.js';

async function* numbers(n: number, ended?: () => void): AsyncGenerator<number> {
  try {
    for (let i = 0; i < n; i++) yield i;
  } finally {
    ended?.();
  }
}
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('lookAhead', () => {
  it('keeps the order, whatever takes long, with so many under way and no more', async () => {
    let [underWay, most] = [0, 0];
    const work = async (i: number): Promise<number> => {
      most = Math.max(most, ++underWay);
      await later(i % 3 === 0 ? 8 : 1);
      underWay--;
      return 10 * i;
    };
    expect(await collect(lookAhead(numbers(12), work, 4))).toEqual(
      Array.from({ length: 12 }, (_, i) => 10 * i),
    );
    expect(most).toBe(4);
    expect(await collect(lookAhead(numbers(0), work))).toEqual([]);
  });

  it('an error comes in its turn and ends the source; a reader that leaves does, too', async () => {
    let ended = 0;
    const work = (i: number): Promise<number> =>
      i >= 2 ? Promise.reject(new Error(`at ${i}`)) : Promise.resolve(i);
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const i of lookAhead(
          numbers(9, () => ended++),
          work,
        ))
          seen.push(i);
      })(),
    ).rejects.toThrow('at 2');
    expect([seen, ended]).toEqual([[0, 1], 1]);
    for await (const i of lookAhead(
      numbers(9, () => ended++),
      (n) => Promise.resolve(n),
    ))
      if (i === 1) break;
    expect(ended).toBe(2);
  });
});
