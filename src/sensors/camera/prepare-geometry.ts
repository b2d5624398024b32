import { FeltmapError } from '../../geometry/errors.js';
import type { CameraOptions } from './camera-options.js';
import type { CameraIntrinsics, RgbdFrame } from './frame.js';

/** Intrinsics of an image that is `factor` times smaller: pixel centres lie at whole numbers. */
export function reduceIntrinsics(camera: CameraIntrinsics, factor: number): CameraIntrinsics {
  return {
    ...camera,
    width: Math.floor(camera.width / factor),
    height: Math.floor(camera.height / factor),
    fx: camera.fx / factor,
    fy: camera.fy / factor,
    cx: (camera.cx + 0.5) / factor - 0.5,
    cy: (camera.cy + 0.5) / factor - 0.5,
  };
}

/** Source pixels per pixel of the grid and axis: the grid is about `gridWidth` wide. */
export function gridFactor(
  { width, height }: CameraIntrinsics,
  { gridWidth }: Required<CameraOptions>,
): number {
  return Math.max(1, Math.min(Math.round(width / gridWidth), height));
}

/** Rows and columns of the grid between two samples of the surface. */
export function latticeStep(width: number, height: number, options: Required<CameraOptions>): number {
  let step = options.mapStride;
  while (Math.ceil(width / step) * Math.ceil(height / step) > options.maxMapPoints) step++;
  return step;
}

/** Longest side of an image: chunks of rows are counted in 16 bits. */
const MAX_SIDE = 16384;

/** What an image is called in messages, and what of it can be wrong. */
interface Image {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly length: number;
  readonly perPixel: number;
}

/**
 * A frame's intrinsics for images as large as its own.
 *
 * @param notice told what the user should know
 * @throws FeltmapError bad-input for a frame that contradicts itself or whose images are too large
 */
export function checkFrame(
  frame: RgbdFrame,
  options: Required<CameraOptions>,
  notice: (text: string) => void,
): { depth: CameraIntrinsics; color?: CameraIntrinsics } {
  const { depth, color, frameId } = frame;
  const check = ({ name, width, height, length, perPixel }: Image, camera: CameraIntrinsics) => {
    const what = `The ${name} image of '${frameId}'`;
    if (!(Number.isInteger(width) && Number.isInteger(height) && width >= 1 && height >= 1))
      throw bad(`${what} says it is ${width}×${height} pixels large; an image has at least one.`);
    if (width * height > options.maxPixels || Math.max(width, height) > MAX_SIDE)
      throw bad(
        `${what} has ${width}×${height} pixels, more than the ${options.maxPixels} (or ${MAX_SIDE} a side) that are accepted; send smaller images or raise maxPixels.`,
      );
    if (length !== width * height * perPixel)
      throw bad(
        `${what} says it is ${width}×${height} pixels large but brings ${length} numbers instead of ${width * height * perPixel}; the reader that made it is wrong.`,
      );
    return fitted(what, width, height, camera, notice);
  };
  if (!(depth.scale > 0 && Number.isFinite(depth.scale)))
    throw bad(`The depth image of '${frameId}' has units of ${depth.scale} m; give a positive scale.`);
  const own = check({ ...depth, name: 'depth', length: depth.data.length, perPixel: 1 }, frame.camera);
  if (!color) return { depth: own };
  const { image, camera, T_depth_color } = color;
  if (T_depth_color.length !== 12 || !T_depth_color.every(Number.isFinite))
    throw bad(`The pose of the colour camera of '${frameId}' is not finite; check the extrinsics or tf.`);
  return {
    depth: own,
    color: check({ ...image, name: 'colour', length: image.data.length, perPixel: 3 }, camera),
  };
}

/** Intrinsics for images of this size. */
function fitted(
  what: string,
  width: number,
  height: number,
  camera: CameraIntrinsics,
  notice: (text: string) => void,
): CameraIntrinsics {
  const { fx, fy, cx, cy, coefficients } = camera;
  if (!(fx > 0 && fy > 0 && Number.isFinite(fx + fy + cx + cy)) || !coefficients.every(Number.isFinite))
    throw bad(
      `${what} comes with focal lengths ${fx}, ${fy} and centre ${cx}, ${cy}; check its camera_info or calibration.`,
    );
  if (camera.width === width && camera.height === height) return camera;
  const ratio = camera.width / width;
  const whole = ratio >= 1 ? ratio : 1 / ratio;
  if (!Number.isInteger(whole) || camera.height !== ratio * height || whole > 16)
    throw bad(
      `${what} is ${width}×${height} pixels large but its calibration is of ${camera.width}×${camera.height}; give the calibration of the images that are sent.`,
    );
  notice(
    `${what} is ${width}×${height} pixels large, its calibration of ${camera.width}×${camera.height}: the calibration is scaled to fit.`,
  );
  return reduceIntrinsics(camera, ratio);
}

function bad(sentence: string): FeltmapError {
  return new FeltmapError('bad-input', sentence);
}
