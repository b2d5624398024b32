// Normals of the grid: a plane n·p = 1 is linear in the image as inverse depth, 1/z = A·u + B·v + C with the ray
// (u, v, 1), and its normal is (A, B, C). Fitted by least squares in a window of 7×7 pixels, four pixels at a time.
import {
  A_CX,
  A_CY,
  A_FX,
  A_FY,
  A_HEIGHT,
  A_NX,
  A_NY,
  A_NZ,
  A_OTHER_ROWS,
  A_PADDED,
  A_PADDED_STRIDE,
  A_STEP,
  A_WIDTH,
  A_Z,
  GRID_ROWS,
} from '../layout/camera';
import { noise, ramp, storeLanes } from './lanes';
import { paddedRow } from './reduce';

/** A window's pixels must agree with its centre to within 4σ and a surface of this slope. */
const SLOPE: f32 = 3;
const SIGMAS: f32 = 4;
/** Fewest pixels of a fit, and the least spread det(covariance), pixels⁴: more than a single line of them. */
const MIN_SUPPORT: f32 = 6;
const MIN_SPREAD: f32 = 0.1;
/** Least cosine between normal and ray. */
const MIN_COSINE: f32 = 0.17;

/** Chunk: GRID_ROWS rows of the grid, of which those of the lattice or the others. */
export function cameraNormals(args: usize, chunk: i32): void {
  const first = chunk * GRID_ROWS;
  const last = min(first + GRID_ROWS, load<i32>(args, A_HEIGHT));
  const step = load<i32>(args, A_STEP);
  const others = load<i32>(args, A_OTHER_ROWS) != 0;
  for (let y = first; y < last; y++) if ((y % step != 0) == others) normalRow(args, y);
}

/** Inverse depth relative to the centre's. */
// @ts-ignore: decorator
@inline
function relative(w: usize, offset: i32, centre: v128): v128 {
  return f32x4.sub(v128.load(w + (offset << 2)), centre);
}

/** Which pixels lie within the gate of the centre. */
// @ts-ignore: decorator
@inline
function gated(difference: v128, gate: v128): v128 {
  return f32x4.le(f32x4.abs(difference), gate);
}

/** What a pixel in column `dx` (0 … 6) adds: 1, dx and dx², 10 bits apart. */
// @ts-ignore: decorator
@inline
function share(dx: i32, counts: v128): v128 {
  return v128.and(i32x4.splat(1 | (dx << 10) | ((dx * dx) << 20)), counts);
}

