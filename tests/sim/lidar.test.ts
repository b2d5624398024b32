import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { transformPoint } from '../../src/geometry/se3.js';
import { azimuth, columnTime, detection, lidarModel } from '../../src/sim/lidar.js';
import type { HalfSpace } from '../../src/sim/primitives.js';
import { simulate, type SimulateOptions } from '../../src/sim/simulate.js';
import { worldOf } from './helpers.js';

const DEGREES = 180 / Math.PI;

/** A big empty hall about the way: every beam meets a bright wall. */
const hall = worldOf(
  [],
  (
    [
      [1, 0, 0, -60],
      [-1, 0, 0, -60],
      [0, 1, 0, -8],
      [0, -1, 0, -8],
      [0, 0, 1, 0],
      [0, 0, -1, -6],
    ] as const
  ).map(([x, y, z, offset]): HalfSpace => ({ normal: [x, y, z], offset, reflectivity: 1 })),
);
const inHall = (options: Partial<SimulateOptions> = {}) =>
  simulate({ world: hall, seed: 1, duration: 1, ...options });

describe('lidarModel', () => {
  it.each([
    [16, 15],
    [32, 22.5],
    [64, 22.5],
    [128, 22.5],
  ])('%i beams cover ±%f° evenly, highest first', (beams, half) => {
    const { elevations } = lidarModel(beams);
    expect(elevations).toHaveLength(beams);
    expect(elevations[0]! * DEGREES).toBeCloseTo(half, 12);
    expect(elevations[beams - 1]! * DEGREES).toBeCloseTo(-half, 12);
    const step = (2 * half) / (beams - 1);
    for (let i = 1; i < beams; i++) {
      expect((elevations[i - 1]! - elevations[i]!) * DEGREES).toBeCloseTo(step, 9);
    }
  });

  it('turns clockwise from behind, facing ahead in mid-sweep', () => {
    const model = lidarModel(16, 1024, 10);
    expect(azimuth(model, 0)).toBe(Math.PI);
    expect(azimuth(model, 512)).toBeCloseTo(0, 12);
    expect(azimuth(model, 256)).toBeCloseTo(Math.PI / 2, 12); // the left comes before the front
    expect(columnTime(model, 512)).toBeCloseTo(0.05, 12);
  });

  it('refuses what it has no model for', () => {
    expect(() => lidarModel(20)).toThrow(/16, 32, 64 or 128/);
    expect(() => lidarModel(16, 3)).toThrow(/columns/);
    expect(() => lidarModel(16, 1024, 0)).toThrow(/turn 0 times/);
  });
});

