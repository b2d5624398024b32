// Rays of a scan before they are fused: in grid units, which blocks they reach, and in the order of their blocks.
import { noise } from './noise';
import {
  BLOCK_LIMIT,
  F_BUCKETS,
  F_CHOSEN,
  F_COUNT,
  F_FLAGS,
  F_GRID,
  F_INDICES,
  F_MAX_RANGE,
  F_ORDER,
  F_PARTS,
  F_POINTS,
  F_POSE,
  F_QUALITY,
  F_RAYS,
  F_SATURATION,
  F_SEED,
  F_STEPS,
  F_UNORIENTED_QUALITY,
  F_UNORIENTED_RANGE,
  F_UP,
  G_COUNT,
  G_DATA,
  G_INVERSE,
  G_NEIGHBOURS,
  G_POOL,
  G_TRUNCATION,
  KNOWN_WEIGHT,
  MAX_PARTS,
  P_PLACE,
  RAY_BLOCK_BITS,
  RAY_BYTES,
  RAY_NORMAL,
  RAY_WEIGHT,
  RAY_WORD,
} from '../layout/field';
import { touchBlock } from './blocks';
import { findBlock } from './grid';

// A ray's word: bit p = part p has a block that the ray may reach; then the number of the block that the point lies in;
// MISSING = a block has to be made first. 0 = the point is not fused.
const MISSING: u32 = 0x80000000;
const BLOCK_SHIFT: u32 = MAX_PARTS;
const BLOCK_MASK: u32 = (1 << RAY_BLOCK_BITS) - 1;
/** Voxels from the origin within which all corners that a point may reach have keys. */
const REACH: f32 = <f32>(BLOCK_LIMIT * 8 - 64);

