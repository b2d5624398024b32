import { greyOf } from '../../sensors/tactile/depth-table.js';

/** How much a touch changed an image: largest difference of a channel, smoothed. */
export interface ChangeImage {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * @param image RGB, 3 bytes a pixel, as the reference
 * @param fill fills in what printed dots hide
 */
export function changeOf(
  image: Uint8Array,
  reference: Uint8Array,
  width: number,
  height: number,
  fill?: (data: Float32Array) => void,
): ChangeImage {
  const data = new Float32Array(width * height);
  for (let i = 0; i < data.length; i++)
    for (let c = 0; c < 3; c++)
      data[i] = Math.max(data[i]!, Math.abs(image[3 * i + c]! - reference[3 * i + c]!));
  fill?.(data);
  return { width, height, data: smooth(smooth(data, width, height), width, height) };
}

/** How much darker than the reference an image is: for gels whose shade tells the depth. @param image RGB, as the reference */
export function darkeningOf(
  image: Uint8Array,
  reference: Uint8Array,
  width: number,
  height: number,
): ChangeImage {
  const data = Float32Array.from({ length: width * height }, (_, i) =>
    Math.max(0, greyOf(reference, i) - greyOf(image, i)),
  );
  return { width, height, data: smooth(smooth(data, width, height), width, height) };
}

/** Means of blocks of `factor` × `factor` pixels; what does not fill a block is left out. */
export function shrink({ width, height, data }: ChangeImage, factor: number): ChangeImage {
  const [w, h] = [Math.floor(width / factor), Math.floor(height / factor)];
  const out = new Float32Array(w * h);
  for (let y = 0; y < h * factor; y++)
    for (let x = 0; x < w * factor; x++)
      out[Math.floor(y / factor) * w + Math.floor(x / factor)]! += data[y * width + x]! / factor ** 2;
  return { width: w, height: h, data: out };
}

/** Bilinear; NaN outside the image. */
export function sampleAt({ width, height, data }: ChangeImage, x: number, y: number): number {
  const [u, v] = [Math.floor(x), Math.floor(y)];
  if (u < 0 || v < 0 || u + 1 >= width || v + 1 >= height) return NaN;
  const [fx, fy] = [x - u, y - v];
  const at = v * width + u;
  const upper = data[at]! * (1 - fx) + data[at + 1]! * fx;
  const lower = data[at + width]! * (1 - fx) + data[at + width + 1]! * fx;
  return upper * (1 - fy) + lower * fy;
}

/** 3×3 box, shrunk at the borders. */
function smooth(data: Float32Array, width: number, height: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let [sum, count] = [0, 0];
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          sum += data[v * width + u]!;
          count++;
        }
      out[y * width + x] = sum / count;
    }
  return out;
}
