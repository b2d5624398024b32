// The sparse grid: blocks of 8×8×8 corners found through an open-addressing hash of integer block coordinates. Grids
// share the blocks of a pool: a key holds the number of the grid as well, and blocks that a grid drops go to others.
// A corner holds two 32-bit words: {sdf, weight} on scalar levels; feature levels hold one word, the row number.
// Descriptors are shared with src/field/backends/wasm/block-pool.ts.

import {
  BLOCK_LIMIT,
  B_COORDS,
  B_COUNT,
  B_GRID,
  B_LEVEL,
  DROPPED,
  G_CHANGE,
  G_COORDS,
  G_COUNT,
  G_DATA,
  G_FIRST,
  G_INVERSE,
  G_KEY,
  G_KEYS,
  G_LAST,
  G_MASK,
  G_MAX,
  G_NEIGHBOURS,
  G_OVERFLOW,
  G_POOL,
  G_VALUES,
  KEY_BITS,
  P_BYTES,
  P_FREE,
  P_MAX,
  P_NEXT,
  P_PLACE,
  P_TOP,
  P_USED,
} from '../layout/field';
import { dropRow } from './rows';

/** Where a key holds block coordinates. */
export const KEY_X: i64 = 0;
export const KEY_Y: i64 = KEY_BITS;
export const KEY_Z: i64 = 2 * KEY_BITS;
const KEY_MASK: i64 = (1 << KEY_BITS) - 1;

// @ts-ignore: decorator
@inline
function packKey(g: usize, bx: i32, by: i32, bz: i32): i64 {
  return load<i64>(g, G_KEY) | keyOf(bx, KEY_X) | keyOf(by, KEY_Y) | keyOf(bz, KEY_Z);
}

/** One block coordinate's share of a key. */
// @ts-ignore: decorator
@inline
export function keyOf(b: i32, axis: i64): i64 {
  return (<i64>(b + BLOCK_LIMIT)) << axis;
}

/** Whether a key has room for the coordinates. */
// @ts-ignore: decorator
@inline
function within(bx: i32, by: i32, bz: i32): bool {
  return <u32>((bx + BLOCK_LIMIT) | (by + BLOCK_LIMIT) | (bz + BLOCK_LIMIT)) < 2 * BLOCK_LIMIT;
}

// @ts-ignore: decorator
@inline
function hash(key: i64): u32 {
  return <u32>((<u64>key * 0x9e3779b97f4a7c15) >> 32);
}

/** The coordinates in a key. */
// @ts-ignore: decorator
@inline
export function keyX(key: i64): i32 {
  return <i32>(key & KEY_MASK) - BLOCK_LIMIT;
}
// @ts-ignore: decorator
@inline
export function keyY(key: i64): i32 {
  return <i32>((key >> KEY_Y) & KEY_MASK) - BLOCK_LIMIT;
}
// @ts-ignore: decorator
@inline
export function keyZ(key: i64): i32 {
  return <i32>((key >> KEY_Z) & KEY_MASK) - BLOCK_LIMIT;
}

/** Number of a block in the pool, 0 if it does not exist. */
export function findBlock(g: usize, bx: i32, by: i32, bz: i32): i32 {
  return within(bx, by, bz) ? findKey(g, packKey(g, bx, by, bz)) : 0;
}

/** The same by its key. */
export function findKey(g: usize, key: i64): i32 {
  const mask = load<u32>(g, G_MASK);
  const keys: usize = load<u32>(g, G_KEYS);
  let slot = hash(key) & mask;
  while (true) {
    const k = load<i64>(keys + ((<usize>slot) << 3));
    if (k == key) return load<i32>(<usize>load<u32>(g, G_VALUES) + ((<usize>slot) << 2));
    if (k == 0) return 0;
    slot = (slot + 1) & mask;
  }
}

/**
 * Number of a block, made if it does not exist; 0 when the grid or the pool is full, or the coordinates do not fit a
 * key. Not for use by two threads at a time.
 */
