import type { KernelArguments } from '../../compute/arguments.js';
import type { KernelMemory } from '../../compute/memory.js';
import { inverse, type Pose } from '../../geometry/se3.js';
import * as L from '../../kernels/layout/camera.js';
import type { Picture, RangeGrid, SurfaceSamples } from '../observation.js';
import { noPixels } from './depth-quality.js';
import type { CameraIntrinsics } from './frame.js';
import { gridLayout, NO_GRID, type GridLayout } from './grid-layout.js';
import { bendOf, type Lens } from './lens.js';
import type { OcclusionSearch } from './occlusion.js';
import { Room } from './room.js';

/** Float planes of the grid and columns of the surface, and where the kernels find them. */
const PLANES = { z: L.A_Z, nx: L.A_NX, ny: L.A_NY, nz: L.A_NZ, information: L.A_INFORMATION } as const;
const COLUMNS = {
  x: L.A_SX,
  y: L.A_SY,
  z: L.A_SZ,
  nx: L.A_SNX,
  ny: L.A_SNY,
  nz: L.A_SNZ,
  quality: L.A_SQUALITY,
  information: L.A_SINFORMATION,
  grey: L.A_SGREY,
} as const;

const PLANE_NAMES = Object.keys(PLANES) as (keyof typeof PLANES)[];
const COLUMN_NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

/** Nobody knows where up is in a camera: no sample is taken for ground, so that it does not matter. */
const UP = Float32Array.of(0, -1, 0);

/** A colour image, reduced, as the kernels read it, and where it was taken from. */
export interface ColorView {
  /** Of the reduced image. */
  readonly camera: CameraIntrinsics;
  readonly lens: Lens;
  readonly lensReach: number;
  readonly T_color_depth: Pose;
}

/** Values that vectors may read or write past the last one. */
const SLACK = 16;

/**
 * The memory of one prepared depth image. It grows with the images and is never given back.
 *
 * @example
 * const prepared = new PreparedFrame(pool.memory);
 * preparer.prepare(frame, prepared);
 * const grid = prepared.grid();
 */
export class PreparedFrame {
  readonly counts = noPixels();
  surfaceCount = 0;
  keypointCount = 0;
  /** What is needed to find the colours of the grid. */
  color: ColorView | undefined;
  /** Largest inverse depth of the grid, 1/m. */
  nearest = 0;
  /** Where to search for what hides a pixel from the colour camera. */
  search: OcclusionSearch | undefined;
  /** Whether colours and all normals of the grid have been found. */
  completed = false;
  layout: GridLayout = NO_GRID;
  readonly #planes: Readonly<Record<keyof typeof PLANES, Room>>;
  readonly #columns: Readonly<Record<keyof typeof COLUMNS, Room>>;
  /** The reduced colour image. */
  readonly image: Room;
  readonly #color: Room;
  readonly #padded: Room;
  readonly #hidden: Room;
  readonly #tau: Room;
  readonly #flags: Room;
  readonly #keypoints: Room;

  constructor(private readonly memory: KernelMemory) {
    const rooms = <K extends string>(of: Readonly<Record<K, number>>) =>
      Object.fromEntries(Object.keys(of).map((name) => [name, new Room(memory)])) as Record<K, Room>;
    this.#planes = rooms(PLANES);
    this.#columns = rooms(COLUMNS);
    this.image = new Room(memory);
    this.#color = new Room(memory);
    this.#padded = new Room(memory);
    this.#hidden = new Room(memory);
    this.#tau = new Room(memory);
    this.#flags = new Room(memory);
    this.#keypoints = new Room(memory);
  }

  /**
   * Takes memory for a grid.
   *
   * @param step rows and columns between two samples of the surface
   * @throws FeltmapError out-of-memory when the arena is too small
   */
  reserve(camera: CameraIntrinsics, step: number): void {
    const { width, height } = camera;
    const layout = (this.layout = gridLayout(camera, step));
    this.color = undefined;
    this.search = undefined;
    this.completed = false;
    const pixels = 4 * (width * height + SLACK);
    for (const room of Object.values(this.#planes)) room.atLeast(pixels);
    this.#color.atLeast(pixels);
    this.#hidden.atLeast(pixels / 4);
    const padded = 4 * (layout.stride * (height + 2 * L.PAD_ROWS) + SLACK);
    this.#padded.atLeast(padded);
    const samples = 4 * (layout.across * layout.down + SLACK);
    for (const room of Object.values(this.#columns)) room.atLeast(samples);
    this.#keypoints.atLeast(samples);
    // Nothing is ever written to these: new memory is zero.
    this.#tau.atLeast(samples);
    this.#flags.atLeast(samples);
  }

  /** Makes the kernels work on this grid and its samples. */
  bind(args: KernelArguments): void {
    const { camera, stride, step, across, down } = this.layout;
    const { width, height, fx, fy, cx, cy } = camera;
    args
      .int(L.A_WIDTH, width, height)
      .float(L.A_FX, [fx, fy, cx, cy])
      .int(L.A_PADDED, this.#padded.pointer, stride)
      .int(L.A_STEP, step, across, down)
      .int(L.A_COLOR, this.#color.pointer)
      .int(L.A_KEYPOINTS, this.#keypoints.pointer);
    args.int(L.A_HIDDEN, this.search ? this.#hidden.pointer : 0);
    if (this.search)
      args
        .int(L.A_SEARCH, this.search.pixels)
        .float(L.A_SEARCH_STEP, this.search.step)
        .scalar(L.A_NEAREST, this.nearest);
    for (const name of PLANE_NAMES) args.int(PLANES[name], this.#planes[name].pointer);
    for (const name of COLUMN_NAMES) args.int(COLUMNS[name], this.#columns[name].pointer);
  }

  /** Views of this memory. */
  grid(): RangeGrid {
    const { width, height, fx, fy, cx, cy } = this.layout.camera;
    const plane = (name: keyof typeof PLANES) => this.memory.f32(this.#planes[name].pointer, width * height);
    return {
      width,
      height,
      fx,
      fy,
      cx,
      cy,
      z: plane('z'),
      nx: plane('nx'),
      ny: plane('ny'),
      nz: plane('nz'),
      information: plane('information'),
      ...(this.color && { color: this.memory.u8(this.#color.pointer, 4 * width * height) }),
    };
  }

  /** The reduced colour image, a view of this memory. */
  picture(): Picture | undefined {
    if (!this.color) return undefined;
    const { camera, lens, lensReach, T_color_depth } = this.color;
    const { width, height, fx, fy, cx, cy } = camera;
    const bend = bendOf(lens, lensReach);
    return {
      width,
      height,
      fx,
      fy,
      cx,
      cy,
      data: this.memory.u8(this.image.pointer, 4 * width * height),
      T_sensor_color: inverse(T_color_depth),
      ...(bend && { bend }),
    };
  }

  /** Views of this memory. */
  surface(): SurfaceSamples {
    const count = this.surfaceCount;
    const column = (name: keyof typeof COLUMNS) => this.memory.f32(this.#columns[name].pointer, count);
    return {
      count,
      x: column('x'),
      y: column('y'),
      z: column('z'),
      nx: column('nx'),
      ny: column('ny'),
      nz: column('nz'),
      quality: column('quality'),
      information: column('information'),
      ...(this.color && { grey: column('grey') }),
      tau: this.memory.f32(this.#tau.pointer, count),
      flags: this.memory.u8(this.#flags.pointer, count),
      up: UP,
      keypoints: this.memory.u32(this.#keypoints.pointer, this.keypointCount),
    };
  }
}
