import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity, type Pose } from '../../../src/geometry/se3.js';
import type { SurfaceSamples } from '../../../src/sensors/observation.js';
import { doubtOf, SeenSpace, type Seen } from '../../../src/slam/places/seen-space.js';
import { place, type Cloud } from '../../field/helpers.js';

type Vector = [number, number, number];
/** A hall from the origin, 16 × 10 × 5 m, with a wall that stands into it. */
const WALLS: readonly (readonly [axis: number, at: number])[] = [
  [0, -6],
  [0, 10],
  [1, -4],
  [1, 6],
  [2, -1.5],
  [2, 3.5],
];
interface Box {
  readonly from: Vector;
  readonly to: Vector;
}
const SPUR: Box = { from: [2, 2, -1.5], to: [2.5, 6, 3.5] };

/** Distance along a ray to the walls and boxes. */
function cast(origin: Vector, d: Vector, boxes: readonly Box[]): number {
  let best = Infinity;
  for (const [axis, at] of WALLS) {
    const t = (at - origin[axis]!) / d[axis]!;
    if (t > 0 && t < best) best = t;
  }
  for (const { from, to } of boxes) {
    let [near, far] = [0, Infinity];
    for (let a = 0; a < 3; a++) {
      const [s, t] = [(from[a]! - origin[a]!) / d[a]!, (to[a]! - origin[a]!) / d[a]!];
      [near, far] = [Math.max(near, Math.min(s, t)), Math.min(far, Math.max(s, t))];
    }
    if (near > 0 && near < far && near < best) best = near;
  }
  return best;
}

