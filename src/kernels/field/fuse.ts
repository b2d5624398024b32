// Fusion: each corner keeps the running mean of the normal-guided signed distance n·(c − p) of the points near it
// (Curless & Levoy 1996 with point-to-plane instead of projective distances). A point updates the corners around its
// normal: in every layer across the normal's largest component, the four corners around the place where the normal
// passes, with bilinear weights.
import { noise } from './noise';
import { findBlock, touchBlock, G_CHANGE, G_COORDS, G_DATA, G_INVERSE, G_MAX_WEIGHT, G_TRUNCATION, G_VOXEL } from './grid';

// Arguments (byte offsets), shared with src/field/backends/wasm/field.ts.
const F_GRID: usize = 0;
const F_COUNT: usize = 4;
const F_POINTS: usize = 8; // 6 pointers: x y z nx ny nz, f32[count], sensor frame
const F_QUALITY: usize = 32; // f32[count]
const F_POSE: usize = 36; // f32×12, T_submap_sensor
const F_STEPS: usize = 84; // layers on either side of the surface
const F_SCAN: usize = 88; // number of the scan, for the time stamps of blocks
const F_INDICES: usize = 92; // u32[count] into the points, or 0 for all
const F_PARTS: usize = 96; // how many disjoint parts the blocks are divided into, a power of two
const F_MAX_RANGE: usize = 100; // f32: farther points are left out
const F_BARE_RANGE: usize = 104; // f32: points without a normal are fused along their ray up to here …
const F_BARE_QUALITY: usize = 108; // f32: … with this weight
const CHOSEN: u32 = 0x80000000;
const F_RAYS: usize = 112; // 32 bytes per point, written by `allocateBlocks`: grid position, normal, weight, parts (u32 bits)
const F_SATURATION: usize = 116; // f32: where a corner weighs more, only a share saturation/weight of the points is fused
const F_SEED: usize = 120; // u32
const F_FLAGS: usize = 124; // u8 per point, bit 1 = ground
const F_UP: usize = 128; // f32×3: normal of ground points that have none of their own, sensor frame

/** Turns the points into grid units and chooses which to fuse: 1024 points a chunk. */
export function castPoints(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, F_GRID);
  const inverse = load<f32>(g, G_INVERSE);
  const first = <u32>chunk * 1024, end = min(first + 1024, load<u32>(args, F_COUNT));
  const indices: usize = load<u32>(args, F_INDICES);
  const qualities: usize = load<u32>(args, F_QUALITY), flags: usize = load<u32>(args, F_FLAGS);
  const maxRange = load<f32>(args, F_MAX_RANGE), bareRange = load<f32>(args, F_BARE_RANGE), bareQuality = load<f32>(args, F_BARE_QUALITY);
  const pX: usize = load<u32>(args, F_POINTS), pY: usize = load<u32>(args, F_POINTS + 4), pZ: usize = load<u32>(args, F_POINTS + 8);
  const nX: usize = load<u32>(args, F_POINTS + 12), nY: usize = load<u32>(args, F_POINTS + 16), nZ: usize = load<u32>(args, F_POINTS + 20);
  const r0 = load<f32>(args, F_POSE), r1 = load<f32>(args, F_POSE + 4), r2 = load<f32>(args, F_POSE + 8), tx = load<f32>(args, F_POSE + 12);
  const r3 = load<f32>(args, F_POSE + 16), r4 = load<f32>(args, F_POSE + 20), r5 = load<f32>(args, F_POSE + 24), ty = load<f32>(args, F_POSE + 28);
  const r6 = load<f32>(args, F_POSE + 32), r7 = load<f32>(args, F_POSE + 36), r8 = load<f32>(args, F_POSE + 40), tz = load<f32>(args, F_POSE + 44);
  let ray = <usize>load<u32>(args, F_RAYS) + (<usize>first << 5);
  const data: usize = load<u32>(g, G_DATA);
  const saturation = load<f32>(args, F_SATURATION), seed = load<u32>(args, F_SEED);
  let homeX = i32.MIN_VALUE, homeY: i32 = 0, homeZ: i32 = 0, home: i32 = 0;
  for (let i = first; i < end; i++, ray += 32) {
    store<u32>(ray, 0, 28);
    const o = <usize>(indices ? load<u32>(indices + (<usize>i << 2)) : i) << 2;
    const px = load<f32>(pX + o), py = load<f32>(pY + o), pz = load<f32>(pZ + o);
    let nx = load<f32>(nX + o), ny = load<f32>(nY + o), nz = load<f32>(nZ + o);
    let quality = load<f32>(qualities + o);
    const range = sqrt(px * px + py * py + pz * pz);
    if (range > maxRange) continue;
    if (nx == 0 && ny == 0 && nz == 0) {
      if (range > bareRange) continue;
      quality = bareQuality;
      if (load<u8>(flags + (o >> 2)) & 2) {
        // Sparse rings on the ground: never along the ray, which would hold the sensor to where it saw them from.
        nx = load<f32>(args, F_UP);
        ny = load<f32>(args, F_UP + 4);
        nz = load<f32>(args, F_UP + 8);
      } else {
        // A bush or a wire: the ray is the best guess of where outside is.
        nx = -px / range;
        ny = -py / range;
        nz = -pz / range;
      }
    }
    if (quality <= 0) continue;
    const ux = (r0 * px + r1 * py + r2 * pz + tx) * inverse, uy = (r3 * px + r4 * py + r5 * pz + ty) * inverse, uz = (r6 * px + r7 * py + r8 * pz + tz) * inverse;
    // A well-known place gains little from one more point: fuse only some, chosen regardless of their value.
    const sx = <i32>nearest(ux), sy = <i32>nearest(uy), sz = <i32>nearest(uz);
    if (sx >> 3 != homeX || sy >> 3 != homeY || sz >> 3 != homeZ) {
      homeX = sx >> 3;
      homeY = sy >> 3;
      homeZ = sz >> 3;
      home = findBlock(g, homeX, homeY, homeZ);
    }
    if (home) {
      const weight = load<f32>(data + (<usize>home << 12) + (<usize>((sx & 7) | ((sy & 7) << 3) | ((sz & 7) << 6)) << 3), 4);
      if (weight > saturation && weight * noise(seed, i) > saturation) continue;
    }
    const mx = r0 * nx + r1 * ny + r2 * nz, my = r3 * nx + r4 * ny + r5 * nz, mz = r6 * nx + r7 * ny + r8 * nz;
    store<f32>(ray, ux);
    store<f32>(ray, uy, 4);
    store<f32>(ray, uz, 8);
    store<f32>(ray, mx, 12);
    store<f32>(ray, my, 16);
    store<f32>(ray, mz, 20);
    store<f32>(ray, quality, 24);
    store<u32>(ray, CHOSEN, 28);
  }
}

