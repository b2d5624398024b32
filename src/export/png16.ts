import { deflateSync } from 'node:zlib';
import { pngFile } from './png.js';

/**
 * A grey PNG of 16 bits a pixel, as depth images are kept. Rows are not filtered: of depth in coarse steps whole values
 * repeat, and differences to noisy neighbours deflate a third worse.
 *
 * @param data width·height values, row by row
 * @param level of zlib, 0…9
 */
export function encodePng16(width: number, height: number, data: Uint16Array, level = 6): Uint8Array {
  if (data.length !== width * height || width < 1 || height < 1)
    throw new RangeError(`A ${width}×${height} image needs ${width * height} values, got ${data.length}.`);
  const rows = new Uint8Array(height * (2 * width + 1));
  let at = 0;
  for (let v = 0; v < height; v++) {
    rows[at++] = 0;
    for (let u = 0; u < width; u++) {
      const value = data[v * width + u]!;
      rows[at++] = value >> 8;
      rows[at++] = value & 255;
    }
  }
  return pngFile(width, height, [16, 0], deflateSync(rows, { level }));
}
