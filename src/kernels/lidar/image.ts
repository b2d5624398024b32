// The spherical range image of all valid points and its pyramid. A cell holds the mean of its points: the mean of
// points on a plane lies on the plane, so pooling averages the noise and needs no angles. Points of another surface
// (farther than a gate) stay out; the nearer surface wins.
import {
  A_CHUNKS,
  A_COUNTERS,
  A_LEVEL,
  A_LEVELS,
  A_PCELL,
  A_PX,
  A_PY,
  A_PZ,
  A_SECTOR,
  COUNTERS,
  L_BYTES,
  L_GATE,
  L_LOG_COLS,
  L_PLANES,
  L_PLANE_BYTES,
  L_ROWS,
  L_ROW_SHIFT,
  PAD,
  SECTORS,
  SEG_STRIDE,
} from '../layout/lidar';

/** Chunk: one azimuth sector, all levels. */
export function prepareImage(args: usize, sector: i32): void {
  const levels = load<i32>(args, A_LEVELS);
  const records = load<u32>(args, A_LEVEL) as usize;
  fill(args, records, sector);
  repeatEdges(records, sector);
  for (let level = 1; level < levels; level++) {
    pool(records + ((level * L_BYTES) as usize), sector);
    repeatEdges(records + ((level * L_BYTES) as usize), sector);
  }
}