/** Makes the blocks that `fuse` will write to and notes for each point whose part they are. One chunk only. */
export function allocateBlocks(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, F_GRID);
  const steps = load<i32>(args, F_STEPS), count = load<u32>(args, F_COUNT), parts = load<i32>(args, F_PARTS) - 1;
  const reach = load<f32>(g, G_TRUNCATION) * load<f32>(g, G_INVERSE) * <f32>1.25;
  let ray: usize = load<u32>(args, F_RAYS);
  let lastX = i32.MIN_VALUE, lastY: i32 = 0, lastZ: i32 = 0, last: i32 = 0;
  for (let i: u32 = 0; i < count; i++, ray += 32) {
    if (load<u32>(ray, 28) == 0) continue;
    const ux = load<f32>(ray), uy = load<f32>(ray, 4), uz = load<f32>(ray, 8);
    const mx = load<f32>(ray, 12), my = load<f32>(ray, 16), mz = load<f32>(ray, 20);
    let mask: u32 = 0;
    const ax = abs(mx), ay = abs(my), az = abs(mz);
    const largest = max(ax, max(ay, az));
    const u = largest == az ? uz : largest == ay ? uy : ux;
    const m = largest == az ? mz : largest == ay ? my : mx;
    const first = nearest(u) - <f32>steps;
    for (let k = 0; k <= 2 * steps; k++) {
      const t = (first + <f32>k - u) / m;
      if (abs(t) > reach) continue;
      // The corner on the layer's own axis is exact: rounding guards against floor() of an almost-integer.
      const ix = largest == ax && largest != ay && largest != az ? <i32>nearest(ux + t * mx) : <i32>floor(ux + t * mx);
      const iy = largest == ay && largest != az ? <i32>nearest(uy + t * my) : <i32>floor(uy + t * my);
      const iz = largest == az ? <i32>nearest(uz + t * mz) : <i32>floor(uz + t * mz);
      const bx = ix >> 3, by = iy >> 3, bz = iz >> 3;
      if (bx != lastX || by != lastY || bz != lastZ) {
        last = touchBlock(g, bx, by, bz);
        lastX = bx;
        lastY = by;
        lastZ = bz;
      }
      mask |= 1 << (last & parts);
      if ((ix & 7) == 7 || (iy & 7) == 7 || (iz & 7) == 7) {
        const ex = (ix + 1) >> 3, ey = (iy + 1) >> 3, ez = (iz + 1) >> 3;
        for (let z = bz; z <= ez; z++) for (let y = by; y <= ey; y++) for (let x = bx; x <= ex; x++) mask |= 1 << (touchBlock(g, x, y, z) & parts);
      }
    }
    store<u32>(ray, mask, 28);
  }
}

