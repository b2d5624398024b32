import { describe, expect, it } from 'vitest';
import { PointTimer } from '../../../src/sensors/lidar/point-timer.js';
import type { LidarScan } from '../../../src/sensors/lidar/scan.js';
import { TurnCheck, turnSeconds } from '../../../src/sensors/lidar/turn-check.js';

const COLUMNS = 720;
const LASERS = 8;
const N = COLUMNS * LASERS;
/** What a turn really takes, s. */
const PERIOD = 0.1;

/** A sweep of `turns` in `seconds` by its points' times; k-th scan at k × `interval`. */
function sweep(k: number, seconds: number, { turns = 1, interval = PERIOD, sign = 1 } = {}): LidarScan {
  const positions = new Float32Array(3 * N);
  const times = new Float32Array(N);
  for (let i = 0; i < N; i++) {
    const share = Math.floor(i / LASERS) / COLUMNS;
    const azimuth = 1 + sign * 2 * Math.PI * turns * share;
    positions.set([9 * Math.cos(azimuth), 9 * Math.sin(azimuth), (i % LASERS) / 4], 3 * i);
    times[i] = seconds * share;
  }
  const stampNs = 1_700_000_000_000_000_000n + BigInt(Math.round(k * interval * 1e9));
  return { stampNs, frameId: 'lidar', count: N, positions, times, timing: 'field' };
}

describe('how long a turn takes by the times of its points', () => {
  it('whatever its direction, to a part in a hundred', () => {
    for (const sign of [1, -1])
      for (const seconds of [0.02, 0.1, 0.2])
        expect(turnSeconds(sweep(0, seconds, { sign }))! / seconds).toBeCloseTo(1, 1.9);
  });

  it('is unknown of a part of a turn, of two, and of points all around at each instant', () => {
    expect(turnSeconds(sweep(0, 0.1, { turns: 0.3 }))).toBeUndefined();
    expect(turnSeconds(sweep(0, 0.1, { turns: 2 }))).toBeUndefined();
    const scan = sweep(0, 0.1);
    const shuffled = scan.times!.map((_, i) => scan.times![(i * 2_579) % N]!);
    expect(turnSeconds({ ...scan, times: shuffled })).toBeUndefined();
  });
});

describe('turns that contradict the stamps', () => {
  const found = (seconds: number, interval = PERIOD) => {
    const check = new TurnCheck();
    return Array.from({ length: 6 }, (_, k) => check.add(sweep(k, seconds, { interval }))).at(-1);
  };

  it('take longer than from scan to scan, or less than any sensor needs', () => {
    for (const seconds of [0.2, 0.5, 0.02, 0.03]) {
      const { turn, period } = found(seconds)!;
      expect(turn / seconds).toBeCloseTo(1, 1.9);
      expect(period).toBeCloseTo(PERIOD, 6);
    }
  });

  it('are none where they agree, or where scans were left out', () => {
    expect(found(0.1)).toBeUndefined();
    expect(found(0.0998)).toBeUndefined();
    expect(found(0.05)).toBeUndefined();
    expect(found(0.1, 0.5)).toBeUndefined();
  });

  it('are told with both lengths, and the times span the period', () => {
    const timer = new PointTimer();
    const scans = Array.from({ length: 6 }, (_, k) => timer.complete(sweep(k, 0.2)));
    const [before, after] = [scans[2]!.times!.at(-1)!, scans[5]!.times!.at(-1)!];
    expect(before).toBeCloseTo(0.2, 2);
    expect(after).toBeCloseTo(0.1, 2);
    expect(timer.notes).toEqual([
      'a whole turn takes 0.20 s by the point times, but one comes every 0.10 s: they are taken to span 0.10 s (in 3 of 6 scans)',
    ]);
  });
});
