import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { compose, exp, inverse, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import type { PreparedScan } from '../../../src/sensors/lidar/prepared-scan.js';
import { LidarPreparer } from '../../../src/sensors/lidar/preparer.js';
import type { LidarScan } from '../../../src/sensors/lidar/scan.js';
import { random } from './prepare-scene.js';

let pool: KernelPool;
let preparer: LidarPreparer;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 256 });
  preparer = new LidarPreparer(pool, { maxPoints: 80000, maxMapPoints: 40000 });
});
afterAll(() => pool.close());

const prepare = (scan: LidarScan): PreparedScan => preparer.prepare(scan, preparer.makeScan());
/** Undistorts all points. */
function undistort(p: PreparedScan, twist: Float64Array, acceleration?: Float64Array): void {
  preparer.undistort(p, twist, acceleration);
  preparer.complete(p);
}
const DEGREE = Math.PI / 180;

/** Random points with random times in ±50 ms. */
function cloud(count: number, seed: number): PreparedScan {
  const uniform = random(seed);
  const positions = Float32Array.from({ length: 3 * count }, () => 120 * (uniform() - 0.5));
  const times = Float32Array.from({ length: count }, () => 0.1 * (uniform() - 0.5));
  return prepare({ stampNs: 0n, frameId: '', count, positions, times, timing: 'field' });
}

/** Largest distance of the deskewed points from T(τ)·p, relative to the range. */
function worst(p: PreparedScan, poseOf: (tau: number) => Pose): number {
  let worst = 0;
  const c = p.columns;
  for (let i = 0; i < p.mapCount; i++) {
    const q = transformPoint(poseOf(c.tau[i]!), c.x[i]!, c.y[i]!, c.z[i]!);
    const d = Math.hypot(q[0] - c.deskewedX[i]!, q[1] - c.deskewedY[i]!, q[2] - c.deskewedZ[i]!);
    worst = Math.max(worst, d / Math.max(10, c.range[i]!));
  }
  return worst;
}