// @ts-ignore: decorator
@inline
function noteChange(change: usize, coords: usize, block: i32, amount: f32, scan: i32): void {
  const at = change + (<usize>block << 2);
  store<f32>(at, load<f32>(at) + amount);
  store<i32>(coords + (<usize>block << 4), scan, 12);
}

/** Chunk = one part of the blocks: every part reads all points and writes only to its own blocks. */
export function fuse(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, F_GRID);
  const inverse = load<f32>(g, G_INVERSE), voxel = load<f32>(g, G_VOXEL);
  const truncation = load<f32>(g, G_TRUNCATION), maxWeight = load<f32>(g, G_MAX_WEIGHT);
  const reach = truncation * inverse * <f32>1.25;
  const data: usize = load<u32>(g, G_DATA), change: usize = load<u32>(g, G_CHANGE), coords: usize = load<u32>(g, G_COORDS);
  const count = load<u32>(args, F_COUNT);
  const steps = load<i32>(args, F_STEPS);
  const scan = load<i32>(args, F_SCAN);
  const parts = load<i32>(args, F_PARTS) - 1;
  const own: u32 = 1 << chunk;
  let ray: usize = load<u32>(args, F_RAYS);
  let changed: f32 = 0;
  let lastX = i32.MIN_VALUE, lastY: i32 = 0, lastZ: i32 = 0, last: i32 = 0;
  for (let i: u32 = 0; i < count; i++, ray += 32) {
    if ((load<u32>(ray, 28) & own) == 0) continue;
    const quality = load<f32>(ray, 24);
    const ux = load<f32>(ray), uy = load<f32>(ray, 4), uz = load<f32>(ray, 8);
    const mx = load<f32>(ray, 12), my = load<f32>(ray, 16), mz = load<f32>(ray, 20);
    const ax = abs(mx), ay = abs(my), az = abs(mz);
    const largest = max(ax, max(ay, az));
    // Axis a across the layers, b and c within: steps of one corner along b and c, and the normal's components there.
    const axis = largest == az ? 2 : largest == ay ? 1 : 0;
    const u = axis == 2 ? uz : axis == 1 ? uy : ux;
    const m = axis == 2 ? mz : axis == 1 ? my : mx;
    const mb = axis == 0 ? my : mx, mc = axis == 2 ? my : mz;
    const first = nearest(u) - <f32>steps;
    for (let k = 0; k <= 2 * steps; k++) {
      const layer = first + <f32>k;
      const t = (layer - u) / m;
      if (abs(t) > reach) continue;
      const qb = (axis == 0 ? uy : ux) + t * mb, qc = (axis == 2 ? uy : uz) + t * mc;
      const flb = floor(qb), flc = floor(qc);
      const fb = qb - flb, fc = qc - flc;
      const ia = <i32>layer, ib = <i32>flb, ic = <i32>flc;
      // Signed distance of the first corner, and how it grows along b and c.
      const d0 = (t - mb * fb - mc * fc) * voxel, db = mb * voxel, dc = mc * voxel;
      for (let e = 0; e < 4; e++) {
        const b = ib + (e & 1), c = ic + (e >> 1);
        const cx = axis == 0 ? ia : b, cy = axis == 1 ? ia : axis == 0 ? b : c, cz = axis == 2 ? ia : c;
        const bx = cx >> 3, by = cy >> 3, bz = cz >> 3;
        if (bx != lastX || by != lastY || bz != lastZ) {
          if (changed > 0) noteChange(change, coords, last, changed, scan);
          changed = 0;
          last = findBlock(g, bx, by, bz);
          lastX = bx;
          lastY = by;
          lastZ = bz;
        }
        if (last == 0 || (last & parts) != chunk) {
          // The whole layer lies in another part's block, as a rule: look no further.
          if (e == 0 && (b & 7) < 7 && (c & 7) < 7) break;
          continue;
        }
        const d = max(-truncation, min(truncation, d0 + (e & 1 ? db : 0) + (e >> 1 ? dc : 0)));
        const w = quality * (e & 1 ? fb : <f32>1 - fb) * (e >> 1 ? fc : <f32>1 - fc);
        const corner = data + (<usize>last << 12) + (<usize>((cx & 7) | ((cy & 7) << 3) | ((cz & 7) << 6)) << 3);
        const s0 = load<f32>(corner), w0 = load<f32>(corner, 4);
        const w1 = w0 + w;
        if (w1 <= 0) continue;
        const s1 = s0 + ((d - s0) * w) / w1;
        store<f32>(corner, s1);
        store<f32>(corner, min(w1, maxWeight), 4);
        changed += abs(s1 - s0) + (w0 < 1 ? w * truncation : 0);
      }
    }
  }
  if (changed > 0) noteChange(change, coords, last, changed, scan);
}
