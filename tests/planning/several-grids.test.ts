import { afterAll, describe, expect, it } from 'vitest';
import { CostMapper, type CostMapOptions, type Plan } from '../../src/planning/cost-map.js';
import { type CostMap, FREE, OCCUPIED, UNKNOWN } from '../../src/planning/ground.js';
import {
  AnalyticField,
  below,
  box,
  type Distance,
  makePool,
  type Seen,
  together,
  union,
} from './analytic-field.js';

const OPTIONS: CostMapOptions = {
  resolution: 0.1,
  size: 200,
  height: 1,
  maxSlope: 20,
  maxStep: 0.15,
  sliceHeight: 0.5,
  sliceRadius: 3,
};
const ROBOT = [-1.5, 0, 0.2];
/** What the coarse grid saw, and the finer one: the right half of it. */
const COARSE: Seen = { low: [-2, -1, -0.6], high: [2, 1, 1.4], free: true };
const FINE: Seen = { low: [0, -1, -0.6], high: [2, 1, 1.4], free: true };

const pool = await makePool();
afterAll(() => pool.close());

interface World {
  readonly distance: Distance;
  readonly seen?: Seen;
  readonly voxel?: number;
}

/** @param worlds as each grid holds it, coarsest first */
function plan(worlds: readonly World[], over: Partial<CostMapOptions> = {}, slice = false): Plan {
  const fields = worlds.map(({ distance, seen, voxel }, i) => {
    const side = voxel ?? (i === 0 ? 0.1 : 0.05);
    return new AnalyticField(distance, side, 3 * side, seen ?? (i === 0 ? COARSE : FINE));
  });
  const [first, ...others] = fields.map(({ field }) => ({ field, minWeight: 0.01 }));
  const mapper = new CostMapper(pool, together(...fields), [first!, ...others]);
  return mapper.plan(ROBOT, { ...OPTIONS, ...over }, slice)!;
}

function cell({ i0, j0, width, resolution }: CostMap, x: number, y: number): number {
  return (Math.floor(y / resolution) - j0) * width + Math.floor(x / resolution) - i0;
}
const at = (map: CostMap, x: number, y: number): number => map.states[cell(map, x, y)]!;

describe('a cost map of several grids', () => {
  it('has the ground where the finest grid that saw it has it', () => {
    // Both saw it; the coarse one has it 4 cm too high.
    const { map } = plan([{ distance: below(0.04) }, { distance: below(0) }]);
    for (const y of [-0.85, 0.05, 0.75]) {
      expect(map.heights[cell(map, -0.55, y)]).toBeCloseTo(0.04, 5);
      for (const x of [0.25, 1.05, 1.75]) {
        expect(map.heights[cell(map, x, y)]).toBeCloseTo(0, 5);
        expect(at(map, x, y)).toBe(FREE);
      }
    }
  });

  it('knows an obstacle that one of the grids has, whichever it is', () => {
    const post = union(below(0), box([1, 0, 0], [1.3, 0.3, 0.8]));
    for (const worlds of [
      [{ distance: below(0) }, { distance: post }],
      [{ distance: post }, { distance: below(0) }],
    ]) {
      const { map } = plan(worlds);
      expect(at(map, 1.15, 0.15)).toBe(OCCUPIED);
      expect(at(map, 1.15, -0.5)).toBe(FREE);
    }
  });

  it('is not free on a floor that only the coarser grid has where the finer one saw a hole', () => {
    const hole: Distance = (x, y, z) =>
      Math.max(below(0)(x, y, z), -box([0.8, -0.4, -2], [1.6, 0.4, 1])(x, y, z));
    const { map } = plan([{ distance: below(0) }, { distance: hole }]);
    for (const [x, y] of [
      [1.05, 0.05],
      [1.25, -0.15],
      [1.15, 0.25],
    ] as const)
      // prettier-ignore
      expect(at(map, x, y)).not.toBe(FREE);
    for (const [x, y] of [
      [0.55, 0.05],
      [1.75, 0.05],
      [1.15, 0.75],
    ] as const)
      // prettier-ignore
      expect(at(map, x, y)).toBe(FREE);
  });

  it('takes the coarser grid where the finer one has not been, and the finer one where that alone has', () => {
    const left: Seen = { ...COARSE, high: [0.2, 1, 1.4] };
    const both = plan([{ distance: below(0), seen: left }, { distance: below(0) }]).map;
    for (const x of [-1.5, -0.5, 0.5, 1.5]) expect(at(both, x, 0.05)).toBe(FREE);
    const alone = plan([{ distance: below(0), seen: left }]).map;
    expect(at(alone, -0.5, 0.05)).toBe(FREE);
    const { i0, width, resolution } = alone;
    if ((i0 + width) * resolution > 0.55) expect(at(alone, 0.5, 0.05)).toBe(UNKNOWN);
  });

  it('does not overlook what is thinner than a cell, and known to a few millimetres about', () => {
    // A rod of 1 cm beside the centre of a cell of 10 cm, in a grid of 4 mm.
    const rod = box([1.02, 0.015, 0], [1.03, 0.025, 0.6]);
    const seen: Seen = { low: [0.9, -0.1, 0.2], high: [1.15, 0.15, 0.6] };
    const { map } = plan([{ distance: below(0) }, { distance: rod, seen, voxel: 0.004 }]);
    expect(at(map, 1.05, 0.05)).toBe(OCCUPIED);
    expect(at(map, 1.25, 0.05)).toBe(FREE);
    expect(at(map, 0.85, 0.05)).toBe(FREE);
  });
});

