import { expect, it } from 'vitest';
import { type PointCloud2, PointType } from '../../../src/messages/pointcloud2.js';
import { PointTimer } from '../../../src/sensors/lidar/point-timer.js';
import { scanFromPointCloud2 } from '../../../src/sensors/lidar/pointcloud2.js';

const START = 1_700_000_000_000_000_000n;
const [COLUMNS, ROWS] = [360, 8];

/** A turn of `period` s with uint32 times of so many units a second; `azimuth` by column, 0 … 1. */
function cloud(k: number, period: number, perSecond: number, azimuth = (u: number) => u): PointCloud2 {
  const [pointStep, count] = [16, COLUMNS * ROWS];
  const data = new Uint8Array(count * pointStep);
  const view = new DataView(data.buffer);
  for (let i = 0; i < count; i++) {
    const u = Math.floor(i / ROWS) / COLUMNS;
    const angle = 2 * Math.PI * azimuth(u);
    const at = i * pointStep;
    [8 * Math.cos(angle), 8 * Math.sin(angle), i % ROWS].forEach((v, c) =>
      view.setFloat32(at + 4 * c, v, true),
    );
    view.setUint32(at + 12, Math.round(u * period * perSecond), true);
  }
  const fields = ['x', 'y', 'z', 't'].map((name, c) => {
    const datatype = c < 3 ? PointType.FLOAT32 : PointType.UINT32;
    return { name, offset: 4 * c, datatype, count: 1 };
  });
  const layout = { height: 1, width: count, fields, bigEndian: false, pointStep, rowStep: data.length };
  const stampNs = START + BigInt(Math.round(k * period * 1e9));
  return { stampNs, frameId: 'lidar', ...layout, data, isDense: true };
}

const lasts = (clouds: readonly PointCloud2[]) => {
  const timer = new PointTimer();
  const times = clouds.map((one) => Math.max(...timer.complete(scanFromPointCloud2(one)).times!));
  return { times, notes: timer.notes };
};
const turns = (period: number, perSecond: number, azimuth?: (u: number) => number) =>
  lasts([0, 1, 2, 3].map((k) => cloud(k, period, perSecond, azimuth)));

it('a turn takes as long as from scan to scan, whatever the unit of its times', () => {
  for (const period of [0.05, 0.1, 0.2])
    for (const perSecond of [1e4, 1e5, 1e6, 1e9]) {
      const { times, notes } = turns(period, perSecond);
      // The period is known from the second scan on.
      times.slice(1).forEach((last) => expect(Math.abs(last / period - 1)).toBeLessThan(0.02));
      const usual = perSecond >= 1e6;
      expect(notes).toEqual(
        usual ? [] : [expect.stringMatching(/pass from scan to scan: they are multiplied/)],
      );
    }
});

it('leaves the times of a sensor alone of which every tenth scan came', () => {
  const { times, notes } = lasts([0, 1, 2, 3].map((k) => cloud(10 * k, 0.05, 1e6)));
  times.forEach((last) => expect(last).toBeCloseTo(0.05, 3));
  expect(notes).toEqual([]);
});

it('leaves times of sensors alone that do not spin, and those of several sensors in one cloud', () => {
  // A tenth of the time from scan to scan, over a sector; and to and fro all around.
  for (const azimuth of [(u: number) => 0.3 * u, (u: number) => (7 * u) % 1]) {
    const { times, notes } = turns(0.1, 1e5, azimuth);
    times.forEach((last) => expect(last).toBeCloseTo(0.01, 3));
    expect(notes).toEqual([]);
  }
});
