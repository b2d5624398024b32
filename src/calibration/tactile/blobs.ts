import type { ChangeImage } from './change-image.js';

/** A connected region: the numbers of its pixels. */
export interface Blob {
  readonly pixels: Int32Array;
  /** Sum of the change of its pixels. */
  readonly sum: number;
}

/** Smaller regions are noise, pixels. */
const LEAST_PIXELS = 30;

/**
 * The regions where the change is at least `threshold`, the strongest first.
 *
 * @param gap pixels; regions with less between them are one: where the light comes from the side, a line through the middle
 *   of a ball does not change its colour and would part it in two
 */
export function findBlobs({ width, height, data }: ChangeImage, threshold: number, gap: number): Blob[] {
  const near = grow(data, width, height, threshold, gap >> 1);
  const seen = new Uint8Array(data.length);
  const queue = new Int32Array(data.length);
  const blobs: Blob[] = [];
  for (let start = 0; start < data.length; start++) {
    if (!near[start] || seen[start]) continue;
    let [head, tail] = [0, 0];
    seen[start] = 1;
    queue[tail++] = start;
    while (head < tail) {
      const at = queue[head++]!;
      const x = at % width;
      for (const next of [x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width])
        if (next >= 0 && next < data.length && near[next] && !seen[next]) {
          seen[next] = 1;
          queue[tail++] = next;
        }
    }
    const pixels = queue.slice(0, tail).filter((at) => data[at]! >= threshold);
    if (pixels.length > LEAST_PIXELS)
      blobs.push({ pixels, sum: pixels.reduce((sum, at) => sum + data[at]!, 0) });
  }
  return blobs.sort((a, b) => b.sum - a.sum);
}

/** 1 within `reach` pixels, in x and in y, of what reaches the threshold. */
function grow(
  data: Float32Array,
  width: number,
  height: number,
  threshold: number,
  reach: number,
): Uint8Array {
  const [rows, out] = [new Uint8Array(data.length), new Uint8Array(data.length)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (data[y * width + x]! >= threshold)
        rows.fill(1, y * width + Math.max(0, x - reach), y * width + Math.min(width - 1, x + reach) + 1);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (rows[y * width + x])
        for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++)
          out[v * width + x] = 1;
  return out;
}
