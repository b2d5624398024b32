// Free space: a ray that ends on a surface proves that nothing stands before it. What the map claims to be solid there
// was something that moved, and its corners lose their weight.
import { findBlock, G_CHANGE, G_DATA, G_INVERSE, G_TRUNCATION, G_VOXEL } from './grid';
import { noise } from './noise';

const K_GRID: usize = 0;
const K_COUNT: usize = 4; // points
const K_POINTS: usize = 8; // 6 pointers: x y z nx ny nz, sensor frame
const K_POSE: usize = 32; // f32×12, T_submap_sensor
const K_RAYS: usize = 80; // rays to follow, spread over the points
const K_SEED: usize = 84;
const K_MAX_RANGE: usize = 88; // f32: rays are followed up to here
const K_KEEP: usize = 92; // f32: share of its weight that a corner keeps

/** Follows rays of the scan through the fine level. One chunk only. */
export function carve(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, K_GRID);
  const inverse = load<f32>(g, G_INVERSE), voxel = load<f32>(g, G_VOXEL), truncation = load<f32>(g, G_TRUNCATION);
  const data: usize = load<u32>(g, G_DATA), change: usize = load<u32>(g, G_CHANGE);
  const count = load<u32>(args, K_COUNT), rays = load<u32>(args, K_RAYS), seed = load<u32>(args, K_SEED);
  const maxRange = load<f32>(args, K_MAX_RANGE), keep = load<f32>(args, K_KEEP);
  const tx = load<f32>(args, K_POSE + 12), ty = load<f32>(args, K_POSE + 28), tz = load<f32>(args, K_POSE + 44);
  const step = voxel * <f32>2;
  let lastX = i32.MIN_VALUE, lastY: i32 = 0, lastZ: i32 = 0, last: i32 = 0;
  for (let i: u32 = 0; i < rays; i++) {
    const o = <usize>min(<u32>(noise(seed, i) * <f32>count), count - 1) << 2; // noise() may round up to one
    const px = load<f32>(<usize>load<u32>(args, K_POINTS) + o), py = load<f32>(<usize>load<u32>(args, K_POINTS + 4) + o), pz = load<f32>(<usize>load<u32>(args, K_POINTS + 8) + o);
    const nx = load<f32>(<usize>load<u32>(args, K_POINTS + 12) + o), ny = load<f32>(<usize>load<u32>(args, K_POINTS + 16) + o), nz = load<f32>(<usize>load<u32>(args, K_POINTS + 20) + o);
    const range = sqrt(px * px + py * py + pz * pz);
    if (!(range > 1)) continue;
    const cosine = abs(px * nx + py * ny + pz * nz) / range;
    // Stay clear of the surface that the ray ends on, and of what it grazes on the way there.
    const free = range - <f32>1.5 * truncation / max(cosine, <f32>0.02) - truncation;
    if (cosine == 0 || free < step) continue;
    const end = min(free, maxRange);
    const scale = <f32>1 / range;
    const dx = (load<f32>(args, K_POSE) * px + load<f32>(args, K_POSE + 4) * py + load<f32>(args, K_POSE + 8) * pz) * scale;
    const dy = (load<f32>(args, K_POSE + 16) * px + load<f32>(args, K_POSE + 20) * py + load<f32>(args, K_POSE + 24) * pz) * scale;
    const dz = (load<f32>(args, K_POSE + 32) * px + load<f32>(args, K_POSE + 36) * py + load<f32>(args, K_POSE + 40) * pz) * scale;
    for (let t = step * (<f32>1 + noise(seed ^ 0x2545f491, i)); t < end; t += step) {
      const ix = <i32>nearest((tx + t * dx) * inverse), iy = <i32>nearest((ty + t * dy) * inverse), iz = <i32>nearest((tz + t * dz) * inverse);
      const bx = ix >> 3, by = iy >> 3, bz = iz >> 3;
      if (bx != lastX || by != lastY || bz != lastZ) {
        last = findBlock(g, bx, by, bz);
        lastX = bx;
        lastY = by;
        lastZ = bz;
      }
      if (last == 0) continue;
      const corner = data + (<usize>last << 12) + (<usize>((ix & 7) | ((iy & 7) << 3) | ((iz & 7) << 6)) << 3);
      const weight = load<f32>(corner, 4);
      if (weight == 0 || load<f32>(corner) > -voxel * <f32>0.5) continue;
      const left = weight * keep;
      store<f32>(corner, left < 0.05 ? 0 : left, 4);
      if (left < 0.05) store<f32>(corner, 0);
      const at = change + (<usize>last << 2);
      store<f32>(at, load<f32>(at) + truncation);
    }
  }
}