describe('a sweep', () => {
  it('of a sensor off its calibration sees the ground nearer or farther than where its beams say', () => {
    const lowest = (elevationOffset: number): number => {
      const scan = inHall({ beams: 16, columns: 64, noise: false, motion: 'smooth', elevationOffset }).scan(
        0,
      );
      let sum = 0;
      for (let i = 0; i < scan.count; i++)
        if (scan.rings![i] === 15)
          sum += Math.hypot(scan.positions[3 * i]!, scan.positions[3 * i + 1]!, scan.positions[3 * i + 2]!);
      return sum;
    };
    // The ground lies at height / sin(elevation): the last ring points 15° down, less what it points too high.
    const expected = Math.sin(15 / DEGREES) / Math.sin((15 - 0.2) / DEGREES);
    expect(lowest(0.2) / lowest(0)).toBeCloseTo(expected, 3);
  });

  it('has points in the directions and at the times of their beams', () => {
    const { model, ...rest } = scanOf({ beams: 32, columns: 512, organised: true });
    const { positions, times, rings, height, width } = rest.scan;
    expect([height, width]).toEqual([32, 512]);
    for (let i = 0; i < 32 * 512; i += 7) {
      const [ring, column] = [Math.floor(i / 512), i % 512];
      const [x, y, z] = positions.subarray(3 * i, 3 * i + 3);
      expect(rings![i]).toBe(ring);
      expect(times![i]).toBeCloseTo(column / 5120, 7);
      expect(Math.atan2(z!, Math.hypot(x!, y!))).toBeCloseTo(model.elevations[ring]!, 5);
      const off = Math.atan2(y!, x!) - azimuth(model, column);
      expect(Math.abs(Math.atan2(Math.sin(off), Math.cos(off)))).toBeLessThan(1e-5);
    }
  });

  it('is bent by motion: exact poses at each point’s own time put it on the surface, the stamp’s pose does not', () => {
    for (const [world, seed] of [
      ['street', 1],
      ['quad', 2],
    ] as const) {
      const s = simulate({ world, seed, duration: 4, beams: 16, columns: 512, noise: false });
      const k = 35;
      const { positions, times, count } = s.scan(k);
      const start = s.worldPose(k);
      let [most, bent] = [0, 0];
      for (let i = 0; i < count; i++) {
        const p = [positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!] as const;
        const t = s.sweepStart(k) + times![i]!;
        most = Math.max(most, Math.abs(s.world.sdf(...transformPoint(s.trajectory.pose(t), ...p), t)));
        bent += Math.abs(s.world.sdf(...transformPoint(start, ...p), t)) / count;
      }
      expect(count).toBeGreaterThan(2000);
      expect(most).toBeLessThan(1e-4); // times are float32: 3 ns of rotation at 100 m, and float32 coordinates
      expect(bent).toBeGreaterThan(0.02);
    }
  });

  it('has range noise of the given spread, along the beam only, and drops the given share', () => {
    const exact = inHall({ noise: false, organised: true }).scan(3);
    const noisy = inHall({ noise: { range: 0.03, dropout: 0.02, power: false }, organised: true }).scan(3);
    let [n, sum, squares, dropped, aside] = [0, 0, 0, 0, 0];
    for (let i = 0; i < exact.count; i++) {
      const [a, b] = [exact.positions.subarray(3 * i, 3 * i + 3), noisy.positions.subarray(3 * i, 3 * i + 3)];
      if (Number.isNaN(a[0]!)) continue;
      n++;
      if (Number.isNaN(b[0]!)) {
        dropped++;
        continue;
      }
      const [ra, rb] = [Math.hypot(...a), Math.hypot(...b)];
      sum += rb - ra;
      squares += (rb - ra) ** 2;
      for (let k = 0; k < 3; k++) aside = Math.max(aside, Math.abs(b[k]! / rb - a[k]! / ra));
    }
    expect(n).toBe(65536);
    expect(aside).toBeLessThan(1e-6);
    expect(Math.abs(dropped / n - 0.02)).toBeLessThan(0.003);
    const kept = n - dropped;
    expect(Math.abs(sum / kept)).toBeLessThan((4 * 0.03) / Math.sqrt(kept));
    expect(Math.sqrt(squares / kept) / 0.03).toBeGreaterThan(0.98);
    expect(Math.sqrt(squares / kept) / 0.03).toBeLessThan(1.02);
  });

  it('loses dark, far and grazing surfaces first', () => {
    expect(detection(100, 1, 0.8, 100)).toBeCloseTo(0.5, 9);
    expect(detection(40, 1, 0.8, 100)).toBeGreaterThan(0.999);
    expect(detection(60, 1, 0.1, 100)).toBeLessThan(0.01);
    const grid = [0.1, 0.3, 0.6, 1];
    for (let i = 1; i < grid.length; i++) {
      expect(detection(40, grid[i]!, 0.3, 100)).toBeGreaterThanOrEqual(detection(40, grid[i - 1]!, 0.3, 100));
      expect(detection(40, 0.5, grid[i]!, 100)).toBeGreaterThanOrEqual(detection(40, 0.5, grid[i - 1]!, 100));
      expect(detection(50 * grid[i]!, 0.5, 0.3, 100)).toBeLessThanOrEqual(
        detection(50 * grid[i - 1]!, 0.5, 0.3, 100),
      );
    }
    const bright = inHall({ noise: { range: 0 } }).scan(0).count;
    const dim = simulate({ world: 'street', seed: 1, duration: 1 }).scan(0);
    expect(bright).toBeGreaterThan(60000);
    const furthest = Math.max(...rangesOf(dim.positions));
    expect(furthest).toBeLessThanOrEqual(100.2);
    expect(furthest).toBeGreaterThan(50);
  });

  it('holds the same points organised or not', () => {
    const dense = inHall({ seed: 5, beams: 16 }).scan(2);
    const grid = inHall({ seed: 5, beams: 16, organised: true }).scan(2);
    const seen = new Map<string, number>();
    for (let i = 0; i < grid.count; i++) {
      if (!Number.isNaN(grid.positions[3 * i]!)) seen.set(`${grid.rings![i]} ${grid.times![i]}`, i);
    }
    expect(seen.size).toBe(dense.count);
    expect(dense.height).toBeUndefined();
    let [moved, backwards] = [0, 0];
    for (let i = 0; i < dense.count; i++) {
      const j = seen.get(`${dense.rings![i]} ${dense.times![i]}`)!;
      if (dense.positions[3 * i] !== grid.positions[3 * j]) moved++;
      if (i > 0 && dense.times![i]! < dense.times![i - 1]!) backwards++;
    }
    expect([moved, backwards]).toEqual([0, 0]);
  });

  it('can be stamped in its middle: times around zero, the pose that of the stamp', () => {
    const start = inHall();
    const middle = inHall({ stamp: 'middle' });
    const [a, b] = [start.scan(4), middle.scan(4)];
    expect(b.positions).toEqual(a.positions);
    expect(b.stampNs - a.stampNs).toBe(50_000_000n);
    expect(b.times!.every((t, i) => Math.abs(t - (a.times![i]! - 0.05)) < 1e-7)).toBe(true);
    expect([...middle.worldPose(4)]).toEqual([...start.trajectory.pose(0.45)]);
  });

  it('has intensities that follow reflectivity and incidence', () => {
    const s = inHall({ noise: false });
    const { intensities, positions, times, count } = s.scan(0);
    for (let i = 0; i < count; i += 11) {
      const T = s.trajectory.pose(times![i]!);
      const p = transformPoint(T, positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!);
      const ray = p.map((v, k) => v - T[4 * k + 3]!);
      const off = [Math.abs(p[0]) - 60, Math.abs(p[1]) - 8, Math.abs(p[2] - 3) - 3].map(Math.abs);
      const axis = off.indexOf(Math.min(...off));
      const incidence = Math.abs(ray[axis]!) / Math.hypot(...ray);
      expect(Math.abs(intensities![i]! - 255 * incidence)).toBeLessThan(0.51);
    }
    expect(Math.max(...intensities!)).toBe(255);
  });
});

