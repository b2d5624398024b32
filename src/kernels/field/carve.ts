// Free space: a ray that ends on a surface proves that nothing stands before it. What the map claims to be solid there
// was something that moved, and its corners lose their weight.
import {
  CARVED_PER_RAY,
  CARVE_CHUNK,
  CARVE_HITS,
  G_CHANGE,
  G_DATA,
  G_INVERSE,
  G_TRUNCATION,
  G_VOXEL,
  K_COUNT,
  K_COUNTS,
  K_FIRST,
  K_GRID,
  K_KEEP,
  K_LIST,
  K_MAX_RANGE,
  K_POINTS,
  K_POSE,
  K_RAYS,
  K_SEED,
} from '../layout/field';
import { findBlock } from './grid';
import { noise } from './noise';

const SIGN: i32 = i32.MIN_VALUE; // of a weight, as an integer

/**
 * Follows rays of the scan through the fine level, CARVE_CHUNK a chunk. What rays meet is marked, by the sign of its
 * weight, and weakened afterwards by `carveMarked`. Neither whether a ray meets a corner nor what becomes of the corner
 * depends on the mark, so the order of rays does not matter: an engine that follows all of them at once gets the same.
 */
export function carve(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, K_GRID);
  const inverse = load<f32>(g, G_INVERSE),
    voxel = load<f32>(g, G_VOXEL),
    truncation = load<f32>(g, G_TRUNCATION);
  const data: usize = load<u32>(g, G_DATA);
  const count = load<u32>(args, K_COUNT),
    rays = load<u32>(args, K_RAYS),
    seed = load<u32>(args, K_SEED);
  const maxRange = load<f32>(args, K_MAX_RANGE);
  const tx = load<f32>(args, K_POSE + 12),
    ty = load<f32>(args, K_POSE + 28),
    tz = load<f32>(args, K_POSE + 44);
  const step = voxel * <f32>2;
  let lastX = i32.MIN_VALUE,
    lastY: i32 = 0,
    lastZ: i32 = 0,
    last: i32 = 0;
  let marked: usize = 0;
  const first = load<u32>(args, K_FIRST) + <u32>chunk * CARVE_CHUNK,
    past = min(first + CARVE_CHUNK, rays);
  const list = listOf(args, chunk);
  for (let i: u32 = first; i < past; i++) {
    let hits = 0;
    const o = (<usize>min(<u32>(noise(seed, i) * <f32>count), count - 1)) << 2; // noise() may round up to one
    const px = load<f32>(<usize>load<u32>(args, K_POINTS) + o),
      py = load<f32>(<usize>load<u32>(args, K_POINTS + 4) + o),
      pz = load<f32>(<usize>load<u32>(args, K_POINTS + 8) + o);
    const nx = load<f32>(<usize>load<u32>(args, K_POINTS + 12) + o),
      ny = load<f32>(<usize>load<u32>(args, K_POINTS + 16) + o),
      nz = load<f32>(<usize>load<u32>(args, K_POINTS + 20) + o);
    const range = sqrt(px * px + py * py + pz * pz);
    if (!(range > 1)) continue;
    const cosine = abs(px * nx + py * ny + pz * nz) / range;
    // Stay clear of the surface that the ray ends on, and of what it grazes on the way there.
    const free = range - (<f32>1.5 * truncation) / max(cosine, <f32>0.02) - truncation;
    if (cosine == 0 || free < step) continue;
    const end = min(free, maxRange);
    const scale = <f32>1 / range;
    const dx =
      (load<f32>(args, K_POSE) * px + load<f32>(args, K_POSE + 4) * py + load<f32>(args, K_POSE + 8) * pz) *
      scale;
    const dy =
      (load<f32>(args, K_POSE + 16) * px +
        load<f32>(args, K_POSE + 20) * py +
        load<f32>(args, K_POSE + 24) * pz) *
      scale;
    const dz =
      (load<f32>(args, K_POSE + 32) * px +
        load<f32>(args, K_POSE + 36) * py +
        load<f32>(args, K_POSE + 40) * pz) *
      scale;
    const start = step * (<f32>1 + noise(seed ^ 0x2545f491, i));
    for (let n: i32 = 0; start + <f32>n * step < end; n++) {
      const t = start + <f32>n * step;
      const ix = <i32>nearest((tx + t * dx) * inverse),
        iy = <i32>nearest((ty + t * dy) * inverse),
        iz = <i32>nearest((tz + t * dz) * inverse);
      const bx = ix >> 3,
        by = iy >> 3,
        bz = iz >> 3;
      if (bx != lastX || by != lastY || bz != lastZ) {
        last = findBlock(g, bx, by, bz);
        lastX = bx;
        lastY = by;
        lastZ = bz;
      }
      if (last == 0) {
        // Most of the air has no blocks: on to the last step within this one.
        const leave = min(min(exit(tx, dx, bx, voxel), exit(ty, dy, by, voxel)), exit(tz, dz, bz, voxel));
        n = max(n, <i32>min((leave - start) / step, <f32>1e6) - 1);
        continue;
      }
      const corner =
        data + ((<usize>last) << 12) + ((<usize>((ix & 7) | ((iy & 7) << 3) | ((iz & 7) << 6))) << 3);
      // Observed, whether marked or not, and deep inside.
      if (load<f32>(corner, 4) == 0 || load<f32>(corner) > -voxel * <f32>0.5) continue;
      // The whole of the surface that the ray went through, not its core alone: what is left of it would be flakes.
      for (let k = -1; k <= 1; k++)
        for (let j = -1; j <= 1; j++)
          for (let i = -1; i <= 1; i++) {
            const near = cornerAt(g, ix + i, iy + j, iz + k);
            if (near == 0) continue;
            // Other threads may be at the same corner. Read the weight once; zero or a sign: nothing to do.
            if (atomic.load<i32>(near, 4) <= 0 || load<f32>(near) > voxel * <f32>0.5) continue;
            // The one that sets the sign lists the corner, so that it is weakened once.
            if (atomic.or<i32>(near, SIGN, 4) > 0) store<u32>(list + (marked++ << 2), <u32>near);
          }
      if (++hits == CARVE_HITS) break;
    }
  }
  store<u32>(<usize>load<u32>(args, K_COUNTS) + ((<usize>chunk) << 2), <u32>marked);
}

