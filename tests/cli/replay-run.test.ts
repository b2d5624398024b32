import { describe, expect, it } from 'vitest';
import { expectedScans, feed } from '../../src/cli/replay-run.js';
import { RunLog } from '../../src/cli/run-log.js';
import { formatTum, parseTum } from '../../src/export/tum.js';
import { exp } from '../../src/geometry/se3.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import type { MapStatistics, ScanResult, TrackingState } from '../../src/slam/types.js';

function scan(i: number): LidarScan {
  const positions = new Float32Array(3);
  return {
    stampNs: 1_000_000_000n + BigInt(i) * 100_000_000n,
    frameId: 'l',
    count: 1,
    positions,
    timing: 'none',
  };
}

/** A recording of `n` scans at 10 Hz that remembers whether it was closed, and fails at `failAt`. */
function recording(n: number, failAt = Infinity) {
  const state = { closed: false, read: 0 };
  async function* scans() {
    try {
      for (let i = 0; i < n; i++) {
        if (i === failAt) throw new Error('the disk is on fire');
        state.read++;
        yield scan(i);
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, scans: scans() };
}

function fakeSlam(options: { failAt?: number; abortAt?: number } = {}) {
  const stamps: bigint[] = [];
  const controller = new AbortController();
  let drained = 0;
  return {
    stamps,
    signal: controller.signal,
    drains: () => drained,
    slam: {
      async submit(s: LidarScan) {
        if (stamps.length === options.failAt) throw new Error('cursed');
        stamps.push(s.stampNs);
        if (stamps.length === options.abortAt) controller.abort();
      },
      async drain() {
        drained++;
      },
    },
  };
}

describe('feed', () => {
  it('hands over every scan in order and waits for the last', async () => {
    const { scans, state } = recording(5);
    const fake = fakeSlam();
    const end = await feed({ measurements: scans, duration: Infinity, slam: fake.slam, signal: fake.signal });
    expect(end).toEqual({ interrupted: false, timing: 'none' });
    expect(fake.stamps).toEqual([0, 1, 2, 3, 4].map((i) => scan(i).stampNs));
    expect([fake.drains(), state.closed]).toEqual([1, true]);
  });

  it('stops after the duration without reading the rest, and closes the reader', async () => {
    const { scans, state } = recording(1000);
    const fake = fakeSlam();
    await feed({ measurements: scans, duration: 0.5, slam: fake.slam, signal: fake.signal });
    expect(fake.stamps).toHaveLength(5); // stamps 0 … 0.4 s
    expect(state.read).toBe(6);
    expect(state.closed).toBe(true);
  });

  it('stops when interrupted and keeps what was handed over', async () => {
    const { scans, state } = recording(1000);
    const fake = fakeSlam({ abortAt: 3 });
    const end = await feed({ measurements: scans, duration: Infinity, slam: fake.slam, signal: fake.signal });
    expect(end.interrupted).toBe(true);
    expect([fake.stamps.length, fake.drains(), state.closed]).toEqual([3, 1, true]);
  });

  it('reports a reader that fails in the middle; the scans before it are processed', async () => {
    const { scans } = recording(10, 4);
    const fake = fakeSlam();
    const end = await feed({ measurements: scans, duration: Infinity, slam: fake.slam, signal: fake.signal });
    expect(end.inputError).toEqual(new Error('the disk is on fire'));
    expect([fake.stamps.length, fake.drains()]).toEqual([4, 1]);
  });

  it('stops at a scan that fails', async () => {
    const { scans, state } = recording(10);
    const fake = fakeSlam({ failAt: 2 });
    const end = await feed({ measurements: scans, duration: Infinity, slam: fake.slam, signal: fake.signal });
    expect(end.slamError).toEqual(new Error('cursed'));
    expect([fake.stamps.length, state.read, state.closed]).toEqual([2, 3, true]);
  });
});

describe('expectedScans', () => {
  it('is the count for a whole recording, and follows start, duration and period otherwise', () => {
    expect(expectedScans({ start: 0, duration: Infinity, count: 154 }, 0)).toBe(154);
    expect(expectedScans({ start: 0, duration: Infinity }, 0.1)).toBeUndefined();
    expect(expectedScans({ start: 0, duration: 6, count: 154 }, 0.1)).toBe(60);
    expect(expectedScans({ start: 10, duration: 60, count: 154 }, 0.1)).toBe(54);
    expect(expectedScans({ start: 10, duration: Infinity, count: 154 }, 0.1)).toBe(54);
    expect(expectedScans({ start: 0, duration: 6 }, 0.1)).toBe(60);
    expect(expectedScans({ start: 5, duration: 6, count: 10 }, 0)).toBeUndefined();
  });
});

describe('RunLog', () => {
  const statistics: MapStatistics = {
    blocks: 0,
    featureRows: 0,
    triangles: 7,
    keyframes: 0,
    memoryBytes: 0,
    forgottenBlocks: 0,
  };
  const at = (x: number) => exp([x, 0, 0, 0, 0, 0]);
  function take(log: RunLog, i: number, x: number, state: TrackingState, ms: number): void {
    const result = resultOf(i, x, state, ms);
    // Tracking put it a little aside; the joint optimisation corrects that.
    log.take({ ...result, type: 'pose', sensor: 'lidar', submap: 0, pose: at(x + 0.5) });
    log.take({ type: 'result', result, statistics, keyframe: false, timing: 'none', decodeMs: 0 });
  }
  function resultOf(i: number, x: number, state: TrackingState, ms: number): ScanResult {
    return {
      index: i,
      stampNs: BigInt(i) * 100_000_000n,
      pose: at(x),
      covariance: new Float64Array(36),
      odomCovariance: new Float64Array(36),
      twist: new Float64Array(6),
      state,
      reason: '',
      points: { input: 0, valid: 0, mapped: 0, registered: 0 },
      iterations: 0,
      inlierRatio: 0,
      times: { prepare: 0, track: ms / 2, map: 0, optimise: 0, mesh: ms / 2, total: ms },
    };
  }

  it('adds up distance, states, mean times and the real-time factor', () => {
    const log = new RunLog();
    take(log, 0, 0, 'tracking', 10);
    take(log, 1, 3, 'tracking', 30);
    take(log, 2, 1, 'lost', 20);
    expect(log.distance).toBeCloseTo(5, 12);
    expect(log.states).toEqual({ tracking: 2, degraded: 0, lost: 1 });
    expect(log.lostShare).toBeCloseTo(1 / 3, 12);
    expect(log.meanTimes().total).toBeCloseTo(20, 12);
    expect(log.meanTimes().track).toBeCloseTo(10, 12);
    expect(log.recordedSeconds).toBeCloseTo(0.2, 12);
    expect(log.realTimeFactor).toBeCloseTo(5, 12); // 100 ms a scan recorded, 20 ms worked
    expect([log.state, log.statistics.triangles]).toEqual(['lost', 7]);
  });

  it('has the refined poses, and what a loop closure makes of them', () => {
    const log = new RunLog();
    for (const [i, x] of [0, 3, 1].entries()) take(log, i, x, 'tracking', 10);
    expect(log.poses.map((pose) => pose[3])).toEqual([0, 3, 1]);
    log.take({ type: 'refined', poses: [{ index: 1, pose: at(4) }] });
    log.take({ type: 'submaps', submaps: [{ id: 0, T_world_submap: exp([0, 7, 0, 0, 0, 0]) }] });
    expect(log.poses.map((pose) => [pose[3], pose[7]])).toEqual([
      [0, 7],
      [4, 7],
      [1, 7],
    ]);
    expect(log.results.map(({ pose }) => [...pose])).toEqual(log.poses.map((pose) => [...pose]));
    const text = formatTum({ stampsNs: log.stamps, poses: log.poses });
    expect(parseTum(text).poses.map((pose) => pose[7])).toEqual([7, 7, 7]);
    expect(log.distance).toBeCloseTo(4 + 3, 12);
  });

  it('is harmless while empty', () => {
    const log = new RunLog();
    expect([log.lostShare, log.realTimeFactor, log.recordedSeconds, log.meanTimes().total]).toEqual([
      0, 0, 0, 0,
    ]);
  });
});
