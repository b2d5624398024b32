// Tells the ground from the rest without knowing how high the sensor is mounted: up from the normals of what lies flat
// below, a starting height from the lowest strong level nearby, and then outwards cell by cell on a polar grid. Points
// whose normals were put off (FLAG_PENDING) get them when, and only when, the result depends on them.
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
  A_HAS_GROUND,
  A_LINKS,
  A_TRACK_COUNT,
  A_TRACK_LIST,
  A_UP,
  FLAG_NORMAL,
  FLAG_PENDING,
  GROUND_BINS,
  GROUND_CELLS,
  GROUND_RINGS,
  GROUND_SECTORS,
  G_BINS,
  G_HEADS,
  G_LIMITS,
  G_PENDING_BINS,
} from '../layout/lidar';
import { along, cellOf, NOTHING } from './ground-cell';
import { flagGround } from './ground-flag';
import { findNormal } from './normals';

/** Metres per bin of the height histogram, and the height of its first bin. */
const BIN: f32 = 0.1;
const LOWEST: f32 = -40;
/** The histogram is of points nearer than this to the axis, metres. */
const NEAR: f32 = 20;
/** Cosine from up within which a point counts as flat. */
const FLAT: f32 = 0.87;
/** Points this far above the ground of the last scan are expected not to matter for that of the next, metres. */
const MARGIN: f32 = 0.4;

/** One chunk: up, the ground of every cell, and the flags of the points that are registered. */
export function prepareGround(args: usize, _chunk: i32): void {
  store<i32>(args, 0, A_HAS_GROUND);
  const grid = load<u32>(args, A_GRID) as usize;
  findUp(args);
  fillCells(args);
  const start = startingHeight(args);
  if (start == NOTHING) {
    for (let c = 0; c < GROUND_CELLS; c++) store<f32>(grid + ((c << 2) as usize), NOTHING, G_LIMITS);
    return;
  }
  for (let s = 0; s < GROUND_SECTORS; s++) walkOutwards(args, s, start);
  store<i32>(args, 1, A_HAS_GROUND);
  const track = load<u32>(args, A_TRACK_LIST) as usize;
  const count = load<i32>(load<u32>(args, A_TRACK_COUNT) as usize);
  for (let k = 0; k < count; k++) flagGround(args, load<i32>(track + ((k << 2) as usize)));
}

