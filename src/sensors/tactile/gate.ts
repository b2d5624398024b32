import { CELL, type CoarseImage } from './coarse.js';

/** Change of a cell, grey levels, below which nothing happened on any gel. */
const NOTHING = 1.5;
/** The same as multiples of what a quarter of neighbours differ by less than: moving dots, noise and JPEG are no touch. */
const RESTLESS = 3;
/** More than this is a touch all the same: it may change most of the gel. */
const MOST_RESTLESS = 5;
/** Multiple of the change that is nothing from which on something certainly happened. */
const SOMETHING = 2;

/**
 * How much the slopes of each pixel count: 0 where the gel looks as it does at rest, 1 where it does not. A network says
 * small slopes of what is at rest too, which would add up to slow waves over the whole gel.
 *
 * @param before the reference @param after the image @param gains brightness of the image relative to the reference
 * @param out result, width × height
 */
export function gatePixels(
  before: CoarseImage,
  after: CoarseImage,
  gains: readonly [number, number, number],
  width: number,
  height: number,
  out: Float32Array,
): void {
  const { columns, rows } = before;
  const cells = new Float32Array(columns * rows);
  for (let i = 0; i < cells.length; i++) {
    let most = 0;
    for (let c = 0; c < 3; c++)
      most = Math.max(most, Math.abs(after.data[3 * i + c]! - gains[c]! * before.data[3 * i + c]!));
    cells[i] = most;
  }
  const nothing = nothingOf(before, after, gains);
  for (let i = 0; i < cells.length; i++)
    cells[i] = Math.min(1, Math.max(0, (cells[i]! / nothing - 1) / (SOMETHING - 1)));
  const wide = widen(cells, columns, rows);
  // Bilinear between the middles of the cells: how far each pixel is from one to the next.
  const along = Float64Array.from({ length: width }, (_, x) => {
    const u = Math.min(columns - 1, Math.max(0, (x + 0.5) / CELL - 0.5));
    return u - Math.floor(u);
  });
  for (let y = 0; y < height; y++) {
    const v = Math.min(rows - 1, Math.max(0, (y + 0.5) / CELL - 0.5));
    const top = Math.floor(v);
    const [upper, lower] = [top * columns, Math.min(rows - 1, top + 1) * columns];
    const fy = v - top;
    for (let left = 0; left < columns; left++) {
      const right = Math.min(columns - 1, left + 1);
      const [a, b, c, d] = [
        wide[upper + left]!,
        wide[upper + right]!,
        wide[lower + left]!,
        wide[lower + right]!,
      ];
      const from = left === 0 ? 0 : left * CELL + CELL / 2;
      const to = right === left ? width : right * CELL + CELL / 2;
      if (a + b + c + d === 0) {
        out.fill(0, y * width + from, y * width + to);
        continue;
      }
      for (let x = from; x < to; x++) {
        const above = a + along[x]! * (b - a);
        out[y * width + x] = above + fy * (c + along[x]! * (d - c) - above);
      }
    }
  }
}

/** Change of a cell, grey levels, that this gel makes at rest: by how much neighbours change otherwise; touches change them alike. */
function nothingOf(
  before: CoarseImage,
  after: CoarseImage,
  gains: readonly [number, number, number],
): number {
  const { columns, rows } = before;
  const change = (cell: number, c: number): number =>
    after.data[3 * cell + c]! - gains[c]! * before.data[3 * cell + c]!;
  const rough = new Float32Array((columns - 1) * rows);
  for (let y = 0, k = 0; y < rows; y++)
    for (let x = 0; x < columns - 1; x++, k++)
      for (let c = 0; c < 3; c++) {
        const cell = y * columns + x;
        rough[k] = Math.max(rough[k]!, Math.abs(change(cell + 1, c) - change(cell, c)));
      }
  const quarter = rough.sort()[rough.length >> 2] ?? 0;
  return Math.min(MOST_RESTLESS, Math.max(NOTHING, RESTLESS * quarter));
}

/** The largest of each cell and its neighbours. */
function widen(cells: Float32Array, columns: number, rows: number): Float32Array {
  const out = new Float32Array(cells.length);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      let most = 0;
      for (let v = Math.max(0, y - 1); v <= Math.min(rows - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(columns - 1, x + 1); u++)
          if (cells[v * columns + u]! > most) most = cells[v * columns + u]!;
      out[y * columns + x] = most;
    }
  return out;
}
