// One optimisation step: interpolate, decode, Huber loss, back-propagate to the corner features and to the keyframe
// poses of the window, Adam on every touched row.
import {
  CORNERS_BYTES,
  FIRM_WEIGHT,
  FIT_OUT_BYTES,
  G_CHANGE,
  G_DATA,
  G_INVERSE,
  G_NEIGHBOURS,
  L_DECODER,
  L_ROWS,
  L_STAMPS,
  L_STEPS,
  RECORD_BLOCK,
  RECORD_BYTES,
  RECORD_CELL,
  RECORD_CORNER,
  RECORD_FLAGS,
  RECORD_FRACTION,
  RECORD_RESIDUAL,
  SAMPLE_BYTES,
  SAMPLE_CHUNK,
  SAMPLE_LABEL,
  SAMPLE_WEIGHT,
  SCRATCH_BYTES,
  T_BIAS,
  T_CAPACITY,
  T_CELLS,
  T_CHUNKS,
  T_HUBER,
  T_ITERATION,
  T_LEVEL,
  T_OUT,
  T_PARTS,
  T_POOL,
  T_POSES,
  T_RATE,
  T_RECORDS,
  T_SCALAR,
  T_SCALAR_RATE,
  T_SCRATCH,
  T_TOTAL,
  T_TOUCHED,
} from '../layout/field';
import { findBlock, gatherCell, sampleCell } from './grid';
import { moved } from './posed';
import { backward } from './decoder';
import { addResidualGradient, cell, residual, touchCell, C_FRACTION } from './features';

const WITH_SCALAR = 1,
  WITH_FEATURES = 2;
/** Bits of a row's number that do not matter for which part it belongs to. */
const ROWS_TOGETHER = 6;

/** Gives feature rows to the cells of the surface samples, the first of every four. One chunk only. */
export function allocateRows(args: usize, _chunk: i32): void {
  const level: usize = load<u32>(args, T_LEVEL);
  const total = load<u32>(args, T_TOTAL);
  for (let k: u32 = 0; k < total; k++) {
    const c = <usize>load<u32>(args, T_CHUNKS) + ((<usize>k) << 4);
    const count = load<u32>(c, 4);
    const T = <usize>load<u32>(args, T_POSES) + <usize>load<u32>(c, 8) * 48;
    let p = <usize>load<u32>(args, T_POOL) + <usize>load<u32>(c) * SAMPLE_BYTES;
    for (let i: u32 = 0; i < count; i += 4) {
      if (load<f32>(p, SAMPLE_WEIGHT) <= 0) {
        p += 4 * SAMPLE_BYTES;
        continue;
      }
      const x = load<f32>(p),
        y = load<f32>(p, 4),
        z = load<f32>(p, 8);
      touchCell(level, moved(T, 0, x, y, z), moved(T, 16, x, y, z), moved(T, 32, x, y, z));
      p += 4 * SAMPLE_BYTES;
    }
  }
}

