// Fusion of organised ranges by gathering: every corner in view looks at the pixel it is seen in and takes the distance
// from that pixel's plane, n·(c − p), as a sample of its running mean (Curless & Levoy 1996; the plane instead of the
// distance along the ray as in Vespa et al. 2018). What lies before the surface is seen to be free. Behind it the weight
// fades (Bylow et al. 2013): beyond the rim of a thing that is its shadow, and others that look past the rim know better.
import { G_COLOUR, G_COORDS, G_DATA, G_MAX_WEIGHT, G_TRUNCATION, G_VOXEL } from '../layout/field';
import {
  COLOUR_BLOCK,
  D_BLOCKS,
  D_CAMERA,
  D_COLOR,
  D_COUNT,
  D_EXPOSURE,
  D_FREE_WEIGHT,
  D_GRID,
  D_HEIGHT,
  D_PLANES,
  D_POSE,
  D_SCAN,
  D_WIDTH,
  GATHER_CHUNK,
  MAX_COLOUR_WEIGHT,
} from '../layout/gather';
import { mixDistance, noteChange } from './gathered';
import { laneF, laneI } from './lanes';

/** Least cosine that the band along the optical axis is widened for. */
const LEAST_COS: f32 = 0.25;
/** Share of a distance along the ray that is taken for the distance from a surface whose normal is not known. */
const MEAN_COS: f32 = 0.7;
/** Weight of such a distance. */
const UNORIENTED: f32 = 0.2;
/** From so many voxels behind a surface on the weight fades, to nothing at the truncation. */
const FADES: f32 = 1;
/** A corner this near to the camera is not looked at, metres. */
const NEAREST: f32 = 0.02;

/** Chunk: GATHER_CHUNK of the listed blocks. Each corner is updated by itself. */
export function gatherBlocks(args: usize, chunk: i32): void {
  const past = min(load<i32>(args, D_COUNT), (chunk + 1) * GATHER_CHUNK);
  for (let i = chunk * GATHER_CHUNK; i < past; i++)
    gatherBlock(args, load<u32>(<usize>load<u32>(args, D_BLOCKS) + ((<usize>i) << 2)));
}

function gatherBlock(args: usize, block: usize): void {
  const g: usize = load<u32>(args, D_GRID);
  const voxel = load<f32>(g, G_VOXEL),
    truncation = load<f32>(g, G_TRUNCATION),
    maxWeight = load<f32>(g, G_MAX_WEIGHT);
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
    information: usize = load<u32>(args, D_PLANES + 16);
  const image: usize = load<u32>(args, D_COLOR);
  const colours: usize = load<u32>(g, G_COLOUR);
  const freeWeight = load<f32>(args, D_FREE_WEIGHT);
  const gain = load<f32>(args, D_EXPOSURE),
    bias = load<f32>(args, D_EXPOSURE + 4);
  const coords = <usize>load<u32>(g, G_COORDS) + (block << 4);
  // The first corner in the sensor frame, and how that moves from corner to corner: rows of Rᵀ.
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
  const ox = r0 * wx + r3 * wy + r6 * wz,
    oy = r1 * wx + r4 * wy + r7 * wz,
    oz = r2 * wx + r5 * wy + r8 * wz;
  const lanes = f32x4(0, 1, 2, 3);
  const stepX = f32x4.mul(lanes, f32x4.splat(r0 * voxel)),
    stepY = f32x4.mul(lanes, f32x4.splat(r1 * voxel)),
    stepZ = f32x4.mul(lanes, f32x4.splat(r2 * voxel));
  const FX = f32x4.splat(fx),
    FY = f32x4.splat(fy),
    CX = f32x4.splat(cx + 0.5),
    CY = f32x4.splat(cy + 0.5);
  const zero = f32x4.splat(0),
    nearest = f32x4.splat(NEAREST),
    wide = f32x4.splat(<f32>width),
    high = f32x4.splat(<f32>height);
  const data = <usize>load<u32>(g, G_DATA) + (block << 12);
  const tint = colours ? colours + block * COLOUR_BLOCK : 0;
  const tintBand = <f32>2 * voxel;
  let changed: f32 = 0;
  for (let row = 0; row < 128; row++) {
    // Half a row of eight corners.
    const x = (row & 1) << 2,
      y = (row >> 1) & 7,
      z = row >> 4;
    const X = f32x4.add(f32x4.splat(ox + (r0 * <f32>x + r3 * <f32>y + r6 * <f32>z) * voxel), stepX),
      Y = f32x4.add(f32x4.splat(oy + (r1 * <f32>x + r4 * <f32>y + r7 * <f32>z) * voxel), stepY),
      Z = f32x4.add(f32x4.splat(oz + (r2 * <f32>x + r5 * <f32>y + r8 * <f32>z) * voxel), stepZ);
    const over = f32x4.div(f32x4.splat(1), Z);
    const U = f32x4.add(f32x4.mul(f32x4.mul(X, over), FX), CX),
      V = f32x4.add(f32x4.mul(f32x4.mul(Y, over), FY), CY);
    const seen = v128.and(
      f32x4.gt(Z, nearest),
      v128.and(
        v128.and(f32x4.ge(U, zero), f32x4.lt(U, wide)),
        v128.and(f32x4.ge(V, zero), f32x4.lt(V, high)),
      ),
    );
    const mask = i32x4.bitmask(seen);
    if (mask == 0) continue;
    const columns = i32x4.trunc_sat_f32x4_s(U),
      rows = i32x4.trunc_sat_f32x4_s(V);
    for (let lane = 0; lane < 4; lane++) {
      if (!(mask & (1 << lane))) continue;
      const u = laneI(columns, lane),
        v = laneI(rows, lane);
      const pixel = <usize>(v * width + u);
      const at = pixel << 2;
      const D = load<f32>(depth + at);
      if (D <= 0) continue;
      const pz = laneF(Z, lane);
      const before = D - pz;
      const nx = load<f32>(planeX + at),
        ny = load<f32>(planeY + at),
        nz = load<f32>(planeZ + at);
      const corner = data + ((<usize>(x + lane + (y << 3) + (z << 6))) << 3);
      let d: f32,
        w: f32,
        free = false;
      if (nx == 0 && ny == 0 && nz == 0) {
        if (before < -truncation) continue;
        if (before > truncation) {
          if (nearestAround(depth, width, height, u, v) < pz + truncation) continue;
          d = truncation;
          w = freeWeight * freeInformation(load<f32>(information + at), D, pz);
          free = true;
        } else {
          d = before * MEAN_COS;
          w = UNORIENTED * load<f32>(information + at) * faded(d, voxel, truncation);
        }
      } else {
        const qx = (<f32>u - cx) / fx,
          qy = (<f32>v - cy) / fy;
        const px = laneF(X, lane),
          py = laneF(Y, lane);
        const along = nx * qx + ny * qy + nz; // of the ray through the pixel, scaled to z = 1
        const cos = -along / sqrt(qx * qx + qy * qy + 1);
        d = nx * px + ny * py + nz * pz - along * D;
        const band = truncation / max(cos, LEAST_COS);
        if (d < -truncation || before < -band) continue;
        if (d >= truncation) {
          if (before <= 0) continue;
          d = truncation;
          w = freeWeight * freeInformation(load<f32>(information + at), D, pz);
          free = true;
        } else if (before > band) continue;
        else w = load<f32>(information + at) * cos * faded(d, voxel, truncation);
      }
      changed += mixDistance(corner, d, w, maxWeight, truncation);
      if (tint == 0 || image == 0 || free || abs(d) > tintBand) continue;
      if (load<u8>(image + at, 3) == 0) continue;
      changed +=
        mixColour(
          tint + ((<usize>(x + lane + (y << 3) + (z << 6))) << 3),
          image + at,
          min(w, 4),
          gain,
          bias,
        ) *
        voxel *
        <f32>0.004;
    }
  }
  noteChange(g, block, changed, load<i32>(args, D_SCAN));
}

