import { describe, expect, it } from 'vitest';
import { mergeExtents } from '../../src/bags/merge.js';
import type { BagMessage } from '../../src/bags/types.js';
import { collect, inOrder, random } from './helpers.js';

const message = (time: bigint): BagMessage => ({
  topic: '/a',
  type: 'a/msg/B',
  logTimeNs: time,
  data: new Uint8Array(0),
  encoding: 'cdr',
  schema: '',
});

/** Pieces of `n` messages each; neighbours overlap in time. */
function pieces(count: number, overlap: number) {
  const r = random(11);
  return Array.from({ length: count }, (_, i) => {
    const times = Array.from({ length: 20 }, () => BigInt(Math.floor(i * 100 + r() * overlap)));
    times.sort(() => r() - 0.5);
    const sorted = times.slice().sort((a, b) => Number(a - b));
    return { startNs: sorted[0]!, endNs: sorted.at(-1)!, size: 1000, times };
  });
}

describe('merging pieces', () => {
  for (const overlap of [50, 100, 350]) {
    it(`all messages in order, with few pieces held (span ${overlap})`, async () => {
      const extents = pieces(50, overlap).reverse();
      let loaded = 0;
      let most = 0;
      let yielded = 0;
      const load = async (e: (typeof extents)[number]) => {
        loaded++;
        most = Math.max(most, loaded - Math.floor(yielded / 20));
        return e.times.map(message);
      };
      const out: BagMessage[] = [];
      for await (const m of mergeExtents(extents, load, () => expect.unreachable())) {
        out.push(m);
        yielded++;
      }
      expect(out.length).toBe(1000);
      expect(inOrder(out)).toBe(true);
      expect(most).toBeLessThanOrEqual(Math.ceil(overlap / 100) + 3);
    });
  }

  it('memory wins over order where too much overlaps', async () => {
    let warned = 0;
    const extents = Array.from({ length: 10 }, () => ({ startNs: 0n, endNs: 9n, size: 1000 }));
    const load = async () => Array.from({ length: 10 }, (_, i) => message(BigInt(i)));
    const out = await collect(mergeExtents(extents, load, () => warned++, 3000));
    expect(out.length).toBe(100);
    expect(warned).toBe(1);
  });

  it('empty pieces and nothing at all', async () => {
    const empty = { startNs: 0n, endNs: 0n, size: 1 };
    expect(
      await collect(
        mergeExtents(
          [empty, empty],
          async () => [],
          () => undefined,
        ),
      ),
    ).toEqual([]);
    expect(
      await collect(
        mergeExtents(
          [],
          async () => [],
          () => undefined,
        ),
      ),
    ).toEqual([]);
  });
});
