// A plane through the neighbours of a point in one level of the range-image pyramid: two tangents give the first
// plane, and two rounds of weighted PCA refine it.
import {
  L_COL_SHIFT,
  L_LOG_COLS,
  L_PLANES,
  L_PLANE_BYTES,
  L_ROWS,
  L_ROW_PITCH,
  L_ROW_SHIFT,
  PAD,
} from '../layout/lidar';
import { occupied, tangent } from './tangent';

/** Residual variance, in units of the explained one, up to which a window counts as flat. */
const FLATNESS: f32 = 2;

// @ts-ignore: decorator
@inline
function lanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/**
 * Fits a plane about the point (x, y, z) at range r (metres, sensor frame) in the level `record` of the pyramid.
 * Returns whether the surface is flat there, and then stores the unit normal (towards the sensor), its quality (0…1) and
 * the point's offset from the plane (metres). Otherwise the normal's slots hold zero.
 */
export function fitPlane(
  record: usize,
  sigma: f32,
  x: f32,
  y: f32,
  z: f32,
  r: f32,
  cell: u32,
  outX: usize,
  outY: usize,
  outZ: usize,
  outQuality: usize,
  outOffset: usize,
): bool {
  const plane = load<i32>(record, L_PLANE_BYTES) as usize;
  const weights = plane * 3;
  const logCols = load<i32>(record, L_LOG_COLS);
  const stride = plane << 2;
  const rows = load<i32>(record, L_ROWS);
  const row = ((cell >> 16) as i32) >> load<i32>(record, L_ROW_SHIFT);
  const colShift = load<i32>(record, L_COL_SHIFT);
  const col = (cell & 0xffff) >> colShift;
  const X = load<u32>(record, L_PLANES) as usize;
  const column = X + (((col as usize) + PAD) << 2);
  const here = column + (row as usize) * stride;

  // The cell's own mean is a better centre than one noisy point, if it shows the same surface.
  let cx = x;
  let cy = y;
  let cz = z;
  {
    const mx = load<f32>(here);
    const my = load<f32>(here + plane);
    const mz = load<f32>(here + plane * 2);
    const dx = mx - x;
    const dy = my - y;
    const dz = mz - z;
    if (load<f32>(here + weights) > 1 && dx * dx + dy * dy + dz * dz < 0.04 + 0.0001 * r * r) {
      cx = mx;
      cy = my;
      cz = mz;
    }
  }
  const noise2: f32 = 6.25 * sigma * sigma + 0.0004;
  const longest: f32 = 0.5 + 0.1 * r;
  const colPitch: f32 = (6.2831853 as f32) / ((1 << logCols) as f32);

  // First plane: a tangent along the row of the image and one along its column. The out slots serve as scratch.
  const cs: usize = r * colPitch < 0.11 ? 8 : 4;
  const legC = tangent(
    outX,
    outY,
    outZ,
    occupied(here - cs, 4, weights),
    occupied(here - 2 * cs, 4, weights),
    occupied(here + cs, 4, weights),
    occupied(here + 2 * cs, 4, weights),
    plane,
    cx,
    cy,
    cz,
    noise2,
    longest,
  );
  if (legC == 0) return reset(outX, outY, outZ);
  const tx = load<f32>(outX);
  const ty = load<f32>(outY);
  const tz = load<f32>(outZ);
  const rs: i32 = r * load<f32>(record, L_ROW_PITCH) < 0.08 ? 2 : 1;
  const rowBytes = (rs as usize) * stride;
  const legR = tangent(
    outX,
    outY,
    outZ,
    row >= rs ? occupied(here - rowBytes, 4, weights) : 0,
    row >= 2 * rs ? occupied(here - 2 * rowBytes, 4, weights) : 0,
    row + rs < rows ? occupied(here + rowBytes, 4, weights) : 0,
    row + 2 * rs < rows ? occupied(here + 2 * rowBytes, 4, weights) : 0,
    plane,
    cx,
    cy,
    cz,
    noise2,
    longest,
  );
  if (legR == 0) return reset(outX, outY, outZ);
  const ux = load<f32>(outX);
  const uy = load<f32>(outY);
  const uz = load<f32>(outZ);
  reset(outX, outY, outZ);
  let n0 = ty * uz - tz * uy;
  let n1 = tz * ux - tx * uz;
  let n2 = tx * uy - ty * ux;
  const length = sqrt(n0 * n0 + n1 * n1 + n2 * n2);
  if (!(length > 0.02 * legC * legR)) return false;
  n0 /= length;
  n1 /= length;
  n2 /= length;

  // Weighted PCA: within a cone about the first plane, and if that is not flat, once more close to the second.
  const half: i32 = legR > 0.35 * (rs as f32) ? 1 : legR < 0.1 ? 4 : legR < 0.14 ? 3 : 2;
  const rowFirst = max(row - half, 0);
  const rowLast = min(row + half, rows - 1);
  // Eight columns centred on the point's own place within the cell.
  const right = colShift > 0 ? (cell >> (colShift - 1)) & 1 : cell & 1;
  const firstColumn = column - ((4 - (right as usize)) << 2);
  const reach: f32 = max(0.5 as f32, 2.5 * max(legR, legC));
  const inverseReach2 = f32x4.splat(1 / (reach * reach));
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const vcx = f32x4.splat(cx);
  const vcy = f32x4.splat(cy);
  const vcz = f32x4.splat(cz);
  const inverseR2: f32 = 1 / (r * r);
  let m0: f32 = 0; // plane point relative to the centre
  let m1: f32 = 0;
  let m2: f32 = 0;
  let tolerance: f32 = 6.25 * sigma * sigma;
  let spread: f32 = 0.03;
  for (let pass = 0; pass < 2; pass++) {
    const vn0 = f32x4.splat(n0);
    const vn1 = f32x4.splat(n1);
    const vn2 = f32x4.splat(n2);
    const vd = f32x4.splat(n0 * m0 + n1 * m1 + n2 * m2);
    const base2 = f32x4.splat(tolerance);
    const spread2 = f32x4.splat(spread);
    let sw = zero;
    let sww = zero;
    let sx = zero;
    let sy = zero;
    let sz = zero;
    let sxx = zero;
    let sxy = zero;
    let sxz = zero;
    let syy = zero;
    let syz = zero;
    let szz = zero;
    for (let k = rowFirst; k <= rowLast; k++) {
      let at = firstColumn + (k as usize) * stride;
      for (let g = 0; g < 2; g++) {
        const dx = f32x4.sub(v128.load(at), vcx);
        const dy = f32x4.sub(v128.load(at + plane), vcy);
        const dz = f32x4.sub(v128.load(at + plane * 2), vcz);
        const d2 = f32x4.add(f32x4.mul(dx, dx), f32x4.add(f32x4.mul(dy, dy), f32x4.mul(dz, dz)));
        const e = f32x4.sub(
          f32x4.add(f32x4.mul(dx, vn0), f32x4.add(f32x4.mul(dy, vn1), f32x4.mul(dz, vn2))),
          vd,
        );
        const close = f32x4.lt(f32x4.mul(e, e), f32x4.add(base2, f32x4.mul(d2, spread2)));
        const near = f32x4.pmax(zero, f32x4.sub(one, f32x4.mul(d2, inverseReach2)));
        // Empty cells hold old coordinates: their count is zero.
        const w = v128.and(f32x4.mul(v128.load(at + weights), near), close);
        const wx = f32x4.mul(w, dx);
        const wy = f32x4.mul(w, dy);
        const wz = f32x4.mul(w, dz);
        sw = f32x4.add(sw, w);
        sww = f32x4.add(sww, f32x4.mul(w, w));
        sx = f32x4.add(sx, wx);
        sy = f32x4.add(sy, wy);
        sz = f32x4.add(sz, wz);
        sxx = f32x4.add(sxx, f32x4.mul(wx, dx));
        sxy = f32x4.add(sxy, f32x4.mul(wx, dy));
        sxz = f32x4.add(sxz, f32x4.mul(wx, dz));
        syy = f32x4.add(syy, f32x4.mul(wy, dy));
        syz = f32x4.add(syz, f32x4.mul(wy, dz));
        szz = f32x4.add(szz, f32x4.mul(wz, dz));
        at += 16;
      }
    }
    const w = lanes(sw);
    const ww = lanes(sww);
    if (!(w * w >= 4 * ww) || w == 0) return false;
    const k: f32 = 1 / w;
    m0 = lanes(sx) * k;
    m1 = lanes(sy) * k;
    m2 = lanes(sz) * k;
    const a = (lanes(sxx) * k - m0 * m0) as f64;
    const b = (lanes(sxy) * k - m0 * m1) as f64;
    const c = (lanes(sxz) * k - m0 * m2) as f64;
    const d = (lanes(syy) * k - m1 * m1) as f64;
    const e = (lanes(syz) * k - m1 * m2) as f64;
    const f = (lanes(szz) * k - m2 * m2) as f64;
    // Smallest eigenvector by inverse iteration: the adjugate is the inverse up to its scale.
    const A = d * f - e * e;
    const B = c * e - b * f;
    const C = b * e - c * d;
    const D = a * f - c * c;
    const E = b * c - a * e;
    const F = a * d - b * b;
    let v0 = n0 as f64;
    let v1 = n1 as f64;
    let v2 = n2 as f64;
    for (let t = 0; t < 3; t++) {
      const w0 = A * v0 + B * v1 + C * v2;
      const w1 = B * v0 + D * v1 + E * v2;
      v2 = C * v0 + E * v1 + F * v2;
      v0 = w0;
      v1 = w1;
    }
    const norm = sqrt(v0 * v0 + v1 * v1 + v2 * v2);
    if (!(norm > 1e-60)) return false;
    const unit = 1.0 / norm;
    v0 *= unit;
    v1 *= unit;
    v2 *= unit;
    const lambda0 = max(
      0.0,
      v0 * (a * v0 + 2.0 * (b * v1 + c * v2)) + v1 * (d * v1 + 2.0 * e * v2) + v2 * f * v2,
    );
    // λ1 + λ2 and λ1·λ2 from the invariants
    const sum = a + d + f - lambda0;
    const product = max(0.0, A + D + F - lambda0 * sum);
    const lambda1 = 0.5 * (sum - sqrt(max(0.0, sum * sum - 4.0 * product)));
    n0 = v0 as f32;
    n1 = v1 as f32;
    n2 = v2 as f32;
    const facing = -(x * n0 + y * n1 + z * n2);
    const cosine2 = facing * facing * inverseR2;
    // What noise along the ray explains across the surface, averaged over a cell's points; a floor for calibration;
    // and one percent of the window's size, for no road is flat over metres.
    const noise = sigma * sigma;
    const explained: f32 = noise * ((cosine2 * w) / ww + 0.1) + 0.0001 * (sum as f32);
    const flat = (lambda0 as f32) < FLATNESS * explained;
    if (!flat && pass == 0) {
      tolerance = 9 * noise * max(cosine2, 0.2 as f32);
      spread = 0.0004;
      continue;
    }
    if (!flat || !(lambda1 > 10.0 * lambda0) || lambda1 < 1e-4 || cosine2 < 0.0004) return false;
    let away = (x - cx - m0) * n0 + (y - cy - m1) * n1 + (z - cz - m2) * n2;
    if (away * away > 16 * noise * cosine2 + noise) return false; // a point beside the surface
    if (facing < 0) {
      n0 = -n0;
      n1 = -n1;
      n2 = -n2;
      away = -away;
    }
    const most: f32 = sigma * (2.5 * sqrt(cosine2) + 0.2); // what lies farther off is the surface's shape, not noise
    away = max(-most, min(most, away));
    // Expected error of the direction (rad²): residual variance over the spread of the support.
    const variance = (max(lambda0 as f32, 0.1 * explained) * ww) / ((lambda1 as f32) * w * w);
    if (variance > 0.04) return false;
    store<f32>(outX, n0);
    store<f32>(outY, n1);
    store<f32>(outZ, n2);
    store<f32>(outQuality, 1 / (1 + variance * 400)); // ½ at 0.05 rad
    store<f32>(outOffset, away);
    return true;
  }
  return false;
}
/** Clears the scratch; returns false. */
function reset(outX: usize, outY: usize, outZ: usize): bool {
  store<f32>(outX, 0);
  store<f32>(outY, 0);
  store<f32>(outZ, 0);
  return false;
}
