import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { TimeSync } from '../../src/ros/sync.js';

type Name = 'color' | 'depth' | 'info';
interface Message {
  readonly stampNs: bigint;
  readonly tag: string;
}
const at = (ms: number, tag = String(ms)): Message => ({ stampNs: BigInt(Math.round(ms * 1e6)), tag });
const make = (queue = 5) =>
  new TimeSync<Name, Message>(['color', 'depth', 'info'], {
    toleranceSeconds: 0.02,
    queue,
    sticky: ['info'],
  });

describe('TimeSync', () => {
  it('waits for all of a set, in whatever order they come', () => {
    const sync = make();
    expect(sync.add('color', at(100))).toEqual([]);
    expect(sync.add('info', at(0))).toEqual([]);
    const sets = sync.add('depth', at(110));
    expect(sets.map((s) => [s.color.tag, s.depth.tag, s.info.tag])).toEqual([['100', '110', '0']]);
  });

  it('takes the nearest partner and nothing beyond the tolerance', () => {
    const sync = make();
    sync.add('info', at(0));
    sync.add('depth', at(60));
    sync.add('depth', at(95));
    sync.add('depth', at(118));
    expect(sync.add('color', at(100)).map((s) => s.depth.tag)).toEqual(['95']);
    expect(sync.add('color', at(150))).toEqual([]);
    expect(sync.add('color', at(133)).map((s) => s.depth.tag)).toEqual(['118']);
  });

  it('camera_info serves again, the newest', () => {
    const sync = make();
    sync.add('info', at(0, 'old'));
    sync.add('info', at(1, 'new'));
    for (const ms of [100, 133, 166]) {
      sync.add('depth', at(ms));
      expect(sync.add('color', at(ms)).map((s) => s.info.tag)).toEqual(['new']);
    }
  });

  it('without camera_info nothing comes out and nothing piles up', () => {
    const sync = make(3);
    for (let ms = 0; ms < 1000; ms += 33) {
      sync.add('color', at(ms));
      expect(sync.add('depth', at(ms))).toEqual([]);
    }
    expect(sync.unmatched).toBe(31 - 3);
    expect(sync.add('info', at(0))).toHaveLength(3);
  });

  it('every message is used at most once, sets are in order and within the tolerance (random jitter and loss)', () => {
    const random = new Random('sync');
    const sync = make(10);
    sync.add('info', at(0));
    const events: [Name, Message][] = [];
    for (let i = 0; i < 200; i++) {
      if (random.next() > 0.1) events.push(['color', at(i * 33 + random.range(-4, 4))]);
      if (random.next() > 0.1) events.push(['depth', at(i * 33 + random.range(-4, 4))]);
    }
    const used = new Set<Message>();
    let last = -1n;
    let sets = 0;
    for (const [name, message] of events)
      for (const set of sync.add(name, message)) {
        const gap = Number(set.color.stampNs - set.depth.stampNs) / 1e6;
        expect(Math.abs(gap)).toBeLessThanOrEqual(20);
        expect(used.has(set.color) || used.has(set.depth)).toBe(false);
        used.add(set.color).add(set.depth);
        expect(set.color.stampNs).toBeGreaterThan(last);
        last = set.color.stampNs;
        sets++;
      }
    expect(sets).toBeGreaterThan(145); // 0.9² of 200 is 162
  });
});
