// Small steps that several camera kernels share.
import { A_SIGMA } from '../layout/camera';

/** Depth of a pixel where it is unknown, and minus its inverse depth, in scratch planes: no gate lets it through. */
export const UNKNOWN: f32 = 1e9;

/** Four floats, `step` bytes apart; may read what lies between and up to 4 bytes behind them. */
// @ts-ignore: decorator
@inline
export function lanes(at: usize, step: usize): v128 {
  if (step == 4) return v128.load(at);
  if (step == 8) return v128.shuffle<f32>(v128.load(at), v128.load(at, 16), 0, 2, 4, 6);
  const ab = v128.load32_lane(at + step, v128.load32_zero(at), 1);
  return v128.load32_lane(at + 3 * step, v128.load32_lane(at + 2 * step, ab, 2), 3);
}

/** Writes the first `count` lanes, at most four. */
// @ts-ignore: decorator
@inline
export function storeLanes(at: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(at, v);
    return;
  }
  v128.store32_lane(at, v, 0);
  if (count > 1) v128.store32_lane(at + 4, v, 1);
  if (count > 2) v128.store32_lane(at + 8, v, 2);
}

/** σ(z) = a + b·(z − z0)². */
// @ts-ignore: decorator
@inline
export function noise(args: usize, z: v128): v128 {
  const d = f32x4.sub(z, v128.load32_splat(args, A_SIGMA + 8));
  return f32x4.add(
    v128.load32_splat(args, A_SIGMA),
    f32x4.mul(v128.load32_splat(args, A_SIGMA + 4), f32x4.mul(d, d)),
  );
}

/** 0 1 2 3. */
// @ts-ignore: decorator
@inline
export function ramp(): v128 {
  return f32x4(0, 1, 2, 3);
}