describe('seen space', () => {
  let pool: KernelPool;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 1, memoryMiB: 256 });
  });
  afterAll(() => pool.close());
  const random = new Random('seen');

  /** What a sensor with 2 cm of noise sees from a pose, T_world_sensor, at so many tenths of a second. */
  function look(T: Pose, boxes: readonly Box[] = [SPUR], tenths = 0): Seen & { surface: SurfaceSamples } {
    const cloud: Cloud = { points: [], normals: [], qualities: [], taus: [], ground: [] };
    for (let i = 0; i < 20_000; i++) {
      const v = [random.normal(), random.normal(), random.normal() * 0.5];
      const length = Math.hypot(...v);
      const d = v.map((c) => c / length) as Vector;
      const world = [0, 1, 2].map(
        (r) => T[4 * r]! * d[0] + T[4 * r + 1]! * d[1] + T[4 * r + 2]! * d[2],
      ) as Vector;
      const range = cast([T[3]!, T[7]!, T[11]!], world, boxes) + 0.02 * random.normal();
      cloud.points.push(d.map((c) => c * range) as Vector);
      cloud.normals.push([0, 0, 0]);
      cloud.qualities.push(1);
      cloud.taus.push(0);
      cloud.ground.push(T[11]! + world[2] * range < -1.4);
    }
    const { points: surface } = place(pool.memory, cloud);
    return { surface, sampling: 'scattered', stampNs: BigInt(tenths) * 100_000_000n, complete: () => {} };
  }
  const seen = (...poses: Pose[]): SeenSpace => {
    const space = new SeenSpace(1, 0.4);
    for (const pose of poses) space.add(look(pose), pose);
    return space;
  };
  const at = (x: number, y: number, yaw = 0): Pose =>
    compose(exp([x, y, 0, 0, 0, 0]), exp([0, 0, 0, 0, 0, yaw]));

  it('is contradicted nowhere along a path through the hall, turned or not', () => {
    const space = seen(at(0, 0), at(1.5, 0), at(3, 0.5));
    for (const pose of [at(0.7, 0.1), at(2, -0.5, 0.4), at(3.5, 1, -2), at(4.5, 1, 3)]) {
      const found = space.compare(look(pose), pose);
      expect(doubtOf(found)).toBeLessThan(0.015);
    }
  });

  it('is contradicted both ways at wrong places, small mistakes excepted', () => {
    const space = seen(at(0, 0), at(1.5, 0), at(3, 0.5));
    const here = at(1, 0, 0.3);
    const scan = look(here);
    for (const wrong of [at(3, 1.5, 0.3), at(1, 0, 1.9), at(-2, -1, 0.3), at(1, 0, -1.3)]) {
      const found = space.compare(scan, wrong);
      expect(found.inEmpty).toBeGreaterThan(0.04);
      expect(found.seenThrough).toBeGreaterThan(0.04);
      expect(doubtOf(found)).toBeGreaterThan(0.06);
    }
    expect(doubtOf(space.compare(scan, compose(here, exp([0.03, -0.03, 0, 0, 0, 0.01]))))).toBeLessThan(
      0.015,
    );
  });

  it('does not doubt a place for what has come there, or has left', () => {
    const van: Box = { from: [4, -2, -1.5], to: [8, 0, 1] };
    const here = at(1, 0.3, 0.2);
    const came = seen(at(0, 0), at(1.5, 0)).compare(look(here, [SPUR, van]), here);
    expect(came.inEmpty).toBeGreaterThan(0.03);
    expect(came.seenThrough).toBeLessThan(0.01);
    expect(doubtOf(came)).toBeLessThan(0.02);
    const parked = new SeenSpace(1, 0.4);
    for (const pose of [at(0, 0), at(1.5, 0)]) parked.add(look(pose, [SPUR, van]), pose);
    const left = parked.compare(look(here), here);
    expect(left.seenThrough).toBeGreaterThan(0.03);
    expect(left.inEmpty).toBeLessThan(0.01);
    expect(doubtOf(left)).toBeLessThan(0.02);
  });

  it('finds little against a right pose beside traffic in what was seen a moment ago, and much against a wrong one', () => {
    // Two vans that go by on either side, 3 m/s, seen ten times a second for 1.4 s.
    const vans = (seconds: number): Box[] => [
      { from: [-5 + 3 * seconds, -3, -1.5], to: [-1 + 3 * seconds, -1.5, 1] },
      { from: [4 - 3 * seconds, 2.5, -1.5], to: [7 - 3 * seconds, 4, 1] },
    ];
    const space = new SeenSpace(1, 0.4);
    for (let tenths = 0; tenths < 14; tenths++)
      space.add(look(at(0.02 * tenths, 0), vans(tenths / 10), tenths), at(0.02 * tenths, 0));
    const here = at(0.28, 0);
    const scan = look(here, vans(1.4), 14);
    expect(doubtOf(space.compare(scan, here))).toBeGreaterThan(0.025);
    const last = space.compareLast(scan, here);
    expect(last.compared).toBe(true);
    expect(last.elapsed).toBeCloseTo(0.1, 9);
    expect(doubtOf(last)).toBeLessThan(0.015);
    for (const wrong of [at(2, 1.5), at(0.28, 0, 1.6), at(-2, -1, 0.3)])
      expect(doubtOf(space.compareLast(scan, wrong))).toBeGreaterThan(0.04);
    space.clear();
    expect(space.compareLast(scan, here).compared).toBe(false);
  });

  it('goes by what is higher than cars where these come fast: nothing stands against a right pose, and much against a wrong one', () => {
    // Two trucks that are 4 m nearer and farther a tenth of a second later, below what stands: the upper walls.
    const trucks = (later: number): Box[] => [
      { from: [3 - 4 * later, -3.5, -1.5], to: [7 - 4 * later, -1.5, 0.6] },
      { from: [-5 + 4 * later, -3.5, -1.5], to: [-2 + 4 * later, -1.5, 0.6] },
    ];
    const space = new SeenSpace(1, 0.4);
    space.add(look(at(0, 0), trucks(0)), at(0, 0));
    const here = at(0.5, 0);
    const scan = look(here, trucks(1), 1);
    const last = space.compareLast(scan, here);
    expect(doubtOf(last)).toBeGreaterThan(0.028);
    expect(last.standing?.compared).toBe(true);
    expect(doubtOf(last.standing!)).toBeLessThan(0.012);
    for (const wrong of [at(2.5, 2), at(0.5, 0, 1.6), at(-2, -1, 0.3)])
      expect(doubtOf(space.compareLast(scan, wrong).standing!)).toBeGreaterThan(0.03);
  });

  it('leaves out what stands alone when surfaces are asked for: rain is no other place, and hides none', () => {
    const rainy = (T: Pose): ReturnType<typeof look> => {
      const scan = look(T);
      const { surface } = scan;
      for (let i = 0; i < surface.count; i++) {
        if (!random.chance(0.1)) {
          surface.flags[i]! |= 1; // part of a surface
          continue;
        }
        const nearer = random.range(0.2, 0.6);
        for (const axis of [surface.x, surface.y, surface.z]) axis[i]! *= nearer;
        surface.flags[i] = 0;
      }
      return scan;
    };
    const space = new SeenSpace(1, 0.4);
    const here = at(1, 0.3, 0.2);
    const scan = rainy(here);
    const { surface } = scan;
    expect(space.compareSurfaces(scan, here)).toBeUndefined();
    for (const pose of [at(0, 0), at(1.5, 0)]) space.add(rainy(pose), pose);
    expect(doubtOf(space.compare(scan, here))).toBeGreaterThan(0.025);
    expect(doubtOf(space.compareSurfaces(scan, here)!)).toBeLessThan(0.015);
    expect(doubtOf(space.compareSurfaces(scan, at(-2, -1, 1.9))!)).toBeGreaterThan(0.025);
    for (let i = 0; i < surface.count; i++) surface.flags[i] = 0;
    expect(space.compareSurfaces(scan, here)).toBeUndefined();
  });

  it('looks at all samples where a room is so small that there are few keypoints', () => {
    const [before, here] = [at(0, 0), at(0.3, 0.1, 0.2)];
    const few = (scan: ReturnType<typeof look>, sampling: 'scattered' | 'dense' = 'scattered'): Seen => {
      const keypoints = scan.surface.keypoints.filter((_, i) => i % 60 === 0);
      let complete = false;
      const surface: SurfaceSamples = {
        ...scan.surface,
        keypoints,
        // Only the keypoints are undistorted before it is complete.
        get x() {
          return complete ? scan.surface.x : scan.surface.x.map((v, i) => (i % 60 === 0 ? v : NaN));
        },
      };
      return { ...scan, sampling, surface, complete: () => void (complete = true) };
    };
    const space = new SeenSpace(1, 0.4);
    space.add(few(look(before)), before);
    const scan = few(look(here));
    for (const compare of [
      (pose: Pose) => space.compare(scan, pose),
      (pose: Pose) => space.compareLast(scan, pose),
    ]) {
      expect(compare(here).compared).toBe(true);
      expect(doubtOf(compare(here))).toBeLessThan(0.015);
      expect(doubtOf(compare(at(2, 1.5)))).toBeGreaterThan(0.05);
    }
    // A depth image has its keypoints in every direction that it sees.
    expect(space.compare(few(look(here), 'dense'), here).compared).toBe(false);
  });

  it('says nothing where nothing was seen, and forgets when it is cleared', () => {
    const scan = look(at(0, 0));
    const none = { inEmpty: 0, seenThrough: 0, compared: false };
    expect(new SeenSpace(1, 0.4).compare(scan, identity())).toEqual(none);
    const space = seen(at(0, 0));
    expect(doubtOf(space.compare(scan, at(3, 2)))).toBeGreaterThan(0.05);
    space.clear();
    expect(space.compare(scan, at(3, 2))).toEqual(none);
  });
});
