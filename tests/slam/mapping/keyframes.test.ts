import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { exp, identity } from '../../../src/geometry/se3.js';
import { KeyframeStore } from '../../../src/slam/mapping/keyframes.js';

describe('keyframe store', () => {
  it('never lets two kept keyframes, or the next scan, share a slab, whatever the order', () => {
    const random = new Random('ring');
    for (let round = 0; round < 30; round++) {
      const slabs = 2 + random.int(9);
      const size = 1 + random.int(100);
      const store = new KeyframeStore(slabs, size);
      const kept: number[] = [];
      for (let scan = 0; scan < 60; scan++) {
        const first = store.writeTo;
        expect(first % size).toBe(0);
        expect(first).toBeLessThan(slabs * size);
        expect(store.frames.some((frame) => frame.first === first)).toBe(false); // written to without harm
        if (random.chance(0.6)) {
          const frame = store.keep(scan, identity(), size);
          kept.push(scan);
          expect(frame.first).toBe(first);
        } else expect(store.writeTo).toBe(first);
        // A ring: the newest slabs − 1 are there, in order.
        expect(store.frames.map((frame) => frame.scan)).toEqual(kept.slice(-(slabs - 1)));
        expect(new Set(store.frames.map((frame) => frame.first)).size).toBe(store.frames.length);
      }
    }
  });

  it('gives the latest keyframes', () => {
    const store = new KeyframeStore(8, 4);
    for (let scan = 0; scan < 5; scan++) store.keep(scan, identity(), 4);
    expect(store.last(2).map((frame) => frame.scan)).toEqual([3, 4]);
    expect(store.last(99).length).toBe(5);
    expect(store.last(0)).toEqual([]);
  });

  it('draws near keyframes only, all of them in the long run, and the same for the same seed', () => {
    const store = new KeyframeStore(64, 4);
    for (let scan = 0; scan < 40; scan++) store.keep(scan, exp([scan, 0, 0, 0, 0, 0]), 4);
    const draw = (seed: number): number[] =>
      store.draw(exp([20, 0, 0, 0, 0, 0]), 5.5, 300, new Random(seed)).map((f) => f.scan);
    expect([...new Set(draw(1))].sort((a, b) => a - b)).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(store.draw(exp([500, 0, 0, 0, 0, 0]), 5, 10, new Random(1))).toEqual([]);
  });

  it('remembers where the tracker put a keyframe while its pose moves, and forgets all when cleared', () => {
    const store = new KeyframeStore(4, 4);
    const pose = exp([1, 2, 3, 0, 0, 0]);
    const frame = store.keep(0, pose, 4);
    frame.pose = exp([1, 2, 4, 0, 0, 0]);
    expect(frame.anchor).toEqual(pose);
    store.clear();
    expect(store.frames).toEqual([]);
    expect(store.writeTo).toBe(0);
  });
});
