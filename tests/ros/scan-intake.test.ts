import { beforeEach, describe, expect, it } from 'vitest';
import { exp, identity } from '../../src/geometry/se3.js';
import { ScanIntake } from '../../src/ros/scan-intake.js';
import { TfBuffer } from '../../src/messages/tf-buffer.js';
import { ThrottledLog } from '../../src/ros/throttle.js';
import { TimeWatch } from '../../src/ros/time-watch.js';
import { cloudBytes } from './helpers.js';

const S = 1_000_000_000n;
let now = 0;
let logs: string[] = [];
let jumps: number[] = [];
let tf: TfBuffer;
const intake = (baseFrame = 'base_link', queue = 3) =>
  new ScanIntake({
    tf,
    time: new TimeWatch(1, () => now),
    log: new ThrottledLog(
      (_, text) => logs.push(text),
      5000,
      () => now,
    ),
    baseFrame,
    tfTimeout: () => 0.2,
    queueSize: () => queue,
    onJump: (seconds) => jumps.push(seconds),
    now: () => now,
  });
const mountAt = (stampNs: bigint, isStatic = false, child = 'lidar') =>
  tf.set(
    {
      stampNs,
      frameId: 'base_link',
      childFrameId: child,
      transform: exp([1, 0, Number(stampNs) / 1e9, 0, 0, 0]),
    },
    isStatic,
  );

beforeEach(() => {
  now = 0;
  logs = [];
  jumps = [];
  tf = new TfBuffer();
});

describe('ScanIntake', () => {
  it('hands out scans with their static mount, oldest first', () => {
    mountAt(0n, true);
    const it_ = intake();
    expect(it_.add('a', 0, cloudBytes(1.1))).toBe(true);
    expect(it_.add('b', 1, cloudBytes(1.0))).toBe(true);
    const [first, second] = [it_.next(), it_.next()];
    expect([first, second]).toMatchObject([
      { topic: 'b', index: 1, stampNs: S },
      { topic: 'a', index: 0, stampNs: 1_100_000_000n },
    ]);
    expect(first).toMatchObject({ mount: exp([1, 0, 0, 0, 0, 0]), mountTwist: new Float64Array(6) });
    expect(it_.next()).toBeUndefined();
  });

  it('waits for a transform that is on its way', () => {
    mountAt(S);
    const it_ = intake();
    it_.add('a', 0, cloudBytes(1.05));
    expect(it_.next()).toBe('wait');
    now = 100;
    expect(it_.next()).toBe('wait');
    mountAt(S + S / 10n);
    const scan = it_.next();
    expect(scan).toMatchObject({ stampNs: 1_050_000_000n });
    if (typeof scan !== 'object') throw new Error();
    expect(scan.mount[11]).toBeCloseTo(1.05, 9);
    expect(scan.mountTwist[2]).toBeCloseTo(1, 6); // it rises by 1 m/s
    expect(it_.drops.size).toBe(0);
  });

  it('without a transform: no scan, a warning that names both frames, throttled', () => {
    const it_ = intake();
    for (let i = 0; i < 20; i++) {
      it_.add('/points', 0, cloudBytes(1 + i / 10));
      now += 250;
      expect(it_.next()).toBeUndefined();
    }
    expect(it_.drops.get('no-transform')).toBe(20);
    expect(it_.lacking).toBe("no transform from 'base_link' to 'lidar'");
    expect(logs.length).toBe(1);
    expect(logs[0]).toMatch(
      /^\/points: no odometry, .*from 'base_link' to 'lidar'.*static_transform_publisher/,
    );
    mountAt(0n, true);
    it_.add('/points', 0, cloudBytes(9));
    expect(it_.next()).toMatchObject({ stampNs: 9n * S });
    expect(it_.lacking).toBeUndefined();
  });

  it('does not wait for what has gone by', () => {
    mountAt(5n * S);
    const it_ = intake();
    it_.add('a', 0, cloudBytes(1));
    expect(it_.next()).toBeUndefined();
    expect(it_.drops.get('no-transform')).toBe(1);
  });

  it('drops the oldest when full, and counts', () => {
    mountAt(0n, true);
    const it_ = intake('base_link', 2);
    for (const t of [1, 2, 3, 4]) it_.add('a', 0, cloudBytes(t));
    expect(it_.drops.get('queue-full')).toBe(2);
    expect(it_.next()).toMatchObject({ stampNs: 3n * S });
  });

  it('an empty base frame is that of the first LiDAR, which needs no tf', () => {
    const it_ = intake('');
    it_.add('b', 1, cloudBytes(1, 'other'));
    it_.add('a', 0, cloudBytes(1, 'velodyne'));
    expect(it_.baseFrame).toBe('velodyne');
    now = 300;
    expect(it_.next()).toMatchObject({ topic: 'a', mount: identity() });
  });

  it('says what is wrong with damaged messages and those without a frame', () => {
    const it_ = intake();
    expect(it_.add('a', 0, Uint8Array.of(0, 1, 0))).toBe(false);
    expect(it_.add('a', 0, cloudBytes(1, ''))).toBe(false);
    expect(it_.drops.get('unreadable')).toBe(2);
    expect(logs[0]).toMatch(/^a: std_msgs\/Header: the message ends/);
  });

  it('reports a jump before the scan that showed it is queued', () => {
    mountAt(0n, true);
    const it_ = intake('base_link', 10);
    for (const t of [100, 100.1]) it_.add('a', 0, cloudBytes(t));
    for (const t of [5, 5.1]) expect(it_.add('a', 0, cloudBytes(t))).toBe(false);
    expect(jumps).toEqual([]);
    expect(it_.add('a', 0, cloudBytes(5.2))).toBe(true);
    expect(jumps).toEqual([expect.closeTo(94.9, 6)]);
  });
});
