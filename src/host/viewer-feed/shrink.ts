import type { ColorImage } from '../../sensors/camera/frame.js';

/** Pixels across at most. */
const MAX_WIDTH = 160;

/** An image made small by whole factors, each pixel the mean of those it stands for; at most 160 pixels wide. */
export function shrink(image: ColorImage): ColorImage {
  const factor = Math.max(1, Math.ceil(image.width / MAX_WIDTH));
  // What is left over at the right and below is cut off.
  const width = Math.max(1, Math.floor(image.width / factor));
  const height = Math.max(1, Math.floor(image.height / factor));
  const [across, down] = [Math.min(factor, image.width), Math.min(factor, image.height)];
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let j = 0; j < down; j++) {
          const row = 3 * ((y * factor + j) * image.width + x * factor) + c;
          for (let i = 0; i < across; i++) sum += image.data[row + 3 * i]!;
        }
        data[3 * (y * width + x) + c] = Math.round(sum / (across * down));
      }
  return { width, height, data };
}
