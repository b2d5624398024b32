import type { Field } from '../../field/field.js';
import type { Exposure } from '../../field/terms/photometric.js';
import { compose, inverse, type Pose } from '../../geometry/se3.js';
import { GAIN_LEVELS } from '../../kernels/layout/gather.js';
import { blockKey, type MeshBlock, type MeshBlockStore } from '../../mesh/block-store.js';
import type { Observation, Picture, RangeGrid } from '../../sensors/observation.js';

const BLOCK_CELLS = 8;
/** Vertices that are painted from one picture. */
const MOST_VERTICES = 20000;
/** Pixels of a picture to one of the depth buffer that shows what is hidden. */
const REDUCED = 4;
/** So far behind what the depth buffer has, in voxels, a vertex is hidden. */
const HIDDEN = 2;
/** Least cosine between a vertex' normal and the way to the camera: a road is seen at 6° from 15 m on. */
const FACING = 0.1;
/** Weight at which a colour becomes an exponential mean, in views from 1 m straight ahead. */
const MOST_WEIGHT = 4;
const NEAREST = 0.1;
/** Of the pixels of a depth image along rows and columns, every so many tell what is hidden. */
const STEP = 4;
/** Cells along each axis in a key. */
const SIDE = 2 ** 17;

const BESIDE = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]] as const; // prettier-ignore

const level = (v: number): number => Math.max(0, Math.min(255, v));

interface Colour {
  red: number;
  green: number;
  blue: number;
  weight: number;
}

/** Whose surface is painted. */
export interface PainterOptions {
  readonly field: Field;
  /** The mesh of the field. */
  readonly store: MeshBlockStore;
  readonly scale: number;
}

/**
 * Colours for a surface that another sensor measured: each vertex that a picture shows takes its colour from there, however
 * far away it is. A colour belongs to a cell of the grid's size; vertices that are hidden from the camera take none.
 *
 * @example
 * const painter = new Painter(voxel);
 * painter.paint({ field, store, scale: 0 }, observation, T_submap_sensor);
 * const colours = painter.colours(Float32Array.of(1, 0, 0)); // red, green, blue, known
 */
export class Painter {
  readonly #cells = new Map<number, Colour>();
  #turn = 0;

  /** @param voxel side of a cell, metres */
  constructor(private readonly voxel: number) {}

  /** As ColorsOf has them. */
  colours(points: Float32Array): Uint8Array {
    if (this.#cells.size === 0) return new Uint8Array(0);
    const count = points.length / 3;
    const out = new Uint8Array(4 * count);
    for (let i = 0; i < count; i++) {
      const colour = this.#near(points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!);
      if (!colour) continue;
      out[4 * i] = colour.red;
      out[4 * i + 1] = colour.green;
      out[4 * i + 2] = colour.blue;
      out[4 * i + 3] = 255;
    }
    return out;
  }

  clear(): void {
    this.#cells.clear();
  }

  /**
   * Paints what a picture shows; blocks with new colours count as changed, so that they are meshed with them.
   *
   * @param seen an observation, or what a colour camera alone saw
   * @param T_submap_sensor pose of its sensor
   * @param exposure of the picture against the colours of the map; default: the same
   */
  paint(
    surface: PainterOptions,
    seen: Pick<Observation, 'picture' | 'grid'>,
    T_submap_sensor: Pose,
    exposure?: Exposure,
  ): void {
    const { picture, grid } = seen;
    if (!picture) return;
    const T_color_submap = inverse(compose(T_submap_sensor, picture.T_sensor_color));
    const view = new View(picture, T_color_submap, this.voxel);
    const blocks = this.#inView(surface, picture, T_color_submap);
    let vertices = 0;
    for (const { mesh } of blocks) {
      view.cover(mesh.positions);
      vertices += mesh.positions.length / 3;
    }
    if (grid) view.hide(grid, inverse(picture.T_sensor_color));
    const gain = 1 + (exposure?.gain ?? 0) / GAIN_LEVELS;
    const bias = exposure?.bias ?? 0;
    const parts = Math.max(1, Math.ceil(vertices / MOST_VERTICES));
    const turn = this.#turn++ % parts;
    const { change } = surface.field.levels[0]!;
    blocks.forEach(({ block, mesh }, n) => {
      if (n % parts !== turn) return;
      const { positions, normals } = mesh;
      let fresh = 0;
      for (let i = 0; i < positions.length; i += 3) {
        const weight = view.look(positions, normals, i);
        if (!(weight > 0)) continue;
        const at = 4 * view.pixel;
        const red = level(gain * picture.data[at]! + bias);
        const green = level(gain * picture.data[at + 1]! + bias);
        const blue = level(gain * picture.data[at + 2]! + bias);
        const key = this.#keyOf(positions[i]!, positions[i + 1]!, positions[i + 2]!);
        if (this.#add(key, { red, green, blue, weight })) fresh++;
      }
      // As much as makes a mesher extract it anew.
      if (fresh > 0) change[block]! += this.voxel / 2;
    });
  }

  /** Of a cell; of the one beside it that is known best where the surface has moved out of that. */
  #near(x: number, y: number, z: number): Colour | undefined {
    const own = this.#cells.get(this.#keyOf(x, y, z));
    if (own) return own;
    let best: Colour | undefined;
    for (const [dx, dy, dz] of BESIDE) {
      const { voxel } = this;
      const other = this.#cells.get(this.#keyOf(x + dx * voxel, y + dy * voxel, z + dz * voxel));
      if (other && !(other.weight <= (best?.weight ?? 0))) best = other;
    }
    return best;
  }

  /** Returns whether the cell had no colour before. */
  #add(key: number, seen: Colour): boolean {
    const colour = this.#cells.get(key);
    if (!colour) {
      this.#cells.set(key, seen);
      return true;
    }
    const share = seen.weight / (colour.weight + seen.weight);
    colour.red += share * (seen.red - colour.red);
    colour.green += share * (seen.green - colour.green);
    colour.blue += share * (seen.blue - colour.blue);
    colour.weight = Math.min(MOST_WEIGHT, colour.weight + seen.weight);
    return false;
  }

