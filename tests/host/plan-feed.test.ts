import { describe, expect, it } from 'vitest';
import { compose, exp, inverse, transformPoint } from '../../src/geometry/se3.js';
import { planMessages } from '../../src/host/plan-feed.js';
import { decodeOccupancyGrid } from '../../src/messages/occupancy-grid.js';
import { decodePointCloud2 } from '../../src/messages/pointcloud2.js';
import type { Plan } from '../../src/planning/cost-map.js';
import type { Slam } from '../../src/slam/types.js';

/** Turned by 90° about z, and moved. */
const T_odom_submap = exp([0, 0, 0, 0, 0, Math.PI / 2]);
T_odom_submap[3] = 10;
const plan: Plan = {
  map: {
    i0: -4,
    j0: 2,
    width: 3,
    height: 2,
    resolution: 0.5,
    states: Int8Array.of(0, 100, -1, 0, -1, -1),
    heights: Float32Array.of(1, 5, NaN, 2, NaN, NaN),
  },
  slice: Float32Array.of(1, 2, 3, -0.25, 4, 5, 6, 0.75),
};
const slam = (made: Plan | undefined): Slam =>
  ({ trajectory: { submap: () => T_odom_submap }, plan: () => made }) as unknown as Slam;
const options = {
  header: { stampNs: 5n, frameId: 'odom' },
  robot: [0, 0, 0] as const,
  slice: true,
};

describe('messages for planners', () => {
  it('are a map whose cells lie in the odom frame where they belong', () => {
    const grid = decodeOccupancyGrid(planMessages(slam(plan), 0, options)!.costmap);
    expect(grid).toMatchObject({ stampNs: 5n, mapLoadTimeNs: 5n, frameId: 'odom', width: 3, height: 2 });
    expect([...grid.data]).toEqual([0, 100, -1, 0, -1, -1]);
    expect(grid.resolution).toBe(0.5);
    // Lower left corner, at the mean height of the ground that is free.
    const corner = transformPoint(T_odom_submap, -2, 1, 1.5);
    expect(Math.hypot(...[3, 7, 11].map((k, i) => grid.origin[k]! - corner[i]!))).toBeLessThan(1e-9);
    // The middle of the occupied cell (1, 0), seen from the submap.
    const middle = transformPoint(compose(inverse(T_odom_submap), grid.origin), 0.75, 0.25, 0);
    expect(middle[0]).toBeCloseTo((-4 + 1.5) * 0.5, 9);
    expect(middle[1]).toBeCloseTo(2.5 * 0.5, 9);
  });

  it('are points with a distance each, in the odom frame', () => {
    const cloud = decodePointCloud2(planMessages(slam(plan), 0, options)!.slice!);
    expect(cloud.fields.map(({ name, offset }) => [name, offset])).toEqual([
      ['x', 0],
      ['y', 4],
      ['z', 8],
      ['distance', 12],
    ]);
    expect([cloud.width, cloud.height, cloud.pointStep, cloud.rowStep, cloud.isDense]).toEqual([
      2,
      1,
      16,
      32,
      true,
    ]);
    const view = new DataView(cloud.data.buffer, cloud.data.byteOffset);
    const values = Array.from({ length: 8 }, (_, k) => view.getFloat32(4 * k, true));
    const expected = [8, 1, 3, -0.25, 5, 4, 6, 0.75];
    values.forEach((v, k) => expect(v).toBeCloseTo(expected[k]!, 5));
  });

  it('are none while nothing is mapped, no distances unless there are, and refused where nobody can make them', () => {
    expect(planMessages(slam(undefined), 0, options)).toBeUndefined();
    expect(planMessages(slam({ map: plan.map }), 0, options)!.slice).toBeUndefined();
    expect(() => planMessages({} as Slam, 0, options)).toThrow(/no cost maps/);
  });
});