/** Up: the mean normal of what faces up below the sensor, first widely, then closely. */
function findUp(args: usize): void {
  const count = load<i32>(args, A_FINE);
  const fx = load<u32>(args, A_FX) as usize;
  const fy = load<u32>(args, A_FY) as usize;
  const fz = load<u32>(args, A_FZ) as usize;
  const nx = load<u32>(args, A_FNX) as usize;
  const ny = load<u32>(args, A_FNY) as usize;
  const nz = load<u32>(args, A_FNZ) as usize;
  const flags = load<u32>(args, A_FFLAGS) as usize;
  let u0 = load<f32>(args, A_UP);
  let u1 = load<f32>(args, A_UP + 4);
  let u2 = load<f32>(args, A_UP + 8);
  if (u0 != 0 || u1 != 0 || u2 != 0) return;
  u2 = 1;
  let limit: f32 = 0.82; // 35°
  for (let round = 0; round < 3; round++) {
    let s0: f32 = 0;
    let s1: f32 = 0;
    let s2: f32 = 0;
    for (let i = 0; i < count; i += 4) {
      const o = (i as usize) << 2;
      if (load<f32>(fx + o) * u0 + load<f32>(fy + o) * u1 + load<f32>(fz + o) * u2 > 0) continue;
      if (load<u8>(flags + (i as usize)) & FLAG_PENDING) findNormal(args, i);
      const a = load<f32>(nx + o);
      const b = load<f32>(ny + o);
      const c = load<f32>(nz + o);
      if (a * u0 + b * u1 + c * u2 < limit) continue;
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
  store<f32>(args, u0, A_UP);
  store<f32>(args, u1, A_UP + 4);
  store<f32>(args, u2, A_UP + 8);
}

/** Bin of a height, −1 outside. */
// @ts-ignore: decorator
@inline
function binOf(height: f32): i32 {
  const bin = ((height - LOWEST) / BIN) as i32;
  return bin >= 0 && bin < GROUND_BINS ? bin : -1;
}

// @ts-ignore: decorator
@inline
function add(bins: usize, height: f32, n: i32): void {
  const bin = binOf(height);
  if (bin < 0) return;
  const at = bins + ((bin << 2) as usize);
  store<i32>(at, load<i32>(at) + n);
}

/** Lowest flat point of every cell, and the histogram of flat points nearby; pending points wait in lists by cell. */
function fillCells(args: usize): void {
  const count = load<i32>(args, A_FINE);
  const fx = load<u32>(args, A_FX) as usize;
  const fy = load<u32>(args, A_FY) as usize;
  const flags = load<u32>(args, A_FFLAGS) as usize;
  const links = load<u32>(args, A_LINKS) as usize;
  const grid = load<u32>(args, A_GRID) as usize;
  for (let c = 0; c < GROUND_CELLS; c++) {
    store<f32>(grid + ((c << 2) as usize), NOTHING);
    store<i32>(grid + ((c << 2) as usize), -1, G_HEADS);
  }
  memory.fill(grid + G_BINS, 0, GROUND_BINS * 4);
  memory.fill(grid + G_PENDING_BINS, 0, GROUND_BINS * 4);
  for (let i = 0; i < count; i++) {
    const flag = load<u8>(flags + (i as usize));
    if ((flag & (FLAG_NORMAL | FLAG_PENDING)) == 0) continue;
    const o = (i as usize) << 2;
    const pending = (flag & FLAG_PENDING) != 0;
    if (!pending && along(args, A_FNX, o) < FLAT) continue;
    const x = load<f32>(fx + o);
    const y = load<f32>(fy + o);
    const height = along(args, A_FX, o);
    const rho = sqrt(x * x + y * y);
    const cell = grid + cellOf(x, y, rho);
    if (pending) {
      store<i32>(links + o, load<i32>(cell, G_HEADS));
      store<i32>(cell, i, G_HEADS);
    } else if (height < load<f32>(cell)) store<f32>(cell, height);
    if (rho < NEAR) add(grid + (pending ? G_PENDING_BINS : G_BINS), height, 1);
  }
}

/** Looks for the normal of a pending point and enters the point into its cell and the histogram if it is flat. */
function settle(args: usize, i: i32): void {
  const o = (i as usize) << 2;
  const grid = load<u32>(args, A_GRID) as usize;
  const flat = findNormal(args, i) && along(args, A_FNX, o) >= FLAT;
  const x = load<f32>((load<u32>(args, A_FX) as usize) + o);
  const y = load<f32>((load<u32>(args, A_FY) as usize) + o);
  const height = along(args, A_FX, o);
  const rho = sqrt(x * x + y * y);
  const cell = grid + cellOf(x, y, rho);
  if (flat && height < load<f32>(cell)) store<f32>(cell, height);
  if (!(rho < NEAR)) return;
  add(grid + G_PENDING_BINS, height, -1);
  if (flat) add(grid + G_BINS, height, 1);
}

/**
 * The ground is the lowest level with a fair share of the flat points; roofs and tables are higher. NOTHING if there is
 * none. Where points without a normal could make a difference, all of them nearby get theirs.
 */
function startingHeight(args: usize): f32 {
  const grid = load<u32>(args, A_GRID) as usize;
  let level = levelOf(grid);
  if (level < 0) {
    const fx = load<u32>(args, A_FX) as usize;
    const fy = load<u32>(args, A_FY) as usize;
    const flags = load<u32>(args, A_FFLAGS) as usize;
    const count = load<i32>(args, A_FINE);
    for (let i = 0; i < count; i++) {
      if ((load<u8>(flags + (i as usize)) & FLAG_PENDING) == 0) continue;
      const x = load<f32>(fx + ((i as usize) << 2));
      const y = load<f32>(fy + ((i as usize) << 2));
      if (sqrt(x * x + y * y) < NEAR) settle(args, i);
    }
    level = levelOf(grid);
  }
  return level == 0 ? NOTHING : LOWEST + ((level as f32) + 0.5) * BIN;
}

/** Bin of the ground, 0 if there is none, −1 if pending points could change it. */
function levelOf(grid: usize): i32 {
  const bins = grid + G_BINS;
  const pending = grid + G_PENDING_BINS;
  let most = 0;
  let possible = 0;
  for (let b = 1; b < GROUND_BINS - 1; b++) {
    const flat = three(bins, b);
    most = max(most, flat);
    possible = max(possible, flat + three(pending, b));
  }
  if (possible > most) return -1;
  if (most < 8) return 0;
  let level = 1;
  while (three(bins, level) * 5 < most) {
    if ((three(bins, level) + three(pending, level)) * 5 >= most) return -1;
    level++;
  }
  // Halfway into the next bin; certain whatever the pending points are.
  const here = three(bins, level);
  const next = three(bins, level + 1);
  if (next > here + three(pending, level)) return level + 1;
  return next + three(pending, level + 1) <= here ? level : -1;
}

// @ts-ignore: decorator
@inline
function three(bins: usize, b: i32): i32 {
  const at = bins + ((b << 2) as usize);
  return load<i32>(at - 4) + load<i32>(at) + load<i32>(at, 4);
}

/** Outwards in one sector: a cell carries on the ground if its step is one that a road or a kerb could make. */
function walkOutwards(args: usize, sector: i32, start: f32): void {
  const grid = load<u32>(args, A_GRID) as usize;
  const flags = load<u32>(args, A_FFLAGS) as usize;
  const links = load<u32>(args, A_LINKS) as usize;
  let ground = start;
  let seen: f32 = 0;
  for (let r = 0; r < GROUND_RINGS; r++) {
    const cell = grid + (((sector * GROUND_RINGS + r) << 2) as usize);
    const edge: f32 = (r as f32) / 6;
    const rho = edge * edge;
    const room: f32 = 0.25 + 0.15 * (rho - seen);
    // Only a pending point that is lower than the flat ones and not above the room can be the step or forbid it.
    for (let i = load<i32>(cell, G_HEADS); i >= 0; i = load<i32>(links + ((i as usize) << 2))) {
      if ((load<u8>(flags + (i as usize)) & FLAG_PENDING) == 0) continue;
      const height = along(args, A_FX, (i as usize) << 2);
      if (height < load<f32>(cell) && height - ground < room) settle(args, i);
    }
    const lowest = load<f32>(cell);
    const carriesOn = lowest != NOTHING && abs(lowest - ground) < room;
    if (carriesOn) {
      ground = lowest;
      seen = rho;
    }
    store<f32>(cell, ground);
    store<f32>(cell, ground + (carriesOn ? MARGIN : room), G_LIMITS);
  }
}
