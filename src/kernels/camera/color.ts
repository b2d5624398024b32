// Colours of the grid's pixels: each point goes into the colour camera, whose images are read between their pixels.
import {
  A_BLUR,
  A_COEFFICIENTS,
  A_COLOR,
  A_COLOR_CAMERA,
  A_COLOR_POSE,
  A_CX,
  A_CY,
  A_FX,
  A_FY,
  A_GREY,
  A_GREY_HEIGHT,
  A_GREY_WIDTH,
  A_GRID_GREY,
  A_HEIGHT,
  A_IMAGE,
  A_IMAGE_HEIGHT,
  A_IMAGE_WIDTH,
  A_LENS,
  A_LENS_REACH,
  A_STEP,
  A_WIDTH,
  A_Z,
  GRID_ROWS,
  LENS_EQUIDISTANT,
  LENS_NONE,
} from '../layout/camera';
import { ramp } from './lanes';

/** Chunk: GRID_ROWS rows of the grid. */
export function cameraColor(args: usize, chunk: i32): void {
  const first = chunk * GRID_ROWS;
  const last = min(first + GRID_ROWS, load<i32>(args, A_HEIGHT));
  for (let y = first; y < last; y++) colorRow(args, y);
}

/** a·x + b·y + c·z + d with the four numbers at `at`. */
// @ts-ignore: decorator
@inline
function affine(at: usize, x: v128, y: v128, z: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(v128.load32_splat(at), x), f32x4.mul(v128.load32_splat(at, 4), y)),
    f32x4.add(f32x4.mul(v128.load32_splat(at, 8), z), v128.load32_splat(at, 12)),
  );
}

function colorRow(args: usize, y: i32): void {
  const width = load<i32>(args, A_WIDTH);
  const row = ((y * width) as usize) << 2;
  const zs = (load<u32>(args, A_Z) as usize) + row;
  const colors = (load<u32>(args, A_COLOR) as usize) + row;
  const greys = (load<u32>(args, A_GRID_GREY) as usize) + row;
  const step = load<i32>(args, A_STEP);
  const ofLattice = y % step == 0;
  const image = load<u32>(args, A_IMAGE) as usize;
  const imageWidth = load<i32>(args, A_IMAGE_WIDTH);
  const imageHeight = load<i32>(args, A_IMAGE_HEIGHT);
  const lens = load<i32>(args, A_LENS);
  const v = f32x4.splat(((y as f32) - load<f32>(args, A_CY)) / load<f32>(args, A_FY));
  const fx = v128.load32_splat(args, A_FX);
  const cx = v128.load32_splat(args, A_CX);
  const zero = f32x4.splat(0);
  const half = f32x4.splat(0.5);
  const right = f32x4.splat((imageWidth - 1) as f32);
  const bottom = f32x4.splat((imageHeight - 1) as f32);
  for (let x = 0; x < width; x += 4) {
    const z = v128.load(zs + ((x as usize) << 2)); // the last lanes may belong to the next row
    const px = f32x4.mul(f32x4.div(f32x4.sub(f32x4.add(f32x4.splat(x as f32), ramp()), cx), fx), z);
    const py = f32x4.mul(v, z);
    const depth = affine(args + A_COLOR_POSE + 32, px, py, z);
    let ok = v128.and(f32x4.gt(z, zero), f32x4.gt(depth, f32x4.splat(1e-3)));
    let a = f32x4.div(affine(args + A_COLOR_POSE, px, py, z), depth);
    let b = f32x4.div(affine(args + A_COLOR_POSE + 16, px, py, z), depth);
    if (lens != LENS_NONE) {
      const r2 = f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b));
      ok = v128.and(ok, f32x4.le(r2, v128.load32_splat(args, A_LENS_REACH)));
      if (lens == LENS_EQUIDISTANT) {
        const stretch = equidistant(args, r2);
        a = f32x4.mul(a, stretch);
        b = f32x4.mul(b, stretch);
      } else {
        const radial = rational(args, r2);
        const p1 = v128.load32_splat(args, A_COEFFICIENTS + 24);
        const p2 = v128.load32_splat(args, A_COEFFICIENTS + 28);
        const twice = f32x4.mul(f32x4.splat(2), f32x4.mul(a, b));
        const da = f32x4.add(r2, f32x4.mul(f32x4.splat(2), f32x4.mul(a, a)));
        const db = f32x4.add(r2, f32x4.mul(f32x4.splat(2), f32x4.mul(b, b)));
        a = f32x4.add(f32x4.mul(a, radial), f32x4.add(f32x4.mul(p1, twice), f32x4.mul(p2, da)));
        b = f32x4.add(f32x4.mul(b, radial), f32x4.add(f32x4.mul(p2, twice), f32x4.mul(p1, db)));
      }
    }
    const camera = args + A_COLOR_CAMERA;
    const column = f32x4.add(f32x4.mul(a, v128.load32_splat(camera)), v128.load32_splat(camera, 8));
    const line = f32x4.add(f32x4.mul(b, v128.load32_splat(camera, 4)), v128.load32_splat(camera, 12));
    ok = v128.and(ok, v128.and(f32x4.ge(column, f32x4.neg(half)), f32x4.le(column, f32x4.add(right, half))));
    ok = v128.and(ok, v128.and(f32x4.ge(line, f32x4.neg(half)), f32x4.le(line, f32x4.add(bottom, half))));
    const mask = i32x4.bitmask(ok);
    const c = f32x4.pmin(f32x4.pmax(column, zero), right);
    const l = f32x4.pmin(f32x4.pmax(line, zero), bottom);
    const count = min(4, width - x);
    for (let k = 0; k < count; k++) {
      const to = ((x + k) as usize) << 2;
      const seen = ((mask >> k) & 1) != 0;
      const cu = lane(c, k);
      const lv = lane(l, k);
      store<u32>(colors + to, seen ? colorAt(image, imageWidth, imageHeight, cu, lv) : 0);
      if (ofLattice) store<f32>(greys + to, seen ? greyAt(args, cu, lv) : (NaN as f32));
    }
  }
}

