import type { Pose } from '../../geometry/se3.js';
import type { SurfaceSamples } from '../../sensors/observation.js';

/** Side of a column in fine voxels, 1.2 m at 0.15 m, and columns along each side of the square around the sensor. */
const WIDTH = 8;
const SIDE = 64;
/** Points of a column that must move, and their share of those off the ground. */
const LEAST = 3;
const SHARE = 1 / 3;
const GROUND = 2;

/**
 * What else belongs to what moves: near the road nothing but the road was seen, so that free space cannot tell of a bumper.
 * Where many points of a column move, those off the ground below and above them do, too.
 *
 * @example
 * const columns = new MovingColumns(0.15);
 * const more = columns.mark(surface, T_submap_sensor); // where enough have a quality of −1 already
 */
export class MovingColumns {
  readonly #moving = new Uint16Array(SIDE * SIDE);
  readonly #others = new Uint16Array(SIDE * SIDE);
  readonly #perMetre: number;

  /** @param voxel distance between fine corners (m) */
  constructor(voxel: number) {
    this.#perMetre = 1 / (WIDTH * voxel);
  }

  /**
   * Gives them a quality of −1, too.
   *
   * @param pose T_submap_sensor, z up
   * @returns how many
   */
  mark(surface: SurfaceSamples, pose: Pose): number {
    const { quality, flags, count } = surface;
    const [moving, others] = [this.#moving, this.#others];
    moving.fill(0);
    others.fill(0);
    let found = false;
    for (let i = 0; i < count; i++) {
      if (quality[i]! >= 0) continue;
      const column = this.#columnOf(surface, pose, i);
      if (column >= 0 && ++moving[column]! >= LEAST) found = true;
    }
    if (!found) return 0;
    for (let i = 0; i < count; i++) {
      if (quality[i]! < 0 || flags[i]! & GROUND) continue;
      const column = this.#columnOf(surface, pose, i);
      if (column >= 0) others[column]!++;
    }
    let marked = 0;
    for (let i = 0; i < count; i++) {
      if (quality[i]! < 0 || flags[i]! & GROUND) continue;
      const column = this.#columnOf(surface, pose, i);
      if (column < 0 || moving[column]! < LEAST) continue;
      if (moving[column]! < SHARE * (moving[column]! + others[column]!)) continue;
      quality[i] = -1;
      marked++;
    }
    return marked;
  }

  /** Number of the column that sample `i` stands in, −1 beyond the square. */
  #columnOf({ x, y, z }: SurfaceSamples, T: Pose, i: number): number {
    const [px, py, pz] = [x[i]!, y[i]!, z[i]!];
    const u = Math.floor((T[0]! * px + T[1]! * py + T[2]! * pz) * this.#perMetre) + SIDE / 2;
    const v = Math.floor((T[4]! * px + T[5]! * py + T[6]! * pz) * this.#perMetre) + SIDE / 2;
    return u >= 0 && u < SIDE && v >= 0 && v < SIDE ? v * SIDE + u : -1;
  }
}
