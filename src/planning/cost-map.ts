import type { KernelPool } from '../compute/pool.js';
import type { FieldBackend } from '../field/backend.js';
import type { Field } from '../field/field.js';
import { Columns } from './columns.js';
import { distanceSlice } from './distance-slice.js';
import { type CostMap, groundOf, type RobotLimits } from './ground.js';
import type { Layer } from './layers.js';
import { windowOf } from './window.js';

/** Settings `costmap.*`. */
export interface CostMapOptions extends RobotLimits {
  /** Side of a cell, metres, at most 1.5 times the truncation of the coarsest grid; 0: its voxel, 0.05 m at least. */
  readonly resolution: number;
  /** Largest side of the map, metres; larger ones are cut to a square around the robot. */
  readonly size: number;
  readonly sliceHeight: number;
  readonly sliceRadius: number;
}

export interface Plan {
  readonly map: CostMap;
  /** x y z distance per point, metres, submap frame; absent unless asked for. */
  readonly slice?: Float32Array;
}

/** One grid of the map. */
export interface PlannedGrid {
  readonly field: Field;
  /** Corners seen with less weight count as not seen. */
  readonly minWeight: number;
}

const LEAST_CELL = 0.05;
/** Surfaces are known up to the truncation: larger cells would overlook them. In truncations. */
const LARGEST_CELL = 1.5;
/** Blocks that are read for one map at most, so that no scan waits for long. What is left comes with the next one. */
const BLOCKS_PER_MAP = 2048;

/**
 * Makes cost maps of a map for planners: free, occupied and unknown by where a robot can stand, and distances at a
 * height. All in the submap's frame, whose z axis points up. Of several grids the finest that saw a place counts; what one
 * of them holds for solid is an obstacle.
 *
 * @example
 * const planner = new CostMapper(pool, backend, [{ field, minWeight: config.mesh.minWeight }]);
 * const plan = planner.plan(robotPosition, config.costmap);
 * if (plan) console.log(plan.map.states); // -1, 0 or 100 per cell
 */
export class CostMapper {
  readonly #columns: readonly Columns[];

  /** @param grids coarsest first */
  constructor(
    pool: KernelPool,
    private readonly backend: FieldBackend,
    private readonly grids: readonly [PlannedGrid, ...PlannedGrid[]],
  ) {
    this.#columns = grids.map(({ field, minWeight }) => new Columns(pool, backend, field, minWeight));
  }

  /** Forgets what was read: the grids are others now. */
  clear(): void {
    for (const columns of this.#columns) columns.clear();
  }

  /**
   * @param robot position of its base, metres, submap frame: the ground that it stands on is looked for below
   * @param slice whether distances are wanted, too
   * @returns undefined while nothing is mapped
   */
  plan(robot: ArrayLike<number>, options: CostMapOptions, slice = false): Plan | undefined {
    const { grids } = this;
    const { voxel, truncation } = grids[0].field.levels[0]!;
    const wanted = options.resolution || Math.max(LEAST_CELL, voxel);
    const resolution = Math.min(wanted, LARGEST_CELL * truncation);
    const layers = grids.map(({ field, minWeight }, i) => {
      const columns = this.#columns[i]!;
      // A grid whose truncation is small against a cell is read at several places of it.
      const parts = Math.ceil(resolution / (LARGEST_CELL * field.levels[0]!.truncation) - 1e-9);
      columns.update(resolution / parts, robot, Math.ceil(BLOCKS_PER_MAP / grids.length));
      return { field, minWeight, columns, parts };
    }) as [PlannedGrid & Layer, ...(PlannedGrid & Layer)[]];
    const window = windowOf(layers, resolution, robot, options.size);
    if (!window) return undefined;
    const { i0, j0, width, height } = window;
    const map = { i0, j0, width, height, resolution, ...groundOf(window, robot, options) };
    if (!slice) return { map };
    const how = { height: options.sliceHeight, radius: options.sliceRadius };
    return { map, slice: distanceSlice(this.backend, layers, map, robot, how) };
  }
}
