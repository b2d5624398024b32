// What is left of the preparation when the pose has gone out: normals that were put off, and ground flags.
import {
  A_FFLAGS,
  A_FINE,
  A_FNX,
  A_FX,
  A_FY,
  A_GRID,
  A_HAS_GROUND,
  FINE_CHUNK,
  FLAG_GROUND,
  FLAG_NORMAL,
  FLAG_PENDING,
} from '../layout/lidar';
import { along, cellOf } from './ground-cell';
import { findNormal } from './normals';

/** Chunk: FINE_CHUNK fine points. */
export function prepareRest(args: usize, chunk: i32): void {
  const first = chunk * FINE_CHUNK;
  const last = min(first + FINE_CHUNK, load<i32>(args, A_FINE));
  const flags = load<u32>(args, A_FFLAGS) as usize;
  const hasGround = load<i32>(args, A_HAS_GROUND) != 0;
  for (let i = first; i < last; i++) {
    if (load<u8>(flags + (i as usize)) & FLAG_PENDING) findNormal(args, i);
    if (hasGround) flagGround(args, i);
  }
}

/** Sets FLAG_GROUND of a point that is part of the ground; one that lies in its range needs its normal. */
export function flagGround(args: usize, i: i32): void {
  const flags = (load<u32>(args, A_FFLAGS) as usize) + (i as usize);
  const o = (i as usize) << 2;
  const x = load<f32>((load<u32>(args, A_FX) as usize) + o);
  const y = load<f32>((load<u32>(args, A_FY) as usize) + o);
  const rho = sqrt(x * x + y * y);
  const ground = load<f32>((load<u32>(args, A_GRID) as usize) + cellOf(x, y, rho));
  const above = along(args, A_FX, o) - ground;
  // A cell is about √ρ/3 long, so a slope of 15 % makes its far end that much higher.
  const room: f32 = 0.2 + 0.05 * sqrt(rho);
  if (above < -0.3 || above > room) return;
  if (load<u8>(flags) & FLAG_PENDING) findNormal(args, i);
  const flag = load<u8>(flags);
  if (flag & FLAG_NORMAL) {
    if (along(args, A_FNX, o) < 0.82) return;
  } else if (above > 0.1 + 0.02 * sqrt(rho)) return;
  store<u8>(flags, flag | FLAG_GROUND);
}
