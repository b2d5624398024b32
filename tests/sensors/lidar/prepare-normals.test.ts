import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { FLAG_NORMAL } from '../../../src/sensors/lidar/prepared-scan.js';
import { LidarPreparer } from '../../../src/sensors/lidar/preparer.js';
import {
  BEAMS_128,
  BEAMS_16,
  BEAMS_64,
  INDEX_SCALE,
  look,
  normalError,
  plane,
  quantile,
  round,
  type Beam,
  type SceneOptions,
  type Surface,
} from './prepare-scene.js';

let pool: KernelPool;
let preparer: LidarPreparer;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
  preparer = new LidarPreparer(pool, { maxPoints: 150000, maxMapPoints: 40000 });
});
afterAll(() => pool.close());

/** Errors (degrees, NaN without a normal) of the fine points on chosen surfaces, and of their distance to them (m). */
function measure(
  beam: Beam,
  surfaces: readonly Surface[],
  wanted: (surface: number, truth: [number, number, number]) => boolean,
  options: SceneOptions = {},
) {
  const scene = look(beam, surfaces, options);
  const p = preparer.complete(preparer.prepare(scene.scan, preparer.makeScan()));
  const angles: number[] = [];
  let [before, after] = [0, 0];
  for (let i = 0; i < p.mapCount; i++) {
    const raw = Math.round(p.columns.tau[i]! * INDEX_SCALE);
    const truth = [0, 1, 2].map((k) => scene.truth[3 * raw + k]!) as [number, number, number];
    if (!wanted(scene.surface[raw]!, truth)) continue;
    const angle = normalError(scene, p.columns, i, raw);
    angles.push(angle);
    expect(Number.isNaN(angle)).toBe((p.flags[i]! & FLAG_NORMAL) === 0);
    if (Number.isNaN(angle)) continue;
    const n = [p.columns.nx[i]!, p.columns.ny[i]!, p.columns.nz[i]!];
    const q = [p.columns.x[i]!, p.columns.y[i]!, p.columns.z[i]!];
    expect(Math.hypot(...n)).toBeCloseTo(1, 5);
    expect(n[0]! * q[0]! + n[1]! * q[1]! + n[2]! * q[2]!).toBeLessThan(0); // towards the sensor
    const m = [0, 1, 2].map((k) => scene.normals[3 * raw + k]!);
    const error = [0, 1, 2].reduce((sum, k) => sum + (q[k]! - truth[k]!) * m[k]!, 0);
    before += error ** 2;
    after += (error - p.columns.offset[i]!) ** 2;
  }
  const known = angles.filter((a) => !Number.isNaN(a));
  return {
    count: angles.length,
    share: known.length / angles.length,
    median: quantile(known, 0.5),
    p90: quantile(known, 0.9),
    denoised: Math.sqrt(after / before),
  };
}

const room = (d: number) => [
  plane([-1, 0, 0], -d),
  plane([1, 0, 0], -d),
  plane([0, 1, 0], -d),
  plane([0, -1, 0], -d),
];

