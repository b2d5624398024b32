import { describe, expect, it } from 'vitest';
import {
  KITTI_HDL64,
  azimuthCoverage,
  rebuildRingsFromAzimuth,
  rebuildTimesFromAzimuth,
} from '../../../src/sensors/lidar/azimuth-times.js';

/** Points at these azimuths (degrees), at various ranges and heights. */
function points(degrees: readonly number[]): Float32Array {
  return Float32Array.from(
    degrees.flatMap((d, i) => {
      const r = 3 + (i % 7);
      return [r * Math.cos((d * Math.PI) / 180), r * Math.sin((d * Math.PI) / 180), (i % 3) - 1];
    }),
  );
}

describe('times from azimuth', () => {
  it('KITTI: clockwise from backward (−50 ms) through left, forward (0), right, to backward (+50 ms)', () => {
    const times = rebuildTimesFromAzimuth(points([179.99, 90, 0, -90, -179.99]), 5, KITTI_HDL64);
    [-0.05, -0.025, 0, 0.025, 0.05].forEach((t, i) => expect(times[i]).toBeCloseTo(t, 4));
  });

  it('counter-clockwise mirrors the order, and the start is free', () => {
    const model = { direction: 'counter-clockwise', startAzimuth: 0, period: 0.05, startTime: 0 } as const;
    const times = rebuildTimesFromAzimuth(points([0.001, 90, 180, 270, 359.99]), 5, model);
    [0, 0.0125, 0.025, 0.0375, 0.05].forEach((t, i) => expect(times[i]).toBeCloseTo(t, 4));
  });

  it('times grow evenly along a simulated sweep', () => {
    for (const direction of ['clockwise', 'counter-clockwise'] as const) {
      const n = 720;
      const turn = direction === 'clockwise' ? -360 : 360;
      const sweep = points(Array.from({ length: n }, (_, i) => 30 + ((i + 0.5) / n) * turn));
      const model = { direction, startAzimuth: (30 * Math.PI) / 180, period: 0.1, startTime: -0.1 };
      const times = rebuildTimesFromAzimuth(sweep, n, model);
      times.forEach((t, i) => expect(t).toBeCloseTo(-0.1 + (0.1 * (i + 0.5)) / n, 6));
    }
  });

  it('points without coordinates get time 0', () => {
    expect(rebuildTimesFromAzimuth(Float32Array.of(NaN, NaN, NaN), 1, KITTI_HDL64)[0]).toBe(0);
  });
});

describe('rings and coverage', () => {
  it('a new ring starts where the azimuth starts over', () => {
    const turn = Array.from({ length: 36 }, (_, i) => 10 * i + 1);
    const scan = points([...turn, ...turn.slice(0, 20), ...turn]);
    const rings = rebuildRingsFromAzimuth(scan, scan.length / 3);
    expect(rings).toEqual(Uint16Array.from({ length: 92 }, (_, i) => (i < 36 ? 0 : i < 56 ? 1 : 2)));
  });

  it('small steps back within a ring do not start a new one', () => {
    const scan = points([0.1, 5, 4.9, 10, 350, 349.9, 359, 0.5, 3]);
    expect([...rebuildRingsFromAzimuth(scan, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1]);
  });

  it('coverage tells a full turn from a sector', () => {
    const full = points(Array.from({ length: 360 }, (_, i) => i + 0.5));
    expect(azimuthCoverage(full, 360)).toBe(1);
    const sector = points(Array.from({ length: 90 }, (_, i) => i + 0.5));
    expect(azimuthCoverage(sector, 90)).toBeCloseTo(0.25, 1);
    expect(azimuthCoverage(new Float32Array(0), 0)).toBe(0);
  });
});
