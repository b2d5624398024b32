import type { Pose } from '../../geometry/se3.js';
import type { SurfaceSamples } from '../../sensors/observation.js';

/** Side of a column in fine voxels, 1.2 m at 0.15 m, and columns along each side of the square around the sensor. */
const WIDTH = 8;
const SIDE = 64;
/** Points of a column that must move, their share of those off the ground, and how far apart they must lie (columns; 0.6 m): posts are thin. */
const LEAST = 3;
const SHARE = 1 / 3;
const EXTENT = 0.5;
/** Points that are looked at, and how far from one that moves its column may reach (fine voxels, 3 m at 0.15 m). */
const MOST = 2 ** 15;
const AROUND = 20;
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
  /** Of the points that move: least and, negated, most along both axes, in columns. */
  readonly #extents = new Float32Array(4 * SIDE * SIDE);
  readonly #at = new Float64Array(2);
  /** Points in such columns that do not move yet. */
  readonly #near = new Uint32Array(MOST);
  readonly #perMetre: number;
  readonly #around: number;

  /** @param voxel distance between fine corners (m) */
  constructor(voxel: number) {
    this.#perMetre = 1 / (WIDTH * voxel);
    this.#around = AROUND * voxel;
  }

  /**
   * Gives them a quality of −1, too.
   *
   * @param pose T_submap_sensor, z up
   * @returns how many
   */
  mark(surface: SurfaceSamples, pose: Pose): number {
    const { x, y, z, quality, flags, count } = surface;
    const [moving, others] = [this.#moving, this.#others];
    const columnOf = this.#columns(pose);
    moving.fill(0);
    others.fill(0);
    this.#extents.fill(Infinity);
    let found = false;
    // In the sensor's frame: most points are nowhere near, which is sooner told there.
    let [fromX, toX, fromY, toY] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < count; i++) {
      if (quality[i]! >= 0) continue;
      const column = columnOf(x[i]!, y[i]!, z[i]!);
      if (column < 0) continue;
      moving[column]!++;
      this.#stretch(column);
      if (moving[column]! < LEAST || !this.#spans(column)) continue;
      found = true;
      fromX = Math.min(fromX, x[i]! - this.#around);
      toX = Math.max(toX, x[i]! + this.#around);
      fromY = Math.min(fromY, y[i]! - this.#around);
      toY = Math.max(toY, y[i]! + this.#around);
    }
    if (!found) return 0;
    let near = 0;
    for (let i = 0; i < count; i++) {
      const [px, py] = [x[i]!, y[i]!];
      if (px < fromX || px > toX || py < fromY || py > toY) continue;
      if (quality[i]! < 0 || flags[i]! & GROUND) continue;
      const column = columnOf(px, py, z[i]!);
      if (column < 0 || moving[column]! < LEAST || !this.#spans(column)) continue;
      others[column]!++;
      if (near === this.#near.length) break;
      this.#near[near++] = i;
    }
    let marked = 0;
    for (let k = 0; k < near; k++) {
      const i = this.#near[k]!;
      const column = columnOf(x[i]!, y[i]!, z[i]!);
      if (moving[column]! < SHARE * (moving[column]! + others[column]!)) continue;
      quality[i] = -1;
      marked++;
    }
    return marked;
  }

  /** Takes the place that was looked up last into the extent of its column. */
  #stretch(column: number): void {
    for (let axis = 0; axis < 2; axis++) {
      const at = 4 * column + 2 * axis;
      this.#extents[at] = Math.min(this.#extents[at]!, this.#at[axis]!);
      this.#extents[at + 1] = Math.min(this.#extents[at + 1]!, -this.#at[axis]!);
    }
  }

  /** Whether what moves there is wider than a post. */
  #spans(column: number): boolean {
    const e = this.#extents;
    const at = 4 * column;
    return -e[at + 1]! - e[at]! > EXTENT || -e[at + 3]! - e[at + 2]! > EXTENT;
  }

  /** The number of the column in which a point (sensor frame) stands, −1 beyond the square. */
  #columns(T: Pose): (x: number, y: number, z: number) => number {
    const [a, b, c] = [T[0]! * this.#perMetre, T[1]! * this.#perMetre, T[2]! * this.#perMetre];
    const [d, e, f] = [T[4]! * this.#perMetre, T[5]! * this.#perMetre, T[6]! * this.#perMetre];
    return (x, y, z) => {
      const u = Math.floor((this.#at[0] = a * x + b * y + c * z)) + SIDE / 2;
      const v = Math.floor((this.#at[1] = d * x + e * y + f * z)) + SIDE / 2;
      return u >= 0 && u < SIDE && v >= 0 && v < SIDE ? v * SIDE + u : -1;
    };
  }
}
