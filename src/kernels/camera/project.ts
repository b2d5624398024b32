// Points of the depth camera into the reduced image of the colour camera, through its lens.
import {
  A_COEFFICIENTS,
  A_COLOR_CAMERA,
  A_COLOR_POSE,
  A_IMAGE_HEIGHT,
  A_IMAGE_WIDTH,
  A_LENS,
  A_LENS_REACH,
  LENS_EQUIDISTANT,
  LENS_NONE,
} from '../layout/camera';

/** a·x + b·y + c·z + d with the four numbers at `at`. */
// @ts-ignore: decorator
@inline
function affine(at: usize, x: v128, y: v128, z: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(v128.load32_splat(at), x), f32x4.mul(v128.load32_splat(at, 4), y)),
    f32x4.add(f32x4.mul(v128.load32_splat(at, 8), z), v128.load32_splat(at, 12)),
  );
}

/**
 * Columns and rows of four points, kept inside the image, go to `at` and the 16 bytes behind; returns which of them the
 * camera sees. A point with z = 0 is none.
 */
export function project(args: usize, x: v128, y: v128, z: v128, at: usize): v128 {
  const zero = f32x4.splat(0);
  const half = f32x4.splat(0.5);
  const lens = load<i32>(args, A_LENS);
  const depth = affine(args + A_COLOR_POSE + 32, x, y, z);
  let ok = v128.and(f32x4.gt(z, zero), f32x4.gt(depth, f32x4.splat(1e-3)));
  const inverse = f32x4.div(f32x4.splat(1), depth);
  let a = f32x4.mul(affine(args + A_COLOR_POSE, x, y, z), inverse);
  let b = f32x4.mul(affine(args + A_COLOR_POSE + 16, x, y, z), inverse);
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
  const right = f32x4.splat((load<i32>(args, A_IMAGE_WIDTH) - 1) as f32);
  const bottom = f32x4.splat((load<i32>(args, A_IMAGE_HEIGHT) - 1) as f32);
  const u = f32x4.add(f32x4.mul(a, v128.load32_splat(camera)), v128.load32_splat(camera, 8));
  const v = f32x4.add(f32x4.mul(b, v128.load32_splat(camera, 4)), v128.load32_splat(camera, 12));
  // Pixels reach half a pixel beyond their centres.
  ok = v128.and(ok, v128.and(f32x4.ge(u, f32x4.neg(half)), f32x4.le(u, f32x4.add(right, half))));
  ok = v128.and(ok, v128.and(f32x4.ge(v, f32x4.neg(half)), f32x4.le(v, f32x4.add(bottom, half))));
  v128.store(at, f32x4.pmin(f32x4.pmax(u, zero), right));
  v128.store(at, f32x4.pmin(f32x4.pmax(v, zero), bottom), 16);
  return ok;
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
