import { describe, expect, it } from 'vitest';
import { mergeExtents } from '../../src/bags/merge.js';
import { MessageList, type Piece } from '../../src/bags/piece.js';
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

/** A piece of messages at these times, which are in order. */
const piece = (times: readonly bigint[], size = 1000): Piece => ({
  count: times.length,
  size,
  logTimeNs: (i) => times[i]!,
  message: (i) => message(times[i]!),
});

const never = (): void => expect.unreachable();

/** Pieces of `n` messages each; neighbours overlap in time. */
function pieces(count: number, overlap: number) {
  const r = random(11);
  return Array.from({ length: count }, (_, i) => {
    const times = Array.from({ length: 20 }, () => BigInt(Math.floor(i * 100 + r() * overlap)));
    times.sort((a, b) => Number(a - b));
    return { startNs: times[0]!, endNs: times.at(-1)!, size: 1000, times };
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
        return piece(e.times);
      };
      const out: BagMessage[] = [];
      for await (const m of mergeExtents(extents, { load, onUnordered: never })) {
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
    const load = async () => piece(Array.from({ length: 10 }, (_, i) => BigInt(i)));
    const onUnordered = (): void => void warned++;
    const out = await collect(mergeExtents(extents, { load, onUnordered, limitBytes: 3000 }));
    expect(out.length).toBe(100);
    expect(warned).toBe(1);
  });

  it('an index that claims small pieces does not make it hold large ones', async () => {
    const extents = Array.from({ length: 10 }, () => ({ startNs: 0n, endNs: 9n, size: 0 }));
    let held = 0;
    let most = 0;
    const load = async () => {
      most = Math.max(most, ++held);
      return piece([0n, 9n]);
    };
    const source = { load, measure: async () => 1000, onUnordered: () => undefined, limitBytes: 3000 };
    let n = 0;
    for await (const m of mergeExtents(extents, source)) {
      n++;
      if (m.logTimeNs === 9n) held--;
    }
    expect([n, most]).toEqual([20, 3]);
  });

  it('empty pieces and nothing at all', async () => {
    const empty = { startNs: 0n, endNs: 0n, size: 1 };
    const load = async () => piece([]);
    expect(await collect(mergeExtents([empty, empty], { load, onUnordered: never }))).toEqual([]);
    expect(await collect(mergeExtents([], { load, onUnordered: never }))).toEqual([]);
    const nothing = { load: async () => undefined, onUnordered: never };
    expect(await collect(mergeExtents([empty], nothing))).toEqual([]);
  });
});

describe('lists of messages', () => {
  it('put them in order of time, ties as they came, whatever their number', () => {
    const r = random(3);
    const list = new MessageList();
    const added = Array.from({ length: 1000 }, (_, i) => [BigInt(Math.floor(r() * 100)), i] as const);
    for (const [time, offset] of added) list.add(time, offset);
    const made = list.piece(7, (offset, time) => ({ ...message(time), topic: String(offset) }));
    const sorted = [...added].sort(([a, i], [b, k]) => Number(a - b) || i - k);
    expect(made.count).toBe(1000);
    expect(sorted.map((_, i) => [made.logTimeNs(i), Number(made.message(i).topic)])).toEqual(sorted);
    expect(made.size).toBeGreaterThan(12_000);
  });
});
