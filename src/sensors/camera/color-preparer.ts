import type { KernelArguments } from '../../compute/arguments.js';
import type { KernelPool } from '../../compute/pool.js';
import { inverse } from '../../geometry/se3.js';
import * as L from '../../kernels/layout/camera.js';
import type { CameraIntrinsics, FrameColor } from './frame.js';
import { lensOf, lensReach } from './lens.js';
import { reduceIntrinsics } from './prepare-geometry.js';
import { Room } from './room.js';

/** Columns of the image that colours are read from, and of the blurred one, about. */
const IMAGE_WIDTH = 640;
const GREY_WIDTH = 160;
/** Largest factor of either reduction: sums of 16² bytes fit in 16 bits. */
const MAX_FACTOR = 16;
/** Mean brightness of images that say nothing: auto exposure has not settled, or the picture is white. */
const DARKEST = 12;
const BRIGHTEST = 245;

/**
 * Finds the colours of a grid's pixels, and the brightness of a blurred image at its samples.
 *
 * @example
 * const known = new ColorPreparer(pool, args, console.warn).prepare(frame.color, camera, grid, frame.frameId);
 */
export class ColorPreparer {
  readonly #source: Room;
  readonly #image: Room;
  readonly #grey: Room;
  readonly #sums: Room;
  readonly #gridGrey: Room;

  constructor(
    private readonly pool: KernelPool,
    private readonly args: KernelArguments,
    private readonly notice: (text: string) => void,
  ) {
    [this.#source, this.#image, this.#grey, this.#sums, this.#gridGrey] = Array.from(
      { length: 5 },
      () => new Room(pool.memory),
    ) as [Room, Room, Room, Room, Room];
  }

  /**
   * @param camera intrinsics of the colour image
   * @param grid those of the grid, whose depth is known to the kernels
   * @returns whether the image can be used
   * @throws FeltmapError out-of-memory when the arena is too small
   */
  prepare(color: FrameColor, camera: CameraIntrinsics, grid: CameraIntrinsics, frameId: string): boolean {
    const brightness = this.#shrink(color, camera);
    if (!(brightness >= DARKEST && brightness <= BRIGHTEST)) {
      this.args.int(L.A_GRID_GREY, 0);
      this.notice(
        `Colour images of '${frameId}' that are nearly black or white throughout, as before the exposure settles, are not used.`,
      );
      return false;
    }
    const image = reduceIntrinsics(camera, this.#factor(camera.width));
    const lens = lensOf(camera);
    this.args
      .int(L.A_GRID_GREY, this.#gridGrey.atLeast(4 * grid.width * grid.height))
      .float(L.A_COLOR_CAMERA, [image.fx, image.fy, image.cx, image.cy])
      .float(L.A_COLOR_POSE, inverse(color.T_depth_color))
      .int(L.A_LENS, lens.kind)
      .float(L.A_COEFFICIENTS, lens.coefficients)
      .scalar(L.A_LENS_REACH, lensReach(lens, camera));
    this.pool.run('cameraColor', this.args.pointer, Math.ceil(grid.height / L.GRID_ROWS));
    return true;
  }

  #factor(width: number): number {
    return Math.min(MAX_FACTOR, Math.max(1, Math.round(width / IMAGE_WIDTH)));
  }

  /** Reduces and blurs the image; returns its mean brightness. */
  #shrink({ image }: FrameColor, camera: CameraIntrinsics): number {
    const { memory } = this.pool;
    const factor = this.#factor(camera.width);
    const [width, height] = [
      Math.max(1, Math.floor(camera.width / factor)),
      Math.floor(camera.height / factor),
    ];
    if (height < 1) return NaN;
    const blur = Math.min(MAX_FACTOR, Math.max(1, Math.round(width / GREY_WIDTH)));
    const [greyWidth, greyHeight] = [Math.ceil(width / blur), Math.ceil(height / blur)];
    const chunks = Math.ceil(greyHeight / L.GREY_ROWS);
    const source = this.#source.atLeast(image.data.length + 16);
    memory.u8(source, image.data.length).set(image.data);
    const sums = this.#sums.atLeast(4 * chunks);
    this.args
      .int(L.A_COLOR_SOURCE, source, camera.width, factor)
      .int(L.A_IMAGE, this.#image.atLeast(4 * width * height + 16), width, height)
      .int(L.A_BLUR, blur, this.#grey.atLeast(4 * greyWidth * greyHeight), greyWidth, greyHeight, sums);
    this.pool.run('cameraShrink', this.args.pointer, chunks);
    return memory.f32(sums, chunks).reduce((a, b) => a + b, 0) / (greyWidth * greyHeight);
  }
}
