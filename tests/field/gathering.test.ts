import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import type { WasmField } from '../../src/field/backends/wasm/field.js';
import type { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import { Random } from '../../src/geometry/random.js';
import { compose, exp, identity, inverse, type Pose } from '../../src/geometry/se3.js';
import type { RangeGrid } from '../../src/sensors/observation.js';
import { GAIN_LEVELS } from '../../src/kernels/layout/gather.js';
import { hashOf, hashOfField } from './helpers.js';
import {
  all,
  cameraField,
  cornersOf,
  dot,
  insideOf,
  pinholeOf,
  planeOf,
  sphereOf,
  viewOf,
  type Corner,
  type Shape,
  type Vec,
  type View,
} from './views.js';

const VOXEL = 0.02;
const TRUNCATION = 3 * VOXEL;
const CAMERA = pinholeOf(96, 72);
let pool: KernelPool;
let backend: WasmBackend;
let field: WasmField;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 384 });
  ({ backend, field } = cameraField(pool));
});
afterAll(() => pool.close());
beforeEach(() => field.clear());

const see = (shape: Shape, pose: Pose, view?: View): RangeGrid => {
  const grid = viewOf(pool.memory, CAMERA, shape, pose, view);
  backend.gathering.fuse(field, grid, pose, { scan: 0 });
  return grid;
};

/** The pixel in which a point of the sensor frame is seen. */
const pixelOf = ([x, y, z]: Vec): { u: number; v: number } => ({
  u: Math.floor((x / z) * CAMERA.fx + CAMERA.cx + 0.5),
  v: Math.floor((y / z) * CAMERA.fy + CAMERA.cy + 0.5),
});

/** The largest of a value over corners. */
const most = (corners: readonly Corner[], of: (corner: Corner) => number): number =>
  corners.reduce((max, corner) => Math.max(max, of(corner)), -Infinity);
const isFree = ({ distance }: Corner): boolean => Math.abs(distance - TRUNCATION) < 1e-7;
/** Share of its weight that a distance from behind a surface has. */
const faded = (d: number): number => Math.min(1, (TRUNCATION + d) / (TRUNCATION - VOXEL));
const share = (corners: readonly Corner[], of: (corner: Corner) => boolean): number =>
  corners.filter(of).length / corners.length;