export function touchBlock(g: usize, bx: i32, by: i32, bz: i32): i32 {
  if (!within(bx, by, bz)) return 0;
  const key = packKey(g, bx, by, bz);
  const mask = load<u32>(g, G_MASK);
  const keys: usize = load<u32>(g, G_KEYS);
  let slot = hash(key) & mask;
  while (true) {
    const k = load<i64>(keys + ((<usize>slot) << 3));
    if (k == key) return load<i32>(<usize>load<u32>(g, G_VALUES) + ((<usize>slot) << 2));
    if (k == 0) break;
    slot = (slot + 1) & mask;
  }
  const block = appendBlock(g);
  if (block == 0) return 0;
  store<i64>(keys + ((<usize>slot) << 3), key);
  store<i32>(<usize>load<u32>(g, G_VALUES) + ((<usize>slot) << 2), block);
  const coords = <usize>load<u32>(g, G_COORDS) + ((<usize>block) << 4);
  store<i32>(coords, bx);
  store<i32>(coords, by, 4);
  store<i32>(coords, bz, 8);
  // Tie the block to its seven neighbours above and seven below.
  const neighbours: usize = load<u32>(g, G_NEIGHBOURS);
  const mine = neighbours + ((<usize>block) << 5);
  store<i32>(mine, block);
  for (let o = 1; o < 8; o++) {
    const dx = o & 1,
      dy = (o >> 1) & 1,
      dz = o >> 2;
    store<i32>(mine + ((<usize>o) << 2), findBlock(g, bx + dx, by + dy, bz + dz));
    const below = findBlock(g, bx - dx, by - dy, bz - dz);
    if (below) store<i32>(neighbours + ((<usize>below) << 5) + ((<usize>o) << 2), block);
  }
  return block;
}

/** Takes a block from the pool and puts it last in the grid's order; 0 when there is none to take. */
function appendBlock(g: usize): i32 {
  const pool: usize = load<u32>(g, G_POOL);
  const next: usize = load<u32>(pool, P_NEXT);
  const count = load<i32>(g, G_COUNT);
  let block = load<i32>(pool, P_FREE);
  if (count >= load<i32>(g, G_MAX) || (block == 0 && load<i32>(pool, P_TOP) >= load<i32>(pool, P_MAX))) {
    store<i32>(g, 1, G_OVERFLOW);
    return 0;
  }
  if (block != 0) store<i32>(pool, load<i32>(next + ((<usize>block) << 2)), P_FREE);
  else {
    block = load<i32>(pool, P_TOP);
    store<i32>(pool, block + 1, P_TOP);
  }
  store<i32>(pool, load<i32>(pool, P_USED) + 1, P_USED);
  store<i32>(next + ((<usize>block) << 2), 0);
  store<i32>(<usize>load<u32>(pool, P_PLACE) + ((<usize>block) << 2), count);
  const last = load<i32>(g, G_LAST);
  if (last == 0) store<i32>(g, block, G_FIRST);
  else store<i32>(next + ((<usize>last) << 2), block);
  store<i32>(g, block, G_LAST);
  store<i32>(g, count + 1, G_COUNT);
  return block;
}

/** Makes the listed blocks in their order, those that exist excepted. One chunk only. */
export function makeBlocks(args: usize, _chunk: i32): void {
  const g: usize = load<u32>(args, B_GRID),
    count = load<u32>(args, B_COUNT);
  let at: usize = load<u32>(args, B_COORDS);
  for (let i: u32 = 0; i < count; i++, at += 16)
    touchBlock(g, load<i32>(at), load<i32>(at, 4), load<i32>(at, 8));
}

/**
 * Empties the listed blocks of a grid, with the rows that they refer to, and takes them out of the hash. They stay in
 * the grid's order, marked, until `orderBlocks` hands them to the pool. One chunk only.
 */
export function dropBlocks(args: usize, _chunk: i32): void {
  const g: usize = load<u32>(args, B_GRID),
    count = load<u32>(args, B_COUNT),
    level: usize = load<u32>(args, B_LEVEL);
  const pool: usize = load<u32>(g, G_POOL);
  const bytes: usize = load<u32>(pool, P_BYTES);
  const neighbours: usize = load<u32>(g, G_NEIGHBOURS);
  let at: usize = load<u32>(args, B_COORDS);
  for (let i: u32 = 0; i < count; i++, at += 4) {
    const block: usize = load<u32>(at);
    const coords = <usize>load<u32>(g, G_COORDS) + (block << 4);
    const bx = load<i32>(coords),
      by = load<i32>(coords, 4),
      bz = load<i32>(coords, 8);
    removeKey(g, packKey(g, bx, by, bz));
    for (let o = 1; o < 8; o++) {
      const below = findBlock(g, bx - (o & 1), by - ((o >> 1) & 1), bz - (o >> 2));
      if (below) store<i32>(neighbours + ((<usize>below) << 5) + ((<usize>o) << 2), 0);
    }
    const data = <usize>load<u32>(g, G_DATA) + block * bytes;
    if (level) for (let c: usize = 0; c < bytes; c += 4) dropRow(level, load<i32>(data + c));
    memory.fill(data, 0, bytes);
    memory.fill(coords, 0, 16);
    memory.fill(neighbours + (block << 5), 0, 32);
    store<f32>(<usize>load<u32>(g, G_CHANGE) + (block << 2), 0);
    store<u32>(<usize>load<u32>(pool, P_PLACE) + (block << 2), DROPPED);
  }
}