function normalRow(args: usize, y: i32): void {
  const width = load<i32>(args, A_WIDTH);
  const row = ((y * width) as usize) << 2;
  const nx = (load<u32>(args, A_NX) as usize) + row;
  const ny = (load<u32>(args, A_NY) as usize) + row;
  const nz = (load<u32>(args, A_NZ) as usize) + row;
  const stride = (load<i32>(args, A_PADDED_STRIDE) as usize) << 2;
  const padded = paddedRow(args, y);
  const zs = (load<u32>(args, A_Z) as usize) + row;
  const ws = (load<u32>(args, A_PADDED) as usize) + padded;
  const fx = v128.load32_splat(args, A_FX);
  const fy = v128.load32_splat(args, A_FY);
  const cx = v128.load32_splat(args, A_CX);
  const v = f32x4.splat(((y as f32) - load<f32>(args, A_CY)) / load<f32>(args, A_FY));
  // Inverse depth per pixel of distance and unit of inverse depth, on the steepest surface.
  const steep = f32x4.splat(SLOPE / min(load<f32>(args, A_FX), load<f32>(args, A_FY)));
  const zero = f32x4.splat(0);
  const low = i32x4.splat(1023);

  for (let x = 0; x < width; x += 4) {
    const o = (x as usize) << 2;
    const w0 = v128.load(ws + o);
    const known = f32x4.gt(w0, zero);
    if (!v128.any_true(known)) {
      storeLanes(nx + o, zero, width - x);
      storeLanes(ny + o, zero, width - x);
      storeLanes(nz + o, zero, width - x);
      continue;
    }
    // An error of depth as one of inverse depth: Δw = Δz/z².
    const sigma = noise(args, v128.load(zs + o));
    const tolerance = f32x4.mul(f32x4.splat(SIGMAS), f32x4.mul(sigma, f32x4.mul(w0, w0)));
    const perPixel = f32x4.mul(steep, w0);
    const gate3 = f32x4.add(tolerance, f32x4.mul(perPixel, f32x4.splat(3)));
    // Sums over the window: packed 1, x, x²; the same with weights of the rows, twice; then w, weighted, and x·w.
    let count = i32x4.splat(0);
    let countY = i32x4.splat(0);
    let countYY = i32x4.splat(0);
    let sw = zero;
    let sxw = zero;
    let syw = zero;
    for (let dy = -3; dy <= 3; dy++) {
      const w = ws + o + (dy as usize) * stride;
      const far = max(dy, -dy);
      const gate1 = f32x4.add(tolerance, f32x4.mul(perPixel, f32x4.splat(max(1, far) as f32)));
      const gate2 = f32x4.add(tolerance, f32x4.mul(perPixel, f32x4.splat(max(2, far) as f32)));
      let d = relative(w, 0, w0);
      let m = gated(d, gate1);
      let n = share(3, m);
      let sum = v128.and(d, m);
      // Pixels at both sides of the middle column, from the inside out.
      d = relative(w, -1, w0);
      m = gated(d, gate1);
      n = i32x4.add(n, share(2, m));
      let left = v128.and(d, m);
      d = relative(w, 1, w0);
      m = gated(d, gate1);
      n = i32x4.add(n, share(4, m));
      d = v128.and(d, m);
      sum = f32x4.add(sum, f32x4.add(left, d));
      sxw = f32x4.add(sxw, f32x4.sub(d, left));
      d = relative(w, -2, w0);
      m = gated(d, gate2);
      n = i32x4.add(n, share(1, m));
      left = v128.and(d, m);
      d = relative(w, 2, w0);
      m = gated(d, gate2);
      n = i32x4.add(n, share(5, m));
      d = v128.and(d, m);
      sum = f32x4.add(sum, f32x4.add(left, d));
      d = f32x4.sub(d, left);
      sxw = f32x4.add(sxw, f32x4.add(d, d));
      d = relative(w, -3, w0);
      m = gated(d, gate3);
      n = i32x4.add(n, share(0, m));
      left = v128.and(d, m);
      d = relative(w, 3, w0);
      m = gated(d, gate3);
      n = i32x4.add(n, share(6, m));
      d = v128.and(d, m);
      sum = f32x4.add(sum, f32x4.add(left, d));
      sxw = f32x4.add(sxw, f32x4.mul(f32x4.splat(3), f32x4.sub(d, left)));
      // Weighted by 7, 6, … 1 and its triangular numbers when all rows are added.
      count = i32x4.add(count, n);
      countY = i32x4.add(countY, count);
      countYY = i32x4.add(countYY, countY);
      sw = f32x4.add(sw, sum);
      syw = f32x4.add(syw, sw);
    }
    // Means and the central second moments × n; those of x and y do not depend on where they are counted from.
    const n = f32x4.convert_i32x4_s(v128.and(count, low));
    const inverse = f32x4.div(f32x4.splat(1), n);
    const sx = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(count, 10), low));
    const sxx = f32x4.convert_i32x4_s(i32x4.shr_u(count, 20));
    const sy = f32x4.convert_i32x4_s(v128.and(countY, low));
    const sxy = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(countY, 10), low));
    const triangles = f32x4.convert_i32x4_s(v128.and(countYY, low));
    const syy = f32x4.sub(f32x4.add(triangles, triangles), sy);
    const cxx = f32x4.sub(sxx, f32x4.mul(sx, f32x4.mul(sx, inverse)));
    const cxy = f32x4.sub(f32x4.mul(sx, f32x4.mul(sy, inverse)), sxy);
    const cyy = f32x4.sub(syy, f32x4.mul(sy, f32x4.mul(sy, inverse)));
    const mx = f32x4.sub(f32x4.mul(sx, inverse), f32x4.splat(3));
    const my = f32x4.sub(f32x4.splat(4), f32x4.mul(sy, inverse));
    const cxw = f32x4.sub(sxw, f32x4.mul(mx, sw));
    // Σ y·w with y = 4 − row weight.
    const cyw = f32x4.sub(f32x4.sub(f32x4.mul(f32x4.splat(4), sw), syw), f32x4.mul(my, sw));
    const det = f32x4.sub(f32x4.mul(cxx, cyy), f32x4.mul(cxy, cxy));
    const over = f32x4.div(f32x4.splat(1), det);
    const slopeX = f32x4.mul(over, f32x4.sub(f32x4.mul(cyy, cxw), f32x4.mul(cxy, cyw)));
    const slopeY = f32x4.mul(over, f32x4.sub(f32x4.mul(cxx, cyw), f32x4.mul(cxy, cxw)));
    const here = f32x4.sub(
      f32x4.add(w0, f32x4.mul(sw, inverse)),
      f32x4.add(f32x4.mul(slopeX, mx), f32x4.mul(slopeY, my)),
    );
    const u = f32x4.div(f32x4.sub(f32x4.add(f32x4.splat(x as f32), ramp()), cx), fx);
    const na = f32x4.mul(slopeX, fx);
    const nb = f32x4.mul(slopeY, fy);
    const nc = f32x4.sub(here, f32x4.add(f32x4.mul(na, u), f32x4.mul(nb, v)));
    const length2 = f32x4.add(f32x4.mul(na, na), f32x4.add(f32x4.mul(nb, nb), f32x4.mul(nc, nc)));
    const ray2 = f32x4.add(f32x4.splat(1), f32x4.add(f32x4.mul(u, u), f32x4.mul(v, v)));
    const least = f32x4.mul(f32x4.splat(MIN_COSINE), f32x4.sqrt(f32x4.mul(length2, ray2)));
    let good = v128.and(known, f32x4.ge(n, f32x4.splat(MIN_SUPPORT)));
    good = v128.and(good, f32x4.gt(det, f32x4.mul(f32x4.splat(MIN_SPREAD), f32x4.mul(n, n))));
    good = v128.and(good, v128.and(f32x4.ge(here, least), f32x4.gt(length2, zero)));
    const unit = f32x4.div(f32x4.splat(-1), f32x4.sqrt(length2));
    storeLanes(nx + o, v128.and(good, f32x4.mul(na, unit)), width - x);
    storeLanes(ny + o, v128.and(good, f32x4.mul(nb, unit)), width - x);
    storeLanes(nz + o, v128.and(good, f32x4.mul(nc, unit)), width - x);
  }
}
