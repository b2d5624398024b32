import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { FLAG_PENDING } from '../../../src/kernels/layout/lidar.js';
import { FINE_COLUMNS, FLAG_GROUND, type PreparedScan } from '../../../src/sensors/lidar/prepared-scan.js';
import { LidarPreparer } from '../../../src/sensors/lidar/preparer.js';
import type { LidarScan } from '../../../src/sensors/lidar/scan.js';
import { BEAMS_16, BEAMS_64, box, look, plane, random } from './prepare-scene.js';

// Which normals are put off until the pose is known is guessed from the scan before: the guess may cost time, never
// change the result.

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
});
afterAll(() => pool.close());

const make = (): LidarPreparer => new LidarPreparer(pool, { maxPoints: 130000, maxMapPoints: 40000 });

/** A street between walls with a parked car. */
const street = (height: number, beam = BEAMS_64): LidarScan =>
  look(beam, [
    plane([0, 0, 1], -height),
    plane([0, 1, 0], -6),
    plane([0, -1, 0], -9),
    box([5, -2, -height], [8, 0, 1.5 - height]),
  ]).scan;
/** The road lies low on one side and high on the other, with a roof overhead. */
const terraces = look(BEAMS_64, [
  plane([0, 0, 1], -3, (p) => p[1]! < 2),
  plane([0, 0, 1], -1, (p) => p[1]! >= 2),
  plane([0, 0, -1], -1.5, (p) => p[0]! < 0),
  plane([-1, 0, 0], -30),
]).scan;
/** A slope of 15 %. */
const hill = look(BEAMS_64, [plane([-0.148, 0, 0.989], -1.6), plane([0, 1, 0], -12)]).scan;
/** No ground at all. */
const wall = look(BEAMS_64, [plane([1, 0, 0], -7)]).scan;
const uniform = random(5);
const scattered: LidarScan = {
  stampNs: 0n,
  frameId: street(1.7).frameId,
  count: 20000,
  positions: Float32Array.from({ length: 60000 }, (_, i) => (i % 3 === 2 ? 6 : 40) * (uniform() - 0.5)),
  timing: 'none',
};

const SCENES: [string, LidarScan][] = [
  ['street', street(1.73)],
  ['the same street', street(1.73)],
  ['terraces', terraces],
  ['a street from a low sensor', street(0.6)],
  ['a hill', hill],
  ['a street from a high sensor', street(4)],
  ['a wall', wall],
  ['scattered points', scattered],
  ['a street seen by 16 beams', street(1.7, BEAMS_16)],
  ['terraces again', terraces],
];

const bytes = (p: PreparedScan): unknown => [
  p.mapCount,
  [...p.up],
  ...FINE_COLUMNS.map((name) => Buffer.from(p.columns[name].slice(0, p.mapCount).buffer).toString('base64')),
  Buffer.from(p.flags.slice(0, p.mapCount)).toString('base64'),
  [...p.track.subarray(0, p.trackCount)].join(),
];
const alone = (scan: LidarScan): PreparedScan => {
  const preparer = make();
  return preparer.complete(preparer.prepare(scan, preparer.makeScan()));
};
const pendingOf = (p: PreparedScan): number =>
  p.flags.subarray(0, p.mapCount).reduce((sum, flag) => sum + (flag & FLAG_PENDING ? 1 : 0), 0);

describe('normals that are put off', () => {
  it('do not depend on the scan before, nor do ground and up', () => {
    const preparer = make();
    const slot = preparer.makeScan();
    let put = 0;
    for (const [name, scan] of SCENES) {
      const fresh = alone(scan);
      const p = preparer.prepare(scan, slot);
      const ground = [...p.track.subarray(0, p.trackCount)].map((i) => p.flags[i]! & FLAG_GROUND);
      const truth = [...fresh.track.subarray(0, fresh.trackCount)].map((i) => fresh.flags[i]! & FLAG_GROUND);
      expect(ground, name).toEqual(truth); // before the rest is done
      expect([...p.up], name).toEqual([...fresh.up]);
      put += pendingOf(p);
      preparer.complete(p);
      expect(pendingOf(p)).toBe(0);
      expect(bytes(p), name).toEqual(bytes(fresh));
    }
    expect(put).toBeGreaterThan(5000);
  });

  it('are put off only by what the same sensor saw', () => {
    const preparer = make();
    const slot = preparer.makeScan();
    preparer.prepare(street(1.73), slot);
    expect(pendingOf(preparer.prepare({ ...street(1.73), frameId: 'rear' }, slot))).toBe(0);
    expect(pendingOf(preparer.prepare({ ...street(1.73), frameId: 'rear' }, slot))).toBeGreaterThan(1000);
  });

  it('come when the next scan needs the memory, unless nobody wants them', () => {
    const preparer = make();
    const [a, b] = [preparer.makeScan(), preparer.makeScan()];
    preparer.prepare(street(1.73), b);
    preparer.prepare(street(1.73), a);
    preparer.undistort(a, Float64Array.of(5, 0, 0, 0, 0, 0.3));
    expect(pendingOf(a)).toBeGreaterThan(1000);
    preparer.prepare(hill, b);
    expect(pendingOf(a)).toBe(0);
    const other = make();
    const expected = other.prepare(street(1.73), other.makeScan());
    other.undistort(expected, Float64Array.of(5, 0, 0, 0, 0, 0.3));
    expect(bytes(preparer.complete(a))).toEqual(bytes(other.complete(expected)));
    preparer.prepare(street(1.73), a);
    preparer.prepare(street(1.73), a);
    const pending = pendingOf(a);
    expect(pending).toBeGreaterThan(1000);
    preparer.abandon(a);
    preparer.prepare(hill, b);
    expect(pendingOf(a)).toBe(pending);
  });
});