// @ts-ignore: decorator
@inline
function lane(v: v128, k: i32): f32 {
  if (k < 2) return k == 0 ? f32x4.extract_lane(v, 0) : f32x4.extract_lane(v, 1);
  return k == 2 ? f32x4.extract_lane(v, 2) : f32x4.extract_lane(v, 3);
}

/** (1 + k1 r² + k2 r⁴ + k3 r⁶) / (1 + k4 r² + k5 r⁴ + k6 r⁶), OpenCV's rational model. */
// @ts-ignore: decorator
@inline
function rational(args: usize, r2: v128): v128 {
  return f32x4.div(series(args + A_COEFFICIENTS, r2), series(args + A_COEFFICIENTS + 12, r2));
}

/** 1 + a·s + b·s² + c·s³. */
// @ts-ignore: decorator
@inline
function series(at: usize, s: v128): v128 {
  let p = f32x4.add(v128.load32_splat(at, 4), f32x4.mul(s, v128.load32_splat(at, 8)));
  p = f32x4.add(v128.load32_splat(at), f32x4.mul(s, p));
  return f32x4.add(f32x4.splat(1), f32x4.mul(s, p));
}

/** θ·(1 + k1 θ² + k2 θ⁴ + k3 θ⁶ + k4 θ⁸) / r with θ = atan r, Kannala & Brandt. */
function equidistant(args: usize, r2: v128): v128 {
  const r = f32x4.sqrt(r2);
  const one = f32x4.splat(1);
  const beyond = f32x4.gt(r, one);
  const t = v128.bitselect(f32x4.div(one, r), r, beyond);
  const s = f32x4.mul(t, t);
  // Abramowitz & Stegun 4.4.49
  let p = f32x4.splat(0.0028662257);
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-0.0161657367));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(0.0429096138));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-0.07528964));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(0.1065626393));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-0.1420889944));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(0.1999355085));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-0.3333314528));
  p = f32x4.add(f32x4.mul(p, s), one);
  p = f32x4.mul(p, t);
  const theta = v128.bitselect(f32x4.sub(f32x4.splat(1.57079633), p), p, beyond);
  const q = f32x4.mul(theta, theta);
  const at = args + A_COEFFICIENTS;
  let k = f32x4.add(v128.load32_splat(at, 8), f32x4.mul(q, v128.load32_splat(at, 12)));
  k = f32x4.add(v128.load32_splat(at, 4), f32x4.mul(q, k));
  k = f32x4.add(v128.load32_splat(at), f32x4.mul(q, k));
  k = f32x4.add(one, f32x4.mul(q, k));
  const tiny = f32x4.lt(r, f32x4.splat(1e-6));
  return v128.bitselect(one, f32x4.div(f32x4.mul(theta, k), r), tiny);
}

/** Red, green, blue and 255 between the pixels; u and v inside the image. */
// @ts-ignore: decorator
@inline
function colorAt(image: usize, width: i32, height: i32, u: f32, v: f32): u32 {
  const x = u as i32;
  const y = v as i32;
  const right: usize = x < width - 1 ? 4 : 0;
  const down: usize = y < height - 1 ? (width as usize) << 2 : 0;
  const at = image + (((y * width + x) as usize) << 2);
  const du = f32x4.splat(u - (x as f32));
  const dv = f32x4.splat(v - (y as f32));
  const top = between(channels(at), channels(at + right), du);
  const low = between(channels(at + down), channels(at + down + right), du);
  const rgb = i32x4.trunc_sat_f32x4_u(f32x4.add(between(top, low, dv), f32x4.splat(0.5)));
  const words = i16x8.narrow_i32x4_u(rgb, rgb);
  return (i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0) as u32) | 0xff000000;
}

// @ts-ignore: decorator
@inline
function channels(at: usize): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at))));
}

// @ts-ignore: decorator
@inline
function between(a: v128, b: v128, s: v128): v128 {
  return f32x4.add(a, f32x4.mul(f32x4.sub(b, a), s));
}

/** The blurred image at a place of the reduced one. */
// @ts-ignore: decorator
@inline
function greyAt(args: usize, column: f32, line: f32): f32 {
  const width = load<i32>(args, A_GREY_WIDTH);
  const height = load<i32>(args, A_GREY_HEIGHT);
  const inverse: f32 = 1 / (load<i32>(args, A_BLUR) as f32);
  const u = min<f32>(max<f32>((column + 0.5) * inverse - 0.5, 0), (width - 1) as f32);
  const v = min<f32>(max<f32>((line + 0.5) * inverse - 0.5, 0), (height - 1) as f32);
  const x = u as i32;
  const y = v as i32;
  const right: usize = x < width - 1 ? 4 : 0;
  const down: usize = y < height - 1 ? (width as usize) << 2 : 0;
  const at = (load<u32>(args, A_GREY) as usize) + (((y * width + x) as usize) << 2);
  const du = u - (x as f32);
  const dv = v - (y as f32);
  const top = load<f32>(at) + (load<f32>(at + right) - load<f32>(at)) * du;
  const low = load<f32>(at + down) + (load<f32>(at + down + right) - load<f32>(at + down)) * du;
  return top + (low - top) * dv;
}
