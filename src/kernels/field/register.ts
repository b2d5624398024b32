// One Gauss–Newton pass of a scan against the field: residuals r = SDF(T·p), analytic gradients, robust weights and
// the sums of the normal equations. Left perturbation centred at the sensor: p ↦ p + v + ω × (p − c), so the row of
// the Jacobian is J = [∇, (p − c) × ∇]. With point times τ, the twist correction has the row τ·J: sums are taken of
// JJᵀ, τJJᵀ, τ²JJᵀ and of rJ, τrJ, for ground and other points apart.
import {
  CELL_BYTES,
  CELL_CORNERS,
  G_INVERSE,
  G_VERSION,
  REGISTER_CHUNK,
  R_CELLS,
  R_COUNT,
  R_FLAGS,
  R_GRADIENT,
  R_GRIDS,
  R_INDICES,
  R_KERNEL,
  R_LEVELS,
  R_LEVEL_WEIGHT,
  R_MIN_WEIGHT,
  R_OUT,
  R_PARTIAL,
  R_POINTS,
  R_POSE,
  R_STRIDE,
  R_SUMS,
  R_TAKE,
  R_TAKEN,
  R_TIME_SCALE,
  R_TWIST,
  TAKEN_BYTES,
} from '../layout/field';
import { findBlock, gatherCell, sampleCell, sampleScalar } from './grid';
import { add } from './posed';

