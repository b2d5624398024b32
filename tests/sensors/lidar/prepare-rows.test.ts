import { describe, expect, it } from 'vitest';
import { ELEVATION_STEPS } from '../../../src/kernels/layout/lidar.js';
import { GeometryFinder, MAX_RINGS } from '../../../src/sensors/lidar/prepare-rows.js';
import type { LidarScan } from '../../../src/sensors/lidar/scan.js';

const RINGS = 32;
const COLUMNS = 512;
const PERIOD = 0.1;
const TURN = 2 * Math.PI;

/** A turn in a round room, laser by laser in each column; `missing` points are no numbers. */
function turn(missing: (i: number) => boolean): LidarScan {
  const count = RINGS * COLUMNS;
  const positions = new Float32Array(3 * count);
  const rings = new Uint16Array(count);
  const times = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const [ring, column] = [i % RINGS, Math.floor(i / RINGS)];
    const [elevation, azimuth] = [(ring - 16) * 0.02, (column / COLUMNS) * TURN];
    const point = [10 * Math.cos(azimuth), 10 * Math.sin(azimuth), 10 * Math.tan(elevation)];
    positions.set(missing(i) ? [NaN, point[1]!, point[2]!] : point, 3 * i);
    rings[i] = ring;
    times[i] = (column / COLUMNS) * PERIOD;
  }
  return { stampNs: 0n, frameId: 'lidar', count, positions, rings, times, timing: 'field' };
}

const find = (scan: LidarScan) =>
  new GeometryFinder(
    new Uint16Array(scan.count),
    new Uint16Array(MAX_RINGS),
    new Uint16Array(ELEVATION_STEPS),
  ).find(scan, 1, 100, 1 << 18);

describe('GeometryFinder', () => {
  it.each([
    ['no point is missing', () => false],
    ['every seventh is', (i: number) => i % 7 === 0],
    ['all but every third are', (i: number) => i % 3 !== 1],
  ] as const)('finds rows, sweep and times where %s', (_, missing) => {
    const { source, rows, rowPitch, sweep, end } = find(turn(missing));
    expect([source, rows]).toEqual(['rings', RINGS]);
    expect(rowPitch).toBeCloseTo(0.02, 4);
    expect(sweep).toBeCloseTo(PERIOD / TURN, 4);
    expect(end).toBeCloseTo(PERIOD, 2);
  });
});
