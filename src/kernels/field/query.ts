// The field at points and on mesh corners: fused distance plus decoded residual.
import {
  E_BAND,
  E_BESIDE,
  E_BLOCKS,
  E_COORDS,
  E_LEVEL,
  E_MIN_WEIGHT,
  E_SCALAR,
  E_SCRATCH,
  E_VALUES,
  FIRM_WEIGHT,
  G_COORDS,
  G_DATA,
  G_INVERSE,
  G_NEIGHBOURS,
  G_VOXEL,
  L_DECODER,
  L_GRID,
  Q_COUNT,
  Q_LEVEL,
  Q_OUT,
  Q_POINTS,
  Q_SCALAR,
  Q_SCRATCH,
  SCRATCH_BYTES,
} from '../layout/field';
import { POINT_CHUNK } from '../layout/gather';
import { BLOCK_CORNERS } from '../layout/mesh';
import { meanBeside } from './beside';
import { sampleScalar } from './grid';
import { backward } from './decoder';
import { addResidualGradient, cell, residual, C_FRACTION } from './features';

export function query(args: usize, chunk: i32): void {
  const first = <u32>chunk * POINT_CHUNK,
    end = min(first + POINT_CHUNK, load<u32>(args, Q_COUNT));
  const scalar: usize = load<u32>(args, Q_SCALAR),
    level: usize = load<u32>(args, Q_LEVEL);
  const scratch = <usize>load<u32>(args, Q_SCRATCH) + <usize>chunk * SCRATCH_BYTES;
  for (let i = first; i < end; i++) {
    const p = <usize>load<u32>(args, Q_POINTS) + <usize>i * 12;
    const out = <usize>load<u32>(args, Q_OUT) + <usize>i * 20;
    const x = load<f32>(p),
      y = load<f32>(p, 4),
      z = load<f32>(p, 8);
    const weight = sampleScalar(scalar, x, y, z, out);
    store<f32>(out, weight, 16);
    if (!(weight > 0) || level == 0 || weight >= <f32>FIRM_WEIGHT) continue;
    addResidual(level, x, y, z, out, scratch);
  }
}

/** Adds ρ and ∇ρ to {value, gx, gy, gz} at `out`. */
function addResidual(level: usize, x: f32, y: f32, z: f32, out: usize, scratch: usize): void {
  if (!cell(level, x, y, z, scratch)) return;
  const feature = scratch + 48,
    back = scratch + 80,
    gates = scratch + 128;
  store<f32>(out, load<f32>(out) + residual(level, scratch, feature, gates));
  backward(<usize>load<u32>(level, L_DECODER), gates, back);
  addResidualGradient(level, scratch, back, gates, out + 4);
}

/** Distances at the 9×9×9 corners of a block, NaN where not observed: the input of marching cubes. */
export function evaluateBlocks(args: usize, slot: i32): void {
  const g: usize = load<u32>(args, E_SCALAR),
    level: usize = load<u32>(args, E_LEVEL);
  const block: usize = load<u32>(<usize>load<u32>(args, E_BLOCKS) + ((<usize>slot) << 2));
  const values = <usize>load<u32>(args, E_VALUES) + <usize>slot * (BLOCK_CORNERS * 4);
  const scratch = <usize>load<u32>(args, E_SCRATCH) + <usize>slot * SCRATCH_BYTES;
  const minWeight = load<f32>(args, E_MIN_WEIGHT),
    band = load<f32>(args, E_BAND),
    voxel = load<f32>(g, G_VOXEL);
  const beside = load<u32>(args, E_BESIDE) != 0;
  const data: usize = load<u32>(g, G_DATA);
  const neighbours = <usize>load<u32>(g, G_NEIGHBOURS) + (block << 5);
  const coords = <usize>load<u32>(g, G_COORDS) + (block << 4);
  v128.store(<usize>load<u32>(args, E_COORDS) + ((<usize>slot) << 4), v128.load(coords));
  const bx = load<i32>(coords) << 3,
    by = load<i32>(coords, 4) << 3,
    bz = load<i32>(coords, 8) << 3;
  let at = values;
  // Neighbouring corners share a feature cell.
  let lastX = i32.MIN_VALUE,
    lastY: i32 = 0,
    lastZ: i32 = 0,
    known = false;
  const inverse: f32 = level != 0 ? load<f32>(<usize>load<u32>(level, L_GRID), G_INVERSE) : 0;
  for (let z = 0; z < 9; z++)
    for (let y = 0; y < 9; y++) {
      const oyz = ((y >> 3) << 1) | ((z >> 3) << 2);
      for (let x = 0; x < 9; x++, at += 4) {
        const b: usize = load<u32>(neighbours + ((<usize>(oyz | (x >> 3))) << 2));
        const corner = data + (b << 12) + ((<usize>((x & 7) | ((y & 7) << 3) | ((z & 7) << 6))) << 3);
        const observed = load<f32>(corner, 4) >= minWeight;
        if (!observed && !beside) {
          store<f32>(at, f32.NaN);
          continue;
        }
        const s = observed ? load<f32>(corner) : meanBeside(g, corner, bx + x, by + y, bz + z, minWeight);
        if (!(abs(s) < band)) {
          // Too far from any surface to be a corner of a crossed cell: only a false crossing could come of it.
          store<f32>(at, f32.NaN);
          continue;
        }
        let rho: f32 = 0;
        if (level != 0 && load<f32>(corner, 4) < <f32>FIRM_WEIGHT) {
          const wx = <f32>(bx + x) * voxel,
            wy = <f32>(by + y) * voxel,
            wz = <f32>(bz + z) * voxel;
          const ux = wx * inverse,
            uy = wy * inverse,
            uz = wz * inverse;
          const ix = <i32>floor(ux),
            iy = <i32>floor(uy),
            iz = <i32>floor(uz);
          if (ix != lastX || iy != lastY || iz != lastZ) {
            known = cell(level, wx, wy, wz, scratch);
            lastX = ix;
            lastY = iy;
            lastZ = iz;
          } else {
            store<f32>(scratch, ux - <f32>ix, C_FRACTION);
            store<f32>(scratch, uy - <f32>iy, C_FRACTION + 4);
            store<f32>(scratch, uz - <f32>iz, C_FRACTION + 8);
          }
          if (known) rho = residual(level, scratch, scratch + 48, scratch + 128);
        }
        store<f32>(at, s + rho);
      }
    }
}
