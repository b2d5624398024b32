// Fusion: each corner keeps the running mean of the normal-guided signed distance n·(c − p) of the points near it
// (Curless & Levoy 1996 with point-to-plane instead of projective distances).
import { findBlock, touchBlock, G_CHANGE, G_COORDS, G_DATA, G_INVERSE, G_MAX_WEIGHT, G_TRUNCATION, G_VOXEL } from './grid';

// Arguments (byte offsets), shared with src/field/engines/wasm/engine.ts.
const F_GRID: usize = 0;
const F_COUNT: usize = 4;
const F_POINTS: usize = 8; // 6 pointers: x y z nx ny nz, f32[count], sensor frame
const F_QUALITY: usize = 32; // f32[count], 0 = do not fuse
const F_POSE: usize = 36; // f32×12, T_submap_sensor
const F_STEPS: usize = 84; // positions on either side of the surface
const F_SCAN: usize = 88; // number of the scan, for the time stamps of blocks
const F_INDICES: usize = 92; // u32[count] into the points, or 0 for all
const F_PARTS: usize = 96; // how many disjoint parts the blocks are divided into
const F_MAX_RANGE: usize = 100; // f32: farther points are left out
const F_BARE_RANGE: usize = 104; // f32: points without a normal are fused along their ray up to here …
const F_BARE_QUALITY: usize = 108; // f32: … with this weight

// @ts-ignore: decorator
@inline
function touchCorners(g: usize, ix: i32, iy: i32, iz: i32): void {
  const x0 = ix >> 3, y0 = iy >> 3, z0 = iz >> 3;
  const x1 = (ix + 1) >> 3, y1 = (iy + 1) >> 3, z1 = (iz + 1) >> 3;
  for (let z = z0; z <= z1; z++) for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) touchBlock(g, x, y, z);
}

/** Makes the blocks that `fuse` will write to. One chunk only. */
export function allocateBlocks(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, F_GRID);
  const inverse = load<f32>(g, G_INVERSE), voxel = load<f32>(g, G_VOXEL);
  const count = load<u32>(args, F_COUNT);
  const indices: usize = load<u32>(args, F_INDICES);
  const steps = load<i32>(args, F_STEPS);
  const qualities: usize = load<u32>(args, F_QUALITY);
  let lastX = i32.MIN_VALUE, lastY: i32 = 0, lastZ: i32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const o = <usize>(indices ? load<u32>(indices + (<usize>i << 2)) : i) << 2;
    const px = load<f32>(<usize>load<u32>(args, F_POINTS) + o);
    const py = load<f32>(<usize>load<u32>(args, F_POINTS + 4) + o);
    const pz = load<f32>(<usize>load<u32>(args, F_POINTS + 8) + o);
    let nx = load<f32>(<usize>load<u32>(args, F_POINTS + 12) + o);
    let ny = load<f32>(<usize>load<u32>(args, F_POINTS + 16) + o);
    let nz = load<f32>(<usize>load<u32>(args, F_POINTS + 20) + o);
    const range = sqrt(px * px + py * py + pz * pz);
    if (range > load<f32>(args, F_MAX_RANGE)) continue;
    if (nx == 0 && ny == 0 && nz == 0) {
      if (range > load<f32>(args, F_BARE_RANGE)) continue;
      nx = -px / range;
      ny = -py / range;
      nz = -pz / range;
    } else if (load<f32>(qualities + o) <= 0) continue;
    const wx = load<f32>(args, F_POSE) * px + load<f32>(args, F_POSE + 4) * py + load<f32>(args, F_POSE + 8) * pz + load<f32>(args, F_POSE + 12);
    const wy = load<f32>(args, F_POSE + 16) * px + load<f32>(args, F_POSE + 20) * py + load<f32>(args, F_POSE + 24) * pz + load<f32>(args, F_POSE + 28);
    const wz = load<f32>(args, F_POSE + 32) * px + load<f32>(args, F_POSE + 36) * py + load<f32>(args, F_POSE + 40) * pz + load<f32>(args, F_POSE + 44);
    const mx = load<f32>(args, F_POSE) * nx + load<f32>(args, F_POSE + 4) * ny + load<f32>(args, F_POSE + 8) * nz;
    const my = load<f32>(args, F_POSE + 16) * nx + load<f32>(args, F_POSE + 20) * ny + load<f32>(args, F_POSE + 24) * nz;
    const mz = load<f32>(args, F_POSE + 32) * nx + load<f32>(args, F_POSE + 36) * ny + load<f32>(args, F_POSE + 40) * nz;
    for (let k = -steps; k <= steps; k++) {
      const t = <f32>k * voxel;
      const ix = <i32>floor((wx + t * mx) * inverse);
      const iy = <i32>floor((wy + t * my) * inverse);
      const iz = <i32>floor((wz + t * mz) * inverse);
      if ((ix & 7) < 7 && (iy & 7) < 7 && (iz & 7) < 7) {
        const bx = ix >> 3, by = iy >> 3, bz = iz >> 3;
        if (bx != lastX || by != lastY || bz != lastZ) touchBlock(g, bx, by, bz);
        lastX = bx;
        lastY = by;
        lastZ = bz;
      } else touchCorners(g, ix, iy, iz);
    }
  }
}

