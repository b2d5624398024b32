// Colours of the finest corners: what they are at a point, and a Gauss–Newton pass of a frame's brightness against them.
// The fused colour is the reference, never an image of the past: it drifts with nothing.
import { G_COLOUR, G_INVERSE, G_NEIGHBOURS } from '../layout/field';
import {
  COLOUR_BLOCK,
  C_BIAS,
  C_COUNT,
  C_GAIN,
  C_GRID,
  C_INDICES,
  C_KERNEL,
  C_OUT,
  C_POINTS,
  C_POSE,
  C_REACH,
  C_STRIDE,
  C_SUMS,
  C_WEIGHT,
  GAIN_LEVELS,
  H_COUNT,
  H_GRID,
  H_OUT,
  H_POINTS,
  POINT_CHUNK,
} from '../layout/gather';
import { colourBeside, storeMeanColour } from './beside';
import { findBlock, sampleScalar } from './grid';
import { add, column, rotated } from './posed';

/** Address of a corner's colour, 0 where its block does not exist. Corner o of the cell (ix, iy, iz) that begins in `block`. */
// @ts-ignore: decorator
@inline
function cornerColour(g: usize, block: i32, ix: i32, iy: i32, iz: i32, o: i32): usize {
  const lx = (ix & 7) + (o & 1),
    ly = (iy & 7) + ((o >> 1) & 1),
    lz = (iz & 7) + (o >> 2);
  const beside = (lx >> 3) | ((ly >> 3) << 1) | ((lz >> 3) << 2);
  const there: usize = load<u32>(
    <usize>load<u32>(g, G_NEIGHBOURS) + ((<usize>block) << 5) + ((<usize>beside) << 2),
  );
  if (there == 0) return 0;
  return (
    <usize>load<u32>(g, G_COLOUR) +
    there * COLOUR_BLOCK +
    ((<usize>((lx & 7) | ((ly & 7) << 3) | ((lz & 7) << 6))) << 3)
  );
}

/** Colours at points: the mean of the corners around that have one, by their nearness; of those a step away where none has. Chunk: POINT_CHUNK points. */
export function readColours(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, H_GRID);
  const inverse = load<f32>(g, G_INVERSE);
  const past = min(load<i32>(args, H_COUNT), (chunk + 1) * POINT_CHUNK);
  for (let i = chunk * POINT_CHUNK; i < past; i++) {
    const p = <usize>load<u32>(args, H_POINTS) + <usize>i * 12;
    const out = <usize>load<u32>(args, H_OUT) + ((<usize>i) << 2);
    store<u32>(out, 0);
    const ux = load<f32>(p) * inverse,
      uy = load<f32>(p, 4) * inverse,
      uz = load<f32>(p, 8) * inverse;
    const ix = <i32>floor(ux),
      iy = <i32>floor(uy),
      iz = <i32>floor(uz);
    const block = findBlock(g, ix >> 3, iy >> 3, iz >> 3);
    if (block == 0) continue;
    const fx = ux - <f32>ix,
      fy = uy - <f32>iy,
      fz = uz - <f32>iz;
    let sum: f32 = 0,
      red: f32 = 0,
      green: f32 = 0,
      blue: f32 = 0;
    for (let o = 0; o < 8; o++) {
      const corner = cornerColour(g, block, ix, iy, iz, o);
      if (corner == 0 || load<u16>(corner, 6) == 0) continue;
      const w = (o & 1 ? fx : 1 - fx) * ((o >> 1) & 1 ? fy : 1 - fy) * (o >> 2 ? fz : 1 - fz);
      sum += w;
      red += w * <f32>load<u16>(corner);
      green += w * <f32>load<u16>(corner, 2);
      blue += w * <f32>load<u16>(corner, 4);
    }
    if (sum > 1e-3) storeMeanColour(out, red, green, blue, sum);
    // Between two corners at which nothing was seen: the end of a mesh.
    else colourBeside(g, <i32>nearest(ux), <i32>nearest(uy), <i32>nearest(uz), out);
  }
}

/**
 * Residual: fused brightness at T·p minus (1 + gain)·brightness of the pixel − bias; J = [∇c, (p − c) × ∇c, −I/GAIN_LEVELS,
 * −1]. Chunk: POINT_CHUNK points.
 */