describe('undistortion', () => {
  it.each([
    ['car', [20, 0, 0, 0, 0, 0.5]],
    ['shake at 600°/s', [3, -2, 1, 200 * DEGREE, -300 * DEGREE, 480 * DEGREE]],
    ['drill at 3000°/s', [0, 0, 0, 0, 3000 * DEGREE, 0]],
    ['slow', [1e-3, 0, 0, 1e-6, 0, 0]],
  ])('is the exponential of the twist (%s)', (_, xi) => {
    const p = cloud(5000, 1);
    undistort(p, Float64Array.from(xi));
    expect(worst(p, (tau) => exp(xi.map((v) => v * tau)))).toBeLessThan(2e-6);
  });

  it.each([
    ['a braking car', [20, 0, 0, 0, 0, 0.3], [-9, 0, 2, 0.2, 0.3, 0.5], 2e-5],
    ['a hand', [1, 0.5, 0.2, 0.4, 0.6, 2], [2, 1, 3, 2, 3, 6], 1e-4],
    ['a shake', [1, 0, 0, 0, 40, 0], [0, 0, 0, 0, 15, 0], 3e-4],
  ])('follows a velocity that changes (%s)', (_, xi, change, bound) => {
    // Times are about the stamp, which is the middle of the sweep. The motion by 200 small steps.
    const poseOf = (tau: number): Pose => {
      let T = exp([0, 0, 0, 0, 0, 0]);
      for (let k = 0; k < 200; k++)
        T = compose(T, exp(xi.map((v, i) => (v + change[i]! * tau * ((k + 0.5) / 200)) * (tau / 200))));
      return T;
    };
    const p = cloud(300, 2);
    undistort(p, Float64Array.from(xi));
    const steady = worst(p, poseOf);
    // Samples tell the span of times only roughly, so that their middle is not quite the stamp.
    const middle = 0.5 * (p.start + p.end);
    undistort(
      p,
      Float64Array.from(xi, (v, i) => v + change[i]! * middle),
      Float64Array.from(change),
    );
    expect(worst(p, poseOf)).toBeLessThan(bound);
    expect(steady).toBeGreaterThan(5 * bound);
  });

  it.each([
    ['slow', [20, 0, 0, 0.1, 0, 0.5]],
    ['fast', [0, 0, 0, 0, 3000 * DEGREE, 0]],
    ['at rest', [0, 0, 0, 0, 0, 0]],
  ])('moves the coarse points at once to where the rest follows (%s)', (_, xi) => {
    for (const count of [1, 6, 5000]) {
      const p = cloud(count, 3);
      undistort(p, Float64Array.of(1, 2, 3, 4, 5, 6));
      const keypoints = (): number[][] => {
        const { deskewedX, deskewedY, deskewedZ } = p.columns;
        return [...p.track.subarray(0, p.trackCount)].map((i) => [
          deskewedX[i]!,
          deskewedY[i]!,
          deskewedZ[i]!,
        ]);
      };
      preparer.undistort(p, Float64Array.from(xi));
      const early = keypoints();
      preparer.complete(p);
      expect(early.length).toBeGreaterThan(0);
      expect(early).toEqual(keypoints());
      expect(worst(p, (tau) => exp(xi.map((v) => v * tau)))).toBeLessThan(2e-6);
    }
  });

  it('copies for a sensor at rest and for scans without times', () => {
    const p = cloud(1000, 2);
    undistort(p, Float64Array.of(5, 0, 0, 0, 0, 1));
    undistort(p, new Float64Array(6));
    expect(p.columns.deskewedX.slice(0, p.mapCount)).toEqual(p.columns.x.slice(0, p.mapCount));
    const positions = Float32Array.from({ length: 300 }, (_, i) => 2 + ((i * 37) % 101));
    const still = prepare({ stampNs: 0n, frameId: '', count: 100, positions, timing: 'none' });
    undistort(still, Float64Array.of(5, 0, 0, 0, 0, 1));
    expect(still.columns.deskewedZ.slice(0, still.mapCount)).toEqual(
      still.columns.z.slice(0, still.mapCount),
    );
  });

  it('straightens the normals of a wall that the sweep has sheared', () => {
    // A head that turns once in 0.1 s while it flies at 10 m/s and yaws at 400°/s, between two walls and a floor.
    const twist = [10, 2, 0, 0, 0.5, 400 * DEGREE];
    const planes = [
      [0, 1, 0, -6],
      [0, -1, 0, -9],
      [0, 0, 1, -1.5],
    ] as const;
    const [rows, cols] = [48, 1500];
    const positions: number[] = [];
    const times: number[] = [];
    const truth: number[] = [];
    for (let r = rows - 1; r >= 0; r--) {
      for (let c = 0; c < cols; c++) {
        const azimuth = (2 * Math.PI * (c + 0.5)) / cols;
        const tau = 0.1 * ((c + 0.5) / cols - 0.5);
        const e = (-30 + r) * DEGREE;
        const T = exp(twist.map((v) => v * tau));
        const ray = [Math.cos(e) * Math.cos(azimuth), Math.cos(e) * Math.sin(azimuth), Math.sin(e)] as const;
        const a = transformPoint(T, 0, 0, 0);
        const b = transformPoint(T, ...ray);
        let [best, hit] = [Infinity, -1];
        planes.forEach(([x, y, z, d], k) => {
          const along = x * (b[0] - a[0]) + y * (b[1] - a[1]) + z * (b[2] - a[2]);
          const t = (d - (x * a[0] + y * a[1] + z * a[2])) / along;
          if (t > 0 && t < best) [best, hit] = [t, k];
        });
        if (!(best < 40)) continue;
        positions.push(...ray.map((v) => v * best));
        times.push(tau);
        truth.push(hit);
      }
    }
    const count = times.length;
    const byTime = new Map(
      truth.map((hit, i) => [[0, 1, 2].map((k) => Math.fround(positions[3 * i + k]!)).join(), hit]),
    );
    const p = prepare({
      stampNs: 0n,
      frameId: '',
      count,
      positions: Float32Array.from(positions),
      times: Float32Array.from(times),
      timing: 'field',
    });
    expect(preparer.geometry?.sweep).toBeCloseTo(0.1 / (2 * Math.PI), 4);
    undistort(p, Float64Array.from(twist));
    const c = p.columns;
    const [raw, straight]: [number[], number[]] = [[], []];
    for (let i = 0; i < p.mapCount; i++) {
      if (c.nx[i] === 0 && c.ny[i] === 0 && c.nz[i] === 0) continue;
      const n = planes[byTime.get([c.x[i]!, c.y[i]!, c.z[i]!].join())!]!;
      const angle = (a: number, b: number, d: number) =>
        Math.acos(Math.min(1, a * n[0] + b * n[1] + d * n[2])) / DEGREE;
      straight.push(angle(c.deskewedNx[i]!, c.deskewedNy[i]!, c.deskewedNz[i]!));
      // What turning alone would give
      const R = exp(twist.map((v) => v * c.tau[i]!)).map((v, k) => (k % 4 === 3 ? 0 : v));
      raw.push(angle(...transformPoint(R, c.nx[i]!, c.ny[i]!, c.nz[i]!)));
    }
    const p90 = (v: number[]) => v.sort((a, b) => a - b)[Math.floor(0.9 * v.length)]!;
    expect(straight.length).toBeGreaterThan(2000);
    expect(p90(raw)).toBeGreaterThan(2.5);
    expect(p90(straight)).toBeLessThan(0.7);
  });

  it('undoes what the sensor did: deskewed points of a moving sensor lie where they are', () => {
    const xi = [6, 0, 1, 0.5, -1, 4];
    const uniform = random(9);
    const world = Array.from({ length: 2000 }, () => [0, 1, 2].map(() => 60 * (uniform() - 0.5)));
    const times = Float32Array.from(world, () => 0.1 * (uniform() - 0.5));
    const seen = world.map((q, i) =>
      transformPoint(inverse(exp(xi.map((v) => v * times[i]!))), ...(q as [number, number, number])),
    );
    const positions = Float32Array.from(seen.flat());
    const p = prepare({ stampNs: 0n, frameId: '', count: 2000, positions, times, timing: 'field' });
    undistort(p, Float64Array.from(xi));
    const known = new Set(world.map((q) => q.map((v) => v.toFixed(2)).join()));
    let found = 0;
    for (let i = 0; i < p.mapCount; i++) {
      const q = [p.columns.deskewedX[i]!, p.columns.deskewedY[i]!, p.columns.deskewedZ[i]!];
      if (known.has(q.map((v) => v.toFixed(2)).join())) found++;
    }
    expect(found / p.mapCount).toBeGreaterThan(0.99);
  });
});
