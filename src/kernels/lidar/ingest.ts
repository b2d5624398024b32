// Reads raw points, drops what is not a measurement, and gives each the cell of the range image, its voxel-hash
// partition and its azimuth sector. Valid points are compacted within the chunk, so their order never changes.
import {
  A_BODY,
  A_BODY_MAX,
  A_BODY_MIN,
  A_COUNT,
  A_COUNTERS,
  A_ELEVATION,
  A_INV_VOXEL,
  A_LOG_COLS,
  A_MAX_RANGE,
  A_MIN_RANGE,
  A_PART,
  A_PCELL,
  A_PKEY,
  A_POSITIONS,
  A_PR,
  A_PT,
  A_PX,
  A_PY,
  A_PZ,
  A_RANK,
  A_ROWS,
  A_SECTOR,
  A_TIMES,
  COUNTERS,
  ELEVATION_STEPS,
  SEG,
  SEG_STRIDE,
} from '../layout/lidar';

// @ts-ignore: decorator
@inline
function absolute(v: v128): v128 {
  return v128.and(v, i32x4.splat(0x7fffffff));
}

/** A voxel coordinate as an unsigned number of 16 bits. */
// @ts-ignore: decorator
@inline
function biased(v: v128): v128 {
  return v128.and(i32x4.add(v, i32x4.splat(0x8000)), i32x4.splat(0xffff));
}

/** Azimuth in turns, [-0.5, 0.5], to about 1e-6: odd polynomial for atan on [0, 1], then the octants undone. */
// @ts-ignore: decorator
@inline
function turns(x: v128, y: v128): v128 {
  const ax = absolute(x);
  const ay = absolute(y);
  const swap = f32x4.gt(ay, ax);
  const t = f32x4.div(f32x4.pmin(ax, ay), f32x4.max(f32x4.pmax(ax, ay), f32x4.splat(1e-20)));
  const s = f32x4.mul(t, t);
  // Abramowitz & Stegun 4.4.49, coefficients divided by 2π
  let p = f32x4.splat(0.0028662257 / 6.2831853);
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-0.0161657367 / 6.2831853));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(0.0429096138 / 6.2831853));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-0.07528964 / 6.2831853));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(0.1065626393 / 6.2831853));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-0.1420889944 / 6.2831853));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(0.1999355085 / 6.2831853));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-0.3333314528 / 6.2831853));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(1.0 / 6.2831853));
  p = f32x4.mul(p, t);
  p = v128.bitselect(f32x4.sub(f32x4.splat(0.25), p), p, swap);
  p = v128.bitselect(f32x4.sub(f32x4.splat(0.5), p), p, f32x4.lt(x, f32x4.splat(0)));
  return v128.or(p, v128.and(y, i32x4.splat(0x80000000)));
}

/** Why one point was dropped, as its counter. */
function reason(args: usize, x: f32, y: f32, z: f32): i32 {
  if (isNaN(x) || isNaN(y) || isNaN(z)) return 1;
  if (!isFinite(x) || !isFinite(y) || !isFinite(z)) return 2;
  if (x == 0 && y == 0 && z == 0) return 3;
  const r2 = x * x + y * y + z * z;
  const low = load<f32>(args, A_MIN_RANGE);
  const high = load<f32>(args, A_MAX_RANGE);
  if (r2 < low * low) return 4;
  if (!(r2 <= high * high)) return 5;
  return 6;
}

