import { identity } from '../../geometry/se3.js';
import type { Picture } from '../observation.js';
import type { ColorFrame, ColorImage } from './frame.js';
import { bendOf, lensOf, lensReach } from './lens.js';
import { reduceIntrinsics } from './prepare-geometry.js';
import { BRIGHTEST, DARKEST, IMAGE_WIDTH } from './color-preparer.js';
import { Settling } from './settling.js';

/**
 * Makes pictures of the images of colour cameras: reduced by whole factors, with their lens. Images that are nearly black or white
 * throughout make none, nor do those of an exposure that has not settled.
 *
 * @example
 * const pictures = new PicturePreparer();
 * const picture = pictures.prepare(frame); // valid until the next call
 */
export class PicturePreparer {
  readonly #settling = new Settling();
  readonly #notices = new Set<string>();
  #data = new Uint8Array(0);

  /** What the user should know about images so far: only ever grows. */
  get notices(): readonly string[] {
    return [...this.#notices];
  }

  /** The picture in the camera's own frame, valid until the next call; undefined where the image says nothing. */
  prepare({ image, camera, frameId }: ColorFrame): Picture | undefined {
    const factor = Math.min(Math.max(1, Math.round(camera.width / IMAGE_WIDTH)), camera.height);
    const { width, height, fx, fy, cx, cy } = reduceIntrinsics(camera, factor);
    if (this.#data.length < 4 * width * height) this.#data = new Uint8Array(4 * width * height);
    const brightness = reduce(image, factor, { width, height }, this.#data);
    if (!(brightness >= DARKEST && brightness <= BRIGHTEST)) {
      this.#notices.add(
        `Colour images of '${frameId}' that are nearly black or white throughout, as before the exposure settles, are not used.`,
      );
      return undefined;
    }
    if (!this.#settling.isSettled(frameId, brightness)) return undefined;
    const lens = lensOf(camera);
    const bend = bendOf(lens, lensReach(lens, camera));
    return {
      ...{ width, height, fx, fy, cx, cy },
      data: this.#data.subarray(0, 4 * width * height),
      T_sensor_color: identity(),
      ...(bend && { bend }),
    };
  }
}

/**
 * Means of the pixels that each pixel of a smaller image stands for, 4 bytes each; what is left over at the right and below is cut off.
 *
 * @returns mean brightness of the image, 0…255
 */
function reduce(
  image: ColorImage,
  factor: number,
  { width, height }: { readonly width: number; readonly height: number },
  out: Uint8Array,
): number {
  const { data } = image;
  const share = 1 / (factor * factor);
  let total = 0;
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let y = v * factor; y < (v + 1) * factor; y++)
        for (let i = 0, at = 3 * (y * image.width + u * factor); i < factor; i++, at += 3) {
          red += data[at]!;
          green += data[at + 1]!;
          blue += data[at + 2]!;
        }
      const at = 4 * (v * width + u);
      out[at] = red * share + 0.5;
      out[at + 1] = green * share + 0.5;
      out[at + 2] = blue * share + 0.5;
      total += (red + green + blue) * share;
    }
  return total / (3 * width * height);
}