/** Turns the points into grid units and chooses which to fuse: 1024 points a chunk. */
export function castPoints(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, F_GRID);
  const inverse = load<f32>(g, G_INVERSE);
  const first = <u32>chunk * 1024,
    end = min(first + 1024, load<u32>(args, F_COUNT));
  const indices: usize = load<u32>(args, F_INDICES);
  const qualities: usize = load<u32>(args, F_QUALITY),
    flags: usize = load<u32>(args, F_FLAGS);
  const maxRange = load<f32>(args, F_MAX_RANGE),
    unorientedRange = load<f32>(args, F_UNORIENTED_RANGE),
    unorientedQuality = load<f32>(args, F_UNORIENTED_QUALITY);
  const pX: usize = load<u32>(args, F_POINTS),
    pY: usize = load<u32>(args, F_POINTS + 4),
    pZ: usize = load<u32>(args, F_POINTS + 8);
  const nX: usize = load<u32>(args, F_POINTS + 12),
    nY: usize = load<u32>(args, F_POINTS + 16),
    nZ: usize = load<u32>(args, F_POINTS + 20);
  const r0 = load<f32>(args, F_POSE),
    r1 = load<f32>(args, F_POSE + 4),
    r2 = load<f32>(args, F_POSE + 8),
    tx = load<f32>(args, F_POSE + 12);
  const r3 = load<f32>(args, F_POSE + 16),
    r4 = load<f32>(args, F_POSE + 20),
    r5 = load<f32>(args, F_POSE + 24),
    ty = load<f32>(args, F_POSE + 28);
  const r6 = load<f32>(args, F_POSE + 32),
    r7 = load<f32>(args, F_POSE + 36),
    r8 = load<f32>(args, F_POSE + 40),
    tz = load<f32>(args, F_POSE + 44);
  let ray = <usize>load<u32>(args, F_RAYS) + <usize>first * RAY_BYTES;
  const data: usize = load<u32>(g, G_DATA);
  const saturation = load<f32>(args, F_SATURATION),
    seed = load<u32>(args, F_SEED);
  const steps = load<i32>(args, F_STEPS),
    parts = load<i32>(args, F_PARTS) - 1;
  const reach = load<f32>(g, G_TRUNCATION) * inverse * <f32>1.25;
  let homeX = i32.MIN_VALUE,
    homeY: i32 = 0,
    homeZ: i32 = 0,
    home: i32 = 0;
  const ray0 = ray;
  // First read the weights at all points: reads that do not wait for each other's results overlap.
  for (let i = first; i < end; i++, ray += RAY_BYTES) {
    const o = (<usize>(indices ? load<u32>(indices + ((<usize>i) << 2)) : i)) << 2;
    const px = load<f32>(pX + o),
      py = load<f32>(pY + o),
      pz = load<f32>(pZ + o);
    const ux = (r0 * px + r1 * py + r2 * pz + tx) * inverse,
      uy = (r3 * px + r4 * py + r5 * pz + ty) * inverse,
      uz = (r6 * px + r7 * py + r8 * pz + tz) * inverse;
    const sx = <i32>nearest(ux),
      sy = <i32>nearest(uy),
      sz = <i32>nearest(uz);
    if (sx >> 3 != homeX || sy >> 3 != homeY || sz >> 3 != homeZ) {
      homeX = sx >> 3;
      homeY = sy >> 3;
      homeZ = sz >> 3;
      home = findBlock(g, homeX, homeY, homeZ);
    }
    store<f32>(ray, ux);
    store<f32>(ray, uy, 4);
    store<f32>(ray, uz, 8);
    store<i32>(ray, home, RAY_NORMAL); // until the normal takes its place
    store<f32>(
      ray,
      load<f32>(
        data + ((<usize>home) << 12) + ((<usize>((sx & 7) | ((sy & 7) << 3) | ((sz & 7) << 6))) << 3),
        4,
      ),
      RAY_WEIGHT,
    ); // block 0 is empty
  }
  ray = ray0;
  for (let i = first; i < end; i++, ray += RAY_BYTES) {
    store<u32>(ray, 0, RAY_WORD);
    const o = (<usize>(indices ? load<u32>(indices + ((<usize>i) << 2)) : i)) << 2;
    const px = load<f32>(pX + o),
      py = load<f32>(pY + o),
      pz = load<f32>(pZ + o);
    let nx = load<f32>(nX + o),
      ny = load<f32>(nY + o),
      nz = load<f32>(nZ + o);
    let quality = load<f32>(qualities + o);
    if (quality < 0) continue; // moves
    const range = sqrt(px * px + py * py + pz * pz);
    if (range > maxRange) continue;
    if (!(max(abs(load<f32>(ray)), max(abs(load<f32>(ray, 4)), abs(load<f32>(ray, 8)))) < REACH)) continue;
    if (nx == 0 && ny == 0 && nz == 0) {
      if (range > unorientedRange) continue;
      quality = unorientedQuality;
      if (load<u8>(flags + (o >> 2)) & 2) {
        // Sparse rings on the ground: never along the ray, which would hold the sensor to where it saw them from.
        nx = load<f32>(args, F_UP);
        ny = load<f32>(args, F_UP + 4);
        nz = load<f32>(args, F_UP + 8);
      } else {
        // A bush or a wire: the ray is the best guess of where outside is. An edge, beside what is known: it would bend that.
        if (load<f32>(ray, RAY_WEIGHT) > <f32>KNOWN_WEIGHT) continue;
        nx = -px / range;
        ny = -py / range;
        nz = -pz / range;
      }
    }
    if (quality <= 0) continue;
    // A well-known place gains little from one more point: fuse only some, chosen regardless of their value.
    const weight = load<f32>(ray, RAY_WEIGHT);
    if (weight > saturation && weight * noise(seed, i) > saturation) continue;
    const home = load<i32>(ray, RAY_NORMAL);
    const mx = r0 * nx + r1 * ny + r2 * nz,
      my = r3 * nx + r4 * ny + r5 * nz,
      mz = r6 * nx + r7 * ny + r8 * nz;
    store<f32>(ray, mx, RAY_NORMAL);
    store<f32>(ray, my, RAY_NORMAL + 4);
    store<f32>(ray, mz, RAY_NORMAL + 8);
    store<f32>(ray, quality, RAY_WEIGHT);
    store<u32>(ray, rayParts(g, ray, steps, reach, parts, false) | ((<u32>home) << BLOCK_SHIFT), RAY_WORD);
  }
}

