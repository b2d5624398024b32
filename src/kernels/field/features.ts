// Feature cells: the 8 corner rows of the coarse cell around a point, and their trilinear blend.
// A row is 128 bytes: features[8], gradient[8], Adam m[8], Adam v[8]. Row 0 is all zero and stands for "not there".
import { G_DATA, G_INVERSE, G_NEIGHBOURS, L_COORDS, L_DECODER, L_GRID, L_ROWS } from '../layout/field';
import { decode, positionGradient } from './decoder';
import { touchBlock } from './blocks';
import { findBlock } from './grid';
import { takeRow } from './rows';

// What `cell` leaves behind: rows i32[8], then the fraction f32[3].
export const C_FRACTION: usize = 32;

/** Finds the cell around (x, y, z); false where no corner has a row. */
export function cell(level: usize, x: f32, y: f32, z: f32, out: usize): bool {
  const g: usize = load<u32>(level, L_GRID);
  const inverse = load<f32>(g, G_INVERSE);
  const ux = x * inverse,
    uy = y * inverse,
    uz = z * inverse;
  const flx = floor(ux),
    fly = floor(uy),
    flz = floor(uz);
  const ix = <i32>flx,
    iy = <i32>fly,
    iz = <i32>flz;
  const block = findBlock(g, ix >> 3, iy >> 3, iz >> 3);
  if (block == 0) return false;
  store<f32>(out, ux - flx, C_FRACTION);
  store<f32>(out, uy - fly, C_FRACTION + 4);
  store<f32>(out, uz - flz, C_FRACTION + 8);
  const data: usize = load<u32>(g, G_DATA);
  const neighbours = <usize>load<u32>(g, G_NEIGHBOURS) + ((<usize>block) << 5);
  const lx = ix & 7,
    ly = iy & 7,
    lz = iz & 7;
  if (lx < 7 && ly < 7 && lz < 7) {
    // All in one block: two rows of corners along x, of two layers.
    const at = data + ((<usize>block) << 11) + ((<usize>(lx | (ly << 3) | (lz << 6))) << 2);
    const low = v128.load64_lane(at + 32, v128.load64_zero(at), 1),
      high = v128.load64_lane(at + 288, v128.load64_zero(at + 256), 1);
    v128.store(out, low);
    v128.store(out, high, 16);
    return v128.any_true(v128.or(low, high));
  }
  let any: i32 = 0;
  for (let c = 0; c < 8; c++) {
    const cx = lx + (c & 1),
      cy = ly + ((c >> 1) & 1),
      cz = lz + (c >> 2);
    const b: usize = load<u32>(
      neighbours + ((<usize>((cx >> 3) | ((cy >> 3) << 1) | ((cz >> 3) << 2))) << 2),
    );
    const row = load<i32>(data + (b << 11) + ((<usize>((cx & 7) | ((cy & 7) << 3) | ((cz & 7) << 6))) << 2));
    store<i32>(out + ((<usize>c) << 2), row);
    any |= row;
  }
  return any != 0;
}

/** f = Σ_c w_c f_c to `out` (8 floats). */
export function blend(level: usize, c: usize, out: usize): void {
  const rows: usize = load<u32>(level, L_ROWS);
  const fx = load<f32>(c, C_FRACTION),
    fy = load<f32>(c, C_FRACTION + 4),
    fz = load<f32>(c, C_FRACTION + 8);
  let lo = f32x4.splat(0),
    hi = lo;
  for (let k = 0; k < 8; k++) {
    const w = f32x4.splat(
      (k & 1 ? fx : <f32>1 - fx) * (k & 2 ? fy : <f32>1 - fy) * (k & 4 ? fz : <f32>1 - fz),
    );
    const row = rows + ((<usize>load<u32>(c + ((<usize>k) << 2))) << 7);
    lo = f32x4.add(lo, f32x4.mul(w, v128.load(row)));
    hi = f32x4.add(hi, f32x4.mul(w, v128.load(row, 16)));
  }
  v128.store(out, lo);
  v128.store(out, hi, 16);
}

