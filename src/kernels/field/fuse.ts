// Fusion: each corner keeps the running mean of the normal-guided signed distance n·(c − p) of the points near it
// (Curless & Levoy 1996 with point-to-plane instead of projective distances). A point updates the corners around its
// normal: in every layer across the normal's largest component, the four corners around the place where the normal
// passes, with bilinear weights.
import {
  FETCHED_BYTES,
  F_CHOSEN,
  F_FETCHED,
  F_FIRM_WEIGHT,
  F_GRID,
  F_ORDER,
  F_PARTS,
  F_RAYS,
  F_SCAN,
  F_STEPS,
  G_CHANGE,
  G_COORDS,
  G_DATA,
  G_INVERSE,
  G_KEY,
  G_MAX_WEIGHT,
  G_NEIGHBOURS,
  G_TRUNCATION,
  G_VOXEL,
  RAY_BYTES,
  RAY_NORMAL,
  RAY_WEIGHT,
} from '../layout/field';
import { findKey, keyOf, keyX, keyY, keyZ, KEY_X, KEY_Y, KEY_Z } from './grid';
import { partOf, homeOf } from './rays';

// @ts-ignore: decorator
@inline
function noteChange(change: usize, coords: usize, block: i32, amount: f32, scan: i32): void {
  if (!(amount > 0)) return;
  const at = change + ((<usize>block) << 2);
  store<f32>(at, load<f32>(at) + amount);
  store<i32>(coords + ((<usize>block) << 4), scan, 12);
}

