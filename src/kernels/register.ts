// One Gauss–Newton pass of a scan against the field: residuals r = SDF(T·p), analytic gradients, robust weights and
// the sums of the normal equations. Left perturbation centred at the sensor: p ↦ p + v + ω × (p − c), so the row of
// the Jacobian is J = [∇, (p − c) × ∇]. With point times τ, the twist correction has the row τ·J: sums are taken of
// JJᵀ, τJJᵀ, τ²JJᵀ and of rJ, τrJ, for ground and other points apart.
import { sampleScalar } from './grid';

const R_LEVELS: usize = 0; // number of scalar levels, finest first
const R_GRIDS: usize = 4; // 4 descriptors
const R_COUNT: usize = 20;
const R_INDICES: usize = 24; // u32[count] into the points
const R_POINTS: usize = 28; // x y z tau: f32, sensor frame, deskewed
const R_FLAGS: usize = 44; // u8 per point, bit 1 = ground
const R_POSE: usize = 48; // f32×12 T_submap_sensor
const R_KERNEL: usize = 96; // f32×4: robust scale per level, 0 = level not used
const R_GRADIENT: usize = 112; // f32, scale of the gradient-norm weight
const R_OUT: usize = 116; // f64[CHUNKS × 2 × R_SUMS]
const R_TIME_SCALE: usize = 120; // f32, 1/s: τ is used in these units
const R_MIN_WEIGHT: usize = 124; // f32: corners with less are not trusted
const R_LEVEL_WEIGHT: usize = 128; // f32×4
const R_TWIST: usize = 144; // f32×6: correction of the deskewing twist, turned into the submap frame

const CHUNK: u32 = 256;
export const R_SUMS: usize = 21 * 3 + 6 * 2 + 6; // … + Σw, Σwr², points with a fine value, inliers among them, points in all, Σ|r| of inliers