/** Which part a block belongs to: cubes of 4×4×4 blocks stay together, so that most rays have one part only. */
// @ts-ignore: decorator
@inline
export function partOf(bx: i32, by: i32, bz: i32, parts: i32): i32 {
  return ((bx >> 2) + 3 * (by >> 2) + 5 * (bz >> 2)) & parts;
}

/**
 * The parts of all blocks in the box around a ray that reaches `half` voxels to either side; 0 where one of them is missing,
 * or the box is larger than 2×2×2 blocks.
 */
function boxParts(g: usize, ray: usize, half: f32, parts: i32): u32 {
  const ux = load<f32>(ray),
    uy = load<f32>(ray, 4),
    uz = load<f32>(ray, 8);
  const hx = half * abs(load<f32>(ray, RAY_NORMAL)),
    hy = half * abs(load<f32>(ray, RAY_NORMAL + 4)),
    hz = half * abs(load<f32>(ray, RAY_NORMAL + 8));
  const x0 = (<i32>floor(ux - hx)) >> 3,
    x1 = (<i32>floor(ux + hx) + 1) >> 3;
  const y0 = (<i32>floor(uy - hy)) >> 3,
    y1 = (<i32>floor(uy + hy) + 1) >> 3;
  const z0 = (<i32>floor(uz - hz)) >> 3,
    z1 = (<i32>floor(uz + hz) + 1) >> 3;
  if (x1 - x0 > 1 || y1 - y0 > 1 || z1 - z0 > 1) return 0;
  const base = findBlock(g, x0, y0, z0);
  if (base == 0) return 0;
  const neighbours = <usize>load<u32>(g, G_NEIGHBOURS) + ((<usize>base) << 5);
  let mask: u32 = 0;
  for (let z = z0; z <= z1; z++)
    for (let y = y0; y <= y1; y++)
      for (let x = x0; x <= x1; x++) {
        if (load<i32>(neighbours + ((<usize>((x - x0) | ((y - y0) << 1) | ((z - z0) << 2))) << 2)) == 0)
          return 0;
        mask |= 1 << partOf(x, y, z, parts);
      }
  return mask;
}

/** The parts that a ray's blocks belong to; MISSING as well where a block is missing and was not to be made. */
function rayParts(g: usize, ray: usize, steps: i32, reach: f32, parts: i32, make: bool): u32 {
  const ux = load<f32>(ray),
    uy = load<f32>(ray, 4),
    uz = load<f32>(ray, 8);
  const mx = load<f32>(ray, RAY_NORMAL),
    my = load<f32>(ray, RAY_NORMAL + 4),
    mz = load<f32>(ray, RAY_NORMAL + 8);
  let mask: u32 = 0;
  const ax = abs(mx),
    ay = abs(my),
    az = abs(mz);
  const largest = max(ax, max(ay, az));
  const u = largest == az ? uz : largest == ay ? uy : ux;
  const m = largest == az ? mz : largest == ay ? my : mx;
  const first = nearest(u) - <f32>steps;
  let lastX = i32.MIN_VALUE,
    lastY: i32 = 0,
    lastZ: i32 = 0,
    last: i32 = 0;
  const neighbours: usize = load<u32>(g, G_NEIGHBOURS);
  if (!make) {
    const mask = boxParts(g, ray, min((<f32>steps + 0.5) / abs(m), reach), parts);
    if (mask != 0) return mask; // a part too many does no harm
  }
  for (let k = 0; k <= 2 * steps; k++) {
    const t = (first + <f32>k - u) / m;
    if (abs(t) > reach) continue;
    // The corner on the layer's own axis is exact: rounding guards against floor() of an almost-integer.
    const ix =
      largest == ax && largest != ay && largest != az ? <i32>nearest(ux + t * mx) : <i32>floor(ux + t * mx);
    const iy = largest == ay && largest != az ? <i32>nearest(uy + t * my) : <i32>floor(uy + t * my);
    const iz = largest == az ? <i32>nearest(uz + t * mz) : <i32>floor(uz + t * mz);
    const bx = ix >> 3,
      by = iy >> 3,
      bz = iz >> 3;
    if (bx != lastX || by != lastY || bz != lastZ) {
      last = make ? touchBlock(g, bx, by, bz) : findBlock(g, bx, by, bz);
      if (last == 0) mask |= MISSING;
      lastX = bx;
      lastY = by;
      lastZ = bz;
      mask |= 1 << partOf(bx, by, bz, parts);
    }
    if ((ix & 7) == 7 || (iy & 7) == 7 || (iz & 7) == 7) {
      const ex = (ix + 1) >> 3,
        ey = (iy + 1) >> 3,
        ez = (iz + 1) >> 3;
      for (let z = bz; z <= ez; z++)
        for (let y = by; y <= ey; y++)
          for (let x = bx; x <= ex; x++) {
            if (make) touchBlock(g, x, y, z);
            else if (
              load<i32>(
                neighbours +
                  ((<usize>last) << 5) +
                  ((<usize>((x - bx) | ((y - by) << 1) | ((z - bz) << 2))) << 2),
              ) == 0
            )
              mask |= MISSING;
            mask |= 1 << partOf(x, y, z, parts);
          }
    }
  }
  return mask;
}

