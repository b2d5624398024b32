// Normals of the fine points from the range-image pyramid. The level is chosen so that the window is some 0.3 m
// wide at any range; where no plane fits there, finer levels are tried.
import {
  A_DEFER,
  A_FFLAGS,
  A_FINE,
  A_FNX,
  A_FNY,
  A_FNZ,
  A_FO,
  A_FQ,
  A_FR,
  A_FT,
  A_FX,
  A_FY,
  A_FZ,
  A_GRID,
  A_INDEX,
  A_LAST_UP,
  A_LEVEL,
  A_LEVELS,
  A_PCELL,
  A_PR,
  A_PT,
  A_PX,
  A_PY,
  A_PZ,
  A_SIGMA,
  FINE_CHUNK,
  FLAG_NORMAL,
  FLAG_PENDING,
  G_LIMITS,
  L_BYTES,
  L_MAX_RANGE,
} from '../layout/lidar';
import { cellOf } from './ground-cell';
import { fitPlane } from './plane-fit';
import { thinCoarse } from './thin';

/**
 * Chunk 0: the coarse thinning, which nobody waits for; the others: FINE_CHUNK fine points each, gathered too. Normals
 * that the ground is not expected to need are put off.
 */
export function prepareNormals(args: usize, chunk: i32): void {
  if (chunk == 0) {
    thinCoarse(args);
    return;
  }
  const first = (chunk - 1) * FINE_CHUNK;
  const last = min(first + FINE_CHUNK, load<i32>(args, A_FINE));
  const index = load<u32>(args, A_INDEX) as usize;
  const px = load<u32>(args, A_PX) as usize;
  const py = load<u32>(args, A_PY) as usize;
  const pz = load<u32>(args, A_PZ) as usize;
  const pr = load<u32>(args, A_PR) as usize;
  const pt = load<u32>(args, A_PT) as usize;
  const cells = load<u32>(args, A_PCELL) as usize;
  const fx = load<u32>(args, A_FX) as usize;
  const fy = load<u32>(args, A_FY) as usize;
  const fz = load<u32>(args, A_FZ) as usize;
  const ft = load<u32>(args, A_FT) as usize;
  const fr = load<u32>(args, A_FR) as usize;
  const nx = load<u32>(args, A_FNX) as usize;
  const ny = load<u32>(args, A_FNY) as usize;
  const nz = load<u32>(args, A_FNZ) as usize;
  const quality = load<u32>(args, A_FQ) as usize;
  const offset = load<u32>(args, A_FO) as usize;
  const flags = load<u32>(args, A_FFLAGS) as usize;
  const defer = load<i32>(args, A_DEFER) != 0;
  for (let i = first; i < last; i++) {
    const from = (load<u32>(index + ((i as usize) << 2)) as usize) << 2;
    const o = (i as usize) << 2;
    const x = load<f32>(px + from);
    const y = load<f32>(py + from);
    const z = load<f32>(pz + from);
    const r = load<f32>(pr + from);
    store<f32>(fx + o, x);
    store<f32>(fy + o, y);
    store<f32>(fz + o, z);
    store<f32>(fr + o, r);
    store<f32>(ft + o, load<f32>(pt + from));
    store<f32>(nx + o, 0);
    store<f32>(ny + o, 0);
    store<f32>(nz + o, 0);
    store<f32>(quality + o, 0);
    store<f32>(offset + o, 0);
    if (defer && canWait(args, i, x, y, z)) {
      store<u8>(flags + (i as usize), FLAG_PENDING);
      continue;
    }
    store<u8>(flags + (i as usize), 0);
    if (normal(args, x, y, z, r, load<u32>(cells + from), nx + o, ny + o, nz + o, quality + o, offset + o))
      store<u8>(flags + (i as usize), FLAG_NORMAL);
  }
}

/** Whether a point lies where the last scan had something above the ground that said nothing about it or about up. */
// @ts-ignore: decorator
@inline
function canWait(args: usize, i: i32, x: f32, y: f32, z: f32): bool {
  const height =
    x * load<f32>(args, A_LAST_UP) + y * load<f32>(args, A_LAST_UP + 4) + z * load<f32>(args, A_LAST_UP + 8);
  if ((i & 3) == 0 && height <= 0) return false;
  return height > load<f32>((load<u32>(args, A_GRID) as usize) + cellOf(x, y, sqrt(x * x + y * y)), G_LIMITS);
}

/** Looks for the normal of a fine point that is gathered already; returns whether there is one. */
export function findNormal(args: usize, i: i32): bool {
  const o = (i as usize) << 2;
  const from = (load<u32>((load<u32>(args, A_INDEX) as usize) + o) as usize) << 2;
  const found = normal(
    args,
    load<f32>((load<u32>(args, A_FX) as usize) + o),
    load<f32>((load<u32>(args, A_FY) as usize) + o),
    load<f32>((load<u32>(args, A_FZ) as usize) + o),
    load<f32>((load<u32>(args, A_FR) as usize) + o),
    load<u32>((load<u32>(args, A_PCELL) as usize) + from),
    (load<u32>(args, A_FNX) as usize) + o,
    (load<u32>(args, A_FNY) as usize) + o,
    (load<u32>(args, A_FNZ) as usize) + o,
    (load<u32>(args, A_FQ) as usize) + o,
    (load<u32>(args, A_FO) as usize) + o,
  );
  store<u8>((load<u32>(args, A_FFLAGS) as usize) + (i as usize), found ? FLAG_NORMAL : 0);
  return found;
}

/**
 * Fits a plane at the level chosen for the range and, where the surface is not flat at that size (an edge, a kerb, a
 * trunk), at finer ones.
 */
function normal(
  args: usize,
  x: f32,
  y: f32,
  z: f32,
  r: f32,
  cell: u32,
  outX: usize,
  outY: usize,
  outZ: usize,
  outQuality: usize,
  outOffset: usize,
): bool {
  const finest = load<u32>(args, A_LEVEL) as usize;
  let record = finest;
  for (let level = load<i32>(args, A_LEVELS); level > 1; level--) {
    const coarser = record + L_BYTES;
    if (r >= load<f32>(coarser, L_MAX_RANGE)) break;
    record = coarser;
  }
  const sigma = load<f32>(args, A_SIGMA);
  for (let attempt = 0; attempt < 3; attempt++) {
    if (fitPlane(record, sigma, x, y, z, r, cell, outX, outY, outZ, outQuality, outOffset)) return true;
    if (record == finest) break;
    record -= L_BYTES;
  }
  return false;
}
