import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { Surroundings } from '../../../src/sensors/lidar/surroundings.js';

/** Points in all directions, a share of them far away and some of none. */
function scan(far: number, seed: number): Float32Array {
  const random = new Random(seed);
  const points = new Float32Array(3 * 1000);
  for (let i = 0; i < 1000; i++) {
    const direction = [random.normal(), random.normal(), random.normal()];
    const range = i < 1000 * far ? 40 : 1 + (8 * i) / 1000;
    direction.forEach((v, k) => (points[3 * i + k] = (range * v) / Math.hypot(...direction)));
    if (i % 50 === 49) points.fill(i % 100 === 99 ? NaN : 0, 3 * i, 3 * i + 3);
  }
  return points;
}

function notices(maxRange: number, far: number, scans = 40): (string | undefined)[] {
  const surroundings = new Surroundings(maxRange);
  return Array.from({ length: scans }, (_, k) => surroundings.add(scan(far, k), 1000));
}

describe('Surroundings', () => {
  it('tells once, after twenty scans of a room, that lengths for streets are coarse there', () => {
    const told = notices(100, 0.005);
    expect(told.filter(Boolean)).toHaveLength(1);
    expect(told[19]).toMatch(/within 10 m.*sensor\.maxRange, which is 100 m.*sensor\.maxRange=30/);
  });

  it('tells nothing where some of the points are far, where lengths are fine, or of few scans', () => {
    expect(notices(100, 0.05).filter(Boolean)).toEqual([]);
    expect(notices(30, 0).filter(Boolean)).toEqual([]);
    expect(notices(100, 0, 19).filter(Boolean)).toEqual([]);
  });

  it('tells once of points that are left out because something is touched as well, where they are many', () => {
    const told = (far: number, reach = 100): (string | undefined)[] => {
      const surroundings = new Surroundings(30, reach);
      return Array.from({ length: 40 }, (_, k) => surroundings.add(scan(far, k), 1000)).filter(Boolean);
    };
    expect(told(0.5)).toHaveLength(1);
    expect(told(0.5)[0]).toMatch(
      /^50 % of the points .* beyond 30 m and are left out.*touch\.lidarRange=100/,
    );
    expect(told(0.05)).toEqual([]);
    expect(told(0.5, 30)).toEqual([]);
    expect(told(0.5, 35)).toEqual([]);
  });

  it('counts no points where nothing came back', () => {
    const surroundings = new Surroundings(100);
    const empty = new Float32Array(300).fill(NaN);
    expect(Array.from({ length: 30 }, () => surroundings.add(empty, 100)).filter(Boolean)).toEqual([]);
  });
});