/** Makes the blocks that are missing, in the order of the points, and sorts the rays by block. One chunk only. */
export function allocateBlocks(args: usize, _chunk: i32): void {
  const g: usize = load<u32>(args, F_GRID);
  const steps = load<i32>(args, F_STEPS),
    count = load<u32>(args, F_COUNT),
    parts = load<i32>(args, F_PARTS) - 1;
  const reach = load<f32>(g, G_TRUNCATION) * load<f32>(g, G_INVERSE) * <f32>1.25;
  let ray: usize = load<u32>(args, F_RAYS);
  for (let i: u32 = 0; i < count; i++, ray += RAY_BYTES) {
    const word = load<u32>(ray, RAY_WORD);
    if (word & MISSING)
      store<u32>(
        ray,
        rayParts(g, ray, steps, reach, parts, true) | (word & (BLOCK_MASK << BLOCK_SHIFT)),
        RAY_WORD,
      );
  }
  sortRays(args, <usize>load<u32>(<usize>load<u32>(g, G_POOL), P_PLACE), load<u32>(g, G_COUNT));
}

/**
 * Counting sort: rays of one block follow each other, in the order of the points, while its corners are in the cache.
 * Blocks follow the order of their grid: what is fused does not depend on which blocks of the pool it was given.
 */
function sortRays(args: usize, places: usize, blocks: u32): void {
  const count = load<u32>(args, F_COUNT);
  const buckets: usize = load<u32>(args, F_BUCKETS),
    order: usize = load<u32>(args, F_ORDER);
  memory.fill(buckets, 0, (<usize>blocks) << 2);
  let ray: usize = load<u32>(args, F_RAYS);
  for (let i: u32 = 0; i < count; i++, ray += RAY_BYTES) {
    const word = load<u32>(ray, RAY_WORD);
    if (word == 0) continue;
    const bucket = buckets + ((<usize>load<u32>(places + ((<usize>homeOf(word)) << 2))) << 2);
    store<u32>(bucket, load<u32>(bucket) + 1);
  }
  let sum: u32 = 0;
  for (let bucket = buckets, end = buckets + ((<usize>blocks) << 2); bucket < end; bucket += 4) {
    const n = load<u32>(bucket);
    store<u32>(bucket, sum);
    sum += n;
  }
  store<u32>(args, sum, F_CHOSEN);
  ray = load<u32>(args, F_RAYS);
  for (let i: u32 = 0; i < count; i++, ray += RAY_BYTES) {
    const word = load<u32>(ray, RAY_WORD);
    if (word == 0) continue;
    const bucket = buckets + ((<usize>load<u32>(places + ((<usize>homeOf(word)) << 2))) << 2);
    const at = load<u32>(bucket);
    store<u32>(bucket, at + 1);
    store<u64>(order + ((<usize>at) << 3), (<u64>i) | ((<u64>word) << 32));
  }
}

/** The block in a ray's word. */
// @ts-ignore: decorator
@inline
export function homeOf(word: u32): u32 {
  return (word >> BLOCK_SHIFT) & BLOCK_MASK;
}