/**
 * Information of seeing through a corner at depth `z` to a surface at `D` whose depth has `information`: that of a surface
 * at the corner itself, which it must outweigh if there is none. The noise of depth from parallax grows with z².
 */
// @ts-ignore: decorator
@inline
function freeInformation(information: f32, D: f32, z: f32): f32 {
  const r = D / z;
  return min<f32>(1, information * (r * r) * (r * r));
}

/** Share of its weight that a distance `d` has. */
// @ts-ignore: decorator
@inline
function faded(d: f32, voxel: f32, truncation: f32): f32 {
  const from = FADES * voxel;
  return d >= -from ? 1 : max<f32>(0, (truncation + d) / (truncation - from));
}

/** Takes a pixel into a corner's running mean; returns how much its green changed. */
// @ts-ignore: decorator
@inline
function mixColour(corner: usize, pixel: usize, w: f32, gain: f32, bias: f32): f32 {
  const w0 = <f32>load<u16>(corner, 6) * (1.0 / 256);
  const w1 = w0 + w,
    share = w / w1;
  let change: f32 = 0;
  for (let c: usize = 0; c < 3; c++) {
    const old = <f32>load<u16>(corner + (c << 1));
    const seen = max<f32>(0, min<f32>(255, gain * <f32>load<u8>(pixel + c) + bias));
    const step = (seen * 256 - old) * share;
    store<u16>(corner + (c << 1), <u16>(old + step + 0.5));
    if (c == 1) change = abs(step) * (1.0 / 256);
  }
  store<u16>(corner, <u16>(min(w1, <f32>MAX_COLOUR_WEIGHT) * 256 + 0.5), 6);
  return change;
}

/** Nearest range of the 5×5 pixels around one. */
function nearestAround(depth: usize, width: i32, height: i32, u: i32, v: i32): f32 {
  let near = f32.MAX_VALUE;
  for (let r = max(0, v - 2); r <= min(height - 1, v + 2); r++)
    for (let c = max(0, u - 2); c <= min(width - 1, u + 2); c++) {
      const z = load<f32>(depth + ((<usize>(r * width + c)) << 2));
      if (z > 0) near = min(near, z);
    }
  return near;
}
