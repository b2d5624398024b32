// Fusion by gathering from a sensor with parallel lines of sight, a gel that is pressed against things: as gather.ts does
// for a pinhole. Corners before a contact take the distance from its plane, n·(c − p), into their running mean. Behind the
// gel's surface is its own body, so that nothing else is there: a corner is no nearer to anything than to the surface along
// the axis, to the border and to the nearest contact across it, and what claims to be nearer is corrected towards that.
import { G_COORDS, G_DATA, G_MAX_WEIGHT, G_TRUNCATION, G_VOXEL } from '../layout/field';
import {
  D_BLOCKS,
  D_BODY,
  D_CAMERA,
  D_COUNT,
  D_FREE_WEIGHT,
  D_GRID,
  D_HEIGHT,
  D_LATERAL,
  D_PLANES,
  D_POSE,
  D_SCAN,
  D_SPAN,
  D_WIDTH,
  GATHER_CHUNK,
} from '../layout/gather';
import { mixDistance, noteChange } from './gathered';

/** Least cosine that the band along the axis is widened for. */
const LEAST_COS: f32 = 0.25;
/**
 * Corners so many voxels behind a contact are the last that it speaks for, and its weight fades on the way there: things that
 * are touched are thin and have edges, so that what lies deeper belongs to another side of them.
 */
const BEHIND: f32 = 2;

/** Chunk: GATHER_CHUNK of the listed blocks. Each corner is updated by itself. */
export function gatherFlat(args: usize, chunk: i32): void {
  const past = min(load<i32>(args, D_COUNT), (chunk + 1) * GATHER_CHUNK);
  for (let i = chunk * GATHER_CHUNK; i < past; i++)
    gatherBlock(args, load<u32>(<usize>load<u32>(args, D_BLOCKS) + ((<usize>i) << 2)));
}

function gatherBlock(args: usize, block: usize): void {
  const g: usize = load<u32>(args, D_GRID);
  const voxel = load<f32>(g, G_VOXEL),
    truncation = load<f32>(g, G_TRUNCATION),
    maxWeight = load<f32>(g, G_MAX_WEIGHT),
    behind = min(truncation, BEHIND * voxel);
  const width = load<i32>(args, D_WIDTH),
    height = load<i32>(args, D_HEIGHT);
  const fx = load<f32>(args, D_CAMERA),
    fy = load<f32>(args, D_CAMERA + 4),
    cx = load<f32>(args, D_CAMERA + 8),
    cy = load<f32>(args, D_CAMERA + 12);
  const depth: usize = load<u32>(args, D_PLANES),
    planeX: usize = load<u32>(args, D_PLANES + 4),
    planeY: usize = load<u32>(args, D_PLANES + 8),
    planeZ: usize = load<u32>(args, D_PLANES + 12),
    information: usize = load<u32>(args, D_PLANES + 16),
    lateral: usize = load<u32>(args, D_LATERAL);
  const freeWeight = load<f32>(args, D_FREE_WEIGHT),
    body = load<f32>(args, D_BODY),
    deepest = load<f32>(args, D_SPAN);
  const coords = <usize>load<u32>(g, G_COORDS) + (block << 4);
  const wx = <f32>(load<i32>(coords) << 3) * voxel - load<f32>(args, D_POSE + 12),
    wy = <f32>(load<i32>(coords, 4) << 3) * voxel - load<f32>(args, D_POSE + 28),
    wz = <f32>(load<i32>(coords, 8) << 3) * voxel - load<f32>(args, D_POSE + 44);
  const r0 = load<f32>(args, D_POSE),
    r1 = load<f32>(args, D_POSE + 4),
    r2 = load<f32>(args, D_POSE + 8),
    r3 = load<f32>(args, D_POSE + 16),
    r4 = load<f32>(args, D_POSE + 20),
    r5 = load<f32>(args, D_POSE + 24),
    r6 = load<f32>(args, D_POSE + 32),
    r7 = load<f32>(args, D_POSE + 36),
    r8 = load<f32>(args, D_POSE + 40);
  const data = <usize>load<u32>(g, G_DATA) + (block << 12);
  let changed: f32 = 0;
  for (let c = 0; c < 512; c++) {
    const x = wx + <f32>(c & 7) * voxel,
      y = wy + <f32>((c >> 3) & 7) * voxel,
      z = wz + <f32>(c >> 6) * voxel;
    const px = r0 * x + r3 * y + r6 * z,
      py = r1 * x + r4 * y + r7 * z,
      pz = r2 * x + r5 * y + r8 * z;
    const u = <i32>floor(px * fx + cx + 0.5),
      v = <i32>floor(py * fy + cy + 0.5);
    if (u < 0 || v < 0 || u >= width || v >= height) continue;
    const at = (<usize>(v * width + u)) << 2;
    const before = load<f32>(depth + at) - pz;
    if (!(before < body + truncation)) continue; // not a number: not known
    const nx = load<f32>(planeX + at),
      ny = load<f32>(planeY + at),
      nz = load<f32>(planeZ + at);
    const corner = data + ((<usize>c) << 3);
    let d: f32, w: f32;
    if (nx == 0 && ny == 0 && nz == 0) {
      // Nothing touches here: no more is known than how near the nearest thing can be at most.
      if (before <= 0 || before > body) continue;
      // Something just before the gel, just beside it, or the nearest contact, as deep as the deepest.
      const border = (<f32>min(min(u, v), min(width - 1 - u, height - 1 - v)) + 0.5) / fx;
      d = min(before, min(border, max(load<f32>(lateral + at), pz < deepest ? deepest - pz : 0)));
      if (d >= truncation) d = truncation;
      else if (!(load<f32>(corner, 4) > 0) || load<f32>(corner) >= d) continue;
      w = freeWeight;
    } else {
      const cos = max<f32>(-nz, 0);
      d = nx * (px - (<f32>u - cx) / fx) + ny * (py - (<f32>v - cy) / fy) - nz * before;
      const band = truncation / max(cos, LEAST_COS);
      if (d < -behind || before < -band) continue;
      if (d >= truncation) {
        if (before <= 0 || before > body) continue;
        d = truncation;
        w = freeWeight;
      } else if (before > band) continue;
      else {
        w = load<f32>(information + at) * cos;
        if (d < 0) w *= 1 + (<f32>0.9 * d) / behind;
      }
    }
    if (!(w > 0)) continue;
    changed += mixDistance(corner, d, w, maxWeight, truncation);
  }
  noteChange(g, block, changed, load<i32>(args, D_SCAN));
}
