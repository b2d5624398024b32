// Voxel thinning with an open-addressing hash that is cleared by a stamp. Of the points in a voxel the one with the
// smallest mixed index stays: a fair draw, because "first" would favour one side of the voxel and "nearest to the
// centre" would favour one sign of the range noise.
import { prepareImage } from './image';
import {
  A_CHUNKS,
  A_COARSE_STAMP,
  A_COUNTERS,
  A_FINE,
  A_INDEX,
  A_LIST,
  A_LIST_COUNT,
  A_LIST_STRIDE,
  A_PART,
  A_PKEY,
  A_PX,
  A_PY,
  A_PZ,
  A_SINGLE,
  A_SLOTS,
  A_STAMP,
  A_TABLE,
  A_TABLE_BITS,
  A_TRACK_COUNT,
  A_TRACK_INV_VOXEL,
  A_TRACK_LIST,
  COUNTERS,
  PARTS,
  SEG_STRIDE,
} from '../layout/lidar';

// @ts-ignore: decorator
@inline
function key(x: f32, y: f32, z: f32, inverse: f32): u64 {
  const ix = ((floor(x * inverse) as i32) + 0x8000) as u16;
  const iy = ((floor(y * inverse) as i32) + 0x8000) as u16;
  const iz = ((floor(z * inverse) as i32) + 0x8000) as u16;
  return ((ix as u64) << 32) | ((iy as u64) << 16) | (iz as u64);
}

// @ts-ignore: decorator
@inline
function mixed(i: u32): u32 {
  i = (i ^ (i >> 16)) * 0x7feb352d;
  return (i ^ (i >> 15)) * 0x846ca68b;
}

// @ts-ignore: decorator
@inline
function prefer(list: usize, place: i32, index: u32): void {
  const held = list + ((place as usize) << 2);
  if (mixed(index) < mixed(load<u32>(held))) store<u32>(held, index);
}

/**
 * Puts a point into the table; returns its voxel's place in the list (`kept` for a new one), or −1 when it is full. The eight voxels
 * of a 2×2×2 block lie in one cache line, because neighbours come together.
 */
// @ts-ignore: decorator
@inline
function insert(
  table: usize,
  slots: usize,
  bits: i32,
  stamp: u64,
  list: usize,
  kept: i32,
  k: u64,
  index: u32,
): i32 {
  const mask: u32 = ((1 as u32) << bits) - 1;
  const block = k & 0xfffefffefffe;
  const local = ((k >> 30) & 4) | ((k >> 15) & 2) | (k & 1);
  let slot = ((((block * 0x9e3779b97f4a7c15) >> (67 - bits)) << 3) | local) as u32;
  const tagged = stamp | k;
  while (true) {
    const entry = table + ((slot as usize) << 3);
    const held = load<u64>(entry);
    if (held == tagged) {
      const place = load<i32>(slots + ((slot as usize) << 2));
      prefer(list, place, index);
      return place;
    }
    if ((held & 0xffff000000000000) != stamp) {
      if ((kept as u32) >= mask - (mask >> 3)) return -1;
      store<u64>(entry, tagged);
      store<u32>(slots + ((slot as usize) << 2), kept);
      store<u32>(list + ((kept as usize) << 2), index);
      return kept;
    }
    slot = (slot + 9) & mask; // odd, so that every slot is met
  }
  return -1; // not reached
}

/**
 * The thinning and the range image, which do not need each other: chunks below PARTS are a partition of the voxels, the
 * others a sector of the image. Not for A_SINGLE.
 */
export function prepareThinAndImage(args: usize, chunk: i32): void {
  if (chunk < PARTS) prepareThin(args, chunk);
  else prepareImage(args, chunk - PARTS);
}

/** Chunk: one partition of the voxels (or all of them when A_SINGLE is set). */
export function prepareThin(args: usize, chunk: i32): void {
  const single = load<i32>(args, A_SINGLE) != 0;
  const logParts = 31 - clz(PARTS);
  const bits = load<i32>(args, A_TABLE_BITS) + (single ? logParts : 0);
  const table = (load<u32>(args, A_TABLE) as usize) + ((chunk as usize) << (bits + 3));
  const slots = (load<u32>(args, A_SLOTS) as usize) + ((chunk as usize) << (bits + 2));
  const list = (load<u32>(args, A_LIST) as usize) + ((chunk * load<i32>(args, A_LIST_STRIDE)) as usize) * 4;
  const stamp = (load<u32>(args, A_STAMP) as u64) << 48;
  const keys = load<u32>(args, A_PKEY) as usize;
  const parts = load<u32>(args, A_PART) as usize;
  const counters = load<u32>(args, A_COUNTERS) as usize;
  const segments = load<i32>(args, A_CHUNKS);
  const mine = i8x16.splat(chunk as i8);
  let kept = 0;
  let last: u64 = u64.MAX_VALUE; // voxel and place of the point before: mostly the same one
  let place = 0;
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
        const k = load<u64>(keys + ((index as usize) << 3));
        if (k == last) {
          prefer(list, place, index);
          continue;
        }
        last = k;
        place = insert(table, slots, bits, stamp, list, kept, k, index);
        if (place == kept) kept++;
        if (place < 0) {
          store<i32>((load<u32>(args, A_LIST_COUNT) as usize) + ((chunk as usize) << 2), -1);
          return;
        }
      }
    }
  }
  store<i32>((load<u32>(args, A_LIST_COUNT) as usize) + ((chunk as usize) << 2), kept);
}

/** Thins the fine points again, with the coarse voxel, into A_TRACK_LIST. Uses the whole table, which cannot fill up. */
export function thinCoarse(args: usize): void {
  const bits = load<i32>(args, A_TABLE_BITS) + (31 - clz(PARTS));
  const table = load<u32>(args, A_TABLE) as usize;
  const slots = load<u32>(args, A_SLOTS) as usize;
  const list = load<u32>(args, A_TRACK_LIST) as usize;
  const stamp = (load<u32>(args, A_COARSE_STAMP) as u64) << 48;
  const inverse = load<f32>(args, A_TRACK_INV_VOXEL);
  const px = load<u32>(args, A_PX) as usize;
  const py = load<u32>(args, A_PY) as usize;
  const pz = load<u32>(args, A_PZ) as usize;
  const fine = load<u32>(args, A_INDEX) as usize;
  const count = load<i32>(args, A_FINE);
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const o = (load<u32>(fine + ((i as usize) << 2)) as usize) << 2;
    const k = key(load<f32>(px + o), load<f32>(py + o), load<f32>(pz + o), inverse);
    if (insert(table, slots, bits, stamp, list, kept, k, i as u32) == kept) kept++;
  }
  store<i32>(load<u32>(args, A_TRACK_COUNT) as usize, kept);
}