  #keyOf(x: number, y: number, z: number): number {
    const cell = (v: number): number => Math.floor(v / this.voxel) & (SIDE - 1);
    return (cell(z) * SIDE + cell(y)) * SIDE + cell(x);
  }

  /** Meshed blocks before the camera, as far as one of its pixels is not larger than a voxel. */
  #inView(
    { field, store, scale }: PainterOptions,
    { width, height, fx, fy, cx, cy }: Picture,
    T: Pose,
  ): { block: number; mesh: MeshBlock }[] {
    const out: { block: number; mesh: MeshBlock }[] = [];
    const { blocks, coords } = field.levels[0]!;
    const side = BLOCK_CELLS * this.voxel;
    const radius = (Math.sqrt(3) / 2) * side;
    const reach = fx * this.voxel;
    // Half the picture about its axis, as tangents; lenses reach a little farther.
    const right = (1.2 * Math.max(cx, width - cx)) / fx;
    const down = (1.2 * Math.max(cy, height - cy)) / fy;
    for (const block of blocks) {
      const p = [0, 1, 2].map((k) => (coords[4 * block + k]! + 0.5) * side);
      const at = (r: number): number => T[r]! * p[0]! + T[r + 1]! * p[1]! + T[r + 2]! * p[2]! + T[r + 3]!;
      const z = at(8);
      if (z < -radius || z > reach + radius) continue;
      if (Math.abs(at(0)) > right * Math.max(0, z) + 2 * radius) continue;
      if (Math.abs(at(4)) > down * Math.max(0, z) + 2 * radius) continue;
      const [bx, by, bz] = [coords[4 * block]!, coords[4 * block + 1]!, coords[4 * block + 2]!];
      const mesh = store.get(blockKey(bx, by, bz, scale));
      if (mesh) out.push({ block, mesh });
    }
    return out;
  }
}

/** A picture with what is nearest in each direction. */
class View {
  /** Of the vertex that was looked at last. */
  pixel = 0;
  readonly #columns: number;
  readonly #rows: number;
  /** Nearest distance along the axis, metres. */
  readonly #depth: Float32Array;
  /** Of the camera in the submap. */
  readonly #centre: readonly number[];
  #z = 0;

  constructor(
    private readonly picture: Picture,
    private readonly T: Pose,
    private readonly voxel: number,
  ) {
    // −Rᵀ t
    this.#centre = [0, 1, 2].map((k) => -(T[k]! * T[3]! + T[4 + k]! * T[7]! + T[8 + k]! * T[11]!));
    this.#columns = Math.ceil(picture.width / REDUCED);
    this.#rows = Math.ceil(picture.height / REDUCED);
    this.#depth = new Float32Array(this.#columns * this.#rows).fill(Infinity);
  }