function fill(args: usize, record: usize, sector: i32): void {
  const logCols = load<i32>(record, L_LOG_COLS);
  const rows = load<i32>(record, L_ROWS);
  const plane = load<i32>(record, L_PLANE_BYTES) as usize;
  const stride = (plane << 2) as i32;
  const X = load<u32>(record, L_PLANES) as usize;
  const W = X + plane * 3;
  const width = (1 << (logCols - 3)) << 2;
  for (let row = 0; row < rows; row++)
    memory.fill(W + ((row * stride + PAD * 4 + sector * width) as usize), 0, width as usize);

  const gate = load<f32>(record, L_GATE);
  const px = load<u32>(args, A_PX) as usize;
  const py = load<u32>(args, A_PY) as usize;
  const pz = load<u32>(args, A_PZ) as usize;
  const cells = load<u32>(args, A_PCELL) as usize;
  const sectors = load<u32>(args, A_SECTOR) as usize;
  const counters = load<u32>(args, A_COUNTERS) as usize;
  const segments = load<i32>(args, A_CHUNKS);
  const mine = i8x16.splat(sector as i8);
  for (let s = 0; s < segments; s++) {
    const count = load<i32>(counters + ((s * COUNTERS * 4) as usize));
    const base = s * SEG_STRIDE;
    for (let i = 0; i < count; i += 16) {
      let mask = i8x16.bitmask(i8x16.eq(v128.load(sectors + ((base + i) as usize)), mine));
      while (mask) {
        const o = ((base + i + ctz(mask)) as usize) << 2;
        mask &= mask - 1;
        const cell = load<u32>(cells + o);
        const at = X + (((cell >> 16) * stride + ((cell & 0xffff) << 2) + PAD * 4) as usize);
        const x = load<f32>(px + o);
        const y = load<f32>(py + o);
        const z = load<f32>(pz + o);
        const w = load<f32>(at + plane * 3);
        if (w == 0) {
          put(at, plane, x, y, z, 1);
          continue;
        }
        const mx = load<f32>(at);
        const my = load<f32>(at + plane);
        const mz = load<f32>(at + plane * 2);
        const r2 = mx * mx + my * my + mz * mz;
        const g: f32 = 0.12 + gate * sqrt(r2);
        const dx = x - mx;
        const dy = y - my;
        const dz = z - mz;
        if (dx * dx + dy * dy + dz * dz <= g * g) {
          const k: f32 = 1 / (w + 1);
          put(at, plane, mx + dx * k, my + dy * k, mz + dz * k, w + 1);
        } else if (x * x + y * y + z * z < r2) put(at, plane, x, y, z, 1);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function put(at: usize, plane: usize, x: f32, y: f32, z: f32, w: f32): void {
  store<f32>(at, x);
  store<f32>(at + plane, y);
  store<f32>(at + plane * 2, z);
  store<f32>(at + plane * 3, w);
}

/** The first and last PAD columns once more at the other side of the row. */
function repeatEdges(record: usize, sector: i32): void {
  if (sector != 0 && sector != SECTORS - 1) return;
  const cols = 1 << load<i32>(record, L_LOG_COLS);
  const rows = load<i32>(record, L_ROWS);
  const plane = load<i32>(record, L_PLANE_BYTES) as usize;
  let row = load<u32>(record, L_PLANES) as usize;
  for (let r = 0; r < rows; r++) {
    for (let p: usize = 0; p < 4; p++) {
      const at = row + p * plane;
      if (sector == 0) memory.copy(at + ((PAD + cols) << 2), at + (PAD << 2), PAD << 2);
      else memory.copy(at, at + ((cols as usize) << 2), PAD << 2);
    }
    row += plane << 2;
  }
}

// @ts-ignore: decorator
@inline
function even(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 2, 4, 6);
}
// @ts-ignore: decorator
@inline
function odd(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 1, 3, 5, 7);
}
/** Squared range, or infinity for an empty cell. */
// @ts-ignore: decorator
@inline
function rangeOf(x: v128, y: v128, z: v128, w: v128): v128 {
  const r2 = f32x4.add(f32x4.mul(x, x), f32x4.add(f32x4.mul(y, y), f32x4.mul(z, z)));
  return v128.bitselect(r2, f32x4.splat(f32.MAX_VALUE), f32x4.gt(w, f32x4.splat(0)));
}

/** A coarser level: the weighted mean of two or four children that lie near the nearest of them. Columns always halve. */
function pool(record: usize, sector: i32): void {
  const parent = record - L_BYTES;
  const byRow = load<i32>(record, L_ROW_SHIFT) > load<i32>(parent, L_ROW_SHIFT) ? 1 : 0;
  const rows = load<i32>(record, L_ROWS);
  const parentRows = load<i32>(parent, L_ROWS);
  const logCols = load<i32>(record, L_LOG_COLS);
  const plane = load<i32>(record, L_PLANE_BYTES) as usize;
  const above = load<i32>(parent, L_PLANE_BYTES) as usize;
  const stride = plane << 2;
  const parentStride = above << 2;
  const width = 1 << (logCols - 3);
  const gate = f32x4.splat(load<f32>(record, L_GATE));
  const fixed = f32x4.splat(0.12);
  const zero = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    const first = row << byRow;
    const last = min(first + byRow, parentRows - 1);
    let to =
      (load<u32>(record, L_PLANES) as usize) +
      (row as usize) * stride +
      (((sector * width + PAD) << 2) as usize);
    const source = (load<u32>(parent, L_PLANES) as usize) + (((2 * sector * width + PAD) << 2) as usize);
    for (let c = 0; c < width; c += 4) {
      const column = source + ((c << 3) as usize);
      // The nearest child decides which surface the cell shows.
      let best = f32x4.splat(f32.MAX_VALUE);
      let ax = zero;
      let ay = zero;
      let az = zero;
      for (let k = first; k <= last; k++) {
        const q = column + (k as usize) * parentStride;
        for (let side = 0; side < 2; side++) {
          const x = pick(q, side);
          const y = pick(q + above, side);
          const z = pick(q + above * 2, side);
          const r2 = rangeOf(x, y, z, pick(q + above * 3, side));
          const nearer = f32x4.lt(r2, best);
          best = v128.bitselect(r2, best, nearer);
          ax = v128.bitselect(x, ax, nearer);
          ay = v128.bitselect(y, ay, nearer);
          az = v128.bitselect(z, az, nearer);
        }
      }
      const g = f32x4.add(fixed, f32x4.mul(gate, f32x4.sqrt(best)));
      const g2 = f32x4.mul(g, g);
      let sw = zero;
      let sx = zero;
      let sy = zero;
      let sz = zero;
      for (let k = first; k <= last; k++) {
        const q = column + (k as usize) * parentStride;
        for (let side = 0; side < 2; side++) {
          const dx = f32x4.sub(pick(q, side), ax);
          const dy = f32x4.sub(pick(q + above, side), ay);
          const dz = f32x4.sub(pick(q + above * 2, side), az);
          const d2 = f32x4.add(f32x4.mul(dx, dx), f32x4.add(f32x4.mul(dy, dy), f32x4.mul(dz, dz)));
          const w = v128.and(pick(q + above * 3, side), f32x4.le(d2, g2));
          sw = f32x4.add(sw, w);
          sx = f32x4.add(sx, f32x4.mul(w, dx));
          sy = f32x4.add(sy, f32x4.mul(w, dy));
          sz = f32x4.add(sz, f32x4.mul(w, dz));
        }
      }
      const k = f32x4.div(f32x4.splat(1), f32x4.pmax(f32x4.splat(1), sw));
      v128.store(to, f32x4.add(ax, f32x4.mul(sx, k)));
      v128.store(to + plane, f32x4.add(ay, f32x4.mul(sy, k)));
      v128.store(to + plane * 2, f32x4.add(az, f32x4.mul(sz, k)));
      v128.store(to + plane * 3, sw);
      to += 16;
    }
  }
}

/** Every other of eight values. */
// @ts-ignore: decorator
@inline
function pick(at: usize, side: i32): v128 {
  return side ? odd(v128.load(at), v128.load(at, 16)) : even(v128.load(at), v128.load(at, 16));
}
