// Voxel thinning with an open-addressing hash that is cleared by a stamp. Of the points in a voxel the one with the
// smallest mixed index stays: a fair draw, because "first" would favour one side of the voxel and "nearest to the
// centre" would favour one sign of the range noise.
import {
  A_CHUNKS,
  A_COUNTERS,
  A_FINE,
  A_FX,
  A_FY,
  A_FZ,
  A_INV_VOXEL,
  A_LIST,
  A_LIST_COUNT,
  A_LIST_STRIDE,
  A_PART,
  A_PX,
  A_PY,
  A_PZ,
  A_SINGLE,
  A_STAMP,
  A_TABLE,
  A_TABLE_BITS,
  A_TRACK_COUNT,
  A_TRACK_INV_VOXEL,
  A_TRACK_LIST,
  COUNTERS,
  PARTS,
  SEG_STRIDE,
} from './prepare-layout';

// @ts-ignore: decorator
@inline
function key(x: f32, y: f32, z: f32, inverse: f32): u64 {
  const ix = (floor(x * inverse) as i32) + 0x100000;
  const iy = (floor(y * inverse) as i32) + 0x100000;
  const iz = (floor(z * inverse) as i32) + 0x100000;
  return ((ix as u32 as u64) << 42) | ((iy as u32 as u64) << 21) | (iz as u32 as u64);
}

// @ts-ignore: decorator
@inline
function mixed(i: u32): u32 {
  i = (i ^ (i >> 16)) * 0x7feb352d;
  return (i ^ (i >> 15)) * 0x846ca68b;
}

/** Puts a point into the table; returns the new number of kept points, or −1 when the table is full. */
// @ts-ignore: decorator
@inline
function insert(
  table: usize,
  bits: i32,
  stamp: u32,
  list: usize,
  kept: i32,
  k: u64,
  index: u32,
): i32 {
  const mask: u32 = ((1 as u32) << bits) - 1;
  let slot = ((k * 0x9e3779b97f4a7c15) >> (64 - bits)) as u32;
  while (true) {
    const entry = table + ((slot as usize) << 4);
    if (load<u32>(entry) != stamp) {
      if ((kept as u32) >= mask - (mask >> 3)) return -1;
      store<u32>(entry, stamp);
      store<u32>(entry, kept, 4);
      store<u64>(entry, k, 8);
      store<u32>(list + ((kept as usize) << 2), index);
      return kept + 1;
    }
    if (load<u64>(entry, 8) == k) {
      const held = list + ((load<u32>(entry, 4) as usize) << 2);
      if (mixed(index) < mixed(load<u32>(held))) store<u32>(held, index);
      return kept;
    }
    slot = (slot + 1) & mask;
  }
  return -1; // not reached
}

/** Chunk: one partition of the voxels (or all of them when A_SINGLE is set). */
export function prepareThin(args: usize, chunk: i32): void {
  const single = load<i32>(args, A_SINGLE) != 0;
  const logParts = 31 - clz(PARTS);
  const bits = load<i32>(args, A_TABLE_BITS) + (single ? logParts : 0);
  const table = (load<u32>(args, A_TABLE) as usize) + ((chunk as usize) << (bits + 4));
  const list =
    (load<u32>(args, A_LIST) as usize) + ((chunk * load<i32>(args, A_LIST_STRIDE)) as usize) * 4;
  const stamp = load<u32>(args, A_STAMP);
  const inverse = load<f32>(args, A_INV_VOXEL);
  const px = load<u32>(args, A_PX) as usize;
  const py = load<u32>(args, A_PY) as usize;
  const pz = load<u32>(args, A_PZ) as usize;
  const parts = load<u32>(args, A_PART) as usize;
  const counters = load<u32>(args, A_COUNTERS) as usize;
  const segments = load<i32>(args, A_CHUNKS);
  const mine = i8x16.splat(chunk as i8);
  let kept = 0;
  for (let s = 0; s < segments; s++) {
    const count = load<i32>(counters + ((s * COUNTERS * 4) as usize));
    const base = s * SEG_STRIDE;
    for (let i = 0; i < count; i += 16) {
      let mask: i32;
      if (single) mask = count - i < 16 ? (1 << (count - i)) - 1 : 0xffff;
      else mask = i8x16.bitmask(i8x16.eq(v128.load(parts + ((base + i) as usize)), mine));
      while (mask) {
        const index = (base + i + ctz(mask)) as u32;
        mask &= mask - 1;
        const o = (index as usize) << 2;
        const k = key(load<f32>(px + o), load<f32>(py + o), load<f32>(pz + o), inverse);
        kept = insert(table, bits, stamp, list, kept, k, index);
        if (kept < 0) break;
      }
      if (kept < 0) break;
    }
    if (kept < 0) break;
  }
  store<i32>((load<u32>(args, A_LIST_COUNT) as usize) + ((chunk as usize) << 2), kept);
}

/** One chunk: thins the fine points again, with the coarse voxel, into A_TRACK_LIST. */
export function prepareThinCoarse(args: usize, _chunk: i32): void {
  const bits = load<i32>(args, A_TABLE_BITS) + (31 - clz(PARTS));
  const table = load<u32>(args, A_TABLE) as usize;
  const list = load<u32>(args, A_TRACK_LIST) as usize;
  const stamp = load<u32>(args, A_STAMP);
  const inverse = load<f32>(args, A_TRACK_INV_VOXEL);
  const fx = load<u32>(args, A_FX) as usize;
  const fy = load<u32>(args, A_FY) as usize;
  const fz = load<u32>(args, A_FZ) as usize;
  const count = load<i32>(args, A_FINE);
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const o = (i as usize) << 2;
    const k = key(load<f32>(fx + o), load<f32>(fy + o), load<f32>(fz + o), inverse);
    kept = insert(table, bits, stamp, list, kept, k, i as u32); // the whole table: it cannot be full
  }
  store<i32>(load<u32>(args, A_TRACK_COUNT) as usize, kept);
}
