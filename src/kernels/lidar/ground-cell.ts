// What finding and flagging the ground share: the polar grid, and the direction up.
import { A_UP, GROUND_RINGS, GROUND_SECTORS } from '../layout/lidar';

/** Height of a cell without any. */
export const NOTHING: f32 = 1e9;

/** Ring of the polar grid; rings grow with the distance as the points thin out. */
// @ts-ignore: decorator
@inline
function ringOf(rho: f32): i32 {
  return min(GROUND_RINGS - 1, (sqrt(rho) * 6) as i32);
}

/** Sector by the diamond angle: monotonic in the azimuth, and needs no arc tangent. */
// @ts-ignore: decorator
@inline
function sectorOf(x: f32, y: f32): i32 {
  const t: f32 = y / (abs(x) + abs(y) + 1e-9);
  const a: f32 = x >= 0 ? t + 1 : 3 - t; // 0…4
  return min(GROUND_SECTORS - 1, (a * ((GROUND_SECTORS as f32) * 0.25)) as i32);
}

/** Bytes from the start of a table of cells to that of a point at the distance rho from the axis. */
// @ts-ignore: decorator
@inline
export function cellOf(x: f32, y: f32, rho: f32): usize {
  return ((sectorOf(x, y) * GROUND_RINGS + ringOf(rho)) << 2) as usize;
}

/** a·up for a vector in three columns. */
// @ts-ignore: decorator
@inline
export function along(args: usize, columns: usize, o: usize): f32 {
  return (
    load<f32>((load<u32>(args + columns) as usize) + o) * load<f32>(args, A_UP) +
    load<f32>((load<u32>(args + columns, 4) as usize) + o) * load<f32>(args, A_UP + 4) +
    load<f32>((load<u32>(args + columns, 8) as usize) + o) * load<f32>(args, A_UP + 8)
  );
}
