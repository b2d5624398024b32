// What both ways of gathering do with a corner and with a block.
import { G_CHANGE, G_COORDS } from '../layout/field';

/** Takes a distance into a corner's running mean; returns how much the corner changed. */
// @ts-ignore: decorator
@inline
export function mixDistance(corner: usize, d: f32, w: f32, maxWeight: f32, truncation: f32): f32 {
  const s0 = load<f32>(corner),
    w0 = load<f32>(corner, 4);
  const w1 = w0 + w;
  const s1 = s0 + ((d - s0) * w) / w1;
  store<f32>(corner, s1);
  store<f32>(corner, min(w1, maxWeight), 4);
  return abs(s1 - s0) + (w0 < 1 ? min(w, 1) * truncation * <f32>0.25 : 0);
}

/** Notes how much a block changed, and in which scan. */
// @ts-ignore: decorator
@inline
export function noteChange(g: usize, block: usize, changed: f32, scan: i32): void {
  if (!(changed > 0)) return;
  const at = <usize>load<u32>(g, G_CHANGE) + (block << 2);
  store<f32>(at, load<f32>(at) + changed);
  store<i32>(<usize>load<u32>(g, G_COORDS) + (block << 4), scan, 12);
}
