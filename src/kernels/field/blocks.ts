// Blocks of a grid, taken from the pool that grids share and given back: what a grid drops goes to others.
// Descriptors are shared with src/field/backends/wasm/block-pool.ts.

import {
  B_COORDS,
  B_COUNT,
  B_GRID,
  B_LEVEL,
  DROPPED,
  G_CHANGE,
  G_COLOUR,
  G_COORDS,
  G_COUNT,
  G_DATA,
  G_FIRST,
  G_KEYS,
  G_LAST,
  G_MASK,
  G_MAX,
  G_NEIGHBOURS,
  G_OVERFLOW,
  G_POOL,
  G_VALUES,
  P_BYTES,
  P_FREE,
  P_MAX,
  P_NEXT,
  P_PLACE,
  P_TOP,
  P_USED,
} from '../layout/field';
import { COLOUR_BLOCK } from '../layout/gather';
import { findBlock, hash, packKey, within } from './grid';
import { dropRow } from './rows';

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
    const colour: usize = load<u32>(g, G_COLOUR);
    if (colour) memory.fill(colour + block * COLOUR_BLOCK, 0, COLOUR_BLOCK);
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
