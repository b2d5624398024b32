import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { SAMPLE_VALUES } from '../../../src/field/backend.js';
import { Random } from '../../../src/geometry/random.js';
import { exp } from '../../../src/geometry/se3.js';
import { MeshBlockStore } from '../../../src/mesh/block-store.js';
import { Correction } from '../../../src/slam/mapping/correction.js';
import { Mapper } from '../../../src/slam/mapping/mapper.js';
import { OPTIONS, place, scan, type Patch } from '../../field/helpers.js';
import { makeField } from '../../field/test-field.js';
import { mapperOptions } from '../options.js';

const pool = await KernelPool.create({ threads: 2, memoryMiB: 1024 });
const field = makeField(pool, { ...OPTIONS, saturation: 4, poolSamples: 262144 });
afterAll(() => pool.close());

/** The coarse sensor has the plane z = 0 at this height (m). */
const OFF = 0.02;
const FLOOR: Patch = { centre: [0, 0, OFF], edges: [[3, 0, 0], [0, 3, 0]], normal: [0, 0, 1] }; // prettier-ignore
/** Of the finer grid. */
const FINE_VOXEL = 0.02;
const SIDE = 8 * FINE_VOXEL;

/** The plane as the finer grid has it where x < 0: in its place, 0.32 m short of the border of the coarse sensor's. */
function fineFloor(store: MeshBlockStore): Int32Array {
  const blocks: number[] = [];
  for (let by = -16; by < 16; by++)
    for (let bx = -16; bx < 0; bx++) {
      const [positions, normals]: [number[], number[]] = [[], []];
      for (let j = 0; j <= 8; j++)
        for (let i = 0; i <= 8; i++) {
          positions.push(bx * SIDE + i * FINE_VOXEL, by * SIDE + j * FINE_VOXEL, 0);
          normals.push(0, 0, 1);
        }
      store.set(bx, by, 0, {
        positions: Float32Array.from(positions),
        normals: Float32Array.from(normals),
        edges: Uint16Array.from({ length: 81 }, (_, i) => i),
        indices: Uint16Array.of(0, 1, 9),
      }, 1); // prettier-ignore
      blocks.push(bx, by, 0, 0);
    }
  return Int32Array.from(blocks);
}

/** Largest error of the distance on the true plane and 10 cm above and below it, for x between two bounds. */
function error(from: number, to: number): number {
  const points: number[] = [];
  for (const z of [-0.1, 0, 0.1])
    for (let x = from; x <= to; x += 0.11) for (let y = -1.9; y < 2; y += 0.13) points.push(x, y, z);
  const values = field.query(Float32Array.from(points));
  let most = 0;
  for (let i = 0; i < points.length / 3; i++) {
    expect(values[SAMPLE_VALUES * i + 4]).toBeGreaterThan(0);
    most = Math.max(most, Math.abs(values[SAMPLE_VALUES * i]! - points[3 * i + 2]!));
  }
  return most;
}

/** Mean height of the surface, for x between two bounds. */
function height(from: number, to: number): number {
  const points: number[] = [];
  for (let x = from; x <= to; x += 0.11) for (let y = -1.9; y < 2; y += 0.13) points.push(x, y, 0);
  const values = field.query(Float32Array.from(points));
  const count = points.length / 3;
  return (
    -points.filter((_, i) => i % 3 === 0).reduce((sum, _, i) => sum + values[SAMPLE_VALUES * i]!, 0) / count
  );
}

describe('the correction of a coarse grid by a finer one', () => {
  let mapper: Mapper;
  let store: MeshBlockStore;
  let ready: boolean;
  let correction: Correction;
  let seen = 0;
  const sweeps = (count: number): void => {
    const random = new Random(`sweeps ${seen}`);
    for (let k = 0; k < count; k++, seen++) {
      const pose = exp([0.02 * (k % 5), 0, 1.5, 0, 0, 0]);
      mapper.integrate(place(pool.memory, scan(random, [FLOOR], pose, { count: 6000 })).points, pose, seen);
      mapper.optimise();
    }
  };
  const applyAll = (): void => {
    for (let n = 0; n < 100 && correction.waiting > 0; n++) correction.apply(seen);
  };
  beforeEach(() => {
    field.clear();
    seen = 0;
    ready = true;
    mapper = new Mapper(field.backend, field.field, mapperOptions(field, { window: 0 }), 8);
    store = new MeshBlockStore();
    const options = { store, scale: 1, coarse: field.field, ready: () => ready };
    correction = new Correction(pool.memory, field.backend, options);
    sweeps(10);
  });

  it('puts a plane right that is 2 cm off, and leaves alone what the finer one has not seen', () => {
    expect(Math.abs(height(-2, -0.4) - OFF)).toBeLessThan(0.003);
    correction.changed(fineFloor(store));
    applyAll();
    expect(correction.waiting).toBe(0);
    expect(error(-2, -0.4)).toBeLessThan(0.003);
    expect(Math.abs(height(0.4, 2) - OFF)).toBeLessThan(0.003);
  });

  it('stays, however long the coarse sensor measures and is trained on what it sees', () => {
    correction.changed(fineFloor(store));
    applyAll();
    sweeps(20);
    expect(error(-2, -0.4)).toBeLessThan(0.004);
  });

  it('takes a few blocks at a time, and waits until it is known where the finer sensor is', () => {
    correction.changed(fineFloor(store));
    const all = correction.waiting;
    ready = false;
    correction.apply(seen);
    expect(correction.waiting).toBe(all);
    ready = true;
    correction.apply(seen);
    expect(correction.waiting).toBeGreaterThan(0);
    expect(correction.waiting).toBeLessThan(all);
    correction.clear();
    expect(correction.waiting).toBe(0);
  });
});