/**
 * Adds ∇ρ to the 3 floats at `out`. The residual depends on the position through the blend weights and directly:
 * ∇ρ = Σ_c ∇w_c (f_c · ∂ρ/∂f) + (2/cell) ∂ρ/∂q.
 */
export function addResidualGradient(level: usize, c: usize, back: usize, gates: usize, out: usize): void {
  const D: usize = load<u32>(level, L_DECODER),
    rows: usize = load<u32>(level, L_ROWS);
  const inverse = load<f32>(<usize>load<u32>(level, L_GRID), G_INVERSE);
  const fx = load<f32>(c, C_FRACTION),
    fy = load<f32>(c, C_FRACTION + 4),
    fz = load<f32>(c, C_FRACTION + 8);
  const two = inverse * <f32>2;
  let gx = two * positionGradient(D, gates, 0),
    gy = two * positionGradient(D, gates, 1),
    gz = two * positionGradient(D, gates, 2);
  const lo = v128.load(back),
    hi = v128.load(back, 16);
  for (let k = 0; k < 8; k++) {
    const row = rows + ((<usize>load<u32>(c + ((<usize>k) << 2))) << 7);
    const t = f32x4.add(f32x4.mul(lo, v128.load(row)), f32x4.mul(hi, v128.load(row, 16)));
    const dot =
      (f32x4.extract_lane(t, 0) +
        f32x4.extract_lane(t, 1) +
        (f32x4.extract_lane(t, 2) + f32x4.extract_lane(t, 3))) *
      inverse;
    const ax = k & 1 ? fx : <f32>1 - fx,
      ay = k & 2 ? fy : <f32>1 - fy,
      az = k & 4 ? fz : <f32>1 - fz;
    gx += (k & 1 ? dot : -dot) * ay * az;
    gy += (k & 2 ? dot : -dot) * ax * az;
    gz += (k & 4 ? dot : -dot) * ax * ay;
  }
  store<f32>(out, load<f32>(out) + gx);
  store<f32>(out, load<f32>(out, 4) + gy, 4);
  store<f32>(out, load<f32>(out, 8) + gz, 8);
}

/** ρ at the cell `c`, with the gates for the backward pass; `feature` takes the 8 blended features. */
export function residual(level: usize, c: usize, feature: usize, gates: usize): f32 {
  blend(level, c, feature);
  const two: f32 = 2,
    one: f32 = 1;
  const qx = two * load<f32>(c, C_FRACTION) - one,
    qy = two * load<f32>(c, C_FRACTION + 4) - one,
    qz = two * load<f32>(c, C_FRACTION + 8) - one;
  return decode(<usize>load<u32>(level, L_DECODER), feature, qx, qy, qz, gates);
}

/** Gives rows to the 8 corners of the cell around (x, y, z). Not for use by two threads at a time. */
export function touchCell(level: usize, x: f32, y: f32, z: f32): void {
  const g: usize = load<u32>(level, L_GRID);
  const inverse = load<f32>(g, G_INVERSE);
  const ix = <i32>floor(x * inverse),
    iy = <i32>floor(y * inverse),
    iz = <i32>floor(z * inverse);
  const data: usize = load<u32>(g, G_DATA);
  for (let c = 0; c < 8; c++) {
    const cx = ix + (c & 1),
      cy = iy + ((c >> 1) & 1),
      cz = iz + (c >> 2);
    const b: usize = touchBlock(g, cx >> 3, cy >> 3, cz >> 3);
    if (b == 0) return;
    const at = data + (b << 11) + ((<usize>((cx & 7) | ((cy & 7) << 3) | ((cz & 7) << 6))) << 2);
    if (load<i32>(at) != 0) continue;
    const row = takeRow(level);
    if (row == 0) return;
    store<i32>(at, row);
    const coords = <usize>load<u32>(level, L_COORDS) + ((<usize>row) << 4);
    store<i32>(coords, cx);
    store<i32>(coords, cy, 4);
    store<i32>(coords, cz, 8);
  }
}
