// Tells the ground from the rest without knowing how high the sensor is mounted: up from the normals of what lies flat
// below, a starting height from the lowest strong level nearby, and then outwards cell by cell on a polar grid.
import {
  A_FFLAGS,
  A_FINE,
  A_FNX,
  A_FNY,
  A_FNZ,
  A_FX,
  A_FY,
  A_FZ,
  A_GRID,
  A_UP,
  FLAG_GROUND,
  FLAG_NORMAL,
  GROUND_BINS,
  GROUND_RINGS,
  GROUND_SECTORS,
} from '../layout/lidar';

/** Metres per bin of the height histogram, and the height of its first bin. */
const BIN: f32 = 0.1;
const LOWEST: f32 = -40;
const NOTHING: f32 = 1e9;

/** Ring of the polar grid; rings grow with the distance as the points thin out. */
// @ts-ignore: decorator
@inline
function ringOf(rho: f32): i32 {
  return min(GROUND_RINGS - 1, (sqrt(rho) * 6) as i32);
}

/** Sector by the diamond angle: monotonic in the azimuth, and needs no arc tangent. */
// @ts-ignore: decorator
@inline
function sectorOf(x: f32, y: f32): i32 {
  const t: f32 = y / (abs(x) + abs(y) + 1e-9);
  const a: f32 = x >= 0 ? t + 1 : 3 - t; // 0…4
  return min(GROUND_SECTORS - 1, (a * ((GROUND_SECTORS as f32) * 0.25)) as i32);
}

/** One chunk. */
export function prepareGround(args: usize, _chunk: i32): void {
  const count = load<i32>(args, A_FINE);
  const fx = load<u32>(args, A_FX) as usize;
  const fy = load<u32>(args, A_FY) as usize;
  const fz = load<u32>(args, A_FZ) as usize;
  const nx = load<u32>(args, A_FNX) as usize;
  const ny = load<u32>(args, A_FNY) as usize;
  const nz = load<u32>(args, A_FNZ) as usize;
  const flags = load<u32>(args, A_FFLAGS) as usize;
  const grid = load<u32>(args, A_GRID) as usize;
  const bins = grid + GROUND_SECTORS * GROUND_RINGS * 4;

  // Up: the mean normal of what faces up below the sensor, first widely, then closely.
  let u0 = load<f32>(args, A_UP);
  let u1 = load<f32>(args, A_UP + 4);
  let u2 = load<f32>(args, A_UP + 8);
  if (u0 == 0 && u1 == 0 && u2 == 0) {
    u2 = 1;
    let limit: f32 = 0.82; // 35°
    for (let round = 0; round < 3; round++) {
      let s0: f32 = 0;
      let s1: f32 = 0;
      let s2: f32 = 0;
      for (let i = 0; i < count; i += 4) {
        const o = (i as usize) << 2;
        const a = load<f32>(nx + o);
        const b = load<f32>(ny + o);
        const c = load<f32>(nz + o);
        if (a * u0 + b * u1 + c * u2 < limit) continue;
        if (load<f32>(fx + o) * u0 + load<f32>(fy + o) * u1 + load<f32>(fz + o) * u2 > 0) continue;
        s0 += a;
        s1 += b;
        s2 += c;
      }
      const length = sqrt(s0 * s0 + s1 * s1 + s2 * s2);
      if (length < 10) break;
      u0 = s0 / length;
      u1 = s1 / length;
      u2 = s2 / length;
      limit = round == 0 ? 0.9 : 0.96;
    }
  }

  store<f32>(args, u0, A_UP);
  store<f32>(args, u1, A_UP + 4);
  store<f32>(args, u2, A_UP + 8);

  // Lowest flat point of every cell, and the histogram of flat points nearby.
  for (let c = 0; c < GROUND_SECTORS * GROUND_RINGS; c++) store<f32>(grid + ((c << 2) as usize), NOTHING);
  memory.fill(bins, 0, GROUND_BINS * 4);
  for (let i = 0; i < count; i++) {
    if ((load<u8>(flags + (i as usize)) & FLAG_NORMAL) == 0) continue;
    const o = (i as usize) << 2;
    if (load<f32>(nx + o) * u0 + load<f32>(ny + o) * u1 + load<f32>(nz + o) * u2 < 0.87) continue;
    const x = load<f32>(fx + o);
    const y = load<f32>(fy + o);
    const height = x * u0 + y * u1 + load<f32>(fz + o) * u2;
    const rho = sqrt(x * x + y * y);
    const cell = grid + (((sectorOf(x, y) * GROUND_RINGS + ringOf(rho)) << 2) as usize);
    if (height < load<f32>(cell)) store<f32>(cell, height);
    const bin = ((height - LOWEST) / BIN) as i32;
    if (rho < 20 && bin >= 0 && bin < GROUND_BINS) {
      const at = bins + ((bin << 2) as usize);
      store<i32>(at, load<i32>(at) + 1);
    }
  }
  // The ground is the lowest level with a fair share of the flat points; roofs and tables are higher.
  let most = 0;
  for (let b = 1; b < GROUND_BINS - 1; b++) most = max(most, three(bins, b));
  if (most < 8) return;
  let level = 1;
  while (three(bins, level) * 5 < most) level++;
  if (three(bins, level + 1) > three(bins, level)) level++;
  const start: f32 = LOWEST + ((level as f32) + 0.5) * BIN;

  // Outwards: a cell carries on the ground if its step is one that a road or a kerb could make.
  for (let s = 0; s < GROUND_SECTORS; s++) {
    let ground = start;
    let seen: f32 = 0;
    for (let r = 0; r < GROUND_RINGS; r++) {
      const cell = grid + (((s * GROUND_RINGS + r) << 2) as usize);
      const lowest = load<f32>(cell);
      const edge: f32 = (r as f32) / 6;
      const rho = edge * edge;
      if (lowest != NOTHING && abs(lowest - ground) < 0.25 + 0.15 * (rho - seen)) {
        ground = lowest;
        seen = rho;
      }
      store<f32>(cell, ground);
    }
  }

  for (let i = 0; i < count; i++) {
    const o = (i as usize) << 2;
    const x = load<f32>(fx + o);
    const y = load<f32>(fy + o);
    const rho = sqrt(x * x + y * y);
    const ground = load<f32>(grid + (((sectorOf(x, y) * GROUND_RINGS + ringOf(rho)) << 2) as usize));
    const above = x * u0 + y * u1 + load<f32>(fz + o) * u2 - ground;
    const flag = load<u8>(flags + (i as usize));
    // A cell is about √ρ/3 long, so a slope of 15 % makes its far end that much higher.
    const room: f32 = 0.2 + 0.05 * sqrt(rho);
    if (above < -0.3 || above > room) continue;
    if (flag & FLAG_NORMAL) {
      if (load<f32>(nx + o) * u0 + load<f32>(ny + o) * u1 + load<f32>(nz + o) * u2 < 0.82) continue;
    } else if (above > 0.1 + 0.02 * sqrt(rho)) continue;
    store<u8>(flags + (i as usize), flag | FLAG_GROUND);
  }
}

// @ts-ignore: decorator
@inline
function three(bins: usize, b: i32): i32 {
  const at = bins + ((b << 2) as usize);
  return load<i32>(at - 4) + load<i32>(at) + load<i32>(at, 4);
}
