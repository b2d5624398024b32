// Marching cubes on one block of 8×8×8 cells. The cases come from src/mesh/case-table.ts, the arguments are those of
// layout/mesh.ts. A cell with a corner that is NaN or infinite is skipped.

import {
  BIT_BYTES,
  BLOCK_CORNERS,
  BLOCK_EDGE_IDS,
  CASE_BYTES,
  COORD_BYTES,
  COUNT_BYTES,
  M_CASES,
  M_COORDS,
  M_COUNTS,
  M_EDGES,
  M_INDICES,
  M_NORMALS,
  M_POSITIONS,
  M_SCRATCH,
  M_SIDE,
  M_VALUES,
  MAX_BLOCK_INDICES,
  MAX_BLOCK_VERTICES,
  SCRATCH_BYTES,
} from '../layout/mesh';

const NONE: u16 = 0xffff;

// A vertex keeps this much (of the cell side) away from the corners: a corner value of exactly 0 would pull several
// vertices into one point and make triangles without area.
const MARGIN: f32 = 1.0 / 256.0;

/** Extracts the surface of the block in `slot`. Slots are independent of each other, so any thread may take any. */
export function meshBlocks(args: usize, slot: i32): void {
  const values = <usize>load<u32>(args + M_VALUES) + <usize>(slot * BLOCK_CORNERS * 4);
  const counts = <usize>load<u32>(args + M_COUNTS) + <usize>(slot * COUNT_BYTES);
  const cases = <usize>load<u32>(args + M_CASES);
  const indices = <usize>load<u32>(args + M_INDICES) + <usize>(slot * MAX_BLOCK_INDICES * 2);
  const scratch = <usize>load<u32>(args + M_SCRATCH) + <usize>(slot * SCRATCH_BYTES);
  const bad = scratch + BIT_BYTES;
  const map = scratch + 2 * BIT_BYTES;
  store<u64>(counts, 0);
  if (!classify(values, scratch, bad)) return;
  memory.fill(map, 0xff, 2 * BLOCK_EDGE_IDS);

  let vertexCount: i32 = 0;
  let indexCount: i32 = 0;
  for (let z: i32 = 0; z < 8; z++) {
    for (let y: i32 = 0; y < 8; y++) {
      const row = 9 * (y + 9 * z);
      // The four rows of corners around this row of cells, bit x = corner x.
      const s0 = bits9(scratch, row);
      const s1 = bits9(scratch, row + 9);
      const s2 = bits9(scratch, row + 81);
      const s3 = bits9(scratch, row + 90);
      const any = s0 | s1 | s2 | s3;
      const all = s0 & s1 & s2 & s3;
      const unseen = bits9(bad, row) | bits9(bad, row + 9) | bits9(bad, row + 81) | bits9(bad, row + 90);
      let active = (any | (any >> 1)) & ~(all & (all >> 1)) & ~(unseen | (unseen >> 1)) & 0xff;
      while (active != 0) {
        const x = ctz(active);
        active &= active - 1;
        const signs =
          ((s0 >> x) & 3) | (((s1 >> x) & 3) << 2) | (((s2 >> x) & 3) << 4) | (((s3 >> x) & 3) << 6);
        const entry = cases + <usize>(signs * CASE_BYTES);
        const n = 3 * <i32>load<u8>(entry);
        for (let i: i32 = 1; i <= n; i++) {
          const edge = <i32>load<u8>(entry + i);
          const axis = edge >> 2;
          const s = edge & 1;
          const t = (edge >> 1) & 1;
          // s and t are the offsets on the next two axes in cyclic order.
          const i0 = x + select<i32>(0, select<i32>(t, s, axis == 1), axis == 0);
          const j0 = y + select<i32>(s, select<i32>(0, t, axis == 1), axis == 0);
          const k0 = z + select<i32>(t, select<i32>(s, 0, axis == 1), axis == 0);
          const id = axis * BLOCK_CORNERS + i0 + 9 * (j0 + 9 * k0);
          let vertex = load<u16>(map + <usize>(id << 1));
          if (vertex == NONE) {
            vertex = <u16>vertexCount;
            vertexCount++;
            store<u16>(map + <usize>(id << 1), vertex);
            emitVertex(args, slot, values, <i32>vertex, axis, i0, j0, k0);
          }
          store<u16>(indices + <usize>(indexCount << 1), vertex);
          indexCount++;
        }
      }
    }
  }
  store<i32>(counts, vertexCount);
  store<i32>(counts, indexCount, 4);
}