describe('simulate', () => {
  it('makes scan k the same whatever was made before, twice over', () => {
    const options = { world: 'street', seed: 9, duration: 2, beams: 16, columns: 256 } as const;
    const all = [...simulate(options).scans()];
    expect(all).toHaveLength(20);
    const again = simulate(options);
    for (const k of [13, 2, 19]) expect(again.scan(k)).toEqual(all[k]);
    const other = simulate({ ...options, seed: 10 }).scan(2);
    expect(other.positions).not.toEqual(all[2]!.positions);
  });

  it('stamps scans evenly and gives their poses, in the world and from the first', () => {
    const s = simulate({ world: 'quad', seed: 1, duration: 3, rate: 20 });
    expect(s.scanCount).toBe(60);
    expect(s.stampNs(1) - s.stampNs(0)).toBe(50_000_000n);
    expect(s.stamps()).toHaveLength(60);
    s.odomPoses()[0]!.forEach((v, i) => expect(v).toBeCloseTo(i % 5 === 0 ? 1 : 0, 12));
    expect(s.odomPose(30)).toEqual(s.odomPoses()[30]);
    const P = s.worldPose(30);
    const Q = s.trajectory.pose(1.5);
    expect([...P]).toEqual([...Q]);
    const first = transformPoint(s.worldPose(0), ...transformPoint(s.odomPose(30), 1, 2, 3));
    transformPoint(P, 1, 2, 3).forEach((v, i) => expect(first[i]).toBeCloseTo(v, 10));
  });

  it('covers the length asked for, from where it is asked', () => {
    const s = simulate({ world: 'street', seed: 2, length: 320 });
    expect(s.trajectory.distanceAt(s.duration)).toBeGreaterThanOrEqual(320);
    expect(s.trajectory.distanceAt(s.duration)).toBeLessThan(321.1);
    const later = simulate({ world: 'street', seed: 2, from: 100, length: 50 });
    expect(later.trajectory.distanceAt(later.sweepStart(0))).toBeCloseTo(100, 6);
    expect(later.trajectory.distanceAt(later.sweepStart(later.scanCount))).toBeGreaterThanOrEqual(150);
  });

  it('refuses more way than there is, and no duration', () => {
    expect(() => simulate({ world: 'corridor', length: 150 })).toThrow(/100 m long.*150 m/);
    expect(() => simulate({ world: 'street', duration: 0 })).toThrow(/above zero/);
  });

  it('gives IMU readings over the whole recording', () => {
    const s = simulate({ world: 'quad', seed: 1, duration: 1 });
    const readings = [...s.imu()];
    expect(readings).toHaveLength(201);
    expect(readings[0]!.stampNs).toBe(s.stampNs(0));
    expect(readings[200]!.stampNs - readings[0]!.stampNs).toBe(1_000_000_000n);
    expect([...s.imu()]).toEqual(readings);
  });
});

function scanOf(options: Partial<SimulateOptions>) {
  const s = inHall({ noise: false, ...options });
  return { scan: s.scan(new Random(0).int(5)), model: s.model };
}

function rangesOf(positions: Float32Array): number[] {
  return Array.from({ length: positions.length / 3 }, (_, i) => {
    return Math.hypot(positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!);
  });
}
