// Normals of the fine points from the range-image pyramid. The level is chosen so that the window is some 0.3 m
// wide at any range; a first plane comes from the straightest triple of cells along a row and along a column
// (depth edges bend a triple, so they choose the other side), and two rounds of weighted PCA refine it.
import {
  A_FFLAGS,
  A_FINE,
  A_FNX,
  A_FNY,
  A_FNZ,
  A_FO,
  A_FQ,
  A_FR,
  A_FT,
  A_FX,
  A_FY,
  A_FZ,
  A_INDEX,
  A_LEVEL,
  A_LEVELS,
  A_PCELL,
  A_PR,
  A_PT,
  A_PX,
  A_PY,
  A_PZ,
  A_SIGMA,
  FINE_CHUNK,
  FLAG_NORMAL,
  L_BYTES,
  L_COL_SHIFT,
  L_LOG_COLS,
  L_MAX_RANGE,
  L_PLANES,
  L_PLANE_BYTES,
  L_ROWS,
  L_ROW_PITCH,
  L_ROW_SHIFT,
  PAD,
} from './prepare-layout';

// @ts-ignore: decorator
@inline
function lanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Address of the occupied cell at, or one step `side` beside, `at`; 0 if there is none. */
// @ts-ignore: decorator
@inline
function occupied(at: usize, side: usize, weights: usize): usize {
  if (load<f32>(at + weights) > 0) return at;
  if (load<f32>(at + side + weights) > 0) return at + side;
  if (load<f32>(at - side + weights) > 0) return at - side;
  return 0;
}

/** How bent the triple e1–m–e2 is, in units of what noise explains; large when a leg is too long or they differ wildly. */
// @ts-ignore: decorator
@inline
function bend(
  ax: f32, ay: f32, az: f32, // m − e1
  bx: f32, by: f32, bz: f32, // e2 − m
  sigma: f32,
  longest: f32,
): f32 {
  const a2 = ax * ax + ay * ay + az * az;
  const b2 = bx * bx + by * by + bz * bz;
  const limit = longest * longest;
  if (a2 > limit || b2 > limit || a2 > 25 * b2 || b2 > 25 * a2) return 1e9;
  const cx = ax + bx;
  const cy = ay + by;
  const cz = az + bz;
  const c2 = cx * cx + cy * cy + cz * cz;
  if (c2 < 1e-8) return 1e9;
  const ux = ay * cz - az * cy;
  const uy = az * cx - ax * cz;
  const uz = ax * cy - ay * cx;
  const deviation = sqrt((ux * ux + uy * uy + uz * uz) / c2);
  return deviation / (2.5 * sigma + 0.02 + 0.06 * sqrt(c2));
}

/** Chunk: FINE_CHUNK fine points; also gathers their data. */
export function prepareNormals(args: usize, chunk: i32): void {
  const first = chunk * FINE_CHUNK;
  const last = min(first + FINE_CHUNK, load<i32>(args, A_FINE));
  const index = load<u32>(args, A_INDEX) as usize;
  const px = load<u32>(args, A_PX) as usize;
  const py = load<u32>(args, A_PY) as usize;
  const pz = load<u32>(args, A_PZ) as usize;
  const pr = load<u32>(args, A_PR) as usize;
  const pt = load<u32>(args, A_PT) as usize;
  const cells = load<u32>(args, A_PCELL) as usize;
  const fx = load<u32>(args, A_FX) as usize;
  const fy = load<u32>(args, A_FY) as usize;
  const fz = load<u32>(args, A_FZ) as usize;
  const ft = load<u32>(args, A_FT) as usize;
  const fr = load<u32>(args, A_FR) as usize;
  const nx = load<u32>(args, A_FNX) as usize;
  const ny = load<u32>(args, A_FNY) as usize;
  const nz = load<u32>(args, A_FNZ) as usize;
  const quality = load<u32>(args, A_FQ) as usize;
  const offset = load<u32>(args, A_FO) as usize;
  const flags = load<u32>(args, A_FFLAGS) as usize;
  for (let i = first; i < last; i++) {
    const from = (load<u32>(index + ((i as usize) << 2)) as usize) << 2;
    const o = (i as usize) << 2;
    const x = load<f32>(px + from);
    const y = load<f32>(py + from);
    const z = load<f32>(pz + from);
    const r = load<f32>(pr + from);
    store<f32>(fx + o, x);
    store<f32>(fy + o, y);
    store<f32>(fz + o, z);
    store<f32>(fr + o, r);
    store<f32>(ft + o, load<f32>(pt + from));
    store<f32>(nx + o, 0);
    store<f32>(ny + o, 0);
    store<f32>(nz + o, 0);
    store<f32>(quality + o, 0);
    store<f32>(offset + o, 0);
    store<u8>(flags + (i as usize), 0);
    if (normal(args, x, y, z, r, load<u32>(cells + from), nx + o, ny + o, nz + o, quality + o, offset + o))
      store<u8>(flags + (i as usize), FLAG_NORMAL);
  }
}

