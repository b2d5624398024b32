import type { KernelArguments } from '../../compute/arguments.js';
import type { KernelMemory } from '../../compute/memory.js';
import * as L from '../../kernels/layout/camera.js';
import type { Pose } from '../../geometry/se3.js';
import type { RangeGrid, SurfaceSamples } from '../observation.js';
import type { CameraIntrinsics } from './frame.js';
import type { Lens } from './lens.js';
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
  readonly counts = { input: 0, valid: 0 };
  surfaceCount = 0;
  keypointCount = 0;
  /** What is needed to find the colours of the grid. */
  color: ColorView | undefined;
  /** Whether those have been found. */
  colored = false;
  #camera: CameraIntrinsics | undefined;
  readonly #planes: Readonly<Record<keyof typeof PLANES, Room>>;
  readonly #columns: Readonly<Record<keyof typeof COLUMNS, Room>>;
  /** The reduced colour image. */
  readonly image: Room;
  readonly #color: Room;
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
    this.#tau = new Room(memory);
    this.#flags = new Room(memory);
    this.#keypoints = new Room(memory);
  }

  /**
   * Makes the kernels write here.
   *
   * @param camera the grid's
   * @param samples largest number of samples of the surface
   * @throws FeltmapError out-of-memory when the arena is too small
   */
  bind(args: Uint32Array, camera: CameraIntrinsics, samples: number): void {
    this.#camera = camera;
    this.color = undefined;
    const pixels = camera.width * camera.height + SLACK;
    for (const name of Object.keys(PLANES) as (keyof typeof PLANES)[])
      args[PLANES[name] / 4] = this.#planes[name].atLeast(4 * pixels);
    args[L.A_COLOR / 4] = this.#color.atLeast(4 * pixels);
    for (const name of Object.keys(COLUMNS) as (keyof typeof COLUMNS)[])
      args[COLUMNS[name] / 4] = this.#columns[name].atLeast(4 * (samples + SLACK));
    args[L.A_KEYPOINTS / 4] = this.#keypoints.atLeast(4 * (samples + SLACK));
    // Nothing is ever written to these: new memory is zero.
    this.#tau.atLeast(4 * (samples + SLACK));
    this.#flags.atLeast(samples + SLACK);
  }

  /** Makes the kernels find the colours of this grid. */
  bindGrid(args: KernelArguments): void {
    const { width, height, fx, fy, cx, cy } = this.#camera!;
    args.int(L.A_WIDTH, width, height).float(L.A_FX, [fx, fy, cx, cy]);
    args.int(L.A_Z, this.#planes.z.pointer).int(L.A_COLOR, this.#color.pointer);
  }

  /** Rows of the grid. */
  get height(): number {
    return this.#camera!.height;
  }

  /** Views of this memory. */
  grid(): RangeGrid {
    const { width, height, fx, fy, cx, cy } = this.#camera!;
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
