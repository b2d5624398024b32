// What a camera sees of a grid: blocks are made in the band around its surface, and those in view are listed.
import { G_COORDS, G_FIRST, G_INVERSE, G_POOL, G_TRUNCATION, G_VOXEL, P_NEXT } from '../layout/field';
import {
  D_BLOCKS,
  D_CAMERA,
  D_COUNT,
  D_GRID,
  D_HEIGHT,
  D_MOST,
  D_PLANES,
  D_POSE,
  D_STEP,
  D_TILES,
  D_WIDTH,
  TILE,
} from '../layout/gather';
import { touchBlock } from './blocks';
import { blockOf, rotatedBack } from './posed';

/** A corner this near to the camera is not looked at, metres. */
const NEAREST: f32 = 0.02;
/** Half of a block's diagonal, in voxels. */
export const HALF_DIAGONAL: f32 = 6.93;

/** Nearest and farthest range of each tile. Chunk: a row of tiles. */
export function rangeTiles(args: usize, chunk: i32): void {
  const width = load<i32>(args, D_WIDTH),
    height = load<i32>(args, D_HEIGHT);
  const depth: usize = load<u32>(args, D_PLANES);
  const columns = (width + TILE - 1) / TILE;
  const tiles = <usize>load<u32>(args, D_TILES) + ((<usize>(chunk * columns)) << 3);
  for (let t = 0; t < columns; t++) {
    let near = f32.MAX_VALUE,
      far: f32 = 0;
    for (let v = chunk * TILE; v < min(height, (chunk + 1) * TILE); v++)
      for (let u = t * TILE; u < min(width, (t + 1) * TILE); u++) {
        const z = load<f32>(depth + ((<usize>(v * width + u)) << 2));
        if (z <= 0) continue;
        near = min(near, z);
        far = max(far, z);
      }
    store<f32>(tiles + ((<usize>t) << 3), near);
    store<f32>(tiles + ((<usize>t) << 3), far, 4);
  }
}

/** Makes the blocks in the band around the surface that is seen. One chunk only. */
export function makeBand(args: usize, _chunk: i32): void {
  const g: usize = load<u32>(args, D_GRID);
  const width = load<i32>(args, D_WIDTH),
    height = load<i32>(args, D_HEIGHT),
    step = load<i32>(args, D_STEP);
  const fx = load<f32>(args, D_CAMERA),
    fy = load<f32>(args, D_CAMERA + 4),
    cx = load<f32>(args, D_CAMERA + 8),
    cy = load<f32>(args, D_CAMERA + 12);
  const depth: usize = load<u32>(args, D_PLANES),
    planeX: usize = load<u32>(args, D_PLANES + 4),
    planeY: usize = load<u32>(args, D_PLANES + 8),
    planeZ: usize = load<u32>(args, D_PLANES + 12);
  const inverse = load<f32>(g, G_INVERSE),
    truncation = load<f32>(g, G_TRUNCATION);
  let lastX = i32.MIN_VALUE,
    lastY: i32 = 0,
    lastZ: i32 = 0;
  for (let v = step >> 1; v < height; v += step)
    for (let u = step >> 1; u < width; u += step) {
      const at = (<usize>(v * width + u)) << 2;
      const z = load<f32>(depth + at);
      if (z <= 0) continue;
      const px = ((<f32>u - cx) / fx) * z,
        py = ((<f32>v - cy) / fy) * z;
      let nx = load<f32>(planeX + at),
        ny = load<f32>(planeY + at),
        nz = load<f32>(planeZ + at);
      if (nx == 0 && ny == 0 && nz == 0) {
        const scale = <f32>-1 / sqrt(px * px + py * py + z * z);
        nx = px * scale;
        ny = py * scale;
        nz = z * scale;
      }
      for (let k = -1; k <= 1; k++) {
        const o = <f32>k * truncation;
        const qx = px + nx * o,
          qy = py + ny * o,
          qz = z + nz * o;
        const bx = blockOf(args + D_POSE, 0, qx, qy, qz, inverse),
          by = blockOf(args + D_POSE, 16, qx, qy, qz, inverse),
          bz = blockOf(args + D_POSE, 32, qx, qy, qz, inverse);
        if (bx == lastX && by == lastY && bz == lastZ) continue;
        lastX = bx;
        lastY = by;
        lastZ = bz;
        touchBlock(g, bx, by, bz);
      }
    }
}

/** Lists the blocks of the grid that are in view and not behind all that is seen. One chunk only. */
export function blocksInView(args: usize, _chunk: i32): void {
  const g: usize = load<u32>(args, D_GRID);
  const next: usize = load<u32>(<usize>load<u32>(g, G_POOL), P_NEXT);
  const coords: usize = load<u32>(g, G_COORDS);
  const side = load<f32>(g, G_VOXEL) * 8,
    radius = load<f32>(g, G_VOXEL) * HALF_DIAGONAL,
    truncation = load<f32>(g, G_TRUNCATION);
  const width = load<i32>(args, D_WIDTH),
    height = load<i32>(args, D_HEIGHT);
  const columns = (width + TILE - 1) / TILE,
    rows = (height + TILE - 1) / TILE;
  const fx = load<f32>(args, D_CAMERA),
    fy = load<f32>(args, D_CAMERA + 4),
    cx = load<f32>(args, D_CAMERA + 8),
    cy = load<f32>(args, D_CAMERA + 12);
  const tiles: usize = load<u32>(args, D_TILES),
    list: usize = load<u32>(args, D_BLOCKS);
  const most = load<i32>(args, D_MOST);
  let count = 0;
  for (let block = load<i32>(g, G_FIRST); block != 0; block = load<i32>(next + ((<usize>block) << 2))) {
    const at = coords + ((<usize>block) << 4);
    const x = (<f32>load<i32>(at) + 0.5) * side - load<f32>(args, D_POSE + 12),
      y = (<f32>load<i32>(at, 4) + 0.5) * side - load<f32>(args, D_POSE + 28),
      z = (<f32>load<i32>(at, 8) + 0.5) * side - load<f32>(args, D_POSE + 44);
    const pz = rotatedBack(args + D_POSE, 8, x, y, z);
    if (pz + radius < NEAREST) continue;
    let left = 0,
      right = columns - 1,
      top = 0,
      bottom = rows - 1;
    const near = pz - radius;
    if (near > NEAREST) {
      const px = rotatedBack(args + D_POSE, 0, x, y, z),
        py = rotatedBack(args + D_POSE, 4, x, y, z);
      const u = (px / pz) * fx + cx,
        v = (py / pz) * fy + cy;
      // The centre may lie beside the axis: the sphere's outline is a little wider than radius/near.
      const w = (radius / near) * (1 + (abs(px) + abs(py)) / pz);
      const u0 = u - w * fx,
        u1 = u + w * fx,
        v0 = v - w * fy,
        v1 = v + w * fy;
      if (u1 < 0 || v1 < 0 || u0 > <f32>width || v0 > <f32>height) continue;
      left = max(0, <i32>floor(u0) / TILE);
      right = min(columns - 1, <i32>floor(u1) / TILE);
      top = max(0, <i32>floor(v0) / TILE);
      bottom = min(rows - 1, <i32>floor(v1) / TILE);
    }
    let far: f32 = 0;
    for (let r = top; r <= bottom; r++)
      for (let c = left; c <= right; c++)
        far = max(far, load<f32>(tiles + ((<usize>(r * columns + c)) << 3), 4));
    if (far == 0 || near > far + truncation) continue;
    if (count == most) break;
    store<i32>(list + ((<usize>count) << 2), block);
    count++;
  }
  store<i32>(args, count, D_COUNT);
}
