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
} from '../layout/lidar';
import { thinCoarse } from './thin';

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

/** Address of the occupied cell at, or one step `side` beside, `at`; 0 if there is none. */
// @ts-ignore: decorator
@inline
function occupied(at: usize, side: usize, weights: usize): usize {
  if (load<f32>(at + weights) > 0) return at;
  if (load<f32>(at + side + weights) > 0) return at + side;
  if (load<f32>(at - side + weights) > 0) return at - side;
  return 0;
}

/** Squared bend of the triple e1–m–e2 in units of what noise explains; huge when a leg is too long or they differ wildly. */
// @ts-ignore: decorator
@inline
function bend(
  ax: f32,
  ay: f32,
  az: f32, // m − e1
  bx: f32,
  by: f32,
  bz: f32, // e2 − m
  noise2: f32,
  longest2: f32,
): f32 {
  const a2 = ax * ax + ay * ay + az * az;
  const b2 = bx * bx + by * by + bz * bz;
  if (a2 > longest2 || b2 > longest2 || a2 > 25 * b2 || b2 > 25 * a2) return 1e9;
  const cx = ax + bx;
  const cy = ay + by;
  const cz = az + bz;
  const c2 = cx * cx + cy * cy + cz * cz + 1e-8;
  const ux = ay * cz - az * cy;
  const uy = az * cx - ax * cz;
  const uz = ax * cy - ay * cx;
  return (ux * ux + uy * uy + uz * uz) / (c2 * (noise2 + 0.004 * c2));
}

/**
 * The tangent (in the three out slots) at the centre along one direction of the image, from the cells `p1`, `p2` (one and
 * two steps to one side) and `q1`, `q2` (to the other; 0 where there is none). Returns its leg length, 0 if none fits.
 */
// @ts-ignore: decorator
@inline
function tangent(
  outX: usize,
  outY: usize,
  outZ: usize,
  p1: usize,
  p2: usize,
  q1: usize,
  q2: usize,
  plane: usize,
  cx: f32,
  cy: f32,
  cz: f32,
  noise2: f32,
  longest: f32,
): f32 {
  const both: f32 = 4 * longest * longest;
  const single: f32 = longest * longest;
  let best: f32 = 1;
  let found = false;
  const px = load<f32>(p1) - cx;
  const py = load<f32>(p1 + plane) - cy;
  const pz = load<f32>(p1 + plane * 2) - cz;
  const qx = load<f32>(q1) - cx;
  const qy = load<f32>(q1 + plane) - cy;
  const qz = load<f32>(q1 + plane * 2) - cz;
  let tx: f32 = 0;
  let ty: f32 = 0;
  let tz: f32 = 0;
  if (p1 && q1) {
    const score = bend(-px, -py, -pz, qx, qy, qz, noise2, both);
    if (score < best) {
      best = score * 0.5; // two sides are better than one
      found = true;
      tx = 0.5 * (qx - px);
      ty = 0.5 * (qy - py);
      tz = 0.5 * (qz - pz);
    }
  }
  if (best > 0.1) {
    if (p1 && p2) {
      const rx = load<f32>(p2) - cx;
      const ry = load<f32>(p2 + plane) - cy;
      const rz = load<f32>(p2 + plane * 2) - cz;
      const score = bend(px, py, pz, rx - px, ry - py, rz - pz, noise2, single);
      if (score < best) {
        best = score;
        found = true;
        tx = -0.5 * rx;
        ty = -0.5 * ry;
        tz = -0.5 * rz;
      }
    }
    if (q1 && q2) {
      const rx = load<f32>(q2) - cx;
      const ry = load<f32>(q2 + plane) - cy;
      const rz = load<f32>(q2 + plane * 2) - cz;
      const score = bend(qx, qy, qz, rx - qx, ry - qy, rz - qz, noise2, single);
      if (score < best) {
        found = true;
        tx = 0.5 * rx;
        ty = 0.5 * ry;
        tz = 0.5 * rz;
      }
    }
  }
  if (!found) return 0;
  store<f32>(outX, tx);
  store<f32>(outY, ty);
  store<f32>(outZ, tz);
  return sqrt(tx * tx + ty * ty + tz * tz);
}

/** Chunk 0: the coarse thinning, which nobody waits for; the others: FINE_CHUNK fine points each, gathered too. */
export function prepareNormals(args: usize, chunk: i32): void {
  if (chunk == 0) {
    thinCoarse(args);
    return;
  }
  const first = (chunk - 1) * FINE_CHUNK;
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

/**
 * Fits a plane at the level chosen for the range and, where the surface is not flat at that size (an edge, a kerb, a
 * trunk), at finer ones.
 */
function normal(
  args: usize,
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
  const finest = load<u32>(args, A_LEVEL) as usize;
  let record = finest;
  for (let level = load<i32>(args, A_LEVELS); level > 1; level--) {
    const coarser = record + L_BYTES;
    if (r >= load<f32>(coarser, L_MAX_RANGE)) break;
    record = coarser;
  }
  const sigma = load<f32>(args, A_SIGMA);
  for (let attempt = 0; attempt < 3; attempt++) {
    if (fit(record, sigma, x, y, z, r, cell, outX, outY, outZ, outQuality, outOffset)) return true;
    if (record == finest) break;
    record -= L_BYTES;
  }
  return false;
}

function fit(
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
