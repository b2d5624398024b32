import { beforeEach, describe, expect, it } from 'vitest';
import { exp, identity } from '../../src/geometry/se3.js';
import { encodePointCloud2, PointType, type PointCloud2 } from '../../src/messages/pointcloud2.js';
import { ScanIntake } from '../../src/ros/scan-intake.js';
import type { ReadyScan } from '../../src/ros/waiting-scan.js';
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
    transformGap: 0.25,
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

/** 2000 points over 0.1 s from an absolute time on (s), as Hesai's driver writes them. */
function pointsWithTimes(start: number): Omit<PointCloud2, 'stampNs' | 'frameId'> {
  const [width, pointStep] = [2000, 20];
  const data = new Uint8Array(width * pointStep);
  const view = new DataView(data.buffer);
  for (let i = 0; i < width; i++) {
    for (let k = 0; k < 3; k++) view.setFloat32(i * pointStep + 4 * k, 1 + i + k, true);
    view.setFloat64(i * pointStep + 12, start + (0.1 * i) / width, true);
  }
  const field = (name: string, offset: number, datatype: number) => ({ name, offset, datatype, count: 1 });
  const fields = ['x', 'y', 'z'].map((name, k) => field(name, 4 * k, PointType.FLOAT32));
  fields.push(field('timestamp', 12, PointType.FLOAT64));
  const shape = { height: 1, width, pointStep, rowStep: width * pointStep };
  return { ...shape, fields, bigEndian: false, data, isDense: true };
}

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

  it('says once of each topic that its clouds are in a frame that stands still', () => {
    tf.set({ stampNs: 0n, frameId: 'base_link', childFrameId: 'map', transform: identity() }, true);
    const it_ = intake();
    for (let i = 1; i < 4; i++) {
      it_.add('/cloud_registered', 0, cloudBytes(i, 'map'));
      it_.add('/points', 1, cloudBytes(i));
      now += 10_000;
    }
    expect(logs.filter((text) => text.includes('stands still'))).toEqual([
      expect.stringMatching(/^\/cloud_registered: its clouds are in the frame 'map'/),
    ]);
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

  it('says that a mount which moves has to be published all the time', () => {
    mountAt(S);
    const it_ = intake();
    it_.add('/points', 0, cloudBytes(4));
    expect(it_.next()).toBe('wait');
    now += 250;
    expect(it_.next()).toBeUndefined();
    expect(it_.drops.get('no-transform')).toBe(1);
    expect(logs[0]).toMatch(
      /is 3\.0 s older than the data\. Publish it all the time, also while nothing moves/,
    );
    expect(logs[0]).not.toContain('static_transform_publisher');
  });

  it('does not wait for what has gone by', () => {
    mountAt(5n * S);
    const it_ = intake();
    it_.add('a', 0, cloudBytes(1));
    expect(it_.next()).toBeUndefined();
    expect(it_.drops.get('no-transform')).toBe(1);
  });

  it('drops at once what falls into a gap of a moving mount, and says how long that is', () => {
    for (const s of [1, 1.1, 2, 2.1]) mountAt(BigInt(s * 1e9));
    const it_ = intake();
    for (const s of [1.05, 1.5, 1.6, 2.05]) it_.add('/points', 0, cloudBytes(s));
    it_.add('/points', 0, cloudBytes(2.06)); // the line holds three: the first gives way
    const stamps: unknown[] = [];
    for (let scan = it_.next(); scan && scan !== 'wait'; scan = it_.next()) stamps.push(scan.stampNs);
    expect(stamps).toEqual([2_050_000_000n, 2_060_000_000n]);
    expect(it_.drops.get('transform-gap')).toBe(1);
    expect(logs.join()).toMatch(
      /\/points: scans are dropped, because .*'base_link' to 'lidar' for 0\.90 s around it, in which it changes by 900 mm .*0\.25 s are bridged.*Publish \/tf more often\./,
    );
    // A fixed mount has no gaps.
    tf = new TfBuffer();
    mountAt(0n, true);
    const still = intake();
    still.add('/points', 0, cloudBytes(9));
    expect(still.next()).toMatchObject({ stampNs: 9n * S });
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

  it('a cloud without a stamp gets that of its points, and a clock that was set is carried across', () => {
    mountAt(0n, true);
    const it_ = intake('base_link', 100);
    const cloud = (stamp: number, at: number): Uint8Array =>
      encodePointCloud2({
        ...pointsWithTimes(at),
        stampNs: BigInt(Math.round(stamp * 1e9)),
        frameId: 'lidar',
      });
    const START = 1_700_000_000;
    for (let i = 0; i < 3; i++) expect(it_.add('a', 0, cloud(0, START + i / 10))).toBe(true);
    expect([it_.next(), it_.next(), it_.next()].map((s) => Number((s as ReadyScan).stampNs) / 1e9)).toEqual([
      expect.closeTo(START, 5),
      expect.closeTo(START + 0.1, 5),
      expect.closeTo(START + 0.2, 5),
    ]);
    expect(logs).toEqual([expect.stringMatching(/^a: a cloud has no stamp \(0\).*times of its points\.$/)]);
    logs = [];
    for (let i = 0; i < 20; i++) {
      now = 100 * i;
      it_.add('b', 0, cloud(START + i / 10 + (i < 10 ? 0 : 0.4), START));
    }
    const scans = Array.from({ length: 20 }, () => it_.next() as ReadyScan);
    expect(scans.map((s) => s.clockShiftNs)).toEqual([
      ...Array<bigint>(10).fill(0n),
      ...Array<bigint>(10).fill(400_000_000n),
    ]);
    expect(logs).toEqual([expect.stringMatching(/^b: the stamps step ahead by 0\.400 s/)]);
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
