import { describe, expect, it } from 'vitest';
import { TimeWatch } from '../../src/ros/time-watch.js';

const ns = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9));

function feed(watch: TimeWatch, seconds: readonly number[], topic = 'lidar'): string[] {
  return seconds.map((s) => {
    const verdict = watch.check({ source: topic, stampNs: ns(s) });
    return verdict.kind === 'drop' ? verdict.why : verdict.kind;
  });
}

describe('TimeWatch', () => {
  it('lets time go on, also with gaps', () => {
    expect(feed(new TimeWatch(), [1, 1.1, 1.2, 9, 9.1])).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  });

  it('drops duplicates and disorder', () => {
    expect(feed(new TimeWatch(), [1, 1, 1.2, 1.1, 1.3])).toEqual([
      'ok',
      'duplicate',
      'ok',
      'out-of-order',
      'ok',
    ]);
  });

  it('two sensors may have the same stamp, and a little disorder between them', () => {
    const watch = new TimeWatch();
    expect(feed(watch, [1, 1.1], 'a')).toEqual(['ok', 'ok']);
    expect(feed(watch, [1.05, 1.1], 'b')).toEqual(['ok', 'ok']);
  });

  it('a stray message from the past changes nothing', () => {
    expect(feed(new TimeWatch(), [100, 100.1, 3, 100.2, 3.1, 100.3])).toEqual([
      'ok',
      'ok',
      'out-of-order',
      'ok',
      'out-of-order',
      'ok',
    ]);
  });

  it('a bag that loops is believed after three scans', () => {
    const watch = new TimeWatch();
    expect(feed(watch, [100, 110, 50, 50.1, 50.2, 50.3])).toEqual([
      'ok',
      'ok',
      'out-of-order',
      'out-of-order',
      'restart',
      'ok',
    ]);
    expect(watch.newest).toBe(ns(50.3));
  });

  it('tells how far back', () => {
    const watch = new TimeWatch();
    feed(watch, [100, 50, 50.1]);
    expect(watch.check({ source: 'lidar', stampNs: ns(50.2) })).toMatchObject({
      kind: 'restart',
      seconds: expect.closeTo(49.8, 6),
    });
  });

  it('one stamp from the far future does not make the present the past', () => {
    const watch = new TimeWatch();
    expect(feed(watch, [100, 1e6, 100.1, 100.2, 100.3, 100.4])).toEqual([
      'ok',
      'out-of-order',
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
    expect(feed(watch, [5000, 5000.1])).toEqual(['out-of-order', 'ok']);
  });

  it('/clock going back starts anew at once, and late messages from before are dropped', () => {
    let now = 0;
    const watch = new TimeWatch(1, () => now);
    expect(watch.clock(ns(10))).toBeUndefined();
    feed(watch, [10, 10.1]);
    expect(watch.clock(ns(10.2))).toBeUndefined();
    expect(watch.clock(ns(2))).toBeCloseTo(8.2, 6);
    now = 20;
    expect(feed(watch, [10.2, 2.0, 2.1])).toEqual(['before-jump', 'ok', 'ok']);
    expect(watch.clock(ns(2.3))).toBeUndefined();
  });

  it('after half a second the time before the jump may come again', () => {
    let now = 0;
    const watch = new TimeWatch(1, () => now);
    feed(watch, [10, 10.1]);
    watch.clock(ns(10));
    watch.clock(ns(2));
    now = 600;
    expect(feed(watch, [10.2])).toEqual(['ok']);
  });
});