  /** Vertices of a surface hide what lies behind them, each about a voxel. */
  cover(positions: Float32Array): void {
    const { width, fx } = this.picture;
    for (let i = 0; i < positions.length; i += 3) {
      if (!this.#project(positions[i]!, positions[i + 1]!, positions[i + 2]!)) continue;
      const half = (fx * this.voxel) / (2 * REDUCED * this.#z);
      this.#splat((this.pixel % width) / REDUCED, Math.floor(this.pixel / width) / REDUCED, half);
    }
  }

  /** What a depth image shows hides what lies behind it. @param T_color_sensor of the depth camera */
  hide({ width, height, fx, fy, cx, cy, z }: RangeGrid, T_color_sensor: Pose): void {
    const S = T_color_sensor;
    // Up to the next pixel that is looked at: rather too much is hidden.
    const half = (STEP * this.picture.fx) / (fx * REDUCED);
    const { width: columns } = this.picture;
    for (let v = 0; v < height; v += STEP)
      for (let u = 0; u < width; u += STEP) {
        const d = z[v * width + u]!;
        if (!(d > 0)) continue;
        const x = ((u - cx) / fx) * d;
        const y = ((v - cy) / fy) * d;
        const seen = this.#pixelOf(
          S[0]! * x + S[1]! * y + S[2]! * d + S[3]!,
          S[4]! * x + S[5]! * y + S[6]! * d + S[7]!,
          S[8]! * x + S[9]! * y + S[10]! * d + S[11]!,
        );
        if (seen)
          this.#splat((this.pixel % columns) / REDUCED, Math.floor(this.pixel / columns) / REDUCED, half);
      }
  }

  /** Weight of a vertex' colour, which is that of {@link pixel}; 0 where it is not seen. */
  look(positions: Float32Array, normals: Float32Array, i: number): number {
    const x = positions[i]!;
    const y = positions[i + 1]!;
    const z = positions[i + 2]!;
    if (!this.#project(x, y, z)) return 0;
    const { width } = this.picture;
    const u = this.pixel % width;
    const v = Math.floor(this.pixel / width);
    const at = Math.floor(v / REDUCED) * this.#columns + Math.floor(u / REDUCED);
    const dx = this.#centre[0]! - x;
    const dy = this.#centre[1]! - y;
    const dz = this.#centre[2]! - z;
    const range = Math.hypot(dx, dy, dz);
    const cos = (dx * normals[i]! + dy * normals[i + 1]! + dz * normals[i + 2]!) / range;
    if (!(cos >= FACING)) return 0;
    // On a slanting surface its own nearer part, as far as a pixel of the buffer and half a voxel reach, hides nothing.
    const slack = HIDDEN * this.voxel + (this.voxel / 2 + (REDUCED * this.#z) / this.picture.fx) / cos;
    return this.#z > this.#depth[at]! + slack ? 0 : cos / range ** 2;
  }

  #splat(column: number, row: number, half: number): void {
    const c0 = Math.max(0, Math.floor(column - half));
    const c1 = Math.min(this.#columns - 1, column + half);
    const r0 = Math.max(0, Math.floor(row - half));
    const r1 = Math.min(this.#rows - 1, row + half);
    for (let r = r0; r <= r1; r++)
      for (let c = c0; c <= c1; c++) {
        const at = r * this.#columns + c;
        if (this.#z < this.#depth[at]!) this.#depth[at] = this.#z;
      }
  }

  #project(x: number, y: number, z: number): boolean {
    const { T } = this;
    return this.#pixelOf(
      T[0]! * x + T[1]! * y + T[2]! * z + T[3]!,
      T[4]! * x + T[5]! * y + T[6]! * z + T[7]!,
      T[8]! * x + T[9]! * y + T[10]! * z + T[11]!,
    );
  }

  /** @returns whether a place in the colour camera's frame is in the picture, at {@link pixel} */
  #pixelOf(x: number, y: number, z: number): boolean {
    if (!(z > NEAREST)) return false;
    const { width, height, fx, fy, cx, cy, bend } = this.picture;
    let a = x / z;
    let b = y / z;
    if (bend) {
      const bent = bend(a, b);
      if (!bent) return false;
      [a, b] = bent;
    }
    const u = Math.round(fx * a + cx);
    const v = Math.round(fy * b + cy);
    if (!(u >= 0 && v >= 0 && u < width && v < height)) return false;
    this.pixel = v * width + u;
    this.#z = z;
    return true;
  }
}
