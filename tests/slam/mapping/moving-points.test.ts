import { afterAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { Random } from '../../../src/geometry/random.js';
import { exp, inverse, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import { place } from '../../field/helpers.js';
import { MovingPoints } from '../../../src/slam/mapping/moving-points.js';

type Vec3 = readonly [number, number, number];
const pool = await KernelPool.create({ threads: 2, memoryMiB: 256 });
afterAll(() => pool.close());

const ROAD: Vec3 = [0, 0, 1];
/** A street: the road 1.7 m below the sensor, walls at ±8 m, an end at −60 and 100 m, and boxes (x, y, half size) on the road. */
function nearest(
  o: Vec3,
  d: Vec3,
  boxes: readonly (readonly [number, number, number])[],
): [number, Vec3, number] {
  let best: [number, Vec3, number] = [Infinity, ROAD, -1];
  const take = (t: number, n: Vec3, what: number): void => {
    if (t > 0.5 && t < best[0]) best = [t, n, what];
  };
  take((-1.7 - o[2]) / d[2], ROAD, 0);
  for (const side of [-8, 8]) take((side - o[1]) / d[1], [0, -Math.sign(side), 0], 1);
  for (const end of [-60, 100]) take((end - o[0]) / d[0], [-Math.sign(end), 0, 0], 1);
  boxes.forEach(([x, y, h], k) => {
    for (let axis = 0; axis < 3; axis++)
      for (const s of [-1, 1]) {
        const center = [x, y, -1.7 + h];
        const t = (center[axis]! + s * h - o[axis]!) / d[axis]!;
        const p = [0, 1, 2].map((i) => o[i]! + t * d[i]!);
        if (!(t > 0.5) || p.some((v, i) => i !== axis && Math.abs(v - center[i]!) > h)) continue;
        take(t, [0, 1, 2].map((i) => (i === axis ? s : 0)) as unknown as Vec3, 2 + k);
      }
  });
  return best;
}

/** What a sensor at a pose sees; `what`: 0 road, 1 wall, 2 … the boxes. */
function see(pose: Pose, boxes: readonly (readonly [number, number, number])[], seed: string) {
  const random = new Random(seed);
  const rows: number[][] = [];
  const what: number[] = [];
  for (let ring = 0; ring < 48; ring++)
    for (let column = 0; column < 240; column++) {
      const [elevation, azimuth] = [((-24 + ring * 0.6) * Math.PI) / 180, (column / 240) * 2 * Math.PI];
      const own: Vec3 = [
        Math.cos(elevation) * Math.cos(azimuth),
        Math.cos(elevation) * Math.sin(azimuth),
        Math.sin(elevation),
      ];
      const there = transformPoint(pose, ...own);
      const origin: Vec3 = [pose[3]!, pose[7]!, pose[11]!];
      const d = there.map((v, i) => v - origin[i]!) as unknown as Vec3;
      const [t, n, kind] = nearest(origin, d, boxes);
      if (!(t < 70)) continue;
      const range = t + 0.02 * random.normal();
      const turn = inverse(pose);
      const normal = [0, 4, 8].map((r) => turn[r]! * n[0] + turn[r + 1]! * n[1] + turn[r + 2]! * n[2]);
      rows.push([...own.map((v) => v * range), ...normal]);
      what.push(kind);
    }
  const three = (row: number[], first: number) => row.slice(first, first + 3) as [number, number, number];
  const { points: surface } = place(pool.memory, {
    points: rows.map((row) => three(row, 0)),
    normals: rows.map((row) => three(row, 3)),
    qualities: rows.map(() => 1),
    taus: rows.map(() => 0),
    ground: what.map((kind) => kind === 0),
  });
  return { surface, what };
}

describe('points that move', () => {
  it('are those of a car that follows and of one that comes; what stands stays', () => {
    const moving = new MovingPoints(pool, 0.15);
    const counts = { follower: [0, 0], oncoming: [0, 0], parked: [0, 0], wall: [0, 0], road: [0, 0] };
    for (let k = 0; k < 32; k++) {
      const x = k; // 10 m/s
      const pose = exp([x, 0.1 * Math.sin(k), 0, 0, 0, 0.02 * Math.sin(k / 3)]);
      const boxes = [
        [x - 9, 0, 0.8],
        [70 - k, 4, 0.8],
        [25, -6, 0.8],
      ] as const;
      const { surface, what } = see(pose, boxes, `scan ${k}`);
      moving.mark(surface, pose);
      if (k >= 20)
        what.forEach((kind, i) => {
          // The lowest parts are too near the road to tell.
          if (kind > 1 && surface.z[i]! < -1.3) return;
          const name = (['road', 'wall', 'follower', 'oncoming', 'parked'] as const)[kind]!;
          counts[name][0]! += surface.quality[i]! < 0 ? 1 : 0;
          counts[name][1]!++;
        });
      moving.keep(surface, pose);
    }
    const share = ([marked, all]: number[]): number => marked! / all!;
    expect(counts.follower[1]).toBeGreaterThan(300);
    expect(share(counts.follower)).toBeGreaterThan(0.9);
    expect(counts.oncoming[1]).toBeGreaterThan(100);
    expect(share(counts.oncoming)).toBeGreaterThan(0.6);
    expect(counts.parked[1]).toBeGreaterThan(50);
    for (const name of ['parked', 'wall', 'road'] as const) expect(share(counts[name])).toBeLessThan(0.002);
  });

  it('are those of a car close behind, from its bumper up, as soon as the sensor has moved two metres', () => {
    const moving = new MovingPoints(pool, 0.15);
    let [marked, all] = [0, 0];
    for (let k = 0; k < 30; k++) {
      const x = 0.33 * k; // 3.3 m/s
      const pose = exp([x, 0, 0, 0, 0, 0]);
      const { surface, what } = see(pose, [[x - 7, 0, 0.8]], `scan ${k}`);
      moving.mark(surface, pose);
      if (x > 2)
        what.forEach((kind, i) => {
          if (kind < 2 || surface.z[i]! < -1.5) return; // 20 cm above the road
          marked += surface.quality[i]! < 0 ? 1 : 0;
          all++;
        });
      moving.keep(surface, pose);
    }
    expect(all).toBeGreaterThan(1000);
    expect(marked / all).toBeGreaterThan(0.9);
  });

  it('are none in the first scan, or after everything was forgotten', () => {
    const moving = new MovingPoints(pool, 0.15);
    const { surface } = see(exp([0, 0, 0, 0, 0, 0]), [[9, 0, 0.8]], 'first');
    expect(moving.mark(surface, exp([0, 0, 0, 0, 0, 0]))).toBe(0);
    for (let k = 0; k < 4; k++) {
      const pose = exp([6 * k, 0, 0, 0, 0, 0]);
      moving.keep(see(pose, [], `empty ${k}`).surface, pose);
    }
    expect(moving.mark(surface, exp([0, 0, 0, 0, 0, 0]))).toBeGreaterThan(80);
    moving.clear();
    surface.quality.fill(1);
    expect(moving.mark(surface, exp([0, 0, 0, 0, 0, 0]))).toBe(0);
  });
});
