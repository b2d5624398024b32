// Slopes to heights: the heights whose differences between neighbours come nearest to the mean of their slopes, which is
// Poisson's equation with free edges. A cosine transform makes each row's part diagonal; what is left is one tridiagonal
// system per coefficient, solved exactly by elimination.
import {
  A_BACKWARD,
  A_COEFFICIENTS,
  A_FORWARD,
  A_HALF,
  A_HEIGHT,
  A_HEIGHTS,
  A_PIVOTS,
  A_ROW_SCRATCH,
  A_SLOPES,
  A_WIDTH,
  COLUMNS,
  ROWS,
} from '../layout/tactile';

/** Chunk: ROWS rows; divergence of the slopes, then its cosine transform, even coefficients first. */
export function tactileForward(args: usize, chunk: i32): void {
  const half = load<i32>(args, A_HALF) as usize;
  const matrix = load<u32>(args, A_FORWARD) as usize;
  const scratch = scratchOf(args, chunk, half);
  const y = chunk * ROWS;
  const rows = min(ROWS, load<i32>(args, A_HEIGHT) - y);
  for (let r = 0; r < rows; r++) foldDivergence(args, y + r, scratch + (r as usize) * half * 8, half);
  const out = (load<u32>(args, A_COEFFICIENTS) as usize) + (y as usize) * half * 16;
  multiply(scratch, matrix, half, out, rows, true);
  multiply(scratch + half * 4, matrix + half * half * 4, half, out + half * 8, rows, true);
}

/** Where a chunk has room for 2·half floats of each of its rows. */
// @ts-ignore: decorator
@inline
function scratchOf(args: usize, chunk: i32, half: usize): usize {
  return (load<u32>(args, A_ROW_SCRATCH) as usize) + ((chunk * ROWS) as usize) * half * 8;
}

/** Minus the divergence of a row's slopes, as sums and differences of what mirrors in the middle of the row. */
function foldDivergence(args: usize, y: i32, to: usize, half: usize): void {
  const width = load<i32>(args, A_WIDTH);
  const height = load<i32>(args, A_HEIGHT);
  const row = ((y * width) as usize) << 2;
  const gx = (load<u32>(args, A_SLOPES) as usize) + row;
  const gy = gx + (((width * height) as usize) << 2);
  const up = y > 0 ? (width as usize) << 2 : 0;
  const down = y < height - 1 ? (width as usize) << 2 : 0;
  memory.fill(to, 0, half * 8);
  const middle = (width - 1) >> 1;
  for (let x = 0; x <= middle; x++) {
    const left = divergence(gx, gy, x, width, up, down);
    const mirrored = width - 1 - x;
    const at = to + ((x as usize) << 2);
    if (mirrored == x) {
      store<f32>(at, left);
    } else {
      const right = divergence(gx, gy, mirrored, width, up, down);
      store<f32>(at, left + right);
      store<f32>(at + half * 4, left - right);
    }
  }
}

// @ts-ignore: decorator
@inline
function divergence(gx: usize, gy: usize, x: i32, width: i32, up: usize, down: usize): f32 {
  const at = (x as usize) << 2;
  const here = load<f32>(gx + at);
  const there = load<f32>(gy + at);
  let sum: f32 = 0;
  if (x > 0) sum += load<f32>(gx + at - 4) + here;
  if (x < width - 1) sum -= here + load<f32>(gx + at + 4);
  if (up > 0) sum += load<f32>(gy + at - up) + there;
  if (down > 0) sum -= there + load<f32>(gy + at + down);
  return sum * 0.5;
}

/**
 * out = rows × matrix for rows of `half` floats, 8·half bytes apart; out in f64 with rows 16·half bytes apart, or in f32 with
 * rows 8·half bytes apart. The matrix lies in panels of eight columns, the last of which may have four: one stays in the
 * nearest cache for all rows.
 */
function multiply(rows: usize, matrix: usize, half: usize, out: usize, count: i32, wide: boolean): void {
  const stride = half * 8;
  const length = half * 4;
  for (let k: usize = 0; k < length; k += 32) {
    const panel = matrix + k * half;
    for (let row = 0; row < count; row += 4) {
      const from = rows + (row as usize) * stride;
      const to = out + (row as usize) * (wide ? 2 * stride : stride);
      if (k + 32 <= length) multiplyEight(from, stride, panel, length, to, k, count - row, wide);
      else multiplyFour(from, stride, panel, length, to, k, count - row, wide);
    }
  }
}

// @ts-ignore: decorator
@inline
function multiplyEight(
  rows: usize,
  stride: usize,
  panel: usize,
  length: usize,
  out: usize,
  k: usize,
  count: i32,
  wide: boolean,
): void {
  let a = f32x4.splat(0), b = a, c = a, d = a; // prettier-ignore
  let e = a, f = a, g = a, h = a; // prettier-ignore
  let at = panel;
  for (let from = rows; from < rows + length; from += 4) {
    const m = v128.load(at);
    const n = v128.load(at, 16);
    const p = v128.load32_splat(from);
    a = f32x4.add(a, f32x4.mul(m, p));
    e = f32x4.add(e, f32x4.mul(n, p));
    const q = v128.load32_splat(from + stride);
    b = f32x4.add(b, f32x4.mul(m, q));
    f = f32x4.add(f, f32x4.mul(n, q));
    const r = v128.load32_splat(from + 2 * stride);
    c = f32x4.add(c, f32x4.mul(m, r));
    g = f32x4.add(g, f32x4.mul(n, r));
    const s = v128.load32_splat(from + 3 * stride);
    d = f32x4.add(d, f32x4.mul(m, s));
    h = f32x4.add(h, f32x4.mul(n, s));
    at += 32;
  }
  put(out, k, stride, count, a, b, c, d, wide);
  put(out, k + 16, stride, count, e, f, g, h, wide);
}

