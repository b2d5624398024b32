/** Where red lies in each 2×2 of a Bayer pattern: column and row. Blue is diagonally opposite. */
const RED_AT = { rggb: [0, 0], grbg: [1, 0], gbrg: [0, 1], bggr: [1, 1] } as const;
export type BayerPattern = keyof typeof RED_AT;

/**
 * Colours of a Bayer mosaic: each missing one is the mean of its nearest neighbours (bilinear). At the border the
 * neighbours are those on the other side.
 *
 * @param data height rows of `step` bytes
 * @returns 3 bytes a pixel, red first
 */
export function demosaic(
  data: Uint8Array,
  width: number,
  height: number,
  step: number,
  pattern: BayerPattern,
): Uint8Array {
  const out = new Uint8Array(3 * width * height);
  const [redX, redY] = RED_AT[pattern];
  for (let y = 0, k = 0; y < height; y++) {
    // Mirrored at the border, so that a neighbour keeps its colour.
    const row = y * step;
    const up = (y > 0 ? y - 1 : Math.min(1, height - 1)) * step;
    const down = (y < height - 1 ? y + 1 : Math.max(0, height - 2)) * step;
    const redRow = ((y ^ redY) & 1) === 0;
    for (let x = 0; x < width; x++, k += 3) {
      const left = x > 0 ? x - 1 : Math.min(1, width - 1);
      const right = x < width - 1 ? x + 1 : Math.max(0, width - 2);
      const here = data[row + x]!;
      const beside = (data[row + left]! + data[row + right]! + 1) >> 1;
      const above = (data[up + x]! + data[down + x]! + 1) >> 1;
      if ((((x ^ redX) & 1) === 0) === redRow) {
        // Red or blue here: green beside and above, the other one diagonally.
        const cross = (data[row + left]! + data[row + right]! + data[up + x]! + data[down + x]! + 2) >> 2;
        const diagonal =
          (data[up + left]! + data[up + right]! + data[down + left]! + data[down + right]! + 2) >> 2;
        out[k] = redRow ? here : diagonal;
        out[k + 1] = cross;
        out[k + 2] = redRow ? diagonal : here;
      } else {
        // Green here: in a row with red, red is beside it and blue above.
        out[k] = redRow ? beside : above;
        out[k + 1] = here;
        out[k + 2] = redRow ? above : beside;
      }
    }
  }
  return out;
}