export function register(args: usize, chunk: i32): void {
  const count = load<u32>(args, R_COUNT);
  const first = <u32>chunk * REGISTER_CHUNK,
    end = min(first + REGISTER_CHUNK, count);
  const base = <usize>load<u32>(args, R_OUT) + <usize>chunk * R_STRIDE;
  const scratch = base + 2 * R_SUMS * 8;
  const partial = scratch + 64;
  memory.fill(base, 0, R_STRIDE);
  const levels = load<i32>(args, R_LEVELS);
  const gradientScale = load<f32>(args, R_GRADIENT),
    minWeight = load<f32>(args, R_MIN_WEIGHT);
  const r0 = load<f32>(args, R_POSE),
    r1 = load<f32>(args, R_POSE + 4),
    r2 = load<f32>(args, R_POSE + 8),
    tx = load<f32>(args, R_POSE + 12);
  const r3 = load<f32>(args, R_POSE + 16),
    r4 = load<f32>(args, R_POSE + 20),
    r5 = load<f32>(args, R_POSE + 24),
    ty = load<f32>(args, R_POSE + 28);
  const r6 = load<f32>(args, R_POSE + 32),
    r7 = load<f32>(args, R_POSE + 36),
    r8 = load<f32>(args, R_POSE + 40),
    tz = load<f32>(args, R_POSE + 44);
  const vx = load<f32>(args, R_TWIST),
    vy = load<f32>(args, R_TWIST + 4),
    vz = load<f32>(args, R_TWIST + 8);
  const wx = load<f32>(args, R_TWIST + 12),
    wy = load<f32>(args, R_TWIST + 16),
    wz = load<f32>(args, R_TWIST + 20);
  const taken = <usize>load<u32>(args, R_TAKEN);
  if (load<u32>(args, R_TAKE) != 0) takeSamples(args, first, end, taken);
  // First copy the fine cells that are not at hand, those of a point that left its cell or of a map that changed: reads
  // that do not wait for each other's results overlap.
  const fine: usize = load<u32>(args, R_GRIDS),
    inverse = load<f32>(fine, G_INVERSE);
  const version = load<i32>(fine, G_VERSION),
    withFine = load<f32>(args, R_KERNEL) > 0;
  const cells: usize = load<u32>(args, R_CELLS);
  if (withFine)
    for (let i = first; i < end; i++) {
      const at = taken + <usize>i * TAKEN_BYTES;
      const px = load<f32>(at),
        py = load<f32>(at, 4),
        pz = load<f32>(at, 8);
      const qx = r0 * px + r1 * py + r2 * pz,
        qy = r3 * px + r4 * py + r5 * pz,
        qz = r6 * px + r7 * py + r8 * pz;
      const tauF = load<f32>(at, 12);
      const mx = qx + tauF * (vx + wy * qz - wz * qy),
        my = qy + tauF * (vy + wz * qx - wx * qz),
        mz = qz + tauF * (vz + wx * qy - wy * qx);
      const ix = <i32>floor((mx + tx) * inverse),
        iy = <i32>floor((my + ty) * inverse),
        iz = <i32>floor((mz + tz) * inverse);
      const record = cells + <usize>i * CELL_BYTES;
      const wanted = i32x4.replace_lane(
        i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(version), 0, ix), 1, iy),
        2,
        iz,
      );
      if (i32x4.all_true(i32x4.eq(v128.load(record), wanted))) continue;
      v128.store(record, wanted);
      gatherCell(fine, findBlock(fine, ix >> 3, iy >> 3, iz >> 3), ix, iy, iz, record + CELL_CORNERS); // block 0 is empty
    }
  for (let i = first; i < end; i++) {
    const at = taken + <usize>i * TAKEN_BYTES;
    const px = load<f32>(at),
      py = load<f32>(at, 4),
      pz = load<f32>(at, 8);
    const qx = r0 * px + r1 * py + r2 * pz,
      qy = r3 * px + r4 * py + r5 * pz,
      qz = r6 * px + r7 * py + r8 * pz;
    const tauF = load<f32>(at, 12);
    const mx = qx + tauF * (vx + wy * qz - wz * qy),
      my = qy + tauF * (vy + wz * qx - wx * qz),
      mz = qz + tauF * (vz + wx * qy - wy * qx);
    const kind: usize = load<u32>(at, 16);
    const sums = base + kind * (R_SUMS * 8);
    add(sums, 79, 1);
    let level = 0;
    for (; level < levels; level++) {
      if (load<f32>(args + ((<usize>level) << 2), R_KERNEL) <= 0) continue;
      if (level == 0) {
        const ux = (mx + tx) * inverse,
          uy = (my + ty) * inverse,
          uz = (mz + tz) * inverse;
        if (
          sampleCell(
            cells + <usize>i * CELL_BYTES + CELL_CORNERS,
            ux - floor(ux),
            uy - floor(uy),
            uz - floor(uz),
            inverse,
            scratch,
          ) > minWeight
        )
          break;
      } else if (
        sampleScalar(
          <usize>load<u32>(args + ((<usize>level) << 2), R_GRIDS),
          mx + tx,
          my + ty,
          mz + tz,
          scratch,
        ) > 0
      )
        break;
    }
    if (level == levels) continue;
    const r = load<f32>(scratch),
      gx = load<f32>(scratch, 4),
      gy = load<f32>(scratch, 8),
      gz = load<f32>(scratch, 12);
    const kernel = load<f32>(args + ((<usize>level) << 2), R_KERNEL);
    const k2 = kernel * kernel;
    const norm = sqrt(gx * gx + gy * gy + gz * gz) - <f32>1;
    const gs2 = gradientScale * gradientScale;
    const robust = k2 / (k2 + r * r),
      sane = gs2 / (gs2 + norm * norm);
    const w = robust * robust * sane * sane * load<f32>(args + ((<usize>level) << 2), R_LEVEL_WEIGHT);
    // Rows of w·j·jᵀ, w·τ·j·jᵀ, w·τ²·j·jᵀ with j = [J, r, 1]: 3 × 6 × 8 float32 sums of one chunk.
    const j3 = my * gz - mz * gy,
      j4 = mz * gx - mx * gz,
      j5 = mx * gy - my * gx;
    const A = f32x4(gx, gy, gz, j3),
      B = f32x4(j4, j5, r, 1);
    const acc = partial + <usize>kind * R_PARTIAL;
    addRow(acc, w * gx, tauF, A, B);
    addRow(acc + 32, w * gy, tauF, A, B);
    addRow(acc + 64, w * gz, tauF, A, B);
    addRow(acc + 96, w * j3, tauF, A, B);
    // Of the last two only the upper triangle counts.
    addHalf(acc + 144, w * j4, tauF, B);
    addHalf(acc + 176, w * j5, tauF, B);
    add(sums, 75, <f64>w);
    add(sums, 76, <f64>(w * r * r));
    if (level != 0) {
      add(sums, 81, 1);
      if (abs(r) < kernel * <f32>0.5) add(sums, 82, 1);
      continue;
    }
    add(sums, 77, 1);
    if (abs(r) < kernel) {
      add(sums, 78, 1);
      add(sums, 80, <f64>abs(r));
    }
  }
  spread(partial, base);
  spread(partial + R_PARTIAL, base + R_SUMS * 8);
}