/** Fills the bit sets "negative" and "not finite" of all corners; false when no corner is negative. */
function classify(values: usize, negative: usize, bad: usize): bool {
  const zero = f32x4.splat(0);
  let any: i32 = 0;
  // 46 · 16 = 736: the last step reads 7 values of what follows (the caller leaves room); their bits are never used.
  for (let i: usize = 0; i < 46; i++) {
    const p = values + (i << 6);
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const below = pack(f32x4.lt(a, zero), f32x4.lt(b, zero), f32x4.lt(c, zero), f32x4.lt(d, zero));
    // x − x is 0 for finite x and NaN otherwise.
    const odd = pack(
      f32x4.ne(f32x4.sub(a, a), zero),
      f32x4.ne(f32x4.sub(b, b), zero),
      f32x4.ne(f32x4.sub(c, c), zero),
      f32x4.ne(f32x4.sub(d, d), zero),
    );
    store<u16>(negative + (i << 1), <u16>below);
    store<u16>(bad + (i << 1), <u16>odd);
    any |= i == 45 ? below & 0x1ff : below;
  }
  return any != 0;
}

/** One bit for each of 16 lane masks. */
function pack(a: v128, b: v128, c: v128, d: v128): i32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
}

/** Nine bits from bit `offset` on. */
function bits9(set: usize, offset: i32): i32 {
  return (load<i32>(set + <usize>(offset >> 3)) >>> (offset & 7)) & 0x1ff;
}

/** Writes position, normal and key of the vertex on the edge along `axis` from corner (i, j, k). */
function emitVertex(
  args: usize,
  slot: i32,
  values: usize,
  vertex: i32,
  axis: i32,
  i: i32,
  j: i32,
  k: i32,
): void {
  const corner = i + 9 * (j + 9 * k);
  const lower = values + <usize>(corner << 2);
  const step = select<i32>(1, select<i32>(9, 81, axis == 1), axis == 0);
  const upper = lower + <usize>(step << 2);
  const dx = <i32>(axis == 0);
  const dy = <i32>(axis == 1);
  const dz = <i32>(axis == 2);
  const a = load<f32>(lower);
  const b = load<f32>(upper);
  const t = min(max(a / (a - b), MARGIN), <f32>1 - MARGIN);

  // From integer corner numbers in float64, so that every block with this edge gets the same bits.
  const at = slot * MAX_BLOCK_VERTICES + vertex;
  const coords = <usize>load<u32>(args + M_COORDS) + <usize>(slot * COORD_BYTES);
  const side = load<f64>(args + M_SIDE);
  const position = <usize>load<u32>(args + M_POSITIONS) + <usize>(at * 12);
  const along = <f64>t;
  store<f32>(position, <f32>((<f64>(8 * load<i32>(coords) + i) + <f64>dx * along) * side));
  store<f32>(position, <f32>((<f64>(8 * load<i32>(coords, 4) + j) + <f64>dy * along) * side), 4);
  store<f32>(position, <f32>((<f64>(8 * load<i32>(coords, 8) + k) + <f64>dz * along) * side), 8);

  // ∇SDF, linear between the corners' difference quotients.
  let nx = mix(slope(lower, i, 4), slope(upper, i + dx, 4), t);
  let ny = mix(slope(lower, j, 36), slope(upper, j + dy, 36), t);
  let nz = mix(slope(lower, k, 324), slope(upper, k + dz, 324), t);
  let length2 = nx * nx + ny * ny + nz * nz;
  if (!(length2 > <f32>1e-20)) {
    // A ridge: the differences cancel. The edge itself still knows which end is outside.
    const sign: f32 = a < 0 ? 1 : -1;
    nx = sign * <f32>dx;
    ny = sign * <f32>dy;
    nz = sign * <f32>dz;
    length2 = 1;
  }
  const scale = <f32>1 / sqrt<f32>(length2);
  const normal = <usize>load<u32>(args + M_NORMALS) + <usize>(at * 12);
  store<f32>(normal, nx * scale);
  store<f32>(normal, ny * scale, 4);
  store<f32>(normal, nz * scale, 8);
  store<u16>(<usize>load<u32>(args + M_EDGES) + <usize>(at << 1), <u16>(axis * BLOCK_CORNERS + corner));
}

function mix(a: f32, b: f32, t: f32): f32 {
  return a + t * (b - a);
}

/** Difference quotient at a corner, per cell side: central, one-sided at the block's border or beside the unseen. */
function slope(corner: usize, index: i32, stride: usize): f32 {
  const c = load<f32>(corner);
  const back: f32 = index > 0 ? c - load<f32>(corner - stride) : NaN;
  const ahead: f32 = index < 8 ? load<f32>(corner + stride) - c : NaN;
  const hasBack = back - back == 0;
  const hasAhead = ahead - ahead == 0;
  if (hasBack && hasAhead) return <f32>0.5 * (back + ahead);
  return hasBack ? back : hasAhead ? ahead : 0;
}