/** Weakens what rays have marked. One chunk only. */
export function carveMarked(args: usize, _unused: i32): void {
  const g: usize = load<u32>(args, K_GRID);
  const data: usize = load<u32>(g, G_DATA),
    change: usize = load<u32>(g, G_CHANGE);
  const truncation = load<f32>(g, G_TRUNCATION),
    keep = load<f32>(args, K_KEEP);
  const chunks = (load<u32>(args, K_RAYS) - load<u32>(args, K_FIRST) + CARVE_CHUNK - 1) / CARVE_CHUNK;
  for (let chunk: u32 = 0; chunk < chunks; chunk++) {
    const list = listOf(args, chunk);
    const marked: usize = load<u32>(<usize>load<u32>(args, K_COUNTS) + ((<usize>chunk) << 2));
    for (let m: usize = 0; m < marked; m++) {
      const corner: usize = load<u32>(list + (m << 2));
      const left = -load<f32>(corner, 4) * keep;
      store<f32>(corner, left < 0.05 ? 0 : left, 4);
      if (left < 0.05) store<f32>(corner, 0);
      const at = change + (((corner - data) >> 12) << 2);
      store<f32>(at, load<f32>(at) + truncation);
    }
  }
}

/** Where the rays of a chunk list the corners that they mark. */
function listOf(args: usize, chunk: i32): usize {
  return <usize>load<u32>(args, K_LIST) + <usize>chunk * (CARVE_CHUNK * CARVED_PER_RAY * 4);
}

/** Distance along a ray at which it leaves a block's corners, of one axis. */
function exit(origin: f32, direction: f32, block: i32, voxel: f32): f32 {
  if (abs(direction) < 1e-9) return f32.MAX_VALUE;
  return ((<f32>((block << 3) + (direction > 0 ? 8 : 0)) - <f32>0.5) * voxel - origin) / direction;
}

/** Address of a corner; 0 where there is none. */
function cornerAt(g: usize, ix: i32, iy: i32, iz: i32): usize {
  const block = findBlock(g, ix >> 3, iy >> 3, iz >> 3);
  if (block == 0) return 0;
  return (
    <usize>load<u32>(g, G_DATA) +
    ((<usize>block) << 12) +
    ((<usize>((ix & 7) | ((iy & 7) << 3) | ((iz & 7) << 6))) << 3)
  );
}
