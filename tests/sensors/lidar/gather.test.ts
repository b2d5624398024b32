import { describe, expect, it } from 'vitest';
import { ScanGatherer } from '../../../src/sensors/lidar/gather.js';
import type { LidarScan } from '../../../src/sensors/lidar/scan.js';

/** A scan of points that all have its number as their x. */
function scan(i: number, seconds: number, count = 400): LidarScan {
  return {
    stampNs: BigInt(Math.round(seconds * 1e9)),
    frameId: 'lidar',
    count,
    positions: Float32Array.from({ length: 3 * count }, (_, k) => (k % 3 === 0 ? i : 1)),
    times: Float32Array.from({ length: count }, (_, k) => (0.01 * k) / count),
    timing: 'field',
  };
}

const gather = (scans: readonly LidarScan[]): LidarScan[] => {
  const gatherer = new ScanGatherer();
  return [...scans.flatMap((one) => gatherer.add(one)), ...gatherer.end()];
};
const at = (rate: number, n: number, count?: number): LidarScan[] =>
  Array.from({ length: n }, (_, i) => scan(i, 100 + i / rate, count));

describe('ScanGatherer', () => {
  it('puts small scans that come fast together, to about ten a second', () => {
    for (const [rate, n, each] of [
      [50, 25, 5],
      [100, 40, 10],
      [750, 300, 75],
    ] as const) {
      const out = gather(at(rate, n));
      expect(out.length).toBe(Math.round(n / each));
      expect(out.map((one) => one.count)).toEqual(out.map(() => 400 * each));
    }
  });

  it('loses no point, and each keeps the instant at which it was measured', () => {
    const parts = at(50, 12);
    const out = gather(parts);
    expect(out.reduce((sum, one) => sum + one.count, 0)).toBe(12 * 400);
    for (const whole of out)
      for (let i = 0; i < whole.count; i += 37) {
        const part = parts[whole.positions[3 * i]!]!;
        const instant = Number(part.stampNs) * 1e-9 + part.times![i % 400]!;
        expect(Number(whole.stampNs) * 1e-9 + whole.times![i]!).toBeCloseTo(instant, 6);
      }
    expect(out.at(-1)!.stampNs).toBe(parts.at(-1)!.stampNs);
  });

  it('leaves others as they are, in their order', () => {
    for (const scans of [at(10, 8, 1200), at(20, 8, 2000), at(5, 8), at(50, 8, 9000), at(10, 1), []])
      expect(gather(scans)).toEqual(scans);
  });

  it('puts two turns of very few points together', () => {
    const out = gather(at(10, 9));
    expect(out.map((one) => one.count / 400)).toEqual([2, 2, 2, 2, 1]);
    expect(gather(at(20, 8)).map((one) => one.count / 400)).toEqual([4, 4]);
    expect(gather(at(50, 16, 250)).map((one) => one.count / 250)).toEqual([8, 8]);
    expect(gather(at(10, 3, 100)).map((one) => one.count)).toEqual([100, 100, 100]);
  });

  it('does not change its mind with each scan whose points are near the limit', () => {
    const scans = Array.from({ length: 12 }, (_, i) => scan(i, 100 + i / 10, i % 2 ? 1350 : 1150));
    expect(gather(scans).map((one) => one.count)).toEqual(Array.from({ length: 6 }, () => 2500));
    const more = Array.from({ length: 4 }, (_, i) => scan(i, 200 + i / 10, 2000));
    expect(gather([...scans, ...more]).map((one) => one.count)).toEqual([
      ...Array.from({ length: 6 }, () => 2500),
      2000,
      2000,
      2000,
      2000,
    ]);
  });

  it('a pause ends what was begun', () => {
    const scans = [
      ...at(50, 7),
      ...at(50, 5).map((one) => ({ ...one, stampNs: one.stampNs + 1_000_000_000n })),
    ];
    expect(gather(scans).map((one) => one.count / 400)).toEqual([5, 2, 5]);
  });

  it('keeps two sensors apart', () => {
    const [front, rear] = [at(50, 10), at(50, 10).map((one) => ({ ...one, frameId: 'rear' }))];
    const out = gather(front.flatMap((one, i) => [one, rear[i]!]));
    expect(out.map((one) => [one.frameId, one.count])).toEqual([
      ['lidar', 2000],
      ['rear', 2000],
      ['lidar', 2000],
      ['rear', 2000],
    ]);
  });
});