export function register(args: usize, chunk: i32): void {
  const count = load<u32>(args, R_COUNT);
  const first = <u32>chunk * CHUNK, end = min(first + CHUNK, count);
  const base = <usize>load<u32>(args, R_OUT) + <usize>chunk * (2 * R_SUMS * 8 + 64);
  const scratch = base + 2 * R_SUMS * 8;
  memory.fill(base, 0, 2 * R_SUMS * 8);
  const indices: usize = load<u32>(args, R_INDICES), flags: usize = load<u32>(args, R_FLAGS);
  const pX: usize = load<u32>(args, R_POINTS), pY: usize = load<u32>(args, R_POINTS + 4), pZ: usize = load<u32>(args, R_POINTS + 8);
  const pT: usize = load<u32>(args, R_POINTS + 12);
  const levels = load<i32>(args, R_LEVELS);
  const gradientScale = load<f32>(args, R_GRADIENT), minWeight = load<f32>(args, R_MIN_WEIGHT);
  const timeScale = load<f32>(args, R_TIME_SCALE);
  const r0 = load<f32>(args, R_POSE), r1 = load<f32>(args, R_POSE + 4), r2 = load<f32>(args, R_POSE + 8), tx = load<f32>(args, R_POSE + 12);
  const r3 = load<f32>(args, R_POSE + 16), r4 = load<f32>(args, R_POSE + 20), r5 = load<f32>(args, R_POSE + 24), ty = load<f32>(args, R_POSE + 28);
  const r6 = load<f32>(args, R_POSE + 32), r7 = load<f32>(args, R_POSE + 36), r8 = load<f32>(args, R_POSE + 40), tz = load<f32>(args, R_POSE + 44);
  const vx = load<f32>(args, R_TWIST), vy = load<f32>(args, R_TWIST + 4), vz = load<f32>(args, R_TWIST + 8);
  const wx = load<f32>(args, R_TWIST + 12), wy = load<f32>(args, R_TWIST + 16), wz = load<f32>(args, R_TWIST + 20);
  for (let i = first; i < end; i++) {
    const index: usize = load<u32>(indices + (<usize>i << 2));
    const o = index << 2;
    const px = load<f32>(pX + o), py = load<f32>(pY + o), pz = load<f32>(pZ + o);
    const qx = r0 * px + r1 * py + r2 * pz, qy = r3 * px + r4 * py + r5 * pz, qz = r6 * px + r7 * py + r8 * pz;
    const tauF = load<f32>(pT + o) * timeScale;
    const mx = qx + tauF * (vx + wy * qz - wz * qy), my = qy + tauF * (vy + wz * qx - wx * qz), mz = qz + tauF * (vz + wx * qy - wy * qx);
    const sums = base + <usize>((load<u8>(flags + index) >> 1) & 1) * R_SUMS * 8;
    add(sums, R_SUMS - 2, 1);
    let level = 0;
    for (; level < levels; level++) {
      if (load<f32>(args + (<usize>level << 2), R_KERNEL) <= 0) continue;
      if (sampleScalar(<usize>load<u32>(args + (<usize>level << 2), R_GRIDS), mx + tx, my + ty, mz + tz, scratch) > (level == 0 ? minWeight : 0)) break;
    }
    if (level == levels) continue;
    const r = load<f32>(scratch), gx = load<f32>(scratch, 4), gy = load<f32>(scratch, 8), gz = load<f32>(scratch, 12);
    const kernel = load<f32>(args + (<usize>level << 2), R_KERNEL);
    const k2 = kernel * kernel;
    const norm = sqrt(gx * gx + gy * gy + gz * gz) - <f32>1;
    const gs2 = gradientScale * gradientScale;
    const robust = k2 / (k2 + r * r), sane = gs2 / (gs2 + norm * norm);
    const w = <f64>(robust * robust * sane * sane * load<f32>(args + (<usize>level << 2), R_LEVEL_WEIGHT));
    const tau = <f64>tauF;
    const J0 = <f64>gx, J1 = <f64>gy, J2 = <f64>gz;
    const J3 = <f64>(my * gz - mz * gy), J4 = <f64>(mz * gx - mx * gz), J5 = <f64>(mx * gy - my * gx);
    let s = sums;
    s = row(s, w * J0, tau, J0, J1, J2, J3, J4, J5, 0);
    s = row(s, w * J1, tau, J0, J1, J2, J3, J4, J5, 1);
    s = row(s, w * J2, tau, J0, J1, J2, J3, J4, J5, 2);
    s = row(s, w * J3, tau, J0, J1, J2, J3, J4, J5, 3);
    s = row(s, w * J4, tau, J0, J1, J2, J3, J4, J5, 4);
    s = row(s, w * J5, tau, J0, J1, J2, J3, J4, J5, 5);
    const wr = w * <f64>r;
    right(sums, 0, wr * J0, tau);
    right(sums, 1, wr * J1, tau);
    right(sums, 2, wr * J2, tau);
    right(sums, 3, wr * J3, tau);
    right(sums, 4, wr * J4, tau);
    right(sums, 5, wr * J5, tau);
    add(sums, R_SUMS - 6, w);
    add(sums, R_SUMS - 5, wr * <f64>r);
    if (level != 0) continue;
    add(sums, R_SUMS - 4, 1);
    if (abs(r) < kernel) {
      add(sums, R_SUMS - 3, 1);
      add(sums, R_SUMS - 1, <f64>abs(r));
    }
  }
}

// @ts-ignore: decorator
@inline
function add(sums: usize, index: usize, value: f64): void {
  const at = sums + (index << 3);
  store<f64>(at, load<f64>(at) + value);
}

// @ts-ignore: decorator
@inline
function add3(at: usize, value: f64, tau: f64): void {
  store<f64>(at, load<f64>(at) + value);
  const v1 = value * tau;
  store<f64>(at, load<f64>(at, 168) + v1, 168);
  store<f64>(at, load<f64>(at, 336) + v1 * tau, 336);
}

// @ts-ignore: decorator
@inline
function row(at: usize, wj: f64, tau: f64, J0: f64, J1: f64, J2: f64, J3: f64, J4: f64, J5: f64, from: i32): usize {
  if (from <= 0) { add3(at, wj * J0, tau); at += 8; }
  if (from <= 1) { add3(at, wj * J1, tau); at += 8; }
  if (from <= 2) { add3(at, wj * J2, tau); at += 8; }
  if (from <= 3) { add3(at, wj * J3, tau); at += 8; }
  if (from <= 4) { add3(at, wj * J4, tau); at += 8; }
  add3(at, wj * J5, tau);
  return at + 8;
}

// @ts-ignore: decorator
@inline
function right(sums: usize, index: usize, value: f64, tau: f64): void {
  add(sums, 63 + index, value);
  add(sums, 69 + index, value * tau);
}