/** Takes a key out of the hash. Those behind it that its slot kept from their own move up (Knuth, vol. 3, 6.4, R). */
function removeKey(g: usize, key: i64): void {
  const mask = load<u32>(g, G_MASK);
  const keys: usize = load<u32>(g, G_KEYS),
    values: usize = load<u32>(g, G_VALUES);
  let hole = hash(key) & mask;
  while (load<i64>(keys + ((<usize>hole) << 3)) != key) hole = (hole + 1) & mask;
  for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
    const k = load<i64>(keys + ((<usize>slot) << 3));
    if (k == 0) break;
    if (((slot - hash(k)) & mask) < ((slot - hole) & mask)) continue; // it lies between its own slot and the hole's
    store<i64>(keys + ((<usize>hole) << 3), k);
    store<i32>(values + ((<usize>hole) << 2), load<i32>(values + ((<usize>slot) << 2)));
    hole = slot;
  }
  store<i64>(keys + ((<usize>hole) << 3), 0);
}

/** Hands dropped blocks to the pool; those that are left keep their order. One chunk only. */
export function orderBlocks(args: usize, _chunk: i32): void {
  const g: usize = load<u32>(args, B_GRID);
  const pool: usize = load<u32>(g, G_POOL);
  const next: usize = load<u32>(pool, P_NEXT),
    places: usize = load<u32>(pool, P_PLACE);
  const first = load<i32>(g, G_FIRST);
  let last = 0,
    place = 1;
  store<i32>(g, 0, G_FIRST);
  for (let block = first; block != 0;) {
    const at = (<usize>block) << 2;
    const after = load<i32>(next + at);
    store<i32>(next + at, 0);
    if (load<u32>(places + at) == DROPPED) {
      store<i32>(next + at, load<i32>(pool, P_FREE));
      store<i32>(pool, block, P_FREE);
      store<i32>(pool, load<i32>(pool, P_USED) - 1, P_USED);
    } else {
      store<i32>(places + at, place++);
      if (last == 0) store<i32>(g, block, G_FIRST);
      else store<i32>(next + ((<usize>last) << 2), block);
      last = block;
    }
    block = after;
  }
  store<i32>(g, last, G_LAST);
  store<i32>(g, place, G_COUNT);
  store<i32>(g, 0, G_OVERFLOW);
  if (load<i32>(pool, P_USED) == 1) {
    // Nothing is left: number from the start, so that blocks lie together.
    store<i32>(pool, 1, P_TOP);
    store<i32>(pool, 0, P_FREE);
  }
}

// Words of the interpolation result.
export const S_VALUE: usize = 0;
export const S_GX: usize = 4;
export const S_GY: usize = 8;
export const S_GZ: usize = 12;

// @ts-ignore: decorator
@inline
function pair(data: usize, neighbours: usize, lx: i32, ly: i32, lz: i32): v128 {
  // Corners (lx, ly, lz) and (lx+1, ly, lz), either of which may lie in the next block.
  const oyz = ((ly >> 3) << 1) | ((lz >> 3) << 2);
  const row = (<usize>(((ly & 7) << 3) | ((lz & 7) << 6))) << 3;
  const b0: usize = load<u32>(neighbours + ((<usize>oyz) << 2));
  const a0 = data + (b0 << 12) + row + ((<usize>lx) << 3);
  if (lx < 7) return v128.load(a0);
  const b1: usize = load<u32>(neighbours + ((<usize>(oyz | 1)) << 2));
  return v128.load64_lane(data + (b1 << 12) + row, v128.load64_zero(a0), 1);
}

