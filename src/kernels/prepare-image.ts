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
  L_COL_SHIFT,
  L_GATE,
  L_LOG_COLS,
  L_PLANES,
  L_PLANE_BYTES,
  L_ROWS,
  L_ROW_SHIFT,
  PAD,
  SECTORS,
  SEG_STRIDE,
} from './prepare-layout';

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
  const stride = ((1 << logCols) + 2 * PAD) << 2;
  const rows = load<i32>(record, L_ROWS);
  const plane = load<i32>(record, L_PLANE_BYTES) as usize;
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
  const stride = (cols + 2 * PAD) << 2;
  const rows = load<i32>(record, L_ROWS);
  const plane = load<i32>(record, L_PLANE_BYTES) as usize;
  let row = load<u32>(record, L_PLANES) as usize;
  for (let r = 0; r < rows; r++) {
    for (let p: usize = 0; p < 4; p++) {
      const at = row + p * plane;
      if (sector == 0) memory.copy(at + ((PAD + cols) << 2), at + (PAD << 2), PAD << 2);
      else memory.copy(at, at + ((cols as usize) << 2), PAD << 2);
    }
    row += stride as usize;
  }
}

/** A coarser level: the weighted mean of up to four children that lie near the nearest of them. */
function pool(record: usize, sector: i32): void {
  const parent = record - L_BYTES;
  const byRow = load<i32>(record, L_ROW_SHIFT) > load<i32>(parent, L_ROW_SHIFT) ? 1 : 0;
  const byCol = load<i32>(record, L_COL_SHIFT) > load<i32>(parent, L_COL_SHIFT) ? 1 : 0;
  const rows = load<i32>(record, L_ROWS);
  const parentRows = load<i32>(parent, L_ROWS);
  const logCols = load<i32>(record, L_LOG_COLS);
  const stride = (((1 << logCols) + 2 * PAD) << 2) as usize;
  const parentStride = (((1 << load<i32>(parent, L_LOG_COLS)) + 2 * PAD) << 2) as usize;
  const plane = load<i32>(record, L_PLANE_BYTES) as usize;
  const parentPlane = load<i32>(parent, L_PLANE_BYTES) as usize;
  const width = 1 << (logCols - 3);
  const gate = load<f32>(record, L_GATE);
  for (let row = 0; row < rows; row++) {
    const y0 = row << byRow;
    const below: usize = byRow && y0 + 1 < parentRows ? parentStride : 0;
    let from =
      (load<u32>(parent, L_PLANES) as usize) +
      (y0 as usize) * parentStride +
      (((((sector * width) << byCol) + PAD) << 2) as usize);
    let to =
      (load<u32>(record, L_PLANES) as usize) +
      (row as usize) * stride +
      ((((sector * width) + PAD) << 2) as usize);
    for (let c = 0; c < width; c++) {
      // Nearest child first: it decides which surface the cell shows.
      let best = f32.MAX_VALUE;
      let anchor: usize = 0;
      for (let k: usize = 0; k < 4; k++) {
        if ((k & 1) != 0 && byCol == 0) continue;
        if (k >= 2 && below == 0) continue;
        const q = from + ((k & 1) << 2) + (k >> 1) * below;
        if (load<f32>(q + parentPlane * 3) == 0) continue;
        const x = load<f32>(q);
        const y = load<f32>(q + parentPlane);
        const z = load<f32>(q + parentPlane * 2);
        const r2 = x * x + y * y + z * z;
        if (r2 < best) {
          best = r2;
          anchor = q;
        }
      }
      if (anchor == 0) store<f32>(to + plane * 3, 0);
      else {
        const ax = load<f32>(anchor);
        const ay = load<f32>(anchor + parentPlane);
        const az = load<f32>(anchor + parentPlane * 2);
        let w: f32 = load<f32>(anchor + parentPlane * 3);
        let sx: f32 = 0;
        let sy: f32 = 0;
        let sz: f32 = 0;
        let g: f32 = 0.12 + gate * sqrt(best);
        g *= g;
        for (let k: usize = 0; k < 4; k++) {
          if ((k & 1) != 0 && byCol == 0) continue;
          if (k >= 2 && below == 0) continue;
          const q = from + ((k & 1) << 2) + (k >> 1) * below;
          if (q == anchor) continue;
          const cw = load<f32>(q + parentPlane * 3);
          const dx = load<f32>(q) - ax;
          const dy = load<f32>(q + parentPlane) - ay;
          const dz = load<f32>(q + parentPlane * 2) - az;
          if (cw == 0 || dx * dx + dy * dy + dz * dz > g) continue;
          sx += cw * dx;
          sy += cw * dy;
          sz += cw * dz;
          w += cw;
        }
        const k: f32 = 1 / w;
        put(to, plane, ax + sx * k, ay + sy * k, az + sz * k, w);
      }
      from += (4 << byCol) as usize;
      to += 4;
    }
  }
}
