import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import type { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import type { WasmField } from '../../src/field/backends/wasm/field.js';
import { Random } from '../../src/geometry/random.js';
import { exp, compose, inverse, transformPoint, type Pose } from '../../src/geometry/se3.js';
import { TouchFrontEnd } from '../../src/sensors/tactile/front-end.js';
import type { TouchImage } from '../../src/sensors/tactile/touch.js';
import {
  above,
  ball,
  feel,
  fillField,
  floor,
  touchField,
  touchSpec,
  type Solid,
} from '../slam/touch/felt.js';
import { hashOfField } from './helpers.js';
import { cornersOf, type Corner } from './views.js';

const VOXEL = 1e-3;
const TRUNCATION = 5e-3;
let pool: KernelPool;
let backend: WasmBackend;
let field: WasmField;
let touches: TouchFrontEnd;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 256 });
  ({ backend, field } = touchField(pool, touchSpec(VOXEL, TRUNCATION, [2])));
  touches = new TouchFrontEnd(pool);
});
afterAll(() => pool.close());
beforeEach(() => field.clear());

function fuse(image: TouchImage, T_map_sensor: Pose, scan = 0): void {
  const o = touches.observe(image);
  backend.integrate(field, o.surface, T_map_sensor, { scan, grid: o.grid! });
  o.release();
}

const most = (corners: readonly Corner[], of: (corner: Corner) => number): number =>
  corners.reduce((max, corner) => Math.max(max, of(corner)), -Infinity);
/** Pixel of the gel above a corner, and where along the axis it is. */
const inGel = (T: Pose, { at: [x, y, z] }: Corner): { u: number; v: number; z: number } => {
  const [gx, gy, gz] = transformPoint(inverse(T), x, y, z);
  return { u: Math.floor(gx / 5e-4 + 20), v: Math.floor(gy / 5e-4 + 15), z: gz };
};

