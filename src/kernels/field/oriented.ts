// One Gauss–Newton pass of oriented points against the field: as `register`, for points that come with normals and with
// information of their own (a camera's noise grows with the distance), and without a velocity within the sweep. A point
// takes the finest level that knows it well, at one robust scale for all levels: a wide one reaches far, a narrow one is
// exact (p ↦ p + v + ω × (p − c), J = [∇, (p − c) × ∇]).
import { G_TRUNCATION } from '../layout/field';
import {
  O_COUNT,
  O_GRADIENT,
  O_GRIDS,
  O_INDICES,
  O_KERNEL,
  O_LEVELS,
  O_MIN_WEIGHT,
  O_OUT,
  O_POINTS,
  O_POSE,
  O_STRIDE,
  O_SUMS,
  POINT_CHUNK,
} from '../layout/gather';
import { sampleScalar } from './grid';
import { add, column, rotated } from './posed';

/** Distances nearer to the truncation than this share of it are not what they seem. */
const SATURATED: f32 = 0.9;
/** Norms of the gradient and cosines to the normal between which a place is one surface. */
const LEAST_NORM: f32 = 0.3;
const MOST_NORM: f32 = 1.7;
const LEAST_COS: f32 = 0.5;

/** Chunk: POINT_CHUNK points. */
export function registerOriented(args: usize, chunk: i32): void {
  const out = <usize>load<u32>(args, O_OUT) + <usize>chunk * O_STRIDE;
  const scratch = out + O_SUMS * 8;
  memory.fill(out, 0, O_STRIDE);
  const indices: usize = load<u32>(args, O_INDICES);
  const levels = load<i32>(args, O_LEVELS);
  const kernel = load<f32>(args, O_KERNEL),
    k2 = kernel * kernel;
  const gradientScale = load<f32>(args, O_GRADIENT),
    gs2 = gradientScale * gradientScale;
  const minWeight = load<f32>(args, O_MIN_WEIGHT);
  const past = min(load<i32>(args, O_COUNT), (chunk + 1) * POINT_CHUNK);
  for (let i = chunk * POINT_CHUNK; i < past; i++) {
    const o = (<usize>load<u32>(indices + ((<usize>i) << 2))) << 2;
    const px = column(args + O_POINTS, 0, o),
      py = column(args + O_POINTS, 4, o),
      pz = column(args + O_POINTS, 8, o);
    const mx = rotated(args + O_POSE, 0, px, py, pz),
      my = rotated(args + O_POSE, 16, px, py, pz),
      mz = rotated(args + O_POSE, 32, px, py, pz);
    const wx = mx + load<f32>(args, O_POSE + 12),
      wy = my + load<f32>(args, O_POSE + 28),
      wz = mz + load<f32>(args, O_POSE + 44);
    add(out, 31, 1);
    let level = 0;
    for (; level < levels; level++) {
      const g: usize = load<u32>(args + ((<usize>level) << 2), O_GRIDS);
      const weight = sampleScalar(g, wx, wy, wz, scratch);
      if (
        weight > (level == 0 ? minWeight : 0) &&
        abs(load<f32>(scratch)) < SATURATED * load<f32>(g, G_TRUNCATION)
      )
        break;
    }
    if (level == levels) continue;
    const r = load<f32>(scratch),
      gx = load<f32>(scratch, 4),
      gy = load<f32>(scratch, 8),
      gz = load<f32>(scratch, 12);
    const norm = sqrt(gx * gx + gy * gy + gz * gz);
    if (norm < LEAST_NORM || norm > MOST_NORM) continue;
    const nx = column(args + O_POINTS, 12, o),
      ny = column(args + O_POINTS, 16, o),
      nz = column(args + O_POINTS, 20, o);
    const cos =
      rotated(args + O_POSE, 0, nx, ny, nz) * gx +
      rotated(args + O_POSE, 16, nx, ny, nz) * gy +
      rotated(args + O_POSE, 32, nx, ny, nz) * gz;
    const near = abs(r) < kernel;
    add(out, 35, <f64>column(args + O_POINTS, 24, o));
    if (level == 0) add(out, 29, 1);
    else {
      add(out, 33, 1);
      if (near) add(out, 34, 1);
    }
    if (cos < LEAST_COS * norm) continue;
    const robust = k2 / (k2 + r * r),
      sane = gs2 / (gs2 + (norm - 1) * (norm - 1));
    const w = robust * robust * sane * sane * column(args + O_POINTS, 24, o);
    if (level == 0 && near) {
      add(out, 30, 1);
      add(out, 32, <f64>abs(r));
    }
    store<f32>(scratch, gx, 16);
    store<f32>(scratch, gy, 20);
    store<f32>(scratch, gz, 24);
    store<f32>(scratch, my * gz - mz * gy, 28);
    store<f32>(scratch, mz * gx - mx * gz, 32);
    store<f32>(scratch, mx * gy - my * gx, 36);
    let at = out;
    for (let a: usize = 0; a < 24; a += 4) {
      const wj = <f64>(w * load<f32>(scratch + a, 16));
      for (let b = a; b < 24; b += 4, at += 8)
        store<f64>(at, load<f64>(at) + wj * <f64>load<f32>(scratch + b, 16));
      const rhs = out + 168 + (a << 1);
      store<f64>(rhs, load<f64>(rhs) + wj * <f64>r);
    }
    add(out, 27, <f64>w);
    add(out, 28, <f64>(w * r * r));
  }
}
