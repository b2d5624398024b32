import type { KernelPool } from '../../compute/pool.js';
import { Sights, type Sight } from '../../field/sight.js';
import { compose, inverse, separation, type Pose } from '../../geometry/se3.js';
import type { SurfaceSamples } from '../../sensors/observation.js';
import { MovingColumns } from './moving-columns.js';

/**
 * Earlier sights that are kept, how far apart in fine voxels (1.5 m at 0.15 m), and how far they count (40 m). What follows 7 m behind stands in
 * what was seen while the sensor was 2.5 m (nearer there are blind spots) to 7 m ahead of it: two sights must fit into that.
 */
const MOST_SIGHTS = 8;
const SPACING = 10;
const REACH = 270;
/** How far before a surface its space counts as empty, in fine voxels. */
const CLEAR = 2;
/** Sights that must have seen a place to be empty. */
const WITNESSES = 2;

interface Seen {
  /** T_submap_sensor. */
  readonly pose: Pose;
  readonly sight: Sight;
}

/**
 * Finds points that lie where earlier scans have seen nothing but air: something moves there, such as a car that follows.
 * They are not mapped, as nobody may ever look through them again.
 *
 * @example
 * const moving = new MovingPoints(pool, 0.15);
 * moving.mark(surface, T_submap_sensor); // quality −1: not mapped
 * moving.keep(surface, T_submap_sensor);
 */
export class MovingPoints {
  readonly #sights: Sights;
  readonly #columns: MovingColumns;
  /** Newest first. */
  #seen: Seen[] = [];
  readonly #free: Sight[] = [];
  readonly #voxel: number;

  /** @param voxel distance between fine corners (m) */
  constructor(pool: KernelPool, voxel: number) {
    this.#sights = new Sights(pool);
    this.#columns = new MovingColumns(voxel);
    this.#voxel = voxel;
  }

  /** Takes what a scan sees for the ones to come, if the sensor has moved on. */
  keep(surface: SurfaceSamples, pose: Pose): void {
    const [last] = this.#seen;
    // At first half as far apart: what follows is there from the first scan on.
    const spacing = (this.#seen.length < MOST_SIGHTS ? SPACING / 2 : SPACING) * this.#voxel;
    if (last && separation(last.pose, pose) < spacing) return;
    if (this.#seen.length === MOST_SIGHTS) this.#free.push(this.#seen.pop()!.sight);
    const sight = this.#free.pop() ?? this.#sights.create();
    this.#sights.cast(surface, CLEAR * this.#voxel, sight);
    this.#seen.unshift({ pose: pose.slice(), sight });
  }

  /** Gives points that move a quality of −1. @returns how many */
  mark(surface: SurfaceSamples, pose: Pose): number {
    const witnesses = this.#seen.map(({ pose: T, sight }) => ({
      sight,
      T_sight_sensor: compose(inverse(T), pose),
    }));
    const marked = this.#sights.mark(surface, witnesses, {
      clear: CLEAR * this.#voxel,
      reach: REACH * this.#voxel,
      witnesses: WITNESSES,
    });
    return marked === 0 ? 0 : marked + this.#columns.mark(surface, pose);
  }

  clear(): void {
    this.#free.push(...this.#seen.map(({ sight }) => sight));
    this.#seen = [];
  }
}
