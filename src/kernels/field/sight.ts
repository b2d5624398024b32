// What a scan sees in each direction: the plane of the nearest sample in each cell of a cube around the sensor. And what
// lies clearly before such planes: nothing can be there.
import {
  S_CELLS,
  S_CLEAR,
  S_COUNT,
  S_FLAGS,
  S_MARKED,
  S_NEAREST,
  S_PARTS,
  S_POINTS,
  S_POSES,
  S_QUALITY,
  S_REACH,
  S_SIGHTS,
  S_SIGHT_COUNT,
  S_WITNESSES,
  SIGHT_CELLS,
  SIGHT_CHUNK,
  SIGHT_FAR,
  SIGHT_KNOWN,
  SIGHT_SIDE,
  SIGHT_WORDS,
} from '../layout/sight';

/** A surface without a normal is taken to be across the ray, nearer by this share of its range and twice the clearance. */
const UNORIENTED: f64 = 0.05;
const GROUND: u8 = 2;

/** Number of the cell that a direction falls into; geometry/cube-cell.ts has the same. */
// @ts-ignore: decorator
@inline
function cellOf<T>(x: T, y: T, z: T): i32 {
  const ax = abs<T>(x),
    ay = abs<T>(y),
    az = abs<T>(z);
  let face: i32, u: T, v: T;
  if (ax >= ay && ax >= az) {
    face = x < 0 ? 1 : 0;
    u = y / ax;
    v = z / ax;
  } else if (ay >= az) {
    face = y < 0 ? 3 : 2;
    u = x / ay;
    v = z / ay;
  } else {
    face = z < 0 ? 5 : 4;
    u = x / az;
    v = y / az;
  }
  const half = <T>(SIGHT_SIDE / 2);
  const column = min(SIGHT_SIDE - 1, <i32>((u + 1) * half)),
    row = min(SIGHT_SIDE - 1, <i32>((v + 1) * half));
  return (face * SIGHT_SIDE + row) * SIGHT_SIDE + column;
}

/** Chunk: one of S_PARTS shares of the samples; the nearest of it in each cell, as range and number + 1. */
export function sightNearest(args: usize, chunk: i32): void {
  const count = <u64>load<u32>(args, S_COUNT),
    parts = <u64>load<u32>(args, S_PARTS);
  const first = (count * <u64>chunk) / parts,
    past = (count * <u64>(chunk + 1)) / parts;
  const nearest = <usize>load<u32>(args, S_NEAREST) + <usize>chunk * SIGHT_CELLS * 8;
  memory.fill(nearest, 0, SIGHT_CELLS * 8);
  const pX: usize = load<u32>(args, S_POINTS),
    pY: usize = load<u32>(args, S_POINTS + 4),
    pZ: usize = load<u32>(args, S_POINTS + 8);
  for (let i = first; i < past; i++) {
    const o = (<usize>i) << 2;
    const x = <f64>load<f32>(pX + o),
      y = <f64>load<f32>(pY + o),
      z = <f64>load<f32>(pZ + o);
    const range = <f32>sqrt(x * x + y * y + z * z);
    if (!(range > 0 && range < f32.MAX_VALUE)) continue;
    const at = nearest + ((<usize>cellOf<f64>(x, y, z)) << 3);
    const held = load<f32>(at);
    if (held > 0 && held <= range) continue;
    store<f32>(at, range);
    store<u32>(at, <u32>i + 1, 4);
  }
}

/** Chunk: one face of the cube. The nearest of all shares, the first of equals; its plane into the cells. */
export function sightPlanes(args: usize, face: i32): void {
  const parts = load<i32>(args, S_PARTS);
  const clear = load<f64>(args, S_CLEAR);
  const nX: usize = load<u32>(args, S_POINTS + 12),
    nY: usize = load<u32>(args, S_POINTS + 16),
    nZ: usize = load<u32>(args, S_POINTS + 20);
  const first = <usize>face * SIGHT_SIDE * SIGHT_SIDE;
  let nearest = <usize>load<u32>(args, S_NEAREST) + (first << 3);
  let cell = <usize>load<u32>(args, S_CELLS) + first * SIGHT_WORDS * 4;
  for (let k = 0; k < SIGHT_SIDE * SIGHT_SIDE; k++, nearest += 8, cell += SIGHT_WORDS * 4) {
    let best = nearest;
    for (let part = 1; part < parts; part++) {
      const at = nearest + <usize>part * SIGHT_CELLS * 8;
      if (load<u32>(at, 4) != 0 && (load<u32>(best, 4) == 0 || load<f32>(at) < load<f32>(best))) best = at;
    }
    store<f32>(cell, load<f32>(best), 16);
    const number = load<u32>(best, 4);
    if (number == 0) continue;
    const o = (<usize>(number - 1)) << 2;
    const x = <f64>load<f32>(<usize>load<u32>(args, S_POINTS) + o),
      y = <f64>load<f32>(<usize>load<u32>(args, S_POINTS + 4) + o),
      z = <f64>load<f32>(<usize>load<u32>(args, S_POINTS + 8) + o);
    let a = <f64>load<f32>(nX + o),
      b = <f64>load<f32>(nY + o),
      c = <f64>load<f32>(nZ + o);
    let offset = a * x + b * y + c * z;
    if (a == 0 && b == 0 && c == 0) {
      const range = sqrt(x * x + y * y + z * z);
      a = -x / range;
      b = -y / range;
      c = -z / range;
      offset = -range + UNORIENTED * range + 2 * clear;
    } else if (offset > 0) {
      a = -a;
      b = -b;
      c = -c;
      offset = -offset;
    }
    store<f32>(cell, <f32>a);
    store<f32>(cell, <f32>b, 4);
    store<f32>(cell, <f32>c, 8);
    store<f32>(cell, <f32>offset, 12);
  }
}