/** Forward and backward to ∂L/∂f of each sample of the chunk, and the chunk's share of its pose's 6×6 system. */
export function fitForward(args: usize, chunk: i32): void {
  const scalar: usize = load<u32>(args, T_SCALAR),
    level: usize = load<u32>(args, T_LEVEL);
  const D: usize = load<u32>(level, L_DECODER);
  const c = <usize>load<u32>(args, T_CHUNKS) + ((<usize>chunk) << 4);
  const count = load<u32>(c, 4);
  const withPose = load<u32>(c, 12) != 0;
  const T = <usize>load<u32>(args, T_POSES) + <usize>load<u32>(c, 8) * 48;
  const out = <usize>load<u32>(args, T_OUT) + <usize>chunk * FIT_OUT_BYTES;
  const scratch = <usize>load<u32>(args, T_SCRATCH) + <usize>chunk * SCRATCH_BYTES;
  const gates = scratch + 128,
    feature = scratch + 64;
  const huber = load<f32>(args, T_HUBER);
  memory.fill(out, 0, FIT_OUT_BYTES);
  let record = <usize>load<u32>(args, T_RECORDS) + <usize>chunk * (SAMPLE_CHUNK * RECORD_BYTES);
  let p = <usize>load<u32>(args, T_POOL) + <usize>load<u32>(c) * SAMPLE_BYTES;
  const cx = load<f32>(T, 12),
    cy = load<f32>(T, 28),
    cz = load<f32>(T, 44);
  let lossSum: f64 = 0,
    used: f64 = 0;
  // First copy the corners of all samples and read their rows: reads that do not wait for each other's results overlap.
  const inverse = load<f32>(scalar, G_INVERSE),
    rows: usize = load<u32>(level, L_ROWS);
  const cells = <usize>load<u32>(args, T_CELLS) + <usize>chunk * (SAMPLE_CHUNK * CORNERS_BYTES);
  const p0 = p,
    record0 = record;
  let corners = cells;
  let touched: f32 = 0;
  for (let i: u32 = 0; i < count; i++, p += SAMPLE_BYTES, record += RECORD_BYTES, corners += CORNERS_BYTES) {
    store<i32>(record, 0, RECORD_FLAGS);
    if (load<f32>(p, SAMPLE_WEIGHT) <= 0) continue;
    const px = load<f32>(p),
      py = load<f32>(p, 4),
      pz = load<f32>(p, 8);
    const x = moved(T, 0, px, py, pz),
      y = moved(T, 16, px, py, pz),
      z = moved(T, 32, px, py, pz);
    const ux = x * inverse,
      uy = y * inverse,
      uz = z * inverse;
    const flx = floor(ux),
      fly = floor(uy),
      flz = floor(uz);
    const ix = <i32>flx,
      iy = <i32>fly,
      iz = <i32>flz;
    const block = findBlock(scalar, ix >> 3, iy >> 3, iz >> 3);
    if (block == 0) continue;
    store<i32>(record, block, RECORD_BLOCK);
    store<i32>(record, (ix & 7) | ((iy & 7) << 3) | ((iz & 7) << 6), RECORD_CORNER);
    store<f32>(record, ux - flx, RECORD_FRACTION);
    store<f32>(record, uy - fly, RECORD_FRACTION + 4);
    store<f32>(record, uz - flz, RECORD_FRACTION + 8);
    gatherCell(scalar, block, ix, iy, iz, corners);
    let flags = WITH_SCALAR;
    if (cell(level, x, y, z, record + RECORD_CELL)) {
      flags |= WITH_FEATURES;
      for (let k: usize = 0; k < 32; k += 4)
        touched += load<f32>(rows + ((<usize>load<u32>(record + k, RECORD_CELL)) << 7));
    }
    store<i32>(record, flags, RECORD_FLAGS);
  }
  store<f32>(scratch, touched); // so that the reads are not left out
  p = p0;
  record = record0;
  corners = cells;
  for (let i: u32 = 0; i < count; i++, p += SAMPLE_BYTES, record += RECORD_BYTES, corners += CORNERS_BYTES) {
    const flags = load<i32>(record, RECORD_FLAGS);
    if (flags == 0) continue;
    store<i32>(record, 0, RECORD_FLAGS);
    const px = load<f32>(p),
      py = load<f32>(p, 4),
      pz = load<f32>(p, 8);
    const x = moved(T, 0, px, py, pz),
      y = moved(T, 16, px, py, pz),
      z = moved(T, 32, px, py, pz);
    const held = sampleCell(
      corners,
      load<f32>(record, RECORD_FRACTION),
      load<f32>(record, RECORD_FRACTION + 4),
      load<f32>(record, RECORD_FRACTION + 8),
      inverse,
      scratch,
    );
    // What a finer grid has put right has nothing to learn, and its sensor's bias no say in the poses of this one.
    if (!(held > 0) || held >= <f32>FIRM_WEIGHT) continue;
    let prediction = load<f32>(scratch);
    const known = (flags & WITH_FEATURES) != 0;
    if (known) {
      prediction += residual(level, record + RECORD_CELL, feature, gates);
      backward(D, gates, record);
    }
    const r = prediction - load<f32>(p, SAMPLE_LABEL);
    const weight = load<f32>(p, SAMPLE_WEIGHT);
    const magnitude = abs(r);
    // Huber: L = r²/(2h) inside, |r| − h/2 outside; dL/dr below.
    const slope = weight * (magnitude <= huber ? r / huber : r > 0 ? <f32>1 : <f32>-1);
    lossSum += <f64>(weight * (magnitude <= huber ? (r * r) / (2 * huber) : magnitude - huber / 2));
    used += 1;
    if (withPose) {
      if (known) addResidualGradient(level, record + RECORD_CELL, record, gates, scratch + 4);
      const gx = load<f32>(scratch, 4),
        gy = load<f32>(scratch, 8),
        gz = load<f32>(scratch, 12);
      // Iteratively re-weighted Gauss–Newton of the Huber loss: w = (dL/dr)/r.
      const w = <f64>(weight / max(magnitude, huber));
      const qx = x - cx,
        qy = y - cy,
        qz = z - cz;
      poseSums(
        out,
        w,
        <f64>r,
        <f64>gx,
        <f64>gy,
        <f64>gz,
        <f64>(qy * gz - qz * gy),
        <f64>(qz * gx - qx * gz),
        <f64>(qx * gy - qy * gx),
      );
    }
    store<f32>(record, weight * max(-huber, min(huber, r)), RECORD_RESIDUAL);
    store<i32>(record, known ? WITH_SCALAR | WITH_FEATURES : WITH_SCALAR, RECORD_FLAGS);
    if (!known) continue;
    const s = f32x4.splat(slope);
    v128.store(record, f32x4.mul(s, v128.load(record)));
    v128.store(record, f32x4.mul(s, v128.load(record, 16)), 16);
  }
  store<f64>(out, lossSum, 27 * 8);
  store<f64>(out, used, 28 * 8);
}