/** Trilinear value and gradient from the corner pairs along x at (y, z) = (0, 0), (1, 0), (0, 1), (1, 1); see `sampleScalar`. */
// @ts-ignore: decorator
@inline
function blendCell(
  A: v128,
  B: v128,
  C: v128,
  D: v128,
  fx: f32,
  fractionY: f32,
  fractionZ: f32,
  inverse: f32,
  out: usize,
): f32 {
  // Not min(): weights are never NaN, and on x86 pmin is one instruction.
  const w = f32x4.pmin(f32x4.pmin(A, B), f32x4.pmin(C, D));
  const weight = min(f32x4.extract_lane(w, 1), f32x4.extract_lane(w, 3));
  if (!(weight > 0)) return 0;
  const fy = f32x4.splat(fractionY),
    fz = f32x4.splat(fractionZ);
  const yAB = f32x4.sub(B, A),
    yCD = f32x4.sub(D, C);
  const AB = f32x4.add(A, f32x4.mul(yAB, fy));
  const CD = f32x4.add(C, f32x4.mul(yCD, fy));
  const zV = f32x4.sub(CD, AB);
  const V = f32x4.add(AB, f32x4.mul(zV, fz));
  const yV = f32x4.add(yAB, f32x4.mul(f32x4.sub(yCD, yAB), fz));
  const s0 = f32x4.extract_lane(V, 0),
    ds = f32x4.extract_lane(V, 2) - s0;
  const y0 = f32x4.extract_lane(yV, 0),
    z0 = f32x4.extract_lane(zV, 0);
  store<f32>(out, s0 + ds * fx, S_VALUE);
  store<f32>(out, ds * inverse, S_GX);
  store<f32>(out, (y0 + (f32x4.extract_lane(yV, 2) - y0) * fx) * inverse, S_GY);
  store<f32>(out, (z0 + (f32x4.extract_lane(zV, 2) - z0) * fx) * inverse, S_GZ);
  return weight;
}

/** Copies the corners of the cell (ix, iy, iz), which begins in `block`, to `out`: CORNERS_BYTES, {sdf, weight}, x fastest. */
// @ts-ignore: decorator
@inline
export function gatherCell(g: usize, block: i32, ix: i32, iy: i32, iz: i32, out: usize): void {
  const data: usize = load<u32>(g, G_DATA);
  const lx = ix & 7,
    ly = iy & 7,
    lz = iz & 7;
  if (lx < 7 && ly < 7 && lz < 7) {
    const base = data + ((<usize>block) << 12) + ((<usize>(lx + (ly << 3) + (lz << 6))) << 3);
    v128.store(out, v128.load(base));
    v128.store(out, v128.load(base, 64), 16);
    v128.store(out, v128.load(base, 512), 32);
    v128.store(out, v128.load(base, 576), 48);
  } else {
    const n = <usize>load<u32>(g, G_NEIGHBOURS) + ((<usize>block) << 5);
    v128.store(out, pair(data, n, lx, ly, lz));
    v128.store(out, pair(data, n, lx, ly + 1, lz), 16);
    v128.store(out, pair(data, n, lx, ly, lz + 1), 32);
    v128.store(out, pair(data, n, lx, ly + 1, lz + 1), 48);
  }
}

/** As `sampleScalar`, at a fraction (fx, fy, fz) of the cell that `gatherCell` has copied to `corners`. */
// @ts-ignore: decorator
@inline
export function sampleCell(corners: usize, fx: f32, fy: f32, fz: f32, inverse: f32, out: usize): f32 {
  return blendCell(
    v128.load(corners),
    v128.load(corners, 16),
    v128.load(corners, 32),
    v128.load(corners, 48),
    fx,
    fy,
    fz,
    inverse,
    out,
  );
}

/**
 * Trilinear value and gradient of a scalar level at (x, y, z): s = Σ w_c s_c and ∇s, written to `out`.
 * Returns the smallest weight among the eight corners; 0 where any of them was never observed.
 */
export function sampleScalar(g: usize, x: f32, y: f32, z: f32, out: usize): f32 {
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
  if (block == 0) return 0;
  const data: usize = load<u32>(g, G_DATA);
  const lx = ix & 7,
    ly = iy & 7,
    lz = iz & 7;
  let A: v128, B: v128, C: v128, D: v128;
  if (lx < 7 && ly < 7 && lz < 7) {
    const base = data + ((<usize>block) << 12) + ((<usize>(lx + (ly << 3) + (lz << 6))) << 3);
    A = v128.load(base);
    B = v128.load(base, 64);
    C = v128.load(base, 512);
    D = v128.load(base, 576);
  } else {
    const n = <usize>load<u32>(g, G_NEIGHBOURS) + ((<usize>block) << 5);
    A = pair(data, n, lx, ly, lz);
    B = pair(data, n, lx, ly + 1, lz);
    C = pair(data, n, lx, ly, lz + 1);
    D = pair(data, n, lx, ly + 1, lz + 1);
  }
  return blendCell(A, B, C, D, ux - flx, uy - fly, uz - flz, inverse, out);
}
