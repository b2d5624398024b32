import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../../src/completion/complete-region.js';
import { KernelPool } from '../../../src/compute/pool.js';
import { identity } from '../../../src/geometry/se3.js';
import { SurfaceCompleter } from '../../../src/host/completion/complete-surface.js';
import {
  regionSurface,
  type GridSurface,
  type RegionSurface,
} from '../../../src/host/completion/region-surface.js';
import type { Slam } from '../../../src/slam/types.js';
import { ball, ballPrior, ballTouches } from '../../completion/helpers.js';

const BOX: Box = [-0.06, -0.06, -0.02, 0.06, 0.06, 0.1];

/** A square plate of cells, spanned by two axes from a corner. */
function plate(voxel: number, cells: number, corner: readonly number[], u: readonly number[], v: readonly number[]): GridSurface {
  const positions: number[] = [];
  const indices: number[] = [];
  for (let a = 0; a < cells; a++)
    for (let b = 0; b < cells; b++) {
      const at = positions.length / 3;
      for (const [i, j] of [[0, 0], [1, 0], [1, 1], [0, 1]] as const)
        positions.push(...[0, 1, 2].map((k) => corner[k]! + voxel * ((a + i) * u[k]! + (b + j) * v[k]!)));
      indices.push(at, at + 1, at + 2, at, at + 2, at + 3);
    }
  return { voxel, positions: Float32Array.from(positions), indices: Uint32Array.from(indices) };
} // prettier-ignore

const table = plate(0.02, 20, [-0.2, -0.2, 0], [1, 0, 0], [0, 1, 0]);
/** What was felt on one side of a thing, in cells of a millimetre: 1600 of them, more than the table has. */
const felt = plate(0.001, 40, [0.035, -0.02, 0.01], [0, 1, 0], [0, 0, 1]);

describe('an object in the surface of a map', () => {
  let pool: KernelPool;
  beforeAll(async () => void (pool = await KernelPool.create({ threads: 1, memoryMiB: 64 })));
  afterAll(() => pool.close());

  const region = (grids: readonly GridSurface[]): RegionSurface => ({
    T_odom_submap: identity(),
    grids,
    touches: [0, 2, 4].map((azimuth) => {
      const { points, normals } = ballTouches(0.035, [[azimuth, 0.2]]);
      return { points, normals, sigma: 0.0005, touched: true };
    }),
    fingerprint: '',
  });

  it('stands on the table, not on the side of it that was felt in much finer cells', () => {
    const { table: plane } = new SurfaceCompleter(ballPrior(), pool).complete(region([table, felt]), BOX);
    expect(plane.normal[2]).toBeGreaterThan(0.99);
    expect(Math.abs(plane.offset)).toBeLessThan(0.002);
  });

  it('is made from triangles that are trusted, the table from all', () => {
    const completer = new SurfaceCompleter(ballPrior(), pool);
    // A shadow behind the ball.
    const shadow = plate(0.02, 3, [-0.055, -0.03, 0.01], [0, 1, 0], [0, 0, 1]);
    const joined = {
      ...table,
      positions: Float32Array.of(...table.positions, ...shadow.positions),
      indices: Uint32Array.of(...table.indices, ...shadow.indices.map((i) => i + table.positions.length / 3)),
    };
    const worst = (grid: GridSurface): number => {
      const { mesh } = completer.complete(region([grid]), BOX);
      let most = 0;
      for (let i = 0; i < mesh.positions.length; i += 3)
        most = Math.max(
          most,
          Math.abs(ball(0.035)(mesh.positions[i]!, mesh.positions[i + 1]!, mesh.positions[i + 2]!)),
        );
      return most;
    };
    const trusted = worst({ ...joined, trusted: table.indices });
    expect(trusted).toBeLessThan(0.004);
    expect(worst(joined)).toBeGreaterThan(trusted + 0.002);
  });
});

describe('the surface that is copied of a live map', () => {
  const block = {
    ...plate(0.02, 4, [0, 0, 0], [1, 0, 0], [0, 1, 0]),
    bx: 0,
    by: 0,
    bz: 0,
    scale: 0,
    version: 1,
  };
  /** Distances from a plane at z = 0, seen from above; beyond x = 40 mm they jump. */
  const slam = (kind: 'rgbd' | 'lidar', felt = true): Slam =>
    ({
      touched: () => (felt ? [{ points: Float32Array.of(0.02, 0.02, 0), sigma: 1e-4, touched: true }] : []),
      trajectory: { submap: () => identity() },
      view: { blockSizes: [0.16], kinds: [kind], meshChanges: () => ({ blocks: [block] }) },
      sampled: (scale: number, points: Float32Array) =>
        Float32Array.from({ length: (5 * points.length) / 3 }, (_, i) => {
          const [x, , z] = points.subarray(3 * Math.floor(i / 5), 3 * Math.floor(i / 5) + 3) as unknown as [number, number, number];
          return [Math.min(0.06, z), x > 0.04 ? 3 : 0, 0, 1, x < 0.075 ? 8 : 0][i % 5]! + 0 * scale;
        }),
    }) as unknown as Slam; // prettier-ignore

  it("leaves out of a camera's what joins a rim to what lies behind it, and tells what was seen to be empty", () => {
    const { grids, free } = regionSurface(slam('rgbd'), 0, [0, 0, -0.05, 0.08, 0.08, 0.1]);
    expect(grids[0]!.indices).toHaveLength(3 * 32);
    expect(grids[0]!.trusted).toHaveLength(3 * 16);
    for (const v of grids[0]!.trusted!) expect(grids[0]!.positions[3 * v]).toBeLessThanOrEqual(0.04 + 1e-6);
    expect(free!.clearances.length).toBeGreaterThan(100);
    for (let i = 0; i < free!.clearances.length; i++) {
      expect(free!.points[3 * i + 2]! - free!.clearances[i]!).toBeGreaterThan(0.008);
      expect(free!.points[3 * i]! + free!.clearances[i]!).toBeLessThan(0.075);
    }
  });

  it('keeps rims as long as nothing was felt: they are all there is of the sides', () => {
    const { grids } = regionSurface(slam('rgbd', false), 0, [0, 0, -0.05, 0.08, 0.08, 0.1]);
    expect(grids[0]!.trusted).toBeUndefined();
  });

  it('is whole for a LiDAR, which says nothing of what is empty', () => {
    const { grids, free } = regionSurface(slam('lidar'), 0, [0, 0, -0.05, 0.08, 0.08, 0.1]);
    expect(grids[0]!.trusted).toBeUndefined();
    expect(free).toBeUndefined();
  });
});
