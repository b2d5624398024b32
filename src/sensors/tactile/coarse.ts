/** Pixels of a cell and axis: noise and printed dots average out, a touch is still many cells wide. */
export const CELL = 8;
/** A cell that differs by more grey levels, once brightness and colour are matched, was touched. */
const LEAST_CHANGE = 5;
/** Share of cells that may differ all the same: dust, a dead pixel. */
const MOST_CHANGED = 0.004;

/** An image as means over cells of 8 × 8 pixels, three channels each; small enough to be kept in a calibration. */
export interface CoarseImage {
  readonly columns: number;
  readonly rows: number;
  readonly data: Float32Array;
}

/** @param rgb 3 bytes a pixel; columns and rows beyond the last whole cell are left out */
export function coarsen(rgb: Uint8Array, width: number, height: number): CoarseImage {
  const columns = Math.max(1, Math.floor(width / CELL));
  const rows = Math.max(1, Math.floor(height / CELL));
  const data = new Float32Array(3 * columns * rows);
  // Every other row: noise is an eighth of a grey level as it is.
  const bottom = Math.min(height, rows * CELL);
  for (let y = 0; y < bottom; y += 2) {
    const row = 3 * columns * Math.floor(y / CELL);
    let from = 3 * y * width;
    for (let column = 0; column < columns; column++) {
      let [r, g, b] = [0, 0, 0];
      const end = from + 3 * Math.min(CELL, width - column * CELL);
      for (; from < end; from += 3) {
        r += rgb[from]!;
        g += rgb[from + 1]!;
        b += rgb[from + 2]!;
      }
      data[row + 3 * column]! += r;
      data[row + 3 * column + 1]! += g;
      data[row + 3 * column + 2]! += b;
    }
  }
  const share = (columns * rows) / (Math.ceil(bottom / 2) * Math.min(width, columns * CELL));
  for (let i = 0; i < data.length; i++) data[i]! *= share;
  return { columns, rows, data };
}

/** What lies between two images of the same gel. */
export interface Change {
  /** Something touches the gel in one and not in the other. */
  readonly touched: boolean;
  /** Brightness of each channel of the second relative to the first. */
  readonly gains: readonly [number, number, number];
  /** Largest change of a channel of the whole gel, grey levels. */
  readonly drift: number;
}

/**
 * Compares two images of a gel: what changes everywhere alike is drift, what changes in one place is a touch.
 *
 * @throws RangeError for images of different sizes
 */
export function changeBetween(before: CoarseImage, after: CoarseImage): Change {
  const cells = before.columns * before.rows;
  if (before.columns !== after.columns || before.rows !== after.rows)
    throw new RangeError('Coarse images of different sizes cannot be compared.');
  const ratios = new Float32Array(cells);
  const gains: [number, number, number] = [1, 1, 1];
  let drift = 0;
  for (let c = 0; c < 3; c++) {
    let mean = 0;
    for (let i = 0; i < cells; i++) {
      ratios[i] = (after.data[3 * i + c]! + 1) / (before.data[3 * i + c]! + 1);
      mean += before.data[3 * i + c]! / cells;
    }
    gains[c] = ratios.sort()[cells >> 1]!;
    drift = Math.max(drift, Math.abs(gains[c]! - 1) * mean);
  }
  let changed = 0;
  for (let i = 0; i < cells; i++) {
    let most = 0;
    for (let c = 0; c < 3; c++)
      most = Math.max(most, Math.abs(after.data[3 * i + c]! - gains[c]! * before.data[3 * i + c]!));
    if (most > LEAST_CHANGE) changed++;
  }
  return { touched: changed > MOST_CHANGED * cells, gains, drift };
}