// @ts-ignore: decorator
@inline
function total(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

// @ts-ignore: decorator
@inline
function partOfKey(key: i64, parts: i32): i32 {
  return partOf(keyX(key), keyY(key), keyZ(key), parts);
}

// @ts-ignore: decorator
@inline
function partOfBlock(coords: usize, block: u32, parts: i32): i32 {
  const at = coords + ((<usize>block) << 4);
  return partOf(load<i32>(at), load<i32>(at, 4), load<i32>(at, 8), parts);
}

/** Reads a block's 4 KiB, whatever they hold: another part may be writing. Reads that need no results of others overlap. */
// @ts-ignore: decorator
@inline
function fetchBlock(at: usize): v128 {
  let sum = f32x4.splat(0);
  for (let end = at + 4096; at < end; at += 256)
    sum = v128.xor(
      sum,
      v128.xor(v128.xor(v128.load(at), v128.load(at, 64)), v128.xor(v128.load(at, 128), v128.load(at, 192))),
    );
  return sum;
}

/**
 * Chunk = one part of the blocks: every part reads all chosen rays and writes only to its own blocks. What a block gets
 * does not depend on the number of parts: its rays come in the same order, and its change is noted ray by ray.
 */
export function fuse(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, F_GRID);
  const inverse = load<f32>(g, G_INVERSE),
    voxel = load<f32>(g, G_VOXEL);
  const truncation = load<f32>(g, G_TRUNCATION),
    maxWeight = max(load<f32>(g, G_MAX_WEIGHT), load<f32>(args, F_FIRM_WEIGHT));
  const reach = truncation * inverse * <f32>1.25;
  const data: usize = load<u32>(g, G_DATA),
    change: usize = load<u32>(g, G_CHANGE),
    coords: usize = load<u32>(g, G_COORDS);
  const neighbours: usize = load<u32>(g, G_NEIGHBOURS);
  const gridKey = load<i64>(g, G_KEY);
  const count = load<u32>(args, F_CHOSEN);
  const order: usize = load<u32>(args, F_ORDER),
    rays: usize = load<u32>(args, F_RAYS);
  const steps = load<i32>(args, F_STEPS);
  const scan = load<i32>(args, F_SCAN);
  const parts = load<i32>(args, F_PARTS) - 1;
  const own: u32 = 1 << chunk;
  // Lanes are the four corners of a layer: (b, c), (b + 1, c), (b, c + 1), (b + 1, c + 1).
  const zero = f32x4.splat(0),
    one = f32x4.splat(1),
    most = f32x4.splat(maxWeight);
  const high = f32x4.splat(truncation),
    low = f32x4.splat(-truncation);
  const alongB = i32x4(0, -1, 0, -1),
    alongC = i32x4(0, 0, -1, -1);
  let changed = zero,
    fetched = zero;
  let lastKey: i64 = -1,
    last: i32 = 0,
    mine = false,
    lastHome: u32 = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    const word = load<u32>(order + (i << 3), 4);
    if ((word & own) == 0) continue;
    const ray = rays + <usize>load<u32>(order + (i << 3)) * RAY_BYTES;
    const home = homeOf(word);
    if (home != lastHome) {
      lastHome = home;
      if (partOfBlock(coords, home, parts) == chunk)
        fetched = v128.xor(fetched, fetchBlock(data + ((<usize>home) << 12)));
    }
    const quality = load<f32>(ray, RAY_WEIGHT);
    const ux = load<f32>(ray),
      uy = load<f32>(ray, 4),
      uz = load<f32>(ray, 8);
    const mx = load<f32>(ray, RAY_NORMAL),
      my = load<f32>(ray, RAY_NORMAL + 4),
      mz = load<f32>(ray, RAY_NORMAL + 8);
    const ax = abs(mx),
      ay = abs(my),
      az = abs(mz);
    const largest = max(ax, max(ay, az));
    // Axis a across the layers, b and c within: position and normal there, places of the block coordinates in a key,
    // log2 of the bytes from corner to corner, bits of the neighbours along b and c.
    let u = uz,
      m = mz,
      ub = ux,
      mb = mx,
      uc = uy,
      mc = my;
    let keyA = KEY_Z,
      keyB = KEY_X,
      keyC = KEY_Y;
    let sa: i32 = 9,
      sb: i32 = 3,
      sc: i32 = 6,
      bitB: i32 = 0,
      bitC: i32 = 1;
    if (largest != az) {
      uc = uz;
      mc = mz;
      keyC = KEY_Z;
      sc = 9;
      bitC = 2;
      if (largest == ay) {
        u = uy;
        m = my;
        keyA = KEY_Y;
        sa = 6;
      } else {
        u = ux;
        m = mx;
        ub = uy;
        mb = my;
        keyA = KEY_X;
        keyB = KEY_Y;
        sa = 3;
        sb = 6;
        bitB = 1;
      }
    }
    const first = nearest(u) - <f32>steps;
    // How the signed distance grows along b and c.
    const db = mb * voxel,
      dc = mc * voxel;
    const DB = v128.and(alongB, f32x4.splat(db)),
      DC = v128.and(alongC, f32x4.splat(dc));
    const Q = f32x4.splat(quality);
    for (let k = 0; k <= 2 * steps; k++) {
      const layer = first + <f32>k;
      const t = (layer - u) / m;
      if (abs(t) > reach) continue;
      const qb = ub + t * mb,
        qc = uc + t * mc;
      const flb = floor(qb),
        flc = floor(qc);
      const fb = qb - flb,
        fc = qc - flc;
      const ia = <i32>layer,
        ib = <i32>flb,
        ic = <i32>flc;
      const d0 = (t - mb * fb - mc * fc) * voxel; // signed distance of the first corner
      const partA = gridKey | keyOf(ia >> 3, keyA),
        inA = <usize>((ia & 7) << sa);
      const key = partA | keyOf(ib >> 3, keyB) | keyOf(ic >> 3, keyC);
      if (key != lastKey) {
        if (mine) noteChange(change, coords, last, total(changed), scan);
        changed = zero;
        lastKey = key;
        last = findKey(g, key);
        mine = last != 0 && partOfKey(key, parts) == chunk;
      }
      if ((ib & 7) < 7 && (ic & 7) < 7) {
        if (!mine) continue;
        const p0 = data + ((<usize>last) << 12) + inA + <usize>(((ib & 7) << sb) + ((ic & 7) << sc));
        const p1 = p0 + <usize>(1 << sb),
          p2 = p0 + <usize>(1 << sc);
        const p3 = p2 + <usize>(1 << sb);
        const d = f32x4.pmax(low, f32x4.pmin(high, f32x4.add(f32x4.add(f32x4.splat(d0), DB), DC)));
        const B = f32x4.splat(fb),
          C = f32x4.splat(fc);
        const w = f32x4.mul(
          f32x4.mul(Q, v128.bitselect(B, f32x4.sub(one, B), alongB)),
          v128.bitselect(C, f32x4.sub(one, C), alongC),
        );
        const lo = v128.load64_lane(p1, v128.load64_zero(p0), 1);
        const hi = v128.load64_lane(p3, v128.load64_zero(p2), 1);
        const s0 = v128.shuffle<f32>(lo, hi, 0, 2, 4, 6),
          w0 = v128.shuffle<f32>(lo, hi, 1, 3, 5, 7);
        const w1 = f32x4.add(w0, w);
        const s1 = v128.bitselect(
          f32x4.add(s0, f32x4.div(f32x4.mul(f32x4.sub(d, s0), w), w1)),
          s0,
          f32x4.gt(w1, zero),
        );
        const w2 = f32x4.pmin(w1, f32x4.pmax(w0, most)); // firm corners stay so
        const newLo = v128.shuffle<f32>(s1, w2, 0, 4, 1, 5),
          newHi = v128.shuffle<f32>(s1, w2, 2, 6, 3, 7);
        v128.store64_lane(p0, newLo, 0);
        v128.store64_lane(p1, newLo, 1);
        v128.store64_lane(p2, newHi, 0);
        v128.store64_lane(p3, newHi, 1);
        changed = f32x4.add(
          changed,
          f32x4.add(f32x4.abs(f32x4.sub(s1, s0)), v128.and(f32x4.lt(w0, one), f32x4.mul(w, high))),
        );
        continue;
      }
      // The corners lie in two or four blocks.
      for (let e = 0; e < 4; e++) {
        const b = ib + (e & 1),
          c = ic + (e >> 1);
        const beside = ((((ib & 7) + (e & 1)) >> 3) << bitB) | ((((ic & 7) + (e >> 1)) >> 3) << bitC);
        const block = load<i32>(neighbours + ((<usize>last) << 5) + ((<usize>beside) << 2));
        if (block == 0) continue;
        if (
          beside == 0 ? !mine : partOfKey(partA | keyOf(b >> 3, keyB) | keyOf(c >> 3, keyC), parts) != chunk
        )
          continue;
        const d = max(-truncation, min(truncation, d0 + (e & 1 ? db : 0) + (e >> 1 ? dc : 0)));
        const w = quality * (e & 1 ? fb : <f32>1 - fb) * (e >> 1 ? fc : <f32>1 - fc);
        const corner = data + ((<usize>block) << 12) + inA + <usize>(((b & 7) << sb) + ((c & 7) << sc));
        const s0 = load<f32>(corner),
          w0 = load<f32>(corner, 4);
        const w1 = w0 + w;
        if (w1 <= 0) continue;
        const s1 = s0 + ((d - s0) * w) / w1;
        store<f32>(corner, s1);
        store<f32>(corner, min(w1, max(w0, maxWeight)), 4);
        noteChange(change, coords, block, abs(s1 - s0) + (w0 < 1 ? w * truncation : 0), scan);
      }
    }
    if (mine) noteChange(change, coords, last, total(changed), scan);
    changed = zero;
  }
  v128.store(<usize>load<u32>(args, F_FETCHED) + <usize>chunk * FETCHED_BYTES, fetched); // so that the reads are not left out
}
