import { FeltmapError } from '../../geometry/errors.js';
import type { Image } from '../../messages/images.js';
import { type BayerPattern, demosaic } from './bayer.js';
import type { ColorImage } from './frame.js';
import { checkRows } from './image-check.js';

/** How many parts a pixel has, and where red, green and blue are among them. */
type Order = readonly [parts: number, red: number, green: number, blue: number];
/** Four bytes for two pixels: where the first brightness and the two colour differences are. */
type YuvOrder = readonly [y: number, u: number, v: number];

/** Encodings whose parts are bytes. */
const PACKED = new Map<string, Order>([
  ['rgb8', [3, 0, 1, 2]],
  ['bgr8', [3, 2, 1, 0]],
  ['8UC3', [3, 2, 1, 0]], // OpenCV's order
  ['rgba8', [4, 0, 1, 2]],
  ['bgra8', [4, 2, 1, 0]],
  ['8UC4', [4, 2, 1, 0]],
  ['mono8', [1, 0, 0, 0]],
  ['8UC1', [1, 0, 0, 0]],
]);

/** Encodings whose parts have 16 bits. */
const PACKED16 = new Map<string, Order>([
  ['mono16', [1, 0, 0, 0]],
  ['rgb16', [3, 0, 1, 2]],
  ['bgr16', [3, 2, 1, 0]],
]);

const YUV = new Map<string, YuvOrder>([
  ['yuv422', [1, 0, 2]], // UYVY, as sensor_msgs/image_encodings.hpp has it
  ['uyvy', [1, 0, 2]],
  ['yuv422_yuy2', [0, 1, 3]],
  ['yuyv', [0, 1, 3]],
]);

const BAYER = /^bayer_(rggb|bggr|gbrg|grbg)8$/;

/** Whether an Image of this encoding is a picture that {@link colorFromImage} reads. */
export function isColorEncoding(encoding: string): boolean {
  return PACKED.has(encoding) || PACKED16.has(encoding) || YUV.has(encoding) || BAYER.test(encoding);
}

/**
 * The picture of a sensor_msgs/Image, as sRGB: rgb8, bgr8, rgba8, bgra8, mono8, mono16, rgb16, bgr16, yuv422 (UYVY),
 * yuv422_yuy2, bayer_*8, and 8UC1, 8UC3 and 8UC4 in OpenCV's order (blue first).
 *
 * @returns an array of its own, not a view of the message
 * @throws FeltmapError bad-input where bytes are missing or sizes are wrong; unsupported for other encodings
 */
export function colorFromImage(image: Image): ColorImage {
  const { width, height, encoding } = image;
  const packed = PACKED.get(encoding);
  if (packed) return { width, height, data: fromBytes(image, packed) };
  const packed16 = PACKED16.get(encoding);
  if (packed16) return { width, height, data: fromWords(image, packed16) };
  const yuv = YUV.get(encoding);
  if (yuv) return { width, height, data: fromYuv(image, yuv) };
  const pattern = BAYER.exec(encoding)?.[1];
  if (pattern !== undefined) {
    const step = checkRows(image, 1);
    return { width, height, data: demosaic(image.data, width, height, step, pattern as BayerPattern) };
  }
  throw new FeltmapError(
    'unsupported',
    `A colour image has encoding '${encoding.slice(0, 40)}', which is not known; publish rgb8, bgr8, mono8, yuv422 or bayer_*8`,
  );
}

function fromBytes(image: Image, [bytes, red, green, blue]: Order): Uint8Array {
  const step = checkRows(image, bytes);
  const { width, height, data } = image;
  if (bytes === 3 && red === 0 && step === 3 * width) return data.slice(0, 3 * width * height);
  const out = new Uint8Array(3 * width * height);
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0, i = y * step; x < width; x++, i += bytes, k += 3) {
      out[k] = data[i + red]!;
      out[k + 1] = data[i + green]!;
      out[k + 2] = data[i + blue]!;
    }
  }
  return out;
}

/** The upper byte of each channel. */
function fromWords(image: Image, [channels, red, green, blue]: Order): Uint8Array {
  const step = checkRows(image, 2 * channels);
  const { width, height, data } = image;
  const high = image.bigEndian ? 0 : 1;
  const out = new Uint8Array(3 * width * height);
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0, i = y * step + high; x < width; x++, i += 2 * channels, k += 3) {
      out[k] = data[i + 2 * red]!;
      out[k + 1] = data[i + 2 * green]!;
      out[k + 2] = data[i + 2 * blue]!;
    }
  }
  return out;
}

/** ITU-R BT.601 with video range (brightness 16…235), as OpenCV converts it. */
function fromYuv(image: Image, [yAt, uAt, vAt]: YuvOrder): Uint8Array {
  const { width, height, data } = image;
  if (width % 2 === 1)
    throw new FeltmapError(
      'bad-input',
      `An image of ${image.encoding} has an odd width (${width}): its pixels come in pairs; check what publishes it`,
    );
  const step = checkRows(image, 2);
  const out = new Uint8Array(3 * width * height);
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0, i = y * step; x < width; x += 2, i += 4) {
      const u = data[i + uAt]! - 128;
      const v = data[i + vAt]! - 128;
      for (let half = 0; half < 2; half++, k += 3) {
        const bright = 1.164383 * (data[i + yAt + 2 * half]! - 16);
        out[k] = byte(bright + 1.596027 * v);
        out[k + 1] = byte(bright - 0.391762 * u - 0.812968 * v);
        out[k + 2] = byte(bright + 2.017232 * u);
      }
    }
  }
  return out;
}

function byte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
}