function normal(
  args: usize, x: f32, y: f32, z: f32, r: f32, cell: u32,
  outX: usize, outY: usize, outZ: usize, outQuality: usize, outOffset: usize,
): bool {
  let record = load<u32>(args, A_LEVEL) as usize;
  for (let level = load<i32>(args, A_LEVELS); level > 1; level--) {
    const coarser = record + L_BYTES;
    if (r >= load<f32>(coarser, L_MAX_RANGE)) break;
    record = coarser;
  }
  const sigma = load<f32>(args, A_SIGMA);
  const plane = load<i32>(record, L_PLANE_BYTES) as usize;
  const weights = plane * 3;
  const logCols = load<i32>(record, L_LOG_COLS);
  const stride = (((1 << logCols) + 2 * PAD) << 2) as usize;
  const rows = load<i32>(record, L_ROWS);
  const row = (cell >> 16) >> load<i32>(record, L_ROW_SHIFT);
  const colShift = load<i32>(record, L_COL_SHIFT);
  const col = (cell & 0xffff) >> colShift;
  const X = load<u32>(record, L_PLANES) as usize;
  const here = X + (row as usize) * stride + (((col as usize) + PAD) << 2);

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
  const longest: f32 = 0.5 + 0.1 * r;
  const colPitch: f32 = (6.2831853 as f32) / ((1 << logCols) as f32);

  // Tangent along the row (columns beside this one).
  const cs: usize = r * colPitch < 0.11 ? 8 : 4;
  let best: f32 = 1;
  let tx: f32 = 0;
  let ty: f32 = 0;
  let tz: f32 = 0;
  let legC: f32 = 0;
  for (let k = 0; k < 3; k++) {
    // 0: both sides; 1, 2: two steps to one side
    const step = k == 2 ? cs : 0 - cs;
    const p = occupied(here + step, 4, weights);
    const q = occupied(k == 0 ? here + cs : here + 2 * step, 4, weights);
    if (p == 0 || q == 0 || p == here || q == here || p == q) continue;
    const ax = load<f32>(p) - cx;
    const ay = load<f32>(p + plane) - cy;
    const az = load<f32>(p + plane * 2) - cz;
    const bx = load<f32>(q) - cx;
    const by = load<f32>(q + plane) - cy;
    const bz = load<f32>(q + plane * 2) - cz;
    const score =
      k == 0
        ? (0.7 as f32) * bend(-ax, -ay, -az, bx, by, bz, sigma, longest)
        : bend(ax, ay, az, bx - ax, by - ay, bz - az, sigma, longest);
    if (score < best) {
      best = score;
      tx = k == 0 ? bx - ax : bx;
      ty = k == 0 ? by - ay : by;
      tz = k == 0 ? bz - az : bz;
      legC = 0.5 * sqrt(tx * tx + ty * ty + tz * tz);
    }
  }
  if (legC == 0) return false;

  // Tangent along the column (rows beside this one).
  const rs: i32 = r * load<f32>(record, L_ROW_PITCH) < 0.08 ? 2 : 1;
  best = 1;
  let ux: f32 = 0;
  let uy: f32 = 0;
  let uz: f32 = 0;
  let legR: f32 = 0;
  for (let k = 0; k < 3; k++) {
    const r1 = (row as i32) + (k == 2 ? rs : -rs);
    const r2 = (row as i32) + (k == 0 ? rs : k == 1 ? -2 * rs : 2 * rs);
    if (r1 < 0 || r2 < 0 || r1 >= rows || r2 >= rows) continue;
    const p = occupied(X + (r1 as usize) * stride + (((col as usize) + PAD) << 2), 4, weights);
    const q = occupied(X + (r2 as usize) * stride + (((col as usize) + PAD) << 2), 4, weights);
    if (p == 0 || q == 0) continue;
    const ax = load<f32>(p) - cx;
    const ay = load<f32>(p + plane) - cy;
    const az = load<f32>(p + plane * 2) - cz;
    const bx = load<f32>(q) - cx;
    const by = load<f32>(q + plane) - cy;
    const bz = load<f32>(q + plane * 2) - cz;
    const score =
      k == 0
        ? (0.7 as f32) * bend(-ax, -ay, -az, bx, by, bz, sigma, longest)
        : bend(ax, ay, az, bx - ax, by - ay, bz - az, sigma, longest);
    if (score < best) {
      best = score;
      ux = k == 0 ? bx - ax : bx;
      uy = k == 0 ? by - ay : by;
      uz = k == 0 ? bz - az : bz;
      legR = 0.5 * sqrt(ux * ux + uy * uy + uz * uz);
    }
  }
  if (legR == 0) return false;
  let n0 = ty * uz - tz * uy;
  let n1 = tz * ux - tx * uz;
  let n2 = tx * uy - ty * ux;
  let length = sqrt(n0 * n0 + n1 * n1 + n2 * n2);
  if (length < 1e-6 * legC * legR + 1e-12) return false;
  n0 /= length;
  n1 /= length;
  n2 /= length;

  // Weighted PCA, first within a cone about the first plane, then within three sigma of the better one.
  const half: i32 = legR > 0.35 * (rs as f32) ? 1 : legR < 0.16 ? 3 : 2;
  const rowFirst = max((row as i32) - half, 0);
  const rowLast = min((row as i32) + half, rows - 1);
  // Eight columns centred on the point's own place within the cell.
  const right = colShift > 0 ? (cell >> (colShift - 1)) & 1 : cell & 1;
  const left: usize = 4 - (right as usize);
  const columnBytes = ((col as usize) + PAD - left) << 2;
  const reach: f32 = max(0.5 as f32, 1.6 * max(legR, legC));
  const inverseReach2 = f32x4.splat(1 / (reach * reach));
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  let m0: f32 = 0; // plane point relative to the centre
  let m1: f32 = 0;
  let m2: f32 = 0;
  let tolerance: f32 = (2.5 * sigma) * (2.5 * sigma);
  let spread: f32 = 0.03;
  let lambda0: f64 = 0;
  let lambda1: f64 = 0;
  let effective: f32 = 0;
  for (let pass = 0; pass < 1; pass++) {
    const vn0 = f32x4.splat(n0);
    const vn1 = f32x4.splat(n1);
    const vn2 = f32x4.splat(n2);
    const vd = f32x4.splat(n0 * m0 + n1 * m1 + n2 * m2);
    const base2 = f32x4.splat(tolerance);
    const spread2 = f32x4.splat(spread);
    const vcx = f32x4.splat(cx);
    const vcy = f32x4.splat(cy);
    const vcz = f32x4.splat(cz);
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
      let at = X + (k as usize) * stride + columnBytes;
      for (let g = 0; g < 2; g++) {
        const dx = f32x4.sub(v128.load(at), vcx);
        const dy = f32x4.sub(v128.load(at + plane), vcy);
        const dz = f32x4.sub(v128.load(at + plane * 2), vcz);
        const d2 = f32x4.add(f32x4.mul(dx, dx), f32x4.add(f32x4.mul(dy, dy), f32x4.mul(dz, dz)));
        const e = f32x4.sub(
          f32x4.add(f32x4.mul(dx, vn0), f32x4.add(f32x4.mul(dy, vn1), f32x4.mul(dz, vn2))),
          vd,
        );
        const tol2 = f32x4.add(base2, f32x4.mul(d2, spread2));
        const near = f32x4.pmax(zero, f32x4.sub(one, f32x4.mul(d2, inverseReach2)));
        const flat = f32x4.pmax(zero, f32x4.sub(one, f32x4.div(f32x4.mul(e, e), tol2)));
        const count = v128.load(at + weights);
        // Empty cells hold old coordinates, which may be anything but are finite: their weight is zero.
        const w = f32x4.mul(f32x4.mul(count, near), f32x4.mul(flat, flat));
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
    effective = ww > 0 ? (w * w) / ww : 0;
    if (effective < 4) return false;
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
      const w2 = C * v0 + E * v1 + F * v2;
      const norm = sqrt(w0 * w0 + w1 * w1 + w2 * w2);
      if (!(norm > 1e-30)) return false;
      v0 = w0 / norm;
      v1 = w1 / norm;
      v2 = w2 / norm;
    }
    lambda0 = max(
      0.0,
      v0 * (a * v0 + 2.0 * (b * v1 + c * v2)) + v1 * (d * v1 + 2.0 * e * v2) + v2 * f * v2,
    );
    // λ1 + λ2 and λ1·λ2 from the invariants
    const sum = a + d + f - lambda0;
    const product = max(0.0, A + D + F - lambda0 * sum);
    lambda1 = 0.5 * (sum - sqrt(max(0.0, sum * sum - 4.0 * product)));
    n0 = v0 as f32;
    n1 = v1 as f32;
    n2 = v2 as f32;
    tolerance = 9 * sigma * sigma;
    spread = 0.0004;
  }
  if (!(lambda1 > 10.0 * lambda0) || lambda1 < 1e-4) return false;
  let away = (x - cx - m0) * n0 + (y - cy - m1) * n1 + (z - cz - m2) * n2;
  if (abs(away) > 4 * sigma + 0.02) return false;
  const facing = -(x * n0 + y * n1 + z * n2);
  if (abs(facing) < 0.02 * r) return false;
  if (facing < 0) {
    n0 = -n0;
    n1 = -n1;
    n2 = -n2;
    away = -away;
  }
  // Expected error of the direction (rad²): residual variance over the spread of the support.
  const floorVariance = 0.01 * (sigma as f64) * (sigma as f64);
  const variance = max(lambda0, floorVariance) / (lambda1 * (effective as f64));
  if (variance > 0.04) return false;
  store<f32>(outX, n0);
  store<f32>(outY, n1);
  store<f32>(outZ, n2);
  store<f32>(outQuality, (1.0 / (1.0 + variance * 400.0)) as f32); // ½ at 0.05 rad
  store<f32>(outOffset, away);
  return true;
}