describe('a distance slice of several grids', () => {
  const wallAt = (x: number): Distance => union(below(0), box([x, -10, 0], [10, 10, 3]));
  const points = (worlds: readonly World[], over: Partial<CostMapOptions> = {}): number[][] => {
    const { slice } = plan(worlds, over, true);
    return Array.from({ length: slice!.length / 4 }, (_, i) => [...slice!.subarray(4 * i, 4 * i + 4)]);
  };
  const distanceAt = (all: number[][], x: number, y: number): number =>
    all.find((p) => Math.abs(p[0]! - x) < 0.01 && Math.abs(p[1]! - y) < 0.01)![3]!;

  it('has the finest distance near the surface, and the coarser one beyond what that stores', () => {
    // The coarse grid has the wall 4 cm too near.
    const all = points([{ distance: wallAt(1.16) }, { distance: wallAt(1.2) }]);
    expect(distanceAt(all, 1.15, 0.05)).toBeCloseTo(0.05, 4);
    expect(distanceAt(all, 1.25, 0.05)).toBeCloseTo(-0.05, 4);
    // At 25 cm only the coarse one knows a distance.
    expect(distanceAt(all, 0.95, 0.05)).toBeCloseTo(0.21, 4);
    for (const [x, , , d] of all as [number, number, number, number][])
      if (x < 0.9) expect(Math.abs(d - Math.min(3, 1.2 - x))).toBeLessThan(0.1);
  });

  it('is inside an obstacle that the coarser grid alone has, and not nearer than a finer one says else', () => {
    const post = union(below(0), box([1, -0.25, 0], [1.6, 0.25, 1.2]));
    const all = points([{ distance: post }, { distance: below(0) }]);
    expect(distanceAt(all, 1.25, 0.05)).toBeLessThan(0);
    // 5 cm before it, where the finer grid saw that nothing is within 13.
    expect(distanceAt(all, 0.95, 0.05)).toBeGreaterThan(0.13);
  });

  it('finds a surface between the centres of cells that is known to a few millimetres about', () => {
    const pin = box([1.03, 0.01, 0], [1.04, 0.02, 0.6]);
    const seen: Seen = { low: [0.9, -0.1, 0.2], high: [1.15, 0.15, 0.6] };
    const all = points([{ distance: below(0) }, { distance: pin, seen, voxel: 0.004 }]);
    // The pin's nearest edge to the centre (1.05, 0.05).
    expect(Math.abs(distanceAt(all, 1.05, 0.05) - Math.hypot(0.01, 0.03))).toBeLessThan(0.005);
    expect(Math.abs(distanceAt(all, 0.75, 0.05) - 0.28)).toBeLessThan(0.1);
  });
});
