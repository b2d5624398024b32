import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEATURES, ROW_FLOATS } from '../../src/field/backends/wasm/features.js';
import { KernelPool } from '../../src/compute/pool.js';
import { Random } from '../../src/geometry/random.js';
import { identity } from '../../src/geometry/se3.js';
import { OPTIONS, place, room, scan, type Placed } from './helpers.js';
import { makeField, type TestField } from './test-field.js';

/** Centre of one side wall of the room, and a distance that keeps its surroundings only. */
const CENTER = [6, 0, 0];
const RADIUS = 5;

describe('a field that forgets', () => {
  let pool: KernelPool;
  let field: TestField;
  let placed: Placed;
  const points = new Float32Array(3000 * 3);

  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
    field = makeField(pool, OPTIONS);
    const random = new Random('forget');
    placed = place(pool.memory, scan(random, room(6, 4, 2), identity(), { count: 40000, noise: 0.01 }));
    for (let i = 0; i < points.length; i += 3) {
      const axis = random.int(3);
      for (let k = 0; k < 3; k++)
        points[i + k] =
          k === axis
            ? (random.chance(0.5) ? 1 : -1) * [6, 4, 2][k]! + random.range(-0.25, 0.25)
            : random.range(-1, 1) * [6, 4, 2][k]!;
    }
  });
  afterAll(() => pool.close());

  /** A map of the room with random features in a part of it. */
  function map(): void {
    field.clear();
    const random = new Random('features');
    const pose = identity();
    field.fuse(placed.points, pose, 3);
    field.drawSamples(placed.points, 2000, 0, { seed: 3, band: 0.25 });
    for (let first = 0; first < 8000; first += 250)
      field.allocateRows([{ first, count: 250, pose: 0, optimisePose: false }], [pose]);
    for (const row of field.features.listRows())
      for (let k = 0; k < FEATURES; k++) field.features.rows[row * ROW_FLOATS + k] = random.normal();
  }
  const distance = (i: number): number =>
    Math.hypot(points[i * 3]! - CENTER[0]!, points[i * 3 + 1]! - CENTER[1]!, points[i * 3 + 2]! - CENTER[2]!);

  it('answers as before near the centre, and knows nothing far from it', () => {
    map();
    const before = field.query(points).slice();
    const { blocks, rows } = { blocks: field.levels[0]!.count, rows: field.features.count };
    const gone = field.forgetBeyond(CENTER, RADIUS);
    expect(gone.length / 3).toBe(blocks - field.levels[0]!.count);
    expect(gone.length).toBeGreaterThan(0);
    expect(field.features.count).toBeLessThan(rows);
    expect(field.features.count).toBeGreaterThan(100);
    const after = field.query(points);
    let near = 0;
    let far = 0;
    for (let i = 0; i < points.length / 3; i++) {
      const old = before.subarray(i * 5, i * 5 + 5);
      const now = after.subarray(i * 5, i * 5 + 5);
      // Half a coarse block's diagonal either way: blocks go as a whole, and by their centres.
      const coarse = 0.5 * Math.sqrt(3) * 8 * field.features.grid.voxel;
      if (distance(i) < RADIUS - coarse) {
        expect(Array.from(now)).toEqual(Array.from(old));
        near++;
      } else if (distance(i) > RADIUS + coarse) {
        expect(now[4]).toBe(0);
        far++;
      }
    }
    expect(near).toBeGreaterThan(15);
    expect(far).toBeGreaterThan(500);
  });

  it('keeps the number of the scan that last changed a block', () => {
    map();
    const fine = field.levels[0]!;
    const scans = (): Map<string, number> =>
      new Map(
        Array.from(fine.blocks, (block) => {
          const at = fine.coords.subarray(block * 4, block * 4 + 4);
          return [at.slice(0, 3).join(), at[3]!];
        }),
      );
    const before = scans();
    field.forgetBeyond(CENTER, RADIUS);
    const after = scans();
    expect(after.size).toBeGreaterThan(10);
    expect([...after.values()]).toContain(3);
    for (const [block, number] of after) expect(number).toBe(before.get(block));
  });

  it('maps a forgotten place anew, to the same distances', () => {
    map();
    const whole = field.query(points).slice();
    const blocks = field.levels[0]!.count;
    field.forgetBeyond(CENTER, 0);
    expect(field.levels.map((level) => level.count)).toEqual([1, 1, 1]);
    expect(field.features.count).toBe(1);
    field.fuse(placed.points, identity(), 3);
    expect(field.levels[0]!.count).toBe(blocks);
    const again = field.query(points);
    for (let i = 4; i < whole.length; i += 5) expect(again[i]).toBe(whole[i]);
  });

  it('names a radius that leaves the asked room on every level', () => {
    map();
    const fill = field.fill;
    expect(fill).toBeGreaterThan(0.01);
    expect(field.radiusFor(CENTER, 1)).toBe(Infinity);
    for (const part of [0.7, 0.3, 0.1]) {
      field.forgetBeyond(CENTER, field.radiusFor(CENTER, fill * part));
      expect(field.fill).toBeLessThanOrEqual(fill * part * 1.25); // rows lie unevenly
      expect(field.fill).toBeGreaterThan(0);
    }
  });

  it('works on after the arena has been full', () => {
    const small = makeField(pool, {
      ...OPTIONS,
      maxFineBlocks: 60,
      maxFeatureRows: 1000,
      poolSamples: 1024,
    });
    expect(() => small.fuse(placed.points, identity(), 0)).toThrow(/map is full/i);
    small.forgetBeyond(CENTER, small.radiusFor(CENTER, 0.5));
    expect(small.fill).toBeLessThanOrEqual(0.5);
    const few = { ...placed.points, count: 20, keypoints: placed.points.keypoints.subarray(0, 2) };
    expect(() => small.fuse(few, identity(), 1)).not.toThrow();
  });
});
