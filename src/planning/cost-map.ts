import type { KernelPool } from '../compute/pool.js';
import type { FieldBackend } from '../field/backend.js';
import type { Field } from '../field/field.js';
import { Columns } from './columns.js';
import { distanceSlice } from './distance-slice.js';
import { type CostMap, groundOf, type RobotLimits } from './ground.js';
import { windowOf } from './window.js';

/** Settings `costmap.*`. */
export interface CostMapOptions extends RobotLimits {
  /** Side of a cell, metres, at most 1.5 times the truncation of the map; 0: its voxel, 0.05 m at least. */
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

const LEAST_CELL = 0.05;
/** Surfaces are known up to the truncation: larger cells would overlook them. In truncations. */
const LARGEST_CELL = 1.5;
/** Blocks that are read for one map at most, so that no scan waits for long. What is left comes with the next one. */
const BLOCKS_PER_MAP = 2048;

/**
 * Makes cost maps of a field for planners: free, occupied and unknown by where a robot can stand, and distances at a
 * height. All in the submap's frame, whose z axis points up.
 *
 * @example
 * const planner = new CostMapper(pool, backend, field, config.mesh.minWeight);
 * const plan = planner.plan(robotPosition, config.costmap);
 * if (plan) console.log(plan.map.states); // -1, 0 or 100 per cell
 */
export class CostMapper {
  readonly #columns: Columns;

  /** @param minWeight corners seen with less weight count as not seen */
  constructor(
    pool: KernelPool,
    private readonly backend: FieldBackend,
    private readonly field: Field,
    private readonly minWeight: number,
  ) {
    this.#columns = new Columns(pool, backend, field, minWeight);
  }

  /** Forgets what was read: the field is another one now. */
  clear(): void {
    this.#columns.clear();
  }

  /**
   * @param robot position of its base, metres, submap frame: the ground that it stands on is looked for below
   * @param slice whether distances are wanted, too
   * @returns undefined while nothing is mapped
   */
  plan(robot: ArrayLike<number>, options: CostMapOptions, slice = false): Plan | undefined {
    const { voxel, truncation } = this.field.levels[0]!;
    const wanted = options.resolution || Math.max(LEAST_CELL, voxel);
    const resolution = Math.min(wanted, LARGEST_CELL * truncation);
    this.#columns.update(resolution, robot, BLOCKS_PER_MAP);
    const window = windowOf(this.#columns, resolution, robot, options.size);
    if (!window) return undefined;
    const { i0, j0, width, height } = window;
    const map = { i0, j0, width, height, resolution, ...groundOf(window, robot, options) };
    if (!slice) return { map };
    const { minWeight } = this;
    const how = { height: options.sliceHeight, radius: options.sliceRadius, minWeight };
    return { map, slice: distanceSlice(this.backend, this.field, map, robot, how) };
  }
}
