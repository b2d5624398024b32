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
  readonly #rows = new Float64Array(6);
  /** Where columns move, sensor frame: least and, negated, most of x and y (m). */
  readonly #bounds = new Float64Array(4);
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
    // Both rows of the pose that say in which column something stands, in columns a metre.
    for (let k = 0; k < 6; k++) this.#rows[k] = pose[k < 3 ? k : k + 1]! * this.#perMetre;
    this.#moving.fill(0);
    this.#others.fill(0);
    this.#extents.fill(Infinity);
    this.#bounds.fill(Infinity);
    this.#findMoving(surface);
    return this.#bounds[0] === Infinity ? 0 : this.#markNear(surface, this.#findNear(surface));
  }

  /** Counts what moves in each column, and finds the bounds of where it is enough. */
  #findMoving({ x, y, z, quality, count }: SurfaceSamples): void {
    const bounds = this.#bounds;
    for (let i = 0; i < count; i++) {
      if (quality[i]! >= 0) continue;
      const column = this.#columnOf(x[i]!, y[i]!, z[i]!);
      if (column < 0) continue;
      this.#moving[column]!++;
      this.#stretch(column);
      if (this.#moving[column]! < LEAST || !this.#spans(column)) continue;
      bounds[0] = Math.min(bounds[0]!, x[i]! - this.#around);
      bounds[1] = Math.min(bounds[1]!, -x[i]! - this.#around);
      bounds[2] = Math.min(bounds[2]!, y[i]! - this.#around);
      bounds[3] = Math.min(bounds[3]!, -y[i]! - this.#around);
    }
  }

  /** Lists points off the ground in columns where enough moves, and counts them. @returns how many */
  #findNear({ x, y, z, quality, flags, count }: SurfaceSamples): number {
    const [fromX, toX, fromY, toY] = [
      this.#bounds[0]!,
      -this.#bounds[1]!,
      this.#bounds[2]!,
      -this.#bounds[3]!,
    ];
    let near = 0;
    for (let i = 0; i < count; i++) {
      const px = x[i]!;
      const py = y[i]!;
      // Most points are nowhere near, which is sooner told in the sensor's frame.
      if (px < fromX || px > toX || py < fromY || py > toY) continue;
      if (quality[i]! < 0 || flags[i]! & GROUND) continue;
      const column = this.#columnOf(px, py, z[i]!);
      if (column < 0 || this.#moving[column]! < LEAST || !this.#spans(column)) continue;
      this.#others[column]!++;
      if (near === this.#near.length) break;
      this.#near[near++] = i;
    }
    return near;
  }

  /** Marks those of the listed points whose column moves for a large part. @returns how many */
  #markNear({ x, y, z, quality }: SurfaceSamples, near: number): number {
    let marked = 0;
    for (let k = 0; k < near; k++) {
      const i = this.#near[k]!;
      const column = this.#columnOf(x[i]!, y[i]!, z[i]!);
      const moving = this.#moving[column]!;
      if (moving < SHARE * (moving + this.#others[column]!)) continue;
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
  #columnOf(x: number, y: number, z: number): number {
    const r = this.#rows;
    const u = Math.floor((this.#at[0] = r[0]! * x + r[1]! * y + r[2]! * z)) + SIDE / 2;
    const v = Math.floor((this.#at[1] = r[3]! * x + r[4]! * y + r[5]! * z)) + SIDE / 2;
    return u >= 0 && u < SIDE && v >= 0 && v < SIDE ? v * SIDE + u : -1;
  }
}
