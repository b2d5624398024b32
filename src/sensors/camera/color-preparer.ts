import type { KernelArguments } from '../../compute/arguments.js';
import type { KernelPool } from '../../compute/pool.js';
import { inverse } from '../../geometry/se3.js';
import * as L from '../../kernels/layout/camera.js';
import type { CameraIntrinsics, FrameColor } from './frame.js';
import { lensOf, lensReach } from './lens.js';
import { reduceIntrinsics } from './prepare-geometry.js';
import type { ColorView, PreparedFrame } from './prepared-frame.js';
import { Room } from './room.js';
import { Settling } from './settling.js';

/** Columns of the image that colours are read from, and of the blurred one, about. */
export const IMAGE_WIDTH = 640;
const GREY_WIDTH = 160;
/** Largest factor of either reduction: sums of 16² bytes fit in 16 bits. */
const MAX_FACTOR = 16;
/** Mean brightness of images that say nothing: auto exposure has not settled, or the picture is white. */
export const DARKEST = 12;
export const BRIGHTEST = 245;

/** Two channels at this level or above are clipped, no colour of a wall; so many such pixels, and the image as a whole is overexposed. */
const CLIPPED = 253;
const MOST_CLIPPED = 0.4;
/** Pixels that are looked at for that. */
const LOOKED_AT = 16384;

/**
 * Finds the brightness of a blurred image at the samples of a surface and, when they are wanted, the colours of a grid.
 *
 * @example
 * const color = new ColorPreparer(pool, args, console.warn);
 * color.prepare(frame.color, camera, frame.frameId, prepared); // brightness of the samples
 * color.complete(prepared); // colours of the grid
 */
export class ColorPreparer {
  readonly #settling = new Settling();
  readonly #source: Room;
  readonly #grey: Room;
  readonly #sums: Room;
  readonly #scratch: Room;

  constructor(
    private readonly pool: KernelPool,
    private readonly args: KernelArguments,
    private readonly notice: (text: string) => void,
  ) {
    this.#source = new Room(pool.memory);
    this.#grey = new Room(pool.memory);
    this.#sums = new Room(pool.memory);
    this.#scratch = new Room(pool.memory);
  }

  /**
   * Reduces and blurs the image. Where it can be used, `out` knows it afterwards, and the brightness of its samples.
   *
   * @param camera intrinsics of the colour image
   * @param out whose samples are known to the kernels
   * @throws FeltmapError out-of-memory when the arena is too small
   */
  prepare(color: FrameColor, camera: CameraIntrinsics, frameId: string, out: PreparedFrame): void {
    const factor = Math.min(MAX_FACTOR, Math.max(1, Math.round(camera.width / IMAGE_WIDTH)), camera.height);
    const image = reduceIntrinsics(camera, factor);
    const brightness = this.#shrink(color, camera, factor, image, out);
    if (!(brightness >= DARKEST && brightness <= BRIGHTEST)) {
      this.notice(
        `Colour images of '${frameId}' that are nearly black or white throughout, as before the exposure settles, are not used.`,
      );
      return;
    }
    const clipped = clippedShare(color.image.data);
    if (clipped > MOST_CLIPPED) {
      this.notice(
        `Colour images of '${frameId}' of which more than ${100 * MOST_CLIPPED} % of the pixels are overexposed are not used.`,
      );
      return;
    }
    if (!this.#settling.isSettled(frameId, brightness)) return;
    const lens = lensOf(camera);
    out.color = {
      camera: image,
      lens,
      lensReach: lensReach(lens, camera),
      T_color_depth: inverse(color.T_depth_color),
    };
    const chunks = Math.ceil(out.surfaceCount / L.SAMPLES);
    this.#bind(out.color, out, chunks);
    this.pool.run('cameraGrey', this.args.pointer, chunks);
  }

  /** Finds the colours of the grid that the kernels are bound to. */
  complete(prepared: PreparedFrame): void {
    if (!prepared.color) return;
    const chunks = Math.ceil(prepared.layout.camera.height / L.GRID_ROWS);
    this.#bind(prepared.color, prepared, chunks);
    if (prepared.search) this.pool.run('cameraHidden', this.args.pointer, chunks);
    this.pool.run('cameraColor', this.args.pointer, chunks);
  }

  #bind(
    { camera, lens, lensReach, T_color_depth }: ColorView,
    { image }: PreparedFrame,
    chunks: number,
  ): void {
    this.args
      .int(L.A_IMAGE, image.pointer, camera.width, camera.height)
      .int(L.A_SCRATCH, this.#scratch.atLeast(L.SCRATCH * chunks))
      .float(L.A_COLOR_CAMERA, [camera.fx, camera.fy, camera.cx, camera.cy])
      .float(L.A_COLOR_POSE, T_color_depth)
      .int(L.A_LENS, lens.kind)
      .float(L.A_COEFFICIENTS, lens.coefficients)
      .scalar(L.A_LENS_REACH, lensReach);
  }

  /** Returns the mean brightness. */
  #shrink(
    { image }: FrameColor,
    camera: CameraIntrinsics,
    factor: number,
    { width, height }: CameraIntrinsics,
    out: PreparedFrame,
  ): number {
    const { memory } = this.pool;
    const blur = Math.min(MAX_FACTOR, Math.max(1, Math.round(width / GREY_WIDTH)));
    const [greyWidth, greyHeight] = [Math.ceil(width / blur), Math.ceil(height / blur)];
    const chunks = Math.ceil(greyHeight / L.GREY_ROWS);
    const source = this.#source.atLeast(image.data.length + 16);
    memory.u8(source, image.data.length).set(image.data);
    const sums = this.#sums.atLeast(4 * chunks);
    this.args
      .int(L.A_COLOR_SOURCE, source, camera.width, factor)
      .int(L.A_IMAGE, out.image.atLeast(4 * width * height + 16), width, height)
      .int(L.A_BLUR, blur, this.#grey.atLeast(4 * greyWidth * greyHeight), greyWidth, greyHeight, sums);
    this.pool.run('cameraShrink', this.args.pointer, chunks);
    return memory.f32(sums, chunks).reduce((a, b) => a + b, 0) / (greyWidth * greyHeight);
  }
}

/** Share of pixels with two channels at their upper end, of some that are spread over the image. @param rgb 3 bytes a pixel */
function clippedShare(rgb: Uint8Array): number {
  const step = 3 * Math.max(1, Math.floor(rgb.length / 3 / LOOKED_AT));
  let [clipped, seen] = [0, 0];
  for (let i = 0; i + 2 < rgb.length; i += step, seen++)
    if (+(rgb[i]! >= CLIPPED) + +(rgb[i + 1]! >= CLIPPED) + +(rgb[i + 2]! >= CLIPPED) >= 2) clipped++;
  return seen > 0 ? clipped / seen : 0;
}