export function registerColour(args: usize, chunk: i32): void {
  const out = <usize>load<u32>(args, C_OUT) + <usize>chunk * C_STRIDE;
  const scratch = out + C_SUMS * 8;
  memory.fill(out, 0, C_STRIDE);
  const g: usize = load<u32>(args, C_GRID);
  const inverse = load<f32>(g, G_INVERSE);
  const indices: usize = load<u32>(args, C_INDICES);
  const gain = load<f32>(args, C_GAIN),
    bias = load<f32>(args, C_BIAS);
  const kernel = load<f32>(args, C_KERNEL),
    k2 = kernel * kernel,
    reach = load<f32>(args, C_REACH),
    scale = load<f32>(args, C_WEIGHT);
  const past = min(load<i32>(args, C_COUNT), (chunk + 1) * POINT_CHUNK);
  for (let i = chunk * POINT_CHUNK; i < past; i++) {
    const o = (<usize>load<u32>(indices + ((<usize>i) << 2))) << 2;
    const grey = column(args + C_POINTS, 12, o);
    if (grey != grey) continue;
    const px = column(args + C_POINTS, 0, o),
      py = column(args + C_POINTS, 4, o),
      pz = column(args + C_POINTS, 8, o);
    const mx = rotated(args + C_POSE, 0, px, py, pz),
      my = rotated(args + C_POSE, 16, px, py, pz),
      mz = rotated(args + C_POSE, 32, px, py, pz);
    const wx = mx + load<f32>(args, C_POSE + 12),
      wy = my + load<f32>(args, C_POSE + 28),
      wz = mz + load<f32>(args, C_POSE + 44);
    if (!(sampleScalar(g, wx, wy, wz, scratch) > 0) || abs(load<f32>(scratch)) > reach) continue;
    if (!sampleGrey(g, inverse, wx, wy, wz, scratch)) continue;
    const gx = load<f32>(scratch, 4),
      gy = load<f32>(scratch, 8),
      gz = load<f32>(scratch, 12);
    const r = load<f32>(scratch) - gain * grey - bias;
    const robust = k2 / (k2 + r * r);
    const w = robust * robust * scale * min<f32>(1, column(args + C_POINTS, 16, o));
    store<f32>(scratch, gx, 32);
    store<f32>(scratch, gy, 36);
    store<f32>(scratch, gz, 40);
    store<f32>(scratch, my * gz - mz * gy, 44);
    store<f32>(scratch, mz * gx - mx * gz, 48);
    store<f32>(scratch, mx * gy - my * gx, 52);
    store<f32>(scratch, -grey * (<f32>1 / <f32>GAIN_LEVELS), 56);
    store<f32>(scratch, -1, 60);
    let at = out;
    for (let a: usize = 0; a < 32; a += 4) {
      const wj = <f64>(w * load<f32>(scratch + a, 32));
      for (let b = a; b < 32; b += 4, at += 8)
        store<f64>(at, load<f64>(at) + wj * <f64>load<f32>(scratch + b, 32));
      const rhs = out + 288 + (a << 1);
      store<f64>(rhs, load<f64>(rhs) + wj * <f64>r);
    }
    add(out, 44, <f64>w);
    add(out, 45, <f64>(w * r * r));
    add(out, 46, 1);
  }
}

/** Trilinear brightness and its gradient to `out`; false where a corner of the cell has no colour. */
function sampleGrey(g: usize, inverse: f32, x: f32, y: f32, z: f32, out: usize): bool {
  const ux = x * inverse,
    uy = y * inverse,
    uz = z * inverse;
  const ix = <i32>floor(ux),
    iy = <i32>floor(uy),
    iz = <i32>floor(uz);
  const block = findBlock(g, ix >> 3, iy >> 3, iz >> 3);
  if (block == 0) return false;
  for (let o = 0; o < 8; o++) {
    const corner = cornerColour(g, block, ix, iy, iz, o);
    if (corner == 0 || load<u16>(corner, 6) == 0) return false;
    const grey =
      <f32>0.299 * <f32>load<u16>(corner) +
      <f32>0.587 * <f32>load<u16>(corner, 2) +
      <f32>0.114 * <f32>load<u16>(corner, 4);
    store<f32>(out + ((<usize>o) << 2), grey * (1.0 / 256), 32);
  }
  const fx = ux - <f32>ix,
    fy = uy - <f32>iy,
    fz = uz - <f32>iz;
  // Corner pairs along x, blended along y and z.
  const A = v128.load(out, 32),
    B = v128.load(out, 48);
  const Z = f32x4.add(A, f32x4.mul(f32x4.sub(B, A), f32x4.splat(fz))); // x0y0 x1y0 x0y1 x1y1
  const dZ = f32x4.sub(B, A);
  const x0 = mix(f32x4.extract_lane(Z, 0), f32x4.extract_lane(Z, 2), fy),
    x1 = mix(f32x4.extract_lane(Z, 1), f32x4.extract_lane(Z, 3), fy);
  store<f32>(out, mix(x0, x1, fx));
  store<f32>(out, (x1 - x0) * inverse, 4);
  store<f32>(
    out,
    mix(
      f32x4.extract_lane(Z, 2) - f32x4.extract_lane(Z, 0),
      f32x4.extract_lane(Z, 3) - f32x4.extract_lane(Z, 1),
      fx,
    ) * inverse,
    8,
  );
  store<f32>(
    out,
    mix(
      mix(f32x4.extract_lane(dZ, 0), f32x4.extract_lane(dZ, 1), fx),
      mix(f32x4.extract_lane(dZ, 2), f32x4.extract_lane(dZ, 3), fx),
      fy,
    ) * inverse,
    12,
  );
  return true;
}

// @ts-ignore: decorator
@inline
function mix(a: f32, b: f32, t: f32): f32 {
  return a + (b - a) * t;
}