// @ts-ignore: decorator
@inline
function addRow(at: usize, wj: f32, tau: f32, A: v128, B: v128): void {
  const w0 = f32x4.splat(wj),
    w1 = f32x4.splat(wj * tau),
    w2 = f32x4.splat(wj * tau * tau);
  v128.store(at, f32x4.add(v128.load(at), f32x4.mul(w0, A)));
  v128.store(at, f32x4.add(v128.load(at, 16), f32x4.mul(w0, B)), 16);
  v128.store(at, f32x4.add(v128.load(at, 192), f32x4.mul(w1, A)), 192);
  v128.store(at, f32x4.add(v128.load(at, 208), f32x4.mul(w1, B)), 208);
  v128.store(at, f32x4.add(v128.load(at, 384), f32x4.mul(w2, A)), 384);
  v128.store(at, f32x4.add(v128.load(at, 400), f32x4.mul(w2, B)), 400);
}

// @ts-ignore: decorator
@inline
function addHalf(at: usize, wj: f32, tau: f32, B: v128): void {
  v128.store(at, f32x4.add(v128.load(at), f32x4.mul(f32x4.splat(wj), B)));
  v128.store(at, f32x4.add(v128.load(at, 192), f32x4.mul(f32x4.splat(wj * tau), B)), 192);
  v128.store(at, f32x4.add(v128.load(at, 384), f32x4.mul(f32x4.splat(wj * tau * tau), B)), 384);
}

/** Copies the chunk's samples to where they lie side by side: the passes that follow read them there. */
function takeSamples(args: usize, first: u32, end: u32, taken: usize): void {
  const indices: usize = load<u32>(args, R_INDICES),
    flags: usize = load<u32>(args, R_FLAGS);
  const pX: usize = load<u32>(args, R_POINTS),
    pY: usize = load<u32>(args, R_POINTS + 4),
    pZ: usize = load<u32>(args, R_POINTS + 8);
  const pT: usize = load<u32>(args, R_POINTS + 12);
  const timeScale = load<f32>(args, R_TIME_SCALE);
  for (let i = first; i < end; i++) {
    const index: usize = load<u32>(indices + ((<usize>i) << 2));
    const o = index << 2;
    const at = taken + <usize>i * TAKEN_BYTES;
    store<f32>(at, load<f32>(pX + o));
    store<f32>(at, load<f32>(pY + o), 4);
    store<f32>(at, load<f32>(pZ + o), 8);
    store<f32>(at, load<f32>(pT + o) * timeScale, 12);
    store<u32>(at, (load<u8>(flags + index) >> 1) & 1, 16);
  }
}

/** Float32 sums of a chunk to the float64 layout: three upper triangles, then Σ w r J and Σ w τ r J. */
function spread(acc: usize, sums: usize): void {
  let at = sums;
  for (let v: usize = 0; v < 3; v++)
    for (let r: usize = 0; r < 6; r++)
      for (let c = r; c < 6; c++, at += 8) store<f64>(at, <f64>load<f32>(acc + v * 192 + r * 32 + c * 4));
  for (let v: usize = 0; v < 2; v++)
    for (let r: usize = 0; r < 6; r++, at += 8) store<f64>(at, <f64>load<f32>(acc + v * 192 + r * 32 + 24));
}