describe('Gathering', () => {
  it('stores the exact distance from a plane seen at several angles, and nothing behind the truncation', () => {
    const wall = planeOf([0.2, -0.1, -1], -1.2);
    for (const turn of [0, 0.5, -0.6])
      see(wall, exp([1.1 * Math.sin(-turn), 0, 1.1 - 1.1 * Math.cos(turn), 0, turn, 0]));
    const corners = cornersOf(field);
    expect(corners.length).toBeGreaterThan(20_000);
    expect(most(corners, ({ at }) => -wall.distance(at))).toBeLessThan(TRUNCATION + 1e-4);
    expect(
      most(corners, ({ at, distance }) => Math.abs(distance - Math.min(TRUNCATION, wall.distance(at)))),
    ).toBeLessThan(2e-5);
    expect(share(corners, ({ distance }) => Math.abs(distance) < TRUNCATION - 1e-6)).toBeGreaterThan(0.3);
    // Blocks about the surface have corners in front of the band: seen to be free.
    expect(share(corners, isFree)).toBeGreaterThan(0.1);
    // Coarser levels know the same, to their own truncation.
    for (let level = 1; level < 5; level++) {
      const { truncation } = field.levels[level]!;
      const coarse = cornersOf(field, level);
      expect(
        most(coarse, ({ at, distance }) => Math.abs(distance - Math.min(truncation, wall.distance(at)))),
      ).toBeLessThan(1e-4);
    }
  });

  it('weighs by information and by the cosine, less and less from a voxel behind on, and free space as if it were seen at its own depth', () => {
    const wall = planeOf([0, 0, -1], -1);
    see(wall, identity(), { information: () => 0.5 });
    const once = cornersOf(field);
    const [free, banded] = [
      once.filter(isFree),
      once.filter(({ distance }) => distance < 0.999 * TRUNCATION),
    ];
    expect(free.length).toBeGreaterThan(1000);
    expect(
      most(free, ({ at, weight }) => Math.abs(weight - 0.3 * Math.min(1, 0.5 / at[2] ** 4))),
    ).toBeLessThan(1e-6);
    expect(
      most(banded, ({ at, distance, weight }) => {
        const { u, v } = pixelOf(at);
        const cos = 1 / Math.hypot((u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy, 1);
        return Math.abs(weight - 0.5 * cos * faded(distance));
      }),
    ).toBeLessThan(1e-5);
    expect(-most(banded, ({ weight }) => -weight)).toBeLessThan(0.05);
    see(wall, identity(), { information: () => 0.5 });
    const twice = cornersOf(field);
    expect(Math.max(...once.map(({ weight }, i) => Math.abs(twice[i]!.weight - 2 * weight)))).toBeLessThan(
      1e-5,
    );
    for (let k = 0; k < 4; k++) see(wall, identity(), { information: () => 30 });
    const full = cornersOf(field).filter(
      ({ distance }) => distance < 0.999 * TRUNCATION && distance > -VOXEL,
    );
    expect(new Set(full.map(({ weight }) => weight))).toEqual(new Set([64]));
  });

  it('stores the distance from a ball to a small share of a voxel near its surface', () => {
    const ball = sphereOf([0.1, 0, 1.2], 0.5);
    const places: Vec[] = [
      [0, 0, 0],
      [0.3, 0.1, 0],
      [-0.3, -0.2, 0],
    ];
    for (const place of places) see(ball, exp([...place, 0, 0, 0]));
    const near = cornersOf(field).filter(({ at }) => Math.abs(ball.distance(at)) < VOXEL);
    const cosine = (p: Vec, [x, y, z]: Vec): number => {
      const ray: Vec = [x - p[0], y - p[1], z - p[2]];
      return dot(ball.normal(p), ray) / Math.hypot(...ray);
    };
    // Where it is seen askance, the plane of a pixel leaves the ball before it comes to the corner.
    const square = near.filter(({ at }) => places.every((place) => cosine(at, place) > 0.6));
    expect(square.length).toBeGreaterThan(500);
    expect(most(square, ({ at, distance }) => Math.abs(distance - ball.distance(at)))).toBeLessThan(
      VOXEL / 10,
    );
    const rms = Math.sqrt(
      square.reduce((sum, { at, distance }) => sum + (distance - ball.distance(at)) ** 2, 0) / square.length,
    );
    expect(rms).toBeLessThan(VOXEL / 40);
    // The other side was never seen.
    expect(near.every(({ at }) => ball.normal(at)[2] < 0.3)).toBe(true);
  });

  it('leaves corners unobserved whose pixel has no depth', () => {
    const wall = planeOf([0, 0, -1], -1);
    const hole = (x: number, y: number): boolean => (x - 50) ** 2 + (y - 40) ** 2 < 15 ** 2;
    const inHole = ({ at }: Corner): boolean => {
      const { u, v } = pixelOf(at);
      return hole(u, v);
    };
    see(wall, identity(), { change: (z, x, y) => (hole(x, y) ? 0 : z) });
    const corners = cornersOf(field);
    expect(corners.length).toBeGreaterThan(5000);
    expect(corners.filter(inHole)).toEqual([]);
    see(wall, identity());
    expect(cornersOf(field).filter(inHole).length).toBeGreaterThan(500);
  });

  it('takes 0.7 of the distance along the axis, at a fifth of the weight, for pixels without a normal', () => {
    const wall = planeOf([0, 0, -1], -1);
    see(wall, identity(), { oriented: () => false, information: () => 0.8 });
    const corners = cornersOf(field);
    const before = ({ at }: Corner): number => 1 - at[2];
    expect(most(corners, (corner) => -before(corner))).toBeLessThan(TRUNCATION + 1e-5);
    const banded = corners.filter((corner) => before(corner) < TRUNCATION - 1e-5);
    expect(banded.length).toBeGreaterThan(5000);
    expect(most(banded, (c) => Math.abs(c.distance - 0.7 * before(c)))).toBeLessThan(1e-5);
    expect(most(banded, (c) => Math.abs(c.weight - 0.2 * 0.8 * faded(c.distance)))).toBeLessThan(1e-5);
    const free = corners.filter((corner) => before(corner) > TRUNCATION + 1e-5);
    expect(free.length).toBeGreaterThan(1000);
    expect(free.every(isFree)).toBe(true);
  });

  it('does not take for free what lies before a pixel without a normal whose neighbourhood is nearer', () => {
    // Single far pixels, as at the fringe of a thing: what they say of the space before them is not believed.
    const far = (x: number, y: number): boolean => x % 8 === 4 && y % 8 === 4;
    see(planeOf([0, 0, -1], -1), identity(), {
      change: (z, x, y) => (far(x, y) ? 2 : z),
      oriented: (x, y) => !far(x, y),
    });
    const through = cornersOf(field).filter(({ at }) => {
      const { u, v } = pixelOf(at);
      return far(u, v) && at[2] > 1 - TRUNCATION + 1e-4;
    });
    expect(through).toEqual([]);
  });

  it('does not fatten things at depth edges', () => {
    // The left of the view is a board at 1 m, the right a wall at 2 m.
    const edge = 60;
    const [board, wall] = [planeOf([0, 0, -1], -1), planeOf([0, 0, -1], -2)];
    const both: Shape = {
      cast: (o, d) => (d[0] * CAMERA.fx + CAMERA.cx < edge ? board.cast(o, d) : wall.cast(o, d)),
      normal: () => [0, 0, -1],
      distance: (p) => wall.distance(p),
    };
    see(both, identity());
    const beside = cornersOf(field).filter(({ at }) => pixelOf(at).u >= edge && at[2] < 1.5);
    expect(beside.length).toBeGreaterThan(100);
    expect(beside.every(isFree)).toBe(true);
    // Nothing is known in the shadow of the board.
    expect(
      cornersOf(field).filter(({ at }) => pixelOf(at).u < edge && at[2] > 1 + TRUNCATION * 1.01),
    ).toEqual([]);
  });

  it('opens a gap that another view looks through, though it lies in the shadow of a far nearer thing', () => {
    // A board at 1 m covers all of the first view; the second sees nothing up to a wall at 2.5 m, where depth is poor.
    const information = (z: number): number => 1 / z ** 4;
    see(planeOf([0, 0, -1], -1), identity(), { information });
    const behind = ({ at }: Corner): boolean => at[2] > 1 + 1.5 * VOXEL && at[2] < 1 + 2.5 * VOXEL;
    expect(
      cornersOf(field)
        .filter(behind)
        .every(({ distance }) => distance < 0),
    ).toBe(true);
    see(planeOf([0, 0, -1], -2.5), identity(), { information });
    const corners = cornersOf(field).filter(behind);
    expect(corners.length).toBeGreaterThan(1000);
    // By the information of the wall's own depth, 1/39, free space would hardly count, and the corners stay solid.
    expect(share(corners, ({ distance }) => distance > -VOXEL)).toBe(1);
  });

  it('puts colours on the corners near the surface, and means of them', () => {
    const wall = planeOf([0.1, 0.2, -1], -1);
    const ramp = (p: Vec): Vec => [128 + 100 * p[0], 128 + 100 * p[1], 200];
    see(wall, identity(), { color: ramp });
    const corners = cornersOf(field);
    const outside = corners.filter(({ distance }) => Math.abs(distance) > 2 * VOXEL + 1e-5);
    expect(outside.length).toBeGreaterThan(1000);
    expect(most(outside, ({ colour }) => Math.max(...colour))).toBe(0);
    const coloured = corners.filter(({ distance }) => Math.abs(distance) < 2 * VOXEL - 1e-5);
    expect(coloured.length).toBeGreaterThan(5000);
    expect(-most(coloured, ({ colour }) => -colour[3]!)).toBeGreaterThan(0.3);
    expect(
      most(coloured, ({ at, colour }) => {
        // The pixel sees the surface along the corner's ray, within half a pixel.
        const t = wall.cast([0, 0, 0], at);
        const seen = ramp([at[0] * t, at[1] * t, at[2] * t]);
        return Math.max(...seen.map((v, c) => Math.abs(colour[c]! - v)));
      }),
    ).toBeLessThan((100 * 1.3 * 0.5) / CAMERA.fx + 0.5 + 1 / 128);
    field.clear();
    see(wall, identity(), { color: () => [40, 100, 200], information: () => 1 });
    see(wall, identity(), { color: () => [80, 200, 0], information: () => 3 });
    const mixed = cornersOf(field).filter(({ distance }) => Math.abs(distance) < 2 * VOXEL - 1e-5);
    expect(
      most(mixed, ({ colour }) => Math.max(...[70, 175, 50].map((v, c) => Math.abs(colour[c]! - v)))),
    ).toBeLessThan(0.6);
  });

  it('takes colours as bright as the map has them: (1 + gain)·pixel + bias', () => {
    const wall = planeOf([0, 0, -1], -1);
    const grid = viewOf(pool.memory, CAMERA, wall, identity(), { color: () => [40, 100, 250] });
    const exposure = { gain: 0.2 * GAIN_LEVELS, bias: -10 };
    backend.gathering.fuse(field, grid, identity(), { scan: 0, exposure });
    const near = cornersOf(field).filter(({ distance }) => Math.abs(distance) < 2 * VOXEL - 1e-5);
    expect(near.length).toBeGreaterThan(2000);
    // What comes out too bright is white.
    const truth = [38, 110, 255];
    expect(
      most(near, ({ colour }) => Math.max(...truth.map((v, c) => Math.abs(colour[c]! - v)))),
    ).toBeLessThan(0.6);
  });

  it('keeps corners that an image does not cover without a colour', () => {
    const grid = viewOf(pool.memory, CAMERA, planeOf([0, 0, -1], -1), identity(), { color: () => [9, 9, 9] });
    for (let i = 0; i < CAMERA.width * CAMERA.height; i++)
      if (i % CAMERA.width < 40) grid.color![4 * i + 3] = 0;
    backend.gathering.fuse(field, grid, identity(), { scan: 0 });
    const near = cornersOf(field).filter(({ distance }) => Math.abs(distance) < 2 * VOXEL - 1e-5);
    const [without, covered] = [true, false].map((left) =>
      near.filter(({ at }) => pixelOf(at).u < 40 === left),
    );
    expect(without!.length).toBeGreaterThan(1000);
    expect(most(without!, ({ colour }) => colour[3]!)).toBe(0);
    expect(covered!.every(({ colour }) => colour[3]! > 0)).toBe(true);
  });

  it('updates every corner in view within the band, from wherever: no block is missed', () => {
    const random = new Random('views');
    const world = all([insideOf(0.7, 0.55, 0.75), sphereOf([0.2, 0.1, 0.2], 0.2)]);
    let total = 0;
    for (let round = 0; round < 6; round++) {
      field.clear();
      const turn = [0, 1, 2].map(() => random.range(-3, 3));
      const place = [0.45, 0.35, 0.5].map((half) => random.range(-half, half));
      const pose = compose(exp([...place, 0, 0, 0]), exp([0, 0, 0, ...turn]));
      // All blocks of the room exist before, whether in view or not.
      const coords: number[] = [];
      for (let x = -5; x < 5; x++)
        for (let y = -4; y < 4; y++) for (let z = -5; z < 5; z++) coords.push(x, y, z);
      field.makeBlocks(field.levels[0]!, Int32Array.from(coords));
      const grid = see(world, pose);
      const T = inverse(pose);
      const fine = field.levels[0]!;
      let missed = 0;
      for (const block of fine.blocks) {
        const [bx, by, bz] = [0, 1, 2].map((a) => 8 * fine.coords[4 * block + a]!) as [
          number,
          number,
          number,
        ];
        for (let i = 0; i < 512; i++) {
          const px = (bx + (i & 7)) * VOXEL;
          const py = (by + ((i >> 3) & 7)) * VOXEL;
          const pz = (bz + (i >> 6)) * VOXEL;
          const z = T[8]! * px + T[9]! * py + T[10]! * pz + T[11]!;
          if (z < 0.03) continue;
          const x = T[0]! * px + T[1]! * py + T[2]! * pz + T[3]!;
          const y = T[4]! * px + T[5]! * py + T[6]! * pz + T[7]!;
          const [fu, fv] = [(x / z) * CAMERA.fx + CAMERA.cx + 0.5, (y / z) * CAMERA.fy + CAMERA.cy + 0.5];
          // Whatever is rounded on the way may fall to either side.
          if (Math.abs(fu - Math.round(fu)) < 1e-3 || Math.abs(fv - Math.round(fv)) < 1e-3) continue;
          const [u, v] = [Math.floor(fu), Math.floor(fv)];
          if (u < 0 || v < 0 || u >= CAMERA.width || v >= CAMERA.height) continue;
          const at = v * CAMERA.width + u;
          const D = grid.z[at]!;
          const [qx, qy] = [(u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy];
          const d = grid.nx[at]! * (x - qx * D) + grid.ny[at]! * (y - qy * D) + grid.nz[at]! * (z - D);
          if (Math.abs(d) > 0.99 * TRUNCATION || Math.abs(D - z) > 0.99 * TRUNCATION) continue;
          total++;
          if (!(fine.data[2 * (512 * block + i) + 1]! > 0)) missed++;
        }
      }
      expect(missed, `round ${round}`).toBe(0);
    }
    expect(total).toBeGreaterThan(20_000);
  });

  it('gives the same bytes with one thread and with two', async () => {
    const two = await KernelPool.create({ threads: 2, memoryMiB: 256 });
    try {
      const random = new Random('threads');
      const noisy = (): View => {
        const noise = Float64Array.from(
          { length: CAMERA.width * CAMERA.height },
          () => 0.004 * random.normal(),
        );
        return {
          change: (z, x, y) => z + noise[y * CAMERA.width + x]!,
          color: (p) => [128 + 90 * Math.sin(9 * p[0]), 128 + 90 * Math.sin(7 * p[1]), 90],
          information: (z) => 1 / z ** 2,
        };
      };
      const views = [exp([0.1, 0, 0, 0, 0.2, 0]), exp([0, 0.1, 0.1, 0.3, 0, 0])].map((pose) => ({
        pose,
        view: noisy(),
      }));
      const world = insideOf(0.7, 0.6, 0.9);
      const run = (on: KernelPool): number => {
        const own = on === pool ? { backend, field } : cameraField(on);
        own.field.clear();
        views.forEach(({ pose, view }, k) =>
          own.backend.gathering.fuse(own.field, viewOf(on.memory, CAMERA, world, pose, view), pose, {
            scan: k,
          }),
        );
        const [fine] = own.field.levels;
        const colours = Array.from(fine!.blocks, (b) => fine!.colour!.subarray(b * 2048, (b + 1) * 2048));
        return hashOf(Uint32Array.of(hashOfField(own.field)), ...colours);
      };
      expect(run(two)).toBe(run(pool));
      expect(field.levels[0]!.count).toBeGreaterThan(100);
    } finally {
      await two.close();
    }
  });

  it('notes how much blocks change, with the number of the scan', () => {
    const wall = planeOf([0, 0, -1], -1);
    const grid = see(wall, identity());
    for (let k = 0; k < 5; k++) see(wall, identity());
    const fine = field.levels[0]!;
    const sum = (): number => fine.blocks.reduce((total, b) => total + fine.change[b]!, 0);
    const first = sum();
    expect(first).toBeGreaterThan(0);
    fine.change.fill(0);
    // The same again where all has a weight changes next to nothing.
    backend.gathering.fuse(field, grid, identity(), { scan: 7 });
    expect(sum()).toBeLessThan(first / 20);
    const stamps = new Set(Array.from(fine.blocks, (b) => fine.coords[4 * b + 3]));
    expect([...stamps].every((scan) => scan === 0 || scan === 7)).toBe(true);
  });

  it('refuses ranges of too many pixels', () => {
    const grid = viewOf(pool.memory, CAMERA, planeOf([0, 0, -1], -1), identity());
    expect(() =>
      backend.gathering.fuse(field, { ...grid, width: 4096, height: 4096 }, identity(), { scan: 0 }),
    ).toThrow(/4096×4096 are too many/);
  });

  it('says so when the map is full, and keeps what was mapped', () => {
    const small = cameraField(pool, { fineBlocks: 80 });
    const room = insideOf(1, 1, 1);
    const grid = viewOf(pool.memory, CAMERA, room, identity());
    expect(() => small.backend.gathering.fuse(small.field, grid, identity(), { scan: 0 })).toThrow(
      /map\.memoryMiB/,
    );
    expect(cornersOf(small.field).length).toBeGreaterThan(1000);
    small.field.free();
  });
});