/** Chunk: SEG raw points. */
export function prepareIngest(args: usize, chunk: i32): void {
  const count = load<i32>(args, A_COUNT);
  const first = chunk * SEG;
  const last = min(first + SEG, count);
  const raw = load<u32>(args, A_POSITIONS) as usize;
  const times = load<u32>(args, A_TIMES) as usize;
  const rows = load<u32>(args, A_ROWS) as usize;
  const rank = load<u32>(args, A_RANK) as usize;
  const elevation = load<u32>(args, A_ELEVATION) as usize;
  const base = (chunk * SEG_STRIDE) as usize;
  const px = (load<u32>(args, A_PX) as usize) + base * 4;
  const py = (load<u32>(args, A_PY) as usize) + base * 4;
  const pz = (load<u32>(args, A_PZ) as usize) + base * 4;
  const pr = (load<u32>(args, A_PR) as usize) + base * 4;
  const pt = (load<u32>(args, A_PT) as usize) + base * 4;
  const cells = (load<u32>(args, A_PCELL) as usize) + base * 4;
  const keys = (load<u32>(args, A_PKEY) as usize) + base * 8;
  const sectors = (load<u32>(args, A_SECTOR) as usize) + base;
  const parts = (load<u32>(args, A_PART) as usize) + base;
  const counters = (load<u32>(args, A_COUNTERS) as usize) + ((chunk * COUNTERS * 4) as usize);
  memory.fill(counters, 0, COUNTERS * 4);

  const logCols = load<i32>(args, A_LOG_COLS);
  const cols = f32x4.splat((1 << logCols) as f32);
  const colMask = i32x4.splat((1 << logCols) - 1);
  const low = load<f32>(args, A_MIN_RANGE);
  const high = load<f32>(args, A_MAX_RANGE);
  const low2 = f32x4.splat(low * low);
  const high2 = f32x4.splat(high * high);
  const inverse = f32x4.splat(load<f32>(args, A_INV_VOXEL));
  const body = load<i32>(args, A_BODY) != 0;
  const half = f32x4.splat((ELEVATION_STEPS / 2) as f32);
  const stepMax = i32x4.splat(ELEVATION_STEPS - 1);

  let n: usize = 0; // valid points so far
  for (let i = first; i < last; i += 4) {
    const at = raw + ((i * 12) as usize);
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const x = v128.shuffle<f32>(v128.shuffle<f32>(a, b, 0, 3, 6, 6), c, 0, 1, 2, 5);
    const y = v128.shuffle<f32>(v128.shuffle<f32>(a, b, 1, 4, 7, 7), c, 0, 1, 2, 6);
    const z = v128.shuffle<f32>(v128.shuffle<f32>(a, b, 2, 5, 5, 5), c, 0, 1, 4, 7);
    const r2 = f32x4.add(f32x4.mul(x, x), f32x4.add(f32x4.mul(y, y), f32x4.mul(z, z)));
    // NaN compares false, so this also drops what is not a number.
    let valid = v128.and(f32x4.ge(r2, low2), f32x4.le(r2, high2));
    valid = v128.and(valid, f32x4.gt(r2, f32x4.splat(0)));
    if (body) {
      let inside = v128.and(
        f32x4.gt(x, v128.load32_splat(args, A_BODY_MIN)),
        f32x4.lt(x, v128.load32_splat(args, A_BODY_MAX)),
      );
      inside = v128.and(inside, f32x4.gt(y, v128.load32_splat(args, A_BODY_MIN + 4)));
      inside = v128.and(inside, f32x4.lt(y, v128.load32_splat(args, A_BODY_MAX + 4)));
      inside = v128.and(inside, f32x4.gt(z, v128.load32_splat(args, A_BODY_MIN + 8)));
      inside = v128.and(inside, f32x4.lt(z, v128.load32_splat(args, A_BODY_MAX + 8)));
      valid = v128.andnot(valid, inside);
    }
    const left = last - i;
    let mask = i32x4.bitmask(valid);
    if (left < 4) mask &= (1 << left) - 1;
    const lanes = left < 4 ? (1 << left) - 1 : 15;
    if (mask != lanes) {
      for (let k = 0; k < 4; k++) {
        if (((lanes & ~mask) >> k) & 1) {
          const q = at + ((k * 12) as usize);
          const why = reason(args, load<f32>(q), load<f32>(q, 4), load<f32>(q, 8)) as usize;
          store<i32>(counters + why * 4, load<i32>(counters + why * 4) + 1);
        }
      }
      if (mask == 0) continue;
    }
    const r = f32x4.sqrt(r2);
    const col = v128.and(
      i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.add(turns(x, y), f32x4.splat(1)), cols)),
      colMask,
    );
    const step = i32x4.max_s(
      i32x4.splat(0),
      i32x4.min_s(
        stepMax,
        i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.add(f32x4.div(z, r), f32x4.splat(1)), half)),
      ),
    );
    // Voxels of one 16×16 column go to one partition, so that runs of points stay together.
    const ix = i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.mul(x, inverse)));
    const iy = i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.mul(y, inverse)));
    const iz = i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.mul(z, inverse)));
    const bx = i32x4.shr_s(ix, 4);
    const by = i32x4.shr_s(iy, 4);
    let mix = v128.xor(i32x4.mul(bx, i32x4.splat(73856093)), i32x4.mul(by, i32x4.splat(19349663)));
    mix = i32x4.mul(v128.xor(mix, i32x4.shr_u(mix, 15)), i32x4.splat(0x9e3779b1));
    const part = i32x4.shr_u(mix, 29);
    const sector = i32x4.shr_u(col, logCols - 3);

    // A group with gaps is written to the spare slots first and then squeezed.
    const to: usize = mask == 15 ? n : SEG;
    v128.store(px + to * 4, x);
    v128.store(py + to * 4, y);
    v128.store(pz + to * 4, z);
    v128.store(pr + to * 4, r);
    v128.store(cells + to * 4, col);
    // The voxel as in thin.ts: 16 bits an axis.
    const low = v128.or(i32x4.shl(biased(iy), 16), biased(iz));
    const high = biased(ix);
    v128.store(keys + to * 8, v128.shuffle<i32>(low, high, 0, 4, 1, 5));
    v128.store(keys + to * 8, v128.shuffle<i32>(low, high, 2, 6, 3, 7), 16);
    const rowBase = cells + to * 4;
    if (rows) {
      const source = rows + ((i * 2) as usize);
      store<u16>(rowBase, load<u16>(rank + ((load<u16>(source) as usize) << 1)), 2);
      store<u16>(rowBase, load<u16>(rank + ((load<u16>(source, 2) as usize) << 1)), 6);
      store<u16>(rowBase, load<u16>(rank + ((load<u16>(source, 4) as usize) << 1)), 10);
      store<u16>(rowBase, load<u16>(rank + ((load<u16>(source, 6) as usize) << 1)), 14);
    } else {
      store<u16>(rowBase, load<u16>(elevation + ((i32x4.extract_lane(step, 0) as usize) << 1)), 2);
      store<u16>(rowBase, load<u16>(elevation + ((i32x4.extract_lane(step, 1) as usize) << 1)), 6);
      store<u16>(rowBase, load<u16>(elevation + ((i32x4.extract_lane(step, 2) as usize) << 1)), 10);
      store<u16>(rowBase, load<u16>(elevation + ((i32x4.extract_lane(step, 3) as usize) << 1)), 14);
    }
    const bytes = i8x16.narrow_i16x8_u(
      i16x8.narrow_i32x4_u(part, sector),
      i16x8.narrow_i32x4_u(part, sector),
    );
    store<u32>(parts + to, i32x4.extract_lane(bytes, 0));
    store<u32>(sectors + to, i32x4.extract_lane(bytes, 1));
    let time = f32x4.splat(0);
    if (times) {
      time = v128.load(times + ((i * 4) as usize));
      time = v128.and(time, f32x4.lt(absolute(time), f32x4.splat(3600))); // a wild or missing time counts as the stamp
    }
    v128.store(pt + to * 4, time);
    if (mask == 15) {
      n += 4;
      continue;
    }
    for (let k: usize = 0; k < 4; k++) {
      if (((mask >> (k as i32)) & 1) == 0) continue;
      const from = (SEG as usize) + k;
      store<u32>(px + n * 4, load<u32>(px + from * 4));
      store<u32>(py + n * 4, load<u32>(py + from * 4));
      store<u32>(pz + n * 4, load<u32>(pz + from * 4));
      store<u32>(pr + n * 4, load<u32>(pr + from * 4));
      store<u32>(pt + n * 4, load<u32>(pt + from * 4));
      store<u32>(cells + n * 4, load<u32>(cells + from * 4));
      store<u64>(keys + n * 8, load<u64>(keys + from * 8));
      store<u8>(parts + n, load<u8>(parts + from));
      store<u8>(sectors + n, load<u8>(sectors + from));
      n++;
    }
  }
  // What follows the last valid point belongs to no sector and no partition.
  v128.store(parts + n, i8x16.splat(-1));
  v128.store(sectors + n, i8x16.splat(-1));
  store<i32>(counters, n as i32);
}
