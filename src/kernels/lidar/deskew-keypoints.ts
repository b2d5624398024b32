// Moves the points that are registered to where they were seen from at the stamp; what else there is of them is not
// needed before the pose is known.
import {
  A_ACCELERATION,
  A_DX,
  A_DY,
  A_DZ,
  A_FT,
  A_FX,
  A_FY,
  A_FZ,
  A_SINE,
  A_TRACK_COUNT,
  A_TRACK_LIST,
  A_TWIST,
  FINE_CHUNK,
  POLYNOMIAL,
} from '../layout/lidar';
import { minor, moved, series } from './deskew';

// @ts-ignore: decorator
@inline
function gather(at: usize, a: usize, b: usize, c: usize, d: usize): v128 {
  const ab = v128.load32_lane(at + b, v128.load32_zero(at + a), 1);
  return v128.load32_lane(at + d, v128.load32_lane(at + c, ab, 2), 3);
}

// @ts-ignore: decorator
@inline
function scatter(at: usize, a: usize, b: usize, c: usize, d: usize, v: v128): void {
  v128.store32_lane(at + a, v, 0);
  v128.store32_lane(at + b, v, 1);
  v128.store32_lane(at + c, v, 2);
  v128.store32_lane(at + d, v, 3);
}

/** Chunk: FINE_CHUNK coarse points; the same numbers as from prepareDeskewTwist, positions alone. */
export function prepareDeskewKeypoints(args: usize, chunk: i32): void {
  const first = chunk * FINE_CHUNK;
  const count = load<i32>(load<u32>(args, A_TRACK_COUNT) as usize);
  const last = min(first + FINE_CHUNK, count);
  const list = load<u32>(args, A_TRACK_LIST) as usize;
  const fx = load<u32>(args, A_FX) as usize;
  const fy = load<u32>(args, A_FY) as usize;
  const fz = load<u32>(args, A_FZ) as usize;
  const ft = load<u32>(args, A_FT) as usize;
  const dx = load<u32>(args, A_DX) as usize;
  const dy = load<u32>(args, A_DY) as usize;
  const dz = load<u32>(args, A_DZ) as usize;
  const v0 = v128.load32_splat(args, A_TWIST);
  const v1 = v128.load32_splat(args, A_TWIST + 4);
  const v2 = v128.load32_splat(args, A_TWIST + 8);
  const w0 = v128.load32_splat(args, A_TWIST + 12);
  const w1 = v128.load32_splat(args, A_TWIST + 16);
  const w2 = v128.load32_splat(args, A_TWIST + 20);
  // ω×v and ω×(ω×v)
  const c0 = minor(w1, v2, w2, v1);
  const c1 = minor(w2, v0, w0, v2);
  const c2 = minor(w0, v1, w1, v0);
  const d0 = minor(w1, c2, w2, c1);
  const d1 = minor(w2, c0, w0, c2);
  const d2 = minor(w0, c1, w1, c0);
  const f0 = v128.load32_splat(args, A_ACCELERATION);
  const f1 = v128.load32_splat(args, A_ACCELERATION + 4);
  const f2 = v128.load32_splat(args, A_ACCELERATION + 8);
  const g0 = v128.load32_splat(args, A_ACCELERATION + 12);
  const g1 = v128.load32_splat(args, A_ACCELERATION + 16);
  const g2 = v128.load32_splat(args, A_ACCELERATION + 20);
  const table = args + A_SINE;
  for (let k = first; k < last; k += 4) {
    // The last group repeats its last point.
    const i0 = (load<u32>(list + ((k as usize) << 2)) as usize) << 2;
    const i1 = (load<u32>(list + ((min(k + 1, last - 1) as usize) << 2)) as usize) << 2;
    const i2 = (load<u32>(list + ((min(k + 2, last - 1) as usize) << 2)) as usize) << 2;
    const i3 = (load<u32>(list + ((min(k + 3, last - 1) as usize) << 2)) as usize) << 2;
    const t = gather(ft, i0, i1, i2, i3);
    const s = f32x4.mul(t, t);
    const half = f32x4.mul(s, f32x4.splat(0.5));
    const rx = gather(fx, i0, i1, i2, i3);
    const ry = gather(fy, i0, i1, i2, i3);
    const rz = gather(fz, i0, i1, i2, i3);
    const x = f32x4.add(rx, f32x4.mul(half, f32x4.add(minor(g1, rz, g2, ry), f0)));
    const y = f32x4.add(ry, f32x4.mul(half, f32x4.add(minor(g2, rx, g0, rz), f1)));
    const z = f32x4.add(rz, f32x4.mul(half, f32x4.add(minor(g0, ry, g1, rx), f2)));
    const a = f32x4.mul(t, series(table, s));
    const b = f32x4.mul(s, series(table + POLYNOMIAL * 4, s));
    const c = f32x4.mul(f32x4.mul(s, t), series(table + POLYNOMIAL * 8, s));
    const p0 = minor(w1, z, w2, y);
    const p1 = minor(w2, x, w0, z);
    const p2 = minor(w0, y, w1, x);
    scatter(dx, i0, i1, i2, i3, moved(x, p0, minor(w1, p2, w2, p1), v0, c0, d0, a, b, c, t));
    scatter(dy, i0, i1, i2, i3, moved(y, p1, minor(w2, p0, w0, p2), v1, c1, d1, a, b, c, t));
    scatter(dz, i0, i1, i2, i3, moved(z, p2, minor(w0, p1, w1, p0), v2, c2, d2, a, b, c, t));
  }
}
