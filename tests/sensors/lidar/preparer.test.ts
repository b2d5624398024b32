import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { FeltmapError } from '../../../src/geometry/errors.js';
import { FINE_COLUMNS, FLAG_GROUND, type PreparedScan } from '../../../src/sensors/lidar/prepared-scan.js';
import { LidarPreparer, type PreparerOptions } from '../../../src/sensors/lidar/preparer.js';
import type { LidarScan } from '../../../src/sensors/lidar/scan.js';
import { BEAMS_16, BEAMS_64, box, INDEX_SCALE, look, plane, random } from './prepare-scene.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 1024 });
});
afterAll(() => pool.close());

function scanOf(positions: number[], times?: number[]): LidarScan {
  return {
    stampNs: 5n,
    frameId: 'lidar',
    count: positions.length / 3,
    positions: Float32Array.from(positions),
    timing: times ? 'field' : 'none',
    ...(times ? { times: Float32Array.from(times) } : {}),
  };
}

function cloud(count: number, seed: number, half: readonly number[]): number[] {
  const uniform = random(seed);
  return Array.from({ length: count * 3 }, (_, i) => (2 * uniform() - 1) * half[i % 3]!);
}

const prepareWith = (options: PreparerOptions, scan: LidarScan) => {
  const preparer = new LidarPreparer(pool, options);
  return preparer.complete(preparer.prepare(scan, preparer.makeScan()));
};

/** Voxel of a point, with the float32 arithmetic of the kernels. */
function voxelOf(x: number, y: number, z: number, side: number): string {
  const inverse = Math.fround(1 / side);
  return [x, y, z].map((v) => Math.floor(Math.fround(Math.fround(v) * inverse))).join();
}

const fine = (p: PreparedScan, i: number) =>
  [p.columns.x[i]!, p.columns.y[i]!, p.columns.z[i]!] as [number, number, number];

describe('gate', () => {
  it('drops what is no measurement and says why', () => {
    const points = [
      [NaN, 0, 0],
      [1, NaN, 2],
      [Infinity, 0, 0],
      [0, -Infinity, 1],
      [0, 0, -Infinity],
      [0, 0, 0],
      [0.1, 0.2, 0.1],
      [200, 0, 0],
      [3e38, 3e38, 3e38],
      [1.5, 0, 0],
      [5, 5, 0],
      [6, -5, 1],
      [-7, 2, 0],
    ];
    const preparer = new LidarPreparer(pool, { maxPoints: 1000 });
    const p = preparer.prepare(scanOf(points.flat()), preparer.makeScan(), {
      box: { min: [1, -1, -1], max: [2, 1, 1] },
    });
    expect(p.counts).toEqual({
      input: 13,
      valid: 3,
      invalid: 2,
      noReturn: 3,
      zero: 1,
      tooNear: 1,
      tooFar: 2,
      onVehicle: 1,
    });
    const kept = Array.from({ length: p.mapCount }, (_, i) => fine(p, i).join()).sort();
    expect(kept).toEqual(['-7,2,0', '5,5,0', '6,-5,1']);
  });

  it('takes wild times for the stamp', () => {
    const p = prepareWith(
      { maxPoints: 64 },
      scanOf([5, 0, 0, 0, 5, 0, 0, 0, 5, 9, 9, 9], [NaN, Infinity, 1e30, 0.02]),
    );
    expect([...p.columns.tau.subarray(0, 4)].sort()).toEqual([0, 0, 0, Math.fround(0.02)]);
  });

  it('lives with empty, tiny and hopeless scans', () => {
    const preparer = new LidarPreparer(pool, { maxPoints: 5000 });
    const slot = preparer.makeScan();
    for (const positions of [
      [],
      [3, 4, 5],
      Array<number>(3 * 4999).fill(NaN),
      Array<number>(3 * 300).fill(0),
    ]) {
      const p = preparer.prepare(scanOf(positions), slot);
      preparer.undistort(p, Float64Array.of(1, 2, 3, 0.1, 0.2, 0.3));
      preparer.complete(p);
      const expected = positions.length === 3 ? 1 : 0;
      expect([p.counts.valid, p.mapCount, p.trackCount]).toEqual([expected, expected, expected]);
    }
    const same = preparer.prepare(scanOf(Array.from({ length: 3000 }, (_, i) => [4, 5, 6][i % 3]!)), slot);
    expect([same.counts.valid, same.mapCount]).toEqual([1000, 1]);
  });

  it('refuses scans that are too large or contradict themselves', () => {
    const preparer = new LidarPreparer(pool, { maxPoints: 10 });
    const slot = preparer.makeScan();
    const prepare = (scan: LidarScan) => preparer.prepare(scan, slot);
    const code = (act: () => unknown) => {
      try {
        act();
      } catch (error) {
        return error instanceof FeltmapError ? error.code : String(error);
      }
      return 'nothing thrown';
    };
    expect(code(() => prepare(scanOf(cloud(11, 1, [9, 9, 9]))))).toBe('bad-input');
    expect(code(() => prepare({ ...scanOf([1, 2, 3]), count: 2 }))).toBe('bad-input');
    expect(code(() => prepare({ ...scanOf([1, 2, 3, 4, 5, 6]), times: new Float32Array(1) }))).toBe(
      'bad-input',
    );
    prepare(scanOf([1, 2, 3]));
    expect(code(() => preparer.undistort(slot, Float64Array.of(NaN, 0, 0, 0, 0, 0)))).toBe('bad-input');
    for (const bad of [
      { maxPoints: 0 },
      { minRange: 5, maxRange: 4 },
      { mapVoxel: 0.001 },
      { rangeNoise: 0 },
    ])
      expect(code(() => new LidarPreparer(pool, bad))).toBe('bad-config');
  });
});