function poseSums(out: usize, w: f64, r: f64, J0: f64, J1: f64, J2: f64, J3: f64, J4: f64, J5: f64): void {
  let at = out;
  at = sumRow(at, w * J0, J0, J1, J2, J3, J4, J5, 0);
  at = sumRow(at, w * J1, J0, J1, J2, J3, J4, J5, 1);
  at = sumRow(at, w * J2, J0, J1, J2, J3, J4, J5, 2);
  at = sumRow(at, w * J3, J0, J1, J2, J3, J4, J5, 3);
  at = sumRow(at, w * J4, J0, J1, J2, J3, J4, J5, 4);
  at = sumRow(at, w * J5, J0, J1, J2, J3, J4, J5, 5);
  const wr = w * r;
  at = sum(at, wr * J0);
  at = sum(at, wr * J1);
  at = sum(at, wr * J2);
  at = sum(at, wr * J3);
  at = sum(at, wr * J4);
  sum(at, wr * J5);
}

// @ts-ignore: decorator
@inline
function sum(at: usize, value: f64): usize {
  store<f64>(at, load<f64>(at) + value);
  return at + 8;
}

// @ts-ignore: decorator
@inline
function sumRow(at: usize, wj: f64, J0: f64, J1: f64, J2: f64, J3: f64, J4: f64, J5: f64, from: i32): usize {
  if (from <= 0) at = sum(at, wj * J0);
  if (from <= 1) at = sum(at, wj * J1);
  if (from <= 2) at = sum(at, wj * J2);
  if (from <= 3) at = sum(at, wj * J3);
  if (from <= 4) at = sum(at, wj * J4);
  return sum(at, wj * J5);
}

/** Parts that four rows belong to. Rows made one after the other stay together: those of a cell are mostly of one part. */
// @ts-ignore: decorator
@inline
function partsOf(rows: v128, parts: v128): v128 {
  return v128.and(i32x4.shr_u(rows, ROWS_TOGETHER), parts);
}