describe('normals with 2 cm of range noise', () => {
  it.each([
    [BEAMS_64, 3, 1],
    [BEAMS_64, 10, 2],
    [BEAMS_64, 20, 3],
    [BEAMS_64, 60, 4],
    [BEAMS_16, 3, 2],
    [BEAMS_16, 10, 2],
    [BEAMS_16, 40, 2],
    [BEAMS_128, 5, 2],
    [BEAMS_128, 30, 3],
  ])('on walls (case %#, $1 m): 90 % within $2°', (beam, distance, p90) => {
    const m = measure(beam, room(distance), () => true, { turn: 0.3 });
    expect(m.count).toBeGreaterThan(1000);
    expect(m.share).toBeGreaterThan(0.97);
    expect(m.median).toBeLessThan(p90 / 2);
    expect(m.p90).toBeLessThan(p90);
    expect(m.denoised).toBeLessThan(0.5); // moving a point by −offset takes most of its noise away
  });

  it.each(['rings', 'organised', 'order', 'firing'] as const)('whatever tells the rows (%s)', (layout) => {
    const ground = plane([0, 0, 1], -1.7);
    const m = measure(BEAMS_64, [...room(12), ground], () => true, {
      layout,
      turn: layout === 'order' ? 1 : 0.5,
    });
    const source = layout === 'firing' ? 'elevation' : layout;
    expect(preparer.geometry?.source).toBe(source);
    expect(preparer.geometry?.rows).toBe(64);
    expect(m.share).toBeGreaterThan(0.95);
    expect(m.median).toBeLessThan(1);
    expect(m.p90).toBeLessThan(2);
  });

  it('on the ground at grazing incidence, 8 to 35 m away', () => {
    const far = (_: number, q: readonly number[]) => Math.hypot(...q) > 8 && Math.hypot(...q) < 35;
    const m = measure(BEAMS_64, [plane([0, 0, 1], -1.73)], far);
    expect(m.share).toBeGreaterThan(0.9);
    expect(m.p90).toBeLessThan(0.5);
  });

  it('on a ball and a trunk', () => {
    const inside = 0.8; // not the outermost rim, where one side of the window is empty
    const ball = measure(BEAMS_64, [round([6, 0, -1], 1)], (_, q) => Math.hypot(q[1], q[2] + 1) < inside);
    expect(ball.share).toBeGreaterThan(0.9);
    expect(ball.median).toBeLessThan(4);
    const trunk = measure(BEAMS_64, [round([5, 0, 0], 0.3, true)], (_, q) => Math.abs(q[1]) < 0.15);
    expect(trunk.share).toBeGreaterThan(0.8);
    expect(trunk.median).toBeLessThan(10);
  });

  it('on both sides of a kerb', () => {
    const street = [
      plane([0, 0, 1], -1.73, (p) => p[1]! < 4),
      plane([0, 0, 1], -1.61, (p) => p[1]! > 4),
      plane([0, -1, 0], -4, (p) => p[2]! < -1.61 && p[2]! > -1.73),
    ];
    const beside = (s: number, q: readonly number[]) =>
      s < 2 && Math.abs(q[1]! - 4) < 0.4 && Math.hypot(...q) < 12;
    const m = measure(BEAMS_64, street, beside);
    expect(m.count).toBeGreaterThan(100);
    expect(m.median).toBeLessThan(3);
    expect(m.p90).toBeLessThan(10);
  });

  it('and does not bridge a gap in depth', () => {
    const edge = [plane([-1, 0, 0], -8, (p) => p[1]! < 0), plane([-1, 0, 0], -10)];
    const near = (_: number, q: readonly number[]) => Math.abs(q[1]!) < 0.5;
    const m = measure(BEAMS_64, edge, near);
    expect(m.share).toBeGreaterThan(0.85);
    expect(m.p90).toBeLessThan(4);
  });

  it('but gives none for scattered points', () => {
    const uniform = (
      (s) => () =>
        (s = (s * 16807) % 2147483647) / 2147483647
    )(7);
    const count = 30000;
    const positions = Float32Array.from(
      { length: 3 * count },
      (_, i) => (i % 3 === 2 ? 4 : 20) * (uniform() - 0.5),
    );
    const p = preparer.complete(
      preparer.prepare({ stampNs: 0n, frameId: '', count, positions, timing: 'none' }, preparer.makeScan()),
    );
    let known = 0;
    for (let i = 0; i < p.mapCount; i++) known += p.flags[i]! & FLAG_NORMAL;
    expect(p.mapCount).toBeGreaterThan(10000);
    expect(known / p.mapCount).toBeLessThan(0.05);
  });

  it('on walls seen by a rosette without lasers', () => {
    const count = 30000;
    const positions = new Float32Array(3 * count);
    for (let i = 0; i < count; i++) {
      // A forward cone of 70°: a spiral that never repeats, on a wall 8 m ahead.
      const a = i * 0.7548776662466927 * 2 * Math.PI;
      const radius = Math.tan(0.6 * Math.sqrt((i * 0.5698402909980532) % 1));
      positions.set([8, 8 * radius * Math.cos(a), 8 * radius * Math.sin(a)], 3 * i);
    }
    const p = preparer.complete(
      preparer.prepare({ stampNs: 0n, frameId: '', count, positions, timing: 'none' }, preparer.makeScan()),
    );
    expect(preparer.geometry?.source).toBe('elevation');
    let known = 0;
    let worst = 0;
    for (let i = 0; i < p.mapCount; i++) {
      if (!(p.flags[i]! & FLAG_NORMAL)) continue;
      known++;
      worst = Math.max(worst, Math.acos(Math.min(1, -p.columns.nx[i]!)));
    }
    expect(known / p.mapCount).toBeGreaterThan(0.9);
    expect(worst).toBeLessThan(0.01); // no noise here
  });
});
