import { afterAll, describe, expect, it } from 'vitest';
import { CostMapper, type CostMapOptions } from '../../src/planning/cost-map.js';
import { Columns } from '../../src/planning/columns.js';
import { type CostMap, FREE, OCCUPIED, UNKNOWN } from '../../src/planning/ground.js';
import { AnalyticField, below, box, type Distance, makePool, type Seen, union } from './analytic-field.js';

const VOXEL = 0.1;
const OPTIONS: CostMapOptions = {
  resolution: 0.1,
  size: 200,
  height: 1,
  maxSlope: 20,
  maxStep: 0.15,
  sliceHeight: 0.5,
  sliceRadius: 3,
};
const SEEN: Seen = { low: [-4, -3, -1], high: [4, 3, 3.2] };
const ROBOT = [-3, 0, 0.2];

const pool = await makePool();
afterAll(() => pool.close());

function map(distance: Distance, over: Partial<CostMapOptions> = {}, seen = SEEN, robot = ROBOT): CostMap {
  const { backend, field } = new AnalyticField(distance, VOXEL, 3 * VOXEL, seen);
  return new CostMapper(pool, backend, [{ field, minWeight: 0.01 }]).plan(robot, { ...OPTIONS, ...over })!
    .map;
}

/** State of the cell that a place lies in. */
function at({ i0, j0, width, height, resolution, states }: CostMap, x: number, y: number): number {
  const [i, j] = [Math.floor(x / resolution) - i0, Math.floor(y / resolution) - j0];
  return i < 0 || j < 0 || i >= width || j >= height ? UNKNOWN : states[j * width + i]!;
}

/** Checks all cells whose centre is `margin` from every boundary between kinds of cells. */
function everywhere(m: CostMap, expected: (x: number, y: number) => number | undefined): void {
  let checked = 0;
  const wrong: string[] = [];
  for (let y = -2.85; y < 2.9; y += 0.1)
    for (let x = -3.85; x < 3.9; x += 0.1) {
      const want = expected(x, y);
      if (want === undefined) continue;
      checked++;
      if (at(m, x, y) !== want) wrong.push(`(${x.toFixed(2)}, ${y.toFixed(2)}): ${at(m, x, y)}, not ${want}`);
    }
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(checked).toBeGreaterThan(3000);
}