/** Chunk = part: adds up ∂L/∂(row) over the batch for the rows of this part, then Adam (Kingma & Ba 2015) on them. */
export function fitUpdate(args: usize, chunk: i32): void {
  const level: usize = load<u32>(args, T_LEVEL);
  const rows: usize = load<u32>(level, L_ROWS),
    stamps: usize = load<u32>(level, L_STAMPS),
    steps: usize = load<u32>(level, L_STEPS);
  const iteration = load<i32>(args, T_ITERATION);
  const parts = load<u32>(args, T_PARTS) - 1;
  const touched =
    <usize>load<u32>(args, T_TOUCHED) + ((<usize>chunk * <usize>load<u32>(args, T_CAPACITY)) << 2);
  const total = load<u32>(args, T_TOTAL);
  const own = i32x4.splat(chunk),
    others = i32x4.splat(parts);
  let count: usize = 0;
  for (let k: u32 = 0; k < total; k++) {
    const n = load<u32>(<usize>load<u32>(args, T_CHUNKS) + ((<usize>k) << 4), 4);
    let record = <usize>load<u32>(args, T_RECORDS) + <usize>k * (SAMPLE_CHUNK * RECORD_BYTES);
    for (let i: u32 = 0; i < n; i++, record += RECORD_BYTES) {
      if ((load<i32>(record, RECORD_FLAGS) & WITH_FEATURES) == 0) continue;
      if (parts != 0) {
        const mine = v128.or(
          i32x4.eq(partsOf(v128.load(record, RECORD_CELL), others), own),
          i32x4.eq(partsOf(v128.load(record, RECORD_CELL + 16), others), own),
        );
        if (!v128.any_true(mine)) continue;
      }
      const lo = v128.load(record),
        hi = v128.load(record, 16);
      const fx = load<f32>(record, RECORD_CELL + C_FRACTION),
        fy = load<f32>(record, RECORD_CELL + C_FRACTION + 4),
        fz = load<f32>(record, RECORD_CELL + C_FRACTION + 8);
      for (let c = 0; c < 8; c++) {
        const row = load<u32>(record + RECORD_CELL + ((<usize>c) << 2));
        if (row == 0 || ((row >> ROWS_TOGETHER) & parts) != chunk) continue;
        const r = rows + ((<usize>row) << 7);
        const w = f32x4.splat(
          (c & 1 ? fx : <f32>1 - fx) * (c & 2 ? fy : <f32>1 - fy) * (c & 4 ? fz : <f32>1 - fz),
        );
        const stamp = stamps + ((<usize>row) << 2);
        if (load<i32>(stamp) != iteration) {
          store<i32>(stamp, iteration);
          store<u32>(touched + (count << 2), row);
          count++;
          v128.store(r, f32x4.mul(w, lo), 32);
          v128.store(r, f32x4.mul(w, hi), 48);
        } else {
          v128.store(r, f32x4.add(v128.load(r, 32), f32x4.mul(w, lo)), 32);
          v128.store(r, f32x4.add(v128.load(r, 48), f32x4.mul(w, hi)), 48);
        }
      }
    }
  }
  const scalarRate = load<f32>(args, T_SCALAR_RATE);
  if (scalarRate > 0) updateScalars(args, chunk, scalarRate);
  const rate = f32x4.splat(load<f32>(args, T_RATE));
  const table: usize = load<u32>(args, T_BIAS);
  const b1 = f32x4.splat(0.9),
    c1 = f32x4.splat(0.1),
    b2 = f32x4.splat(0.99),
    c2 = f32x4.splat(0.01),
    epsilon = f32x4.splat(1e-8);
  for (let i: usize = 0; i < count; i++) {
    const row: usize = load<u32>(touched + (i << 2));
    const r = rows + (row << 7);
    const step = min(load<i32>(steps + (row << 2)) + 1, 1023);
    store<i32>(steps + (row << 2), step);
    const m1 = v128.load32_splat(table + ((<usize>step) << 3)),
      v1 = v128.load32_splat(table + ((<usize>step) << 3), 4);
    for (let h: usize = 0; h < 32; h += 16) {
      const g = v128.load(r + h, 32);
      const m = f32x4.add(f32x4.mul(b1, v128.load(r + h, 64)), f32x4.mul(c1, g));
      const v = f32x4.add(f32x4.mul(b2, v128.load(r + h, 96)), f32x4.mul(c2, f32x4.mul(g, g)));
      v128.store(r + h, m, 64);
      v128.store(r + h, v, 96);
      const step4 = f32x4.div(f32x4.mul(m, m1), f32x4.add(f32x4.sqrt(f32x4.mul(v, v1)), epsilon));
      v128.store(r + h, f32x4.sub(v128.load(r + h), f32x4.mul(rate, step4)));
    }
  }
}

