// One layer of the network for BLOCK pixels at once; activations lie as [unit][pixel].
import { BLOCK } from '../layout/tactile';

const ROW: usize = 4 * BLOCK;

/** out = W·in + b, with max(0, ·) for a hidden layer. `weights`: [outputs][inputs]; `outputs` is even; `bias` may be 0. */
export function dense(
  input: usize,
  inputs: i32,
  weights: usize,
  bias: usize,
  out: usize,
  outputs: i32,
  floor: f32,
): void {
  const least = f32x4.splat(floor);
  const stride = (inputs as usize) << 2;
  for (let o = 0; o < outputs; o += 2) {
    const wa = weights + (o as usize) * stride;
    const wb = wa + stride;
    const ba = bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias + ((o as usize) << 2));
    const bb = bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias + ((o as usize) << 2), 4);
    const to = out + (o as usize) * ROW;
    for (let at: usize = 0; at < ROW; at += 64) {
      let a0 = ba, a1 = ba, a2 = ba, a3 = ba; // prettier-ignore
      let b0 = bb, b1 = bb, b2 = bb, b3 = bb; // prettier-ignore
      let from = input + at;
      for (let i: usize = 0; i < stride; i += 4) {
        const x0 = v128.load(from);
        const x1 = v128.load(from, 16);
        const x2 = v128.load(from, 32);
        const x3 = v128.load(from, 48);
        const p = v128.load32_splat(wa + i);
        const q = v128.load32_splat(wb + i);
        a0 = f32x4.add(a0, f32x4.mul(p, x0));
        a1 = f32x4.add(a1, f32x4.mul(p, x1));
        a2 = f32x4.add(a2, f32x4.mul(p, x2));
        a3 = f32x4.add(a3, f32x4.mul(p, x3));
        b0 = f32x4.add(b0, f32x4.mul(q, x0));
        b1 = f32x4.add(b1, f32x4.mul(q, x1));
        b2 = f32x4.add(b2, f32x4.mul(q, x2));
        b3 = f32x4.add(b3, f32x4.mul(q, x3));
        from += ROW;
      }
      v128.store(to + at, f32x4.pmax(least, a0));
      v128.store(to + at, f32x4.pmax(least, a1), 16);
      v128.store(to + at, f32x4.pmax(least, a2), 32);
      v128.store(to + at, f32x4.pmax(least, a3), 48);
      v128.store(to + at, f32x4.pmax(least, b0), ROW);
      v128.store(to + at, f32x4.pmax(least, b1), ROW + 16);
      v128.store(to + at, f32x4.pmax(least, b2), ROW + 32);
      v128.store(to + at, f32x4.pmax(least, b3), ROW + 48);
    }
  }
}