describe('the cost map', () => {
  it('is free on flat ground, and lies where the ground is, rows from the lower left', () => {
    const m = map(below(0));
    everywhere(m, () => FREE);
    expect(m.i0 * m.resolution).toBeLessThanOrEqual(-4);
    expect((m.i0 + m.width) * m.resolution).toBeGreaterThanOrEqual(4);
    const cell = 40 * m.width + 30;
    expect(m.heights[cell]).toBeCloseTo(0, 5);
    // A post in one corner of the plane is in the same corner of the map.
    const post = map(union(below(0), box([2, 1, 0], [2.4, 1.4, 2])));
    expect(at(post, 2.05, 1.05)).toBe(OCCUPIED);
    expect(at(post, -2.05, -1.05)).toBe(FREE);
    expect(at(post, 1.05, 2.05)).toBe(FREE);
  });

  it('is occupied where a wall stands and unknown where nothing was seen behind it', () => {
    const wall = union(below(0), box([1, -10, 0], [1.6, 10, 3]));
    const m = map(wall, {}, { ...SEEN, hidden: (x) => x > 1.35 });
    everywhere(m, (x) =>
      x < 0.9 ? FREE : x < 1.1 ? undefined : x < 1.3 ? OCCUPIED : x < 1.45 ? undefined : UNKNOWN,
    );
  });

  it('is occupied beside a wall by no more than half a cell', () => {
    const m = map(union(below(0), box([1, -10, 0], [2, 10, 3])));
    expect(at(m, 0.85, 0)).toBe(FREE);
    expect(at(m, 1.05, 0)).toBe(OCCUPIED);
  });

  it.each([
    [10, FREE],
    [18, FREE],
    [24, OCCUPIED],
    [40, OCCUPIED],
  ])('has a ramp of %i° as %i at a largest slope of 20°', (degrees, state) => {
    const tan = Math.tan((degrees * Math.PI) / 180);
    const cos = Math.cos((degrees * Math.PI) / 180);
    const ramp: Distance = (x, _y, z) => Math.max((z - tan * x) * cos, -100);
    const m = map(union(below(0), (x, y, z) => (x > -0.5 ? ramp(x, y, z) : 1)));
    everywhere(m, (x) => (x < -0.6 ? FREE : x < 0.5 || x > 3.5 ? undefined : state));
  });

  it('is free behind a ramp, on what it leads to', () => {
    const tan = Math.tan((15 * Math.PI) / 180);
    const hill: Distance = (x, _y, z) => z - Math.min(Math.max(0, tan * x), 2 * tan);
    const m = map(hill);
    expect(at(m, 3.5, 0)).toBe(FREE);
    expect(m.heights[Math.floor(m.height / 2) * m.width + 35 - m.i0]).toBeCloseTo(2 * tan, 2);
  });

  it('takes a low step and stops at a high one, up and down', () => {
    const step = (height: number): Distance => union(below(0), box([1, -10, -1], [10, 10, height]));
    everywhere(map(step(0.1)), (x) => (Math.abs(x - 1) < 0.5 ? undefined : FREE));
    const up = map(step(0.4));
    everywhere(up, (x) => (x < 0.85 ? FREE : x < 1.15 ? undefined : OCCUPIED));
    // From above it is an edge; what lies below it cannot be reached.
    const down = map(step(0.4), {}, SEEN, [3, 0, 0.6]);
    everywhere(down, (x) => (x > 1.15 ? FREE : x < 0.7 ? UNKNOWN : undefined));
    for (let y = -2.5; y < 2.5; y += 0.1)
      expect([0.85, 0.95, 1.05].some((x) => at(down, x, y) === OCCUPIED)).toBe(true);
  });

  it('is free beneath a table for a robot that fits, and occupied for a higher one', () => {
    const table = union(below(0), box([0, -1, 0.7], [2, 1, 0.9]));
    const beneath = (x: number, y: number): boolean => x > 0.1 && x < 1.9 && Math.abs(y) < 0.9;
    const beside = (x: number, y: number): boolean => x < -0.15 || x > 2.15 || Math.abs(y) > 1.15;
    everywhere(map(table, { height: 0.5 }), () => FREE);
    everywhere(map(table, { height: 1 }), (x, y) =>
      beneath(x, y) ? OCCUPIED : beside(x, y) ? FREE : undefined,
    );
    // Nor does its top become ground where the floor below was not seen.
    const seen = { ...SEEN, hidden: (x: number, y: number, z: number) => beneath(x, y) && z < 0.5 };
    everywhere(map(table, { height: 1 }, seen), (x, y) =>
      beneath(x, y) ? OCCUPIED : beside(x, y) ? FREE : undefined,
    );
    everywhere(map(table, { height: 0.5 }, seen), (x, y) =>
      x > 0.2 && x < 1.8 && Math.abs(y) < 0.8 ? UNKNOWN : beside(x, y) ? FREE : undefined,
    );
  });

  it('knows nothing of what was not seen, and of ground that it goes on behind the gap', () => {
    const gap = (x: number): boolean => x > 0 && x < 1;
    const m = map(below(0), {}, { ...SEEN, hidden: gap });
    everywhere(m, (x) => (x > 0.15 && x < 0.85 ? UNKNOWN : x < -0.15 || x > 1.15 ? FREE : undefined));
    // A plateau behind the gap is not where the ground would be.
    const cliff: Distance = union(below(0), box([0.5, -10, -1], [10, 10, 0.8]));
    const far = map(cliff, {}, { ...SEEN, hidden: gap });
    everywhere(far, (x) => (x > 1.2 ? OCCUPIED : x < -0.15 ? FREE : undefined));
  });

  it('stands on the floor below the robot, not on a table beside it nor on the roof above', () => {
    const room = union(below(0), box([-3.5, -1, 0], [-2.5, 1, 0.7]), box([-10, -10, 2.5], [10, 10, 3.5]));
    const m = map(room, {}, SEEN, [-1, 0, 1.2]);
    expect(at(m, 0, 0)).toBe(FREE);
    expect(at(m, -3, 0)).toBe(OCCUPIED);
    expect(m.heights[(0 - m.j0) * m.width + (10 - m.i0)]).toBeCloseTo(0, 5);
  });

  it('is cut to a square around the robot where the map is larger', () => {
    const m = map(below(0), { size: 2 }, SEEN, [1, 1, 0.2]);
    expect([m.i0, m.j0, m.width, m.height]).toEqual([0, 0, 20, 20]);
    expect(m.states.every((state) => state === FREE)).toBe(true);
  });

  it('has cells of any size', () => {
    const wall = union(below(0), box([1, -10, 0], [10, 10, 3]));
    for (const resolution of [0, 0.07, 0.25, 0.4, 5]) {
      const m = map(wall, { resolution });
      expect(m.resolution).toBeCloseTo(Math.min(resolution || VOXEL, 4.5 * VOXEL), 9);
      expect(at(m, 0.2, 0.5)).toBe(FREE);
      expect(at(m, 1.1, -1.5)).toBe(OCCUPIED);
    }
  });

  it('reads again only what has changed, and forgets all when told to', () => {
    const world = new AnalyticField(below(0), VOXEL, 0.3, SEEN);
    const mapper = new CostMapper(pool, world.backend, [{ field: world.field, minWeight: 0.01 }]);
    const plan = (): CostMap => mapper.plan(ROBOT, OPTIONS)!.map;
    expect(at(plan(), 1.2, 1.2)).toBe(FREE);
    const whole = world.evaluated;
    plan();
    expect(world.evaluated).toBe(whole);
    world.distance = union(below(0), box([1, 1, 0], [1.4, 1.4, 2]));
    const { coords, blocks } = world.field.levels[0]!;
    for (const block of blocks)
      if (Math.floor(1.2 / 0.8) === coords[4 * block] && coords[4 * block + 1] === 1) world.change[block] = 2;
    expect(at(plan(), 1.2, 1.2)).toBe(OCCUPIED);
    expect(world.evaluated - whole).toBeLessThan(10);
    mapper.clear();
    world.seen = { low: [0, 0, 0], high: [0, 0, 0] };
    world.change.fill(3);
    expect(plan().states.every((state) => state === UNKNOWN)).toBe(true);
  });

  it('reads a large map in parts, what is near first, and all of it in the end, whatever changes near the robot', () => {
    const seen: Seen = { low: [0, 0, -0.1], high: [32, 16, 0.1] };
    const world = new AnalyticField(below(0), VOXEL, 0.3, seen);
    const columns = new Columns(pool, world.backend, world.field, 0.01);
    const { blocks, coords } = world.field.levels[0]!;
    expect(blocks.length).toBeGreaterThan(1500);
    columns.update(0.1, [0, 0], 128);
    expect(world.evaluated).toBeLessThan(300);
    expect([columns.tile(2, 2), columns.tile(35, 18)].map(Boolean)).toEqual([true, false]);
    for (let turn = 0; turn < 30; turn++) {
      for (const block of blocks)
        if (Math.hypot(coords[4 * block]!, coords[4 * block + 1]!) < 12) world.change[block]!++;
      columns.update(0.1, [0, 0], 128);
    }
    expect(columns.extent).toEqual([0, 0, 40, 20]);
    const all = Array.from({ length: 41 * 21 }, (_, i) => columns.tile(i % 41, Math.floor(i / 41)));
    expect(all.every(Boolean)).toBe(true);
    // Nor does what changes near the robot wait for ever.
    expect(Math.min(...all.slice(0, 5).map((tile) => tile!.read))).toBeGreaterThan(20);
  });

  it('is none while nothing is mapped', () => {
    const world = new AnalyticField(below(0), VOXEL, 0.3, SEEN);
    (world.field.levels[0] as { blocks: Uint32Array }).blocks = new Uint32Array(0);
    expect(
      new CostMapper(pool, world.backend, [{ field: world.field, minWeight: 0 }]).plan(ROBOT, OPTIONS),
    ).toBeUndefined();
  });
});

