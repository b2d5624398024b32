import { SIGHT_FAR, SIGHT_KNOWN, SIGHT_SIDE, SIGHT_WORDS } from '../kernels/layout/field.js';
import { cubeCell } from '../geometry/cube-cell.js';
import type { Pose } from '../geometry/se3.js';
import type { SurfaceSamples } from '../sensors/observation.js';
import type { BlockTable } from './field.js';

/** Most blocks that are looked at in a scan. */
export const MOST_CARVED = 2 ** 15;
const CELLS = 6 * SIGHT_SIDE * SIGHT_SIDE;
/** A surface without a normal is taken to be across the ray, nearer by this share of its range and twice the clearance. */
const UNORIENTED = 0.05;

/**
 * What a scan sees in each direction: the plane of the nearest sample in each cell of a cube around the sensor (1.4° in
 * the middle of a face). Words of a cell: normal towards the sensor, its distance n·p, range; range 0 where nothing was
 * seen.
 *
 * @param clear how far before a surface its space counts as empty (m)
 */
export function sightOf(
  { x, y, z, nx, ny, nz, count }: SurfaceSamples,
  clear: number,
  out: Float32Array = new Float32Array(CELLS * SIGHT_WORDS),
): Float32Array {
  out.fill(0);
  for (let i = 0; i < count; i++) {
    const px = x[i]!;
    const py = y[i]!;
    const pz = z[i]!;
    const range = Math.sqrt(px * px + py * py + pz * pz);
    if (!(range > 0)) continue;
    const at = cubeCell(px, py, pz, SIGHT_SIDE) * SIGHT_WORDS;
    if (out[at + 4]! > 0 && out[at + 4]! <= range) continue;
    let a = nx[i]!;
    let b = ny[i]!;
    let c = nz[i]!;
    let offset = a * px + b * py + c * pz;
    if (a === 0 && b === 0 && c === 0) {
      a = -px / range;
      b = -py / range;
      c = -pz / range;
      offset = -range + UNORIENTED * range + 2 * clear;
    } else if (offset > 0) {
      a = -a;
      b = -b;
      c = -c;
      offset = -offset;
    }
    out[at] = a;
    out[at + 1] = b;
    out[at + 2] = c;
    out[at + 3] = offset;
    out[at + 4] = range;
  }
  return out;
}

/**
 * Blocks of a level within a range of the sensor, as block, bx, by, bz each: those whose turn it is, of `parts` turns.
 * Which these are follows from their coordinates, not from the order in which they were made.
 */
export function blocksInSight(
  { blocks, coords, voxel }: Pick<BlockTable, 'blocks' | 'coords' | 'voxel'>,
  pose: Pose,
  { part, parts, maxRange }: { readonly part: number; readonly parts: number; readonly maxRange: number },
  out: Int32Array,
): number {
  const side = 8 * voxel;
  const [cx, cy, cz] = [pose[3]! / side - 0.5, pose[7]! / side - 0.5, pose[11]! / side - 0.5];
  const reach = (maxRange / side + 0.87) ** 2;
  let n = 0;
  for (const block of blocks) {
    const [bx, by, bz] = [coords[block * 4]!, coords[block * 4 + 1]!, coords[block * 4 + 2]!];
    if ((bx - cx) ** 2 + (by - cy) ** 2 + (bz - cz) ** 2 > reach) continue;
    if (((bx & 1) + 2 * (by & 1) + 4 * (bz & 1) + 8 * ((bx >> 1) & 1)) % parts !== part) continue;
    if (4 * n + 4 > out.length) break;
    out[4 * n] = block;
    out[4 * n + 1] = bx;
    out[4 * n + 2] = by;
    out[4 * n + 3] = bz;
    n++;
  }
  return n;
}

/** Whether a point (sensor frame) lies clearly before all the surfaces seen in its direction and around it. */
export function isSeenThrough(sight: Float32Array, x: number, y: number, z: number, clear: number): boolean {
  const range = Math.sqrt(x * x + y * y + z * z);
  if (!(range > 1)) return false;
  const middle = cubeCell(x, y, z, SIGHT_SIDE);
  // What was seen in their own direction is enough for most places.
  const own = sight[middle * SIGHT_WORDS + 4]!;
  if (own > 0 && range > own - clear) return false;
  const row = ((middle / SIGHT_SIDE) | 0) % SIGHT_SIDE;
  const column = middle % SIGHT_SIDE;
  const [lastRow, lastColumn] = [Math.min(SIGHT_SIDE - 1, row + 1), Math.min(SIGHT_SIDE - 1, column + 1)];
  let known = 0;
  for (let r = Math.max(0, row - 1); r <= lastRow; r++)
    for (let c = Math.max(0, column - 1); c <= lastColumn; c++) {
      const cell = (middle + (r - row) * SIGHT_SIDE + c - column) * SIGHT_WORDS;
      const seen = sight[cell + 4]!;
      if (seen === 0) continue;
      known++;
      if (range > seen - clear) return false;
      // What lies far before a surface has nothing to do with the plane that it is part of.
      if (range < seen - SIGHT_FAR * clear) continue;
      const before = sight[cell]! * x + sight[cell + 1]! * y + sight[cell + 2]! * z - sight[cell + 3]!;
      if (before < clear) return false;
    }
  return known >= SIGHT_KNOWN;
}
