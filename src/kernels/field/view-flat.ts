// What a sensor with parallel lines of sight sees of a grid: as view.ts does for a pinhole. The args' camera is pixels
// per metre; pixels without a normal touch nothing.
import { G_COORDS, G_FIRST, G_INVERSE, G_POOL, G_TRUNCATION, G_VOXEL, P_NEXT } from '../layout/field';
import {
  D_BLOCKS,
  D_BODY,
  D_CAMERA,
  D_COUNT,
  D_GRID,
  D_HEIGHT,
  D_MOST,
  D_PLANES,
  D_POSE,
  D_SPAN,
  D_WIDTH,
} from '../layout/gather';
import { touchBlock } from './blocks';
import { blockOf, rotatedBack } from './posed';
import { HALF_DIAGONAL } from './view';

/** Makes the blocks in the band around what is touched. One chunk only. */
export function makeFlatBand(args: usize, _chunk: i32): void {
  const g: usize = load<u32>(args, D_GRID);
  const width = load<i32>(args, D_WIDTH),
    height = load<i32>(args, D_HEIGHT);
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
  // Blocks are eight voxels wide: steps of half of that miss none.
  const steps = <i32>ceil((truncation * inverse) / 4);
  const step = truncation / <f32>steps;
  let lastX = i32.MIN_VALUE,
    lastY: i32 = 0,
    lastZ: i32 = 0;
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      const at = (<usize>(v * width + u)) << 2;
      const nx = load<f32>(planeX + at),
        ny = load<f32>(planeY + at),
        nz = load<f32>(planeZ + at);
      if (nx == 0 && ny == 0 && nz == 0) continue;
      const px = (<f32>u - cx) / fx,
        py = (<f32>v - cy) / fy,
        pz = load<f32>(depth + at);
      for (let k = -steps; k <= steps; k++) {
        const o = <f32>k * step;
        const qx = px + nx * o,
          qy = py + ny * o,
          qz = pz + nz * o;
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

/** Lists the blocks of the grid that the view or the sensor's body reaches into. One chunk only. */
export function blocksInFlatView(args: usize, _chunk: i32): void {
  const g: usize = load<u32>(args, D_GRID);
  const next: usize = load<u32>(<usize>load<u32>(g, G_POOL), P_NEXT);
  const coords: usize = load<u32>(g, G_COORDS);
  const side = load<f32>(g, G_VOXEL) * 8,
    radius = load<f32>(g, G_VOXEL) * HALF_DIAGONAL,
    truncation = load<f32>(g, G_TRUNCATION);
  const fx = load<f32>(args, D_CAMERA),
    fy = load<f32>(args, D_CAMERA + 4),
    cx = load<f32>(args, D_CAMERA + 8),
    cy = load<f32>(args, D_CAMERA + 12);
  const wide = <f32>load<i32>(args, D_WIDTH),
    high = <f32>load<i32>(args, D_HEIGHT);
  // Where a surface is steep the band along the axis is longer.
  const first = load<f32>(args, D_SPAN) - max(load<f32>(args, D_BODY), 4 * truncation) - radius,
    last = load<f32>(args, D_SPAN + 4) + 4 * truncation + radius;
  const list: usize = load<u32>(args, D_BLOCKS);
  const most = load<i32>(args, D_MOST);
  let count = 0;
  for (let block = load<i32>(g, G_FIRST); block != 0; block = load<i32>(next + ((<usize>block) << 2))) {
    const at = coords + ((<usize>block) << 4);
    const x = (<f32>load<i32>(at) + 0.5) * side - load<f32>(args, D_POSE + 12),
      y = (<f32>load<i32>(at, 4) + 0.5) * side - load<f32>(args, D_POSE + 28),
      z = (<f32>load<i32>(at, 8) + 0.5) * side - load<f32>(args, D_POSE + 44);
    const pz = rotatedBack(args + D_POSE, 8, x, y, z);
    if (pz < first || pz > last) continue;
    const u = rotatedBack(args + D_POSE, 0, x, y, z) * fx + cx;
    if (u + radius * fx < -1 || u - radius * fx > wide) continue;
    const v = rotatedBack(args + D_POSE, 4, x, y, z) * fy + cy;
    if (v + radius * fy < -1 || v - radius * fy > high) continue;
    if (count == most) break;
    store<i32>(list + ((<usize>count) << 2), block);
    count++;
  }
  store<i32>(args, count, D_COUNT);
}
