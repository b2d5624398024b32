// The sparse grid: blocks of 8×8×8 corners found through an open-addressing hash of integer block coordinates. Grids
// share the blocks of a pool (blocks.ts): a key holds the number of the grid as well.
// A corner holds two 32-bit words: {sdf, weight} on scalar levels; feature levels hold one word, the row number.
// Descriptors are shared with src/field/backends/wasm/block-pool.ts.

import {
  BLOCK_LIMIT,
  G_DATA,
  G_INVERSE,
  G_KEY,
  G_KEYS,
  G_MASK,
  G_NEIGHBOURS,
  G_VALUES,
  KEY_BITS,
} from '../layout/field';

/** Where a key holds block coordinates. */
export const KEY_X: i64 = 0;
export const KEY_Y: i64 = KEY_BITS;
export const KEY_Z: i64 = 2 * KEY_BITS;
const KEY_MASK: i64 = (1 << KEY_BITS) - 1;

/** The key of a grid's block. */
// @ts-ignore: decorator
@inline
export function packKey(g: usize, bx: i32, by: i32, bz: i32): i64 {
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
export function within(bx: i32, by: i32, bz: i32): bool {
  return <u32>((bx + BLOCK_LIMIT) | (by + BLOCK_LIMIT) | (bz + BLOCK_LIMIT)) < 2 * BLOCK_LIMIT;
}

/** Where the search for a key begins, before masking. */
// @ts-ignore: decorator
@inline
export function hash(key: i64): u32 {
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

// Words of the interpolation result.
const S_VALUE: usize = 0;
const S_GX: usize = 4;
const S_GY: usize = 8;
const S_GZ: usize = 12;

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