/** Whether a point (sensor frame) lies clearly before all the surfaces seen in its direction and around it. */
// @ts-ignore: decorator
@inline
export function seenThrough<T>(sight: usize, x: T, y: T, z: T, range: T, clear: T): bool {
  const middle = cellOf<T>(x, y, z);
  // What was seen in their own direction is enough for most places.
  const own = <T>load<f32>(sight + <usize>middle * (SIGHT_WORDS * 4), 16);
  if (own > 0 && range > own - clear) return false;
  const row = (middle / SIGHT_SIDE) % SIGHT_SIDE,
    column = middle % SIGHT_SIDE;
  const firstColumn = max(0, column - 1),
    lastColumn = min(SIGHT_SIDE - 1, column + 1);
  let known = 0;
  for (let r = max(0, row - 1); r <= min(SIGHT_SIDE - 1, row + 1); r++)
    for (let c = firstColumn; c <= lastColumn; c++) {
      const cell = sight + <usize>(middle + (r - row) * SIGHT_SIDE + c - column) * (SIGHT_WORDS * 4);
      const seen = <T>load<f32>(cell, 16);
      if (seen == 0) continue;
      known++;
      if (range > seen - clear) return false;
      // What lies far before a surface has nothing to do with the plane that it is part of.
      if (range < seen - <T>SIGHT_FAR * clear) continue;
      const before =
        <T>load<f32>(cell) * x +
        <T>load<f32>(cell, 4) * y +
        <T>load<f32>(cell, 8) * z -
        <T>load<f32>(cell, 12);
      if (before < clear) return false;
    }
  return known >= SIGHT_KNOWN;
}

/**
 * Gives samples a quality of −1 that lie where enough sights saw nothing but air. Chunk: SIGHT_CHUNK samples; how many
 * were marked goes into its slot.
 */
export function markSeenThrough(args: usize, chunk: i32): void {
  const first = <u32>chunk * SIGHT_CHUNK,
    past = min(first + SIGHT_CHUNK, load<u32>(args, S_COUNT));
  const pX: usize = load<u32>(args, S_POINTS),
    pY: usize = load<u32>(args, S_POINTS + 4),
    pZ: usize = load<u32>(args, S_POINTS + 8);
  const flags: usize = load<u32>(args, S_FLAGS),
    quality: usize = load<u32>(args, S_QUALITY);
  const sights: usize = load<u32>(args, S_SIGHTS),
    poses: usize = load<u32>(args, S_POSES);
  const sightCount = load<i32>(args, S_SIGHT_COUNT),
    asked = load<i32>(args, S_WITNESSES);
  const clear = load<f64>(args, S_CLEAR),
    reach = load<f64>(args, S_REACH);
  const reach2 = reach * reach;
  let marked: u32 = 0;
  for (let i = first; i < past; i++) {
    if (load<u8>(flags + <usize>i) & GROUND) continue;
    const o = (<usize>i) << 2;
    const px = <f64>load<f32>(pX + o),
      py = <f64>load<f32>(pY + o),
      pz = <f64>load<f32>(pZ + o);
    if (!(px * px + py * py + pz * pz <= reach2)) continue;
    let witnesses = 0;
    for (let k = 0; k < sightCount && witnesses < asked && sightCount - k + witnesses >= asked; k++) {
      const T = poses + <usize>k * 96;
      const x = load<f64>(T) * px + load<f64>(T, 8) * py + load<f64>(T, 16) * pz + load<f64>(T, 24),
        y = load<f64>(T, 32) * px + load<f64>(T, 40) * py + load<f64>(T, 48) * pz + load<f64>(T, 56),
        z = load<f64>(T, 64) * px + load<f64>(T, 72) * py + load<f64>(T, 80) * pz + load<f64>(T, 88);
      const range2 = x * x + y * y + z * z;
      if (!(range2 > 1 && range2 < reach2)) continue;
      const sight: usize = load<u32>(sights + ((<usize>k) << 2));
      if (seenThrough<f64>(sight, x, y, z, sqrt(range2), clear)) witnesses++;
    }
    if (witnesses < asked) continue;
    store<f32>(quality + o, -1);
    marked++;
  }
  store<u32>(<usize>load<u32>(args, S_MARKED) + ((<usize>chunk) << 2), marked);
}
