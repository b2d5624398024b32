// Free space: what a scan sees through is not there. Corners that claim to be solid before the surfaces that the scan
// sees around them belong to something that has moved, and lose their weight.
import {
  CARVE_CHUNK,
  G_CHANGE,
  G_DATA,
  G_TRUNCATION,
  G_VOXEL,
  K_BLOCKS,
  K_COUNT,
  K_GRID,
  K_KEEP,
  K_MAX_RANGE,
  K_POSE,
  K_SIGHT,
} from '../layout/field';
import { seenThrough } from './sight';

/** Chunk: CARVE_CHUNK of the listed blocks. Each corner is judged by itself. */
export function carve(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, K_GRID);
  const voxel = load<f32>(g, G_VOXEL),
    truncation = load<f32>(g, G_TRUNCATION);
  const data: usize = load<u32>(g, G_DATA),
    change: usize = load<u32>(g, G_CHANGE);
  const maxRange = load<f32>(args, K_MAX_RANGE),
    keep = load<f32>(args, K_KEEP);
  const sight: usize = load<u32>(args, K_SIGHT);
  const zero = f32x4.splat(0),
    half = f32x4.splat(<f32>0.5 * voxel);
  const past = min(load<u32>(args, K_COUNT), <u32>(chunk + 1) * CARVE_CHUNK);
  for (let i: u32 = <u32>chunk * CARVE_CHUNK; i < past; i++) {
    const entry = <usize>load<u32>(args, K_BLOCKS) + ((<usize>i) << 4);
    const block: usize = load<u32>(entry);
    const bx = load<i32>(entry, 4) << 3,
      by = load<i32>(entry, 8) << 3,
      bz = load<i32>(entry, 12) << 3;
    // Four corners at once: most claim nothing, or lie outside.
    for (let four: i32 = 0; four < 512; four += 4) {
      const at4 = data + (block << 12) + ((<usize>four) << 3);
      const lo = v128.load(at4),
        hi = v128.load(at4, 16);
      const outside = f32x4.gt(v128.shuffle<f32>(lo, hi, 0, 2, 4, 6), half);
      const empty = f32x4.eq(v128.shuffle<f32>(lo, hi, 1, 3, 5, 7), zero);
      let left4 = 15 & ~i32x4.bitmask(v128.or(outside, empty));
      while (left4) {
        const c = four + ctz(left4);
        left4 &= left4 - 1;
        const corner = data + (block << 12) + ((<usize>c) << 3);
        const weight = load<f32>(corner, 4);
        const x = <f32>(bx + (c & 7)) * voxel - load<f32>(args, K_POSE + 12),
          y = <f32>(by + ((c >> 3) & 7)) * voxel - load<f32>(args, K_POSE + 28),
          z = <f32>(bz + (c >> 6)) * voxel - load<f32>(args, K_POSE + 44);
        const range = sqrt(x * x + y * y + z * z);
        if (range < 1 || range > maxRange) continue;
        const px =
            load<f32>(args, K_POSE) * x + load<f32>(args, K_POSE + 16) * y + load<f32>(args, K_POSE + 32) * z,
          py =
            load<f32>(args, K_POSE + 4) * x +
            load<f32>(args, K_POSE + 20) * y +
            load<f32>(args, K_POSE + 36) * z,
          pz =
            load<f32>(args, K_POSE + 8) * x +
            load<f32>(args, K_POSE + 24) * y +
            load<f32>(args, K_POSE + 40) * z;
        if (!seenThrough<f32>(sight, px, py, pz, range, truncation)) continue;
        const left = weight * keep;
        store<f32>(corner, left < 0.05 ? 0 : left, 4);
        if (left < 0.05) store<f32>(corner, 0);
        const at = change + (block << 2);
        store<f32>(at, load<f32>(at) + truncation);
      }
    }
  }
}