describe('Gathering along parallel lines', () => {
  const tilted = compose(above(0, 0, 0, 5e-4), exp([0, 0, 0, 0.02, -0.03, 0.4]));

  it('stores the exact distance from a plane before the gel, to two voxels behind it', () => {
    fuse(feel(floor(), tilted), tilted);
    const corners = cornersOf(field);
    expect(corners.length).toBeGreaterThan(2000);
    const banded = corners.filter(({ distance }) => Math.abs(distance) < 0.99 * TRUNCATION);
    expect(most(banded, ({ at, distance }) => Math.abs(distance - at[2]))).toBeLessThan(5e-5);
    expect(most(corners, ({ at }) => -at[2])).toBeLessThan(2 * VOXEL + 1e-5);
    expect(most(corners, ({ at }) => -at[2])).toBeGreaterThan(1.5 * VOXEL);
    // All of them lie under the gel.
    expect(corners.every((c) => inGel(tilted, c).u >= 0 && inGel(tilted, c).u < 40)).toBe(true);
    // The weight fades behind the surface.
    const mean = (of: readonly Corner[]): number => of.reduce((s, c) => s + c.weight, 0) / of.length;
    const behind = banded.filter(({ at }) => at[2] < -1.5 * VOXEL);
    expect(mean(behind)).toBeLessThan(0.5 * mean(banded.filter(({ at }) => at[2] > 0)));
  });

  it('stores the distance from a ball to a small share of a voxel where it was touched', () => {
    const solid = ball(0.02);
    const T = above(0.001, 0.002, 0.02);
    fuse(feel(solid, T), T);
    const values: number[] = [];
    for (let a = 0; a < 24; a++)
      for (const r of [0.001, 0.003, 0.0045])
        values.push(r * Math.cos(a), r * Math.sin(a), Math.sqrt(0.02 ** 2 - r * r));
    const sampled = backend.sample(field, 'distance', Float32Array.from(values));
    for (let i = 0; i < sampled.length; i += 5) {
      expect(sampled[i + 4]).toBeGreaterThan(0);
      expect(Math.abs(sampled[i]!)).toBeLessThan(5e-5);
    }
  });

  it('makes blocks around contacts only', () => {
    fuse({ ...feel(floor(), tilted), contact: new Uint8Array(1200), depth: new Float32Array(1200) }, tilted);
    expect(field.levels.map(({ count }) => count)).toEqual([1, 1]);
    const half = feel(floor(), tilted);
    const contact = half.contact.map((c, i) => (i % 40 < 12 ? c : 0));
    fuse({ ...half, contact }, tilted);
    expect(field.levels[0]!.count).toBeGreaterThan(3);
    const surface = cornersOf(field).filter(({ at }) => Math.abs(at[2]) < VOXEL);
    expect(most(surface, (c) => inGel(tilted, c).u)).toBeLessThan(12);
  });

  it('corrects what claims to be where the gel was free, never beyond what is sure', () => {
    // The map has a floor 2 mm too high; the gel lies on nothing at the true height.
    const wrong: Solid = (_x, _y, z) => z - 2e-3;
    fillField(field, wrong, [0, 0, 0], 0.02);
    const T = above(0.0002, 0.0003, 0, 0); // no corner on the border of a pixel
    const empty = { ...feel(floor(-1), T), contact: new Uint8Array(1200) };
    const before = new Map(cornersOf(field).map((c) => [c.at.join(), c.distance]));
    for (let k = 0; k < 300; k++) fuse(empty, T, k);
    let corrected = 0;
    for (const corner of cornersOf(field)) {
      const { u, v, z } = inGel(T, corner);
      const old = before.get(corner.at.join())!;
      // The body of the sensor is 20 mm thick.
      if (Math.abs(z + 0.02) < 1e-4) continue;
      const under = u >= 0 && v >= 0 && u < 40 && v < 30 && z < 0 && z > -0.02;
      if (!under) {
        expect(corner.distance).toBe(old);
        continue;
      }
      // As far as the gel's surface or its border, no farther.
      const border = 5e-4 * (Math.min(u, v, 39 - u, 29 - v) + 0.5);
      const sure = Math.min(-z, border, TRUNCATION);
      expect(corner.distance).toBeGreaterThanOrEqual(old - 1e-7);
      expect(corner.distance).toBeLessThanOrEqual(Math.max(old, sure) + 1e-6);
      if (sure > old + 1e-3) {
        corrected++;
        expect(corner.distance - old, `at ${corner.at.join(' ')}, ${u} ${v}`).toBeGreaterThan(
          0.8 * (sure - old),
        );
      }
    }
    expect(corrected).toBeGreaterThan(500);
  });

  it('learns nothing from pixels that are not known', () => {
    const image = feel(floor(), tilted);
    fuse({ ...image, depth: image.depth.map((d, i) => (i % 40 < 20 ? d : NaN)) }, tilted);
    const corners = cornersOf(field);
    expect(corners.length).toBeGreaterThan(500);
    expect(most(corners, (c) => inGel(tilted, c).u)).toBeLessThan(20);
  });

  it('gives the same bytes with one thread and with two', async () => {
    const two = await KernelPool.create({ threads: 2, memoryMiB: 256 });
    try {
      const random = new Random('threads');
      const images = [0, 1, 2].map((k) => {
        const T = compose(above(0.004 * k, 0, 0), exp([0, 0, 0, 0.02 * k, 0, 0]));
        return { T, image: feel(floor(), T, random) };
      });
      const run = (on: KernelPool): number => {
        const own = touchField(on, touchSpec(VOXEL, TRUNCATION, [2]));
        const front = new TouchFrontEnd(on);
        images.forEach(({ T, image }, k) => {
          const o = front.observe(image);
          own.backend.integrate(own.field, o.surface, T, { scan: k, grid: o.grid! });
          o.release();
        });
        expect(own.field.levels[0]!.count).toBeGreaterThan(10);
        return hashOfField(own.field);
      };
      expect(run(two)).toBe(run(await KernelPool.create({ threads: 1, memoryMiB: 256 })));
    } finally {
      await two.close();
    }
  });
});