describe('thinning', () => {
  const check = (p: PreparedScan, positions: number[], side: number) => {
    const wanted = new Set<string>();
    const input = new Set<string>();
    for (let i = 0; i < positions.length; i += 3) {
      const [x, y, z] = [0, 1, 2].map((k) => Math.fround(positions[i + k]!)) as [number, number, number];
      wanted.add(voxelOf(x, y, z, side));
      input.add([x, y, z].join());
    }
    const got = Array.from({ length: p.mapCount }, (_, i) => fine(p, i));
    expect(got.every((q) => input.has(q.join()))).toBe(true); // real points
    const voxels = got.map((q) => voxelOf(...q, side));
    expect(new Set(voxels).size).toBe(voxels.length); // at most one per voxel
    expect(voxels.length).toBe(wanted.size); // and one in each
    expect(voxels.every((v) => wanted.has(v))).toBe(true);
  };

  it.each([
    [1, 0.15],
    [2, 0.5],
    [3, 2],
  ])('keeps exactly one real point per voxel (seed $0, $1 m)', (seed, side) => {
    const positions = cloud(20000, seed, [20, 20, 3]);
    check(prepareWith({ maxPoints: 20000, mapVoxel: side, minRange: 0 }, scanOf(positions)), positions, side);
  });

  it('survives a cloud that falls into a single partition', () => {
    const positions = cloud(4000, 4, [0.5, 0.5, 60]).map((v, i) => (i % 3 === 2 ? v : v + 30));
    check(prepareWith({ maxPoints: 4000, minRange: 0 }, scanOf(positions)), positions, 0.15);
  });

  it('puts a quarter and a half of the coarse points first, as even as all', () => {
    // Columns of a wall as an upright row of lasers sweeps past it.
    const points: number[] = [];
    for (let i = 0; i < 200; i++) for (let k = 0; k < 40; k++) points.push(10, 0.05 * (i - 100), 0.05 * k);
    const p = prepareWith({ mapVoxel: 0.1, trackVoxel: 0.4 }, scanOf(points));
    expect(p.trackCount).toBeGreaterThan(100);
    for (const part of [2, 4]) {
      const first = Math.ceil(p.trackCount / part);
      const surplus = [0, 0, 0, 0]; // by quarters of the wall
      for (let k = 0; k < p.trackCount; k++)
        surplus[Math.floor((fine(p, p.track[k]!)[1] + 5) / 2.5)]! += k < first ? part - 1 : -1;
      for (const s of surplus) expect(Math.abs(s)).toBeLessThanOrEqual(2 * (part - 1));
    }
  });

  it('thins the fine set again, coarsely', () => {
    const p = prepareWith(
      { maxPoints: 20000, maxTrackPoints: 20000, minRange: 0 },
      scanOf(cloud(20000, 5, [15, 15, 2])),
    );
    const coarse = new Set<string>();
    for (let i = 0; i < p.mapCount; i++) coarse.add(voxelOf(...fine(p, i), 0.6));
    const track = [...p.track.subarray(0, p.trackCount)].map((i) => voxelOf(...fine(p, i), 0.6));
    expect(new Set(track).size).toBe(track.length);
    expect(track.length).toBe(coarse.size);
    expect(track.every((v) => coarse.has(v))).toBe(true);
  });

  it('thins evenly down to the limits', () => {
    const positions = cloud(20000, 6, [40, 40, 3]);
    const p = prepareWith({ maxPoints: 20000, maxMapPoints: 3000, maxTrackPoints: 700 }, scanOf(positions));
    expect([p.mapCount, p.trackCount]).toEqual([3000, 700]);
    expect(new Set(Array.from({ length: 3000 }, (_, i) => fine(p, i).join())).size).toBe(3000);
    expect(new Set(p.track.subarray(0, 700)).size).toBe(700);
    // Even: every quadrant keeps its share.
    let first = 0;
    for (let i = 0; i < 3000; i++) if (fine(p, i)[0] > 0 && fine(p, i)[1] > 0) first++;
    expect(first / 3000).toBeCloseTo(0.25, 1);
  });
});