/** Chunk = one part of the blocks: every part reads all points and writes only to its own blocks. */
export function fuse(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, F_GRID);
  const inverse = load<f32>(g, G_INVERSE), voxel = load<f32>(g, G_VOXEL);
  const truncation = load<f32>(g, G_TRUNCATION), maxWeight = load<f32>(g, G_MAX_WEIGHT);
  const data: usize = load<u32>(g, G_DATA), change: usize = load<u32>(g, G_CHANGE), coords: usize = load<u32>(g, G_COORDS);
  const count = load<u32>(args, F_COUNT);
  const indices: usize = load<u32>(args, F_INDICES);
  const steps = load<i32>(args, F_STEPS);
  const scan = load<i32>(args, F_SCAN);
  const qualities: usize = load<u32>(args, F_QUALITY);
  const parts = load<i32>(args, F_PARTS) - 1;
  const maxRange = load<f32>(args, F_MAX_RANGE), bareRange = load<f32>(args, F_BARE_RANGE), bareQuality = load<f32>(args, F_BARE_QUALITY);
  const pX: usize = load<u32>(args, F_POINTS), pY: usize = load<u32>(args, F_POINTS + 4), pZ: usize = load<u32>(args, F_POINTS + 8);
  const nX: usize = load<u32>(args, F_POINTS + 12), nY: usize = load<u32>(args, F_POINTS + 16), nZ: usize = load<u32>(args, F_POINTS + 20);
  const r0 = load<f32>(args, F_POSE), r1 = load<f32>(args, F_POSE + 4), r2 = load<f32>(args, F_POSE + 8), tx = load<f32>(args, F_POSE + 12);
  const r3 = load<f32>(args, F_POSE + 16), r4 = load<f32>(args, F_POSE + 20), r5 = load<f32>(args, F_POSE + 24), ty = load<f32>(args, F_POSE + 28);
  const r6 = load<f32>(args, F_POSE + 32), r7 = load<f32>(args, F_POSE + 36), r8 = load<f32>(args, F_POSE + 40), tz = load<f32>(args, F_POSE + 44);
  let lastX = i32.MIN_VALUE, lastY: i32 = 0, lastZ: i32 = 0, last: i32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const o = <usize>(indices ? load<u32>(indices + (<usize>i << 2)) : i) << 2;
    let quality = load<f32>(qualities + o);
    const px = load<f32>(pX + o), py = load<f32>(pY + o), pz = load<f32>(pZ + o);
    let nx = load<f32>(nX + o), ny = load<f32>(nY + o), nz = load<f32>(nZ + o);
    const range = sqrt(px * px + py * py + pz * pz);
    if (range > maxRange) continue;
    if (nx == 0 && ny == 0 && nz == 0) {
      // A bush or a wire: the ray is the best guess of where outside is.
      if (range > bareRange) continue;
      nx = -px / range;
      ny = -py / range;
      nz = -pz / range;
      quality = bareQuality;
    }
    if (quality <= 0) continue;
    const wx = r0 * px + r1 * py + r2 * pz + tx, wy = r3 * px + r4 * py + r5 * pz + ty, wz = r6 * px + r7 * py + r8 * pz + tz;
    const mx = r0 * nx + r1 * ny + r2 * nz, my = r3 * nx + r4 * ny + r5 * nz, mz = r6 * nx + r7 * ny + r8 * nz;
    const plane = mx * wx + my * wy + mz * wz;
    for (let k = -steps; k <= steps; k++) {
      const t = <f32>k * voxel;
      const ux = (wx + t * mx) * inverse, uy = (wy + t * my) * inverse, uz = (wz + t * mz) * inverse;
      const flx = floor(ux), fly = floor(uy), flz = floor(uz);
      const ix = <i32>flx, iy = <i32>fly, iz = <i32>flz;
      const fx = ux - flx, fy = uy - fly, fz = uz - flz;
      for (let c = 0; c < 8; c++) {
        const cx = ix + (c & 1), cy = iy + ((c >> 1) & 1), cz = iz + (c >> 2);
        const bx = cx >> 3, by = cy >> 3, bz = cz >> 3;
        if (bx != lastX || by != lastY || bz != lastZ) {
          last = findBlock(g, bx, by, bz);
          lastX = bx;
          lastY = by;
          lastZ = bz;
        }
        if (last == 0 || (last & parts) != chunk) continue;
        let d = mx * (<f32>cx * voxel) + my * (<f32>cy * voxel) + mz * (<f32>cz * voxel) - plane;
        if (d < -truncation * <f32>1.5 || d > truncation * <f32>1.5) continue;
        d = max(-truncation, min(truncation, d));
        const w = quality * (c & 1 ? fx : <f32>1 - fx) * (c & 2 ? fy : <f32>1 - fy) * (c & 4 ? fz : <f32>1 - fz);
        const corner = data + (<usize>last << 12) + (<usize>((cx & 7) | ((cy & 7) << 3) | ((cz & 7) << 6)) << 3);
        const s0 = load<f32>(corner), w0 = load<f32>(corner, 4);
        const w1 = w0 + w;
        if (w1 <= 0) continue;
        const s1 = s0 + ((d - s0) * w) / w1;
        store<f32>(corner, s1);
        store<f32>(corner, min(w1, maxWeight), 4);
        const b4 = <usize>last << 2;
        store<f32>(change + b4, load<f32>(change + b4) + abs(s1 - s0) + (w0 < 1 ? w * truncation : 0));
        store<i32>(coords + (<usize>last << 4), scan, 12);
      }
    }
  }
}