/**
 * Normalised least mean squares on the fused scalars of this part's blocks: s_c −= η·r·w_c / Σ w², the smallest change
 * that takes the share η of the residual away (Widrow & Hoff). It needs no state beside the scalar itself.
 */
function updateScalars(args: usize, chunk: i32, rate: f32): void {
  const g: usize = load<u32>(args, T_SCALAR);
  const data: usize = load<u32>(g, G_DATA),
    allNeighbours: usize = load<u32>(g, G_NEIGHBOURS),
    change: usize = load<u32>(g, G_CHANGE);
  const parts = load<i32>(args, T_PARTS) - 1;
  const total = load<u32>(args, T_TOTAL);
  for (let k: u32 = 0; k < total; k++) {
    const n = load<u32>(<usize>load<u32>(args, T_CHUNKS) + ((<usize>k) << 4), 4);
    let record = <usize>load<u32>(args, T_RECORDS) + <usize>k * (SAMPLE_CHUNK * RECORD_BYTES);
    for (let i: u32 = 0; i < n; i++, record += RECORD_BYTES) {
      if (load<i32>(record, RECORD_FLAGS) == 0) continue;
      const corner = load<i32>(record, RECORD_CORNER);
      const lx = corner & 7,
        ly = (corner >> 3) & 7,
        lz = corner >> 6;
      const home = load<i32>(record, RECORD_BLOCK);
      if (lx < 7 && ly < 7 && lz < 7 && (home & parts) != chunk) continue;
      const neighbours = allNeighbours + ((<usize>home) << 5);
      const fx = load<f32>(record, RECORD_FRACTION),
        fy = load<f32>(record, RECORD_FRACTION + 4),
        fz = load<f32>(record, RECORD_FRACTION + 8);
      const ex = <f32>1 - fx,
        ey = <f32>1 - fy,
        ez = <f32>1 - fz;
      const squares = (fx * fx + ex * ex) * (fy * fy + ey * ey) * (fz * fz + ez * ez);
      const step = (rate * load<f32>(record, RECORD_RESIDUAL)) / squares;
      for (let c = 0; c < 8; c++) {
        const cx = lx + (c & 1),
          cy = ly + ((c >> 1) & 1),
          cz = lz + (c >> 2);
        const b = load<i32>(neighbours + ((<usize>((cx >> 3) | ((cy >> 3) << 1) | ((cz >> 3) << 2))) << 2));
        if ((b & parts) != chunk) continue;
        const at = data + ((<usize>b) << 12) + ((<usize>((cx & 7) | ((cy & 7) << 3) | ((cz & 7) << 6))) << 3);
        if (load<f32>(at, 4) >= <f32>FIRM_WEIGHT) continue;
        const delta = step * (c & 1 ? fx : ex) * (c & 2 ? fy : ey) * (c & 4 ? fz : ez);
        store<f32>(at, load<f32>(at) - delta);
        const b4 = (<usize>b) << 2;
        store<f32>(change + b4, load<f32>(change + b4) + abs(delta));
      }
    }
  }
}