describe('the distance slice', () => {
  function slice(distance: Distance, over: Partial<CostMapOptions> = {}, seen = SEEN): number[][] {
    const { backend, field } = new AnalyticField(distance, VOXEL, 3 * VOXEL, seen);
    const plan = new CostMapper(pool, backend, [{ field, minWeight: 0.01 }]).plan(
      [0, 0, 0.2],
      { ...OPTIONS, ...over },
      true,
    )!;
    const { slice: s } = plan;
    return Array.from({ length: s!.length / 4 }, (_, i) => [...s!.subarray(4 * i, 4 * i + 4)]);
  }

  it('has the distance to a wall, near and far, within a cell, and its sign', () => {
    const points = slice(union(below(0), box([1, -10, 0], [1.5, 10, 3])));
    expect(points.length).toBeGreaterThan(1000);
    let [near, far, inside] = [0, 0, 0];
    for (const [x, , z, d] of points as [number, number, number, number][]) {
      expect(z).toBeCloseTo(0.5, 4);
      if (x > 1.2) continue;
      const truth = Math.min(3, 1 - x);
      expect(Math.abs(d - truth)).toBeLessThan(0.1);
      if (truth < 0) inside++;
      else if (truth < 0.3) near++;
      else far++;
    }
    expect(Math.min(near, far, inside)).toBeGreaterThan(50);
  });

  it('follows the ground, and leaves out what was not seen', () => {
    const tan = Math.tan((15 * Math.PI) / 180);
    for (const [x, , z] of slice((x, _y, z) => z - Math.max(0, tan * x)))
      expect(z).toBeCloseTo(0.5 + Math.max(0, tan * x!), 1);
    const points = slice(below(0), {}, { ...SEEN, hidden: (x) => x > 1 });
    expect(points.some(([x]) => x! > 0.5)).toBe(true);
    expect(points.some(([x]) => x! > 1.2)).toBe(false);
    for (const [, , , d] of points) expect(d).toBe(3);
  });

  it('reaches as far as asked', () => {
    const points = slice(below(0), { sliceRadius: 1 });
    expect(points.length).toBe(400);
    for (const [x, y] of points) expect(Math.max(Math.abs(x!), Math.abs(y!))).toBeLessThan(1);
  });
});