// @ts-ignore: decorator
@inline
function multiplyFour(
  rows: usize,
  stride: usize,
  panel: usize,
  length: usize,
  out: usize,
  k: usize,
  count: i32,
  wide: boolean,
): void {
  let a = f32x4.splat(0), b = a, c = a, d = a; // prettier-ignore
  let at = panel;
  for (let from = rows; from < rows + length; from += 4) {
    const m = v128.load(at);
    a = f32x4.add(a, f32x4.mul(m, v128.load32_splat(from)));
    b = f32x4.add(b, f32x4.mul(m, v128.load32_splat(from + stride)));
    c = f32x4.add(c, f32x4.mul(m, v128.load32_splat(from + 2 * stride)));
    d = f32x4.add(d, f32x4.mul(m, v128.load32_splat(from + 3 * stride)));
    at += 16;
  }
  put(out, k, stride, count, a, b, c, d, wide);
}

/** Four columns of up to four rows. */
function put(
  out: usize,
  k: usize,
  stride: usize,
  count: i32,
  a: v128,
  b: v128,
  c: v128,
  d: v128,
  wide: boolean,
): void {
  putRow(out, k, stride, 0, a, wide);
  if (count > 1) putRow(out, k, stride, 1, b, wide);
  if (count > 2) putRow(out, k, stride, 2, c, wide);
  if (count > 3) putRow(out, k, stride, 3, d, wide);
}

// @ts-ignore: decorator
@inline
function putRow(out: usize, k: usize, stride: usize, row: usize, v: v128, wide: boolean): void {
  if (wide) {
    const at = out + row * stride * 2 + k * 2;
    v128.store(at, f64x2.promote_low_f32x4(v));
    v128.store(at, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)), 16);
  } else {
    v128.store(out + row * stride + k, v);
  }
}

/** Chunk: COLUMNS columns of coefficients. Elimination downwards, then substitution upwards (Thomas), in float64. */
export function tactileColumns(args: usize, chunk: i32): void {
  const stride = (load<i32>(args, A_HALF) as usize) * 16;
  const height = load<i32>(args, A_HEIGHT) as usize;
  const first = (chunk * COLUMNS) as usize;
  const last = min(first + COLUMNS, stride >> 3);
  const end = height * stride;
  for (let column = first * 8; column < last * 8; column += 16) {
    const values = (load<u32>(args, A_COEFFICIENTS) as usize) + column;
    const pivots = (load<u32>(args, A_PIVOTS) as usize) + column;
    let v = f64x2.splat(0);
    for (let at: usize = 0; at < end; at += stride) {
      v = f64x2.mul(f64x2.add(v128.load(values + at), v), v128.load(pivots + at));
      v128.store(values + at, v);
    }
    for (let at = end - stride; at > 0;) {
      at -= stride;
      v = f64x2.add(v128.load(values + at), f64x2.mul(v, v128.load(pivots + at)));
      v128.store(values + at, v);
    }
  }
}

/** Chunk: ROWS rows; coefficients back to heights. */
export function tactileBackward(args: usize, chunk: i32): void {
  const half = load<i32>(args, A_HALF) as usize;
  const width = load<i32>(args, A_WIDTH);
  const matrix = load<u32>(args, A_BACKWARD) as usize;
  const scratch = scratchOf(args, chunk, half);
  const y = chunk * ROWS;
  const rows = min(ROWS, load<i32>(args, A_HEIGHT) - y);
  // Coefficients as floats take the front half of their own room: the rows of a chunk are nobody else's.
  const from = (load<u32>(args, A_COEFFICIENTS) as usize) + (y as usize) * half * 16;
  narrow(from, half, rows);
  multiply(from, matrix, half, scratch, rows, false);
  multiply(from + half * 4, matrix + half * half * 4, half, scratch + half * 4, rows, false);
  for (let r = 0; r < rows; r++) {
    const out = (load<u32>(args, A_HEIGHTS) as usize) + ((((y + r) * width) as usize) << 2);
    unfold(scratch + (r as usize) * half * 8, half, out, width);
  }
}

/** Rows of 2·half doubles to as many floats, packed from the first row on. */
function narrow(rows: usize, half: usize, count: i32): void {
  const values = half * 2 * (count as usize);
  for (let i: usize = 0; i < values; i += 4) {
    const low = f32x4.demote_f64x2_zero(v128.load(rows + (i << 3)));
    const high = f32x4.demote_f64x2_zero(v128.load(rows + (i << 3), 16));
    v128.store(rows + (i << 2), v128.shuffle<f32>(low, high, 0, 1, 4, 5));
  }
}

function unfold(from: usize, half: usize, out: usize, width: i32): void {
  const middle = (width - 1) >> 1;
  for (let x = 0; x <= middle; x++) {
    const even = load<f32>(from + ((x as usize) << 2));
    const odd = load<f32>(from + ((x as usize) << 2) + half * 4);
    store<f32>(out + ((x as usize) << 2), even + odd);
    store<f32>(out + (((width - 1 - x) as usize) << 2), width - 1 - x == x ? even : even - odd);
  }
}