describe('ground', () => {
  it.each([
    [BEAMS_64, 1.73, 0],
    [BEAMS_64, 0.5, 20],
    [BEAMS_64, 4, 10],
    [BEAMS_16, 1.73, 0],
    [BEAMS_16, 0.5, 0],
  ])('is told from walls and cars ($0.name beams, $1 m up, tilted $2°)', (beam, height, tilt) => {
    const [c, s] = [Math.cos((tilt * Math.PI) / 180), Math.sin((tilt * Math.PI) / 180)];
    const surfaces = [
      plane([0, 0, 1], -height, (p) => Math.abs(p[1]!) < 4),
      plane([0, 0, 1], 0.12 - height, (p) => Math.abs(p[1]!) > 4),
      plane([0, -1, 0], -8),
      plane([0, 1, 0], -8),
      plane([-1, 0, 0], -40),
      plane([1, 0, 0], -40),
      box([-9, 1.5, -height], [-5, 3.2, 1.5 - height]),
    ];
    const scene = look(beam, surfaces, { rotation: [c, 0, s, 0, 1, 0, -s, 0, c] });
    const p = prepareWith({ maxPoints: 150000 }, scene.scan);
    const table = [0, 0, 0, 0];
    for (let i = 0; i < p.mapCount; i++) {
      const raw = Math.round(p.columns.tau[i]! * INDEX_SCALE);
      table[(scene.surface[raw]! < 2 ? 2 : 0) + (p.flags[i]! & FLAG_GROUND ? 1 : 0)]!++;
    }
    const [, wrong, missed, right] = table as [number, number, number, number];
    expect(right / (right + missed)).toBeGreaterThan(0.95);
    expect(right / (right + wrong)).toBeGreaterThan(0.95);
    expect(p.up[0]).toBeCloseTo(-s, 1);
    expect(p.up[2]).toBeCloseTo(c, 1);
  });
});

describe('determinism', () => {
  const bytes = (p: PreparedScan) => [
    p.mapCount,
    p.trackCount,
    ...FINE_COLUMNS.map((name) =>
      Buffer.from(p.columns[name].slice(0, p.mapCount).buffer).toString('base64'),
    ),
    Buffer.from(p.flags.slice(0, p.mapCount)).toString('base64'),
    [...p.track.subarray(0, p.trackCount)].join(),
  ];
  const street = look(BEAMS_16, [
    plane([0, 0, 1], -1.7),
    plane([0, 1, 0], -6),
    box([5, -2, -1.7], [8, 0, 0]),
  ]);
  const other = look(BEAMS_64, [plane([1, 0, 0], -12)], { seed: 3 });
  const twist = Float64Array.of(8, 0.5, 0, 0.1, 0, 2);

  it('gives the same bytes for a scan that lies in its storage', () => {
    const preparer = new LidarPreparer(pool, { maxPoints: 130000 });
    const { positions, times, rings } = preparer.storage;
    for (const scene of [street, other]) {
      const { scan } = scene;
      const expected = bytes(prepareWith({ maxPoints: 130000 }, scan));
      positions.set(scan.positions);
      times.set(scan.times!);
      rings.set(scan.rings!);
      const stored = {
        ...scan,
        positions: positions.subarray(0, 3 * scan.count),
        times: times.subarray(0, scan.count),
        rings: rings.subarray(0, scan.count),
      };
      expect(bytes(preparer.complete(preparer.prepare(stored, preparer.makeScan())))).toEqual(expected);
    }
  });

  it('gives the same bytes with 1, 2 and 3 threads, whatever came before', async () => {
    const results: unknown[] = [];
    for (const threads of [1, 2, 3]) {
      const own = await KernelPool.create({ threads, memoryMiB: 256 });
      const preparer = new LidarPreparer(own, { maxPoints: 130000 });
      for (const scene of threads === 2 ? [other, street] : [street]) {
        const p = preparer.prepare(scene.scan, preparer.makeScan());
        preparer.undistort(p, twist);
        preparer.complete(p);
        if (scene === street) results.push(bytes(p));
      }
      await own.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
