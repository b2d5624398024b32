// Makes room in a full field: what lies far from the sensor goes, the rest moves together.
import type { FeatureLevel } from './features.js';
import { BLOCK_SIDE, type BlockGrid } from './grid.js';

interface Parts {
  readonly levels: readonly BlockGrid[];
  readonly features: FeatureLevel;
}

/** Share of the room that is in use, of the level that is fullest; what other fields use is none of it. */
export function fillOf({ levels, features }: Parts): number {
  const grids = [...levels, features.grid].map((grid) => grid.count / grid.room);
  return Math.max(features.count / features.room, ...grids);
}

/**
 * Radius around `center` (metres, submap frame) within which blocks fill at most `share` of every level's room.
 * Rows of features are taken to be spread evenly over their blocks.
 */
export function radiusFor(parts: Parts, center: ArrayLike<number>, share: number): number {
  const { levels, features } = parts;
  const rows = features.count > 1 ? (features.room * (features.grid.count - 1)) / features.count : Infinity;
  const limits: [BlockGrid, number][] = levels.map((grid) => [grid, grid.room * share]);
  limits.push([features.grid, Math.min(features.grid.room, rows) * share]);
  let radius = Infinity;
  for (const [grid, limit] of limits) {
    const keep = Math.max(0, Math.floor(limit) - 1); // block 0 counts
    if (grid.count - 1 <= keep) continue;
    const distances = distancesOf(grid, center).sort();
    radius = Math.min(radius, distances[keep]!);
  }
  return radius;
}

/**
 * Forgets all blocks whose centre is not nearer than `radius`.
 *
 * @returns coordinates of the forgotten fine blocks, bx by bz each
 */
export function forgetBeyond(
  { levels, features }: Parts,
  center: ArrayLike<number>,
  radius: number,
): Int32Array {
  const farOf = (grid: BlockGrid): Uint32Array => {
    const distances = distancesOf(grid, center);
    return grid.blocks.filter((_, i) => !(distances[i]! < radius));
  };
  const gone = farOf(levels[0]!);
  const coords = coordsOf(levels[0]!, gone);
  levels.forEach((grid, i) => grid.drop(i === 0 ? gone : farOf(grid)));
  features.drop(farOf(features.grid));
  return coords;
}

/** bx by bz of blocks. */
export function coordsOf(grid: BlockGrid, blocks: Uint32Array): Int32Array {
  const coords = new Int32Array(blocks.length * 3);
  blocks.forEach((block, i) => coords.set(grid.coords.subarray(block * 4, block * 4 + 3), i * 3));
  return coords;
}

/** From `center` to the centre of each block, in order, metres. */
function distancesOf(grid: BlockGrid, center: ArrayLike<number>): Float32Array {
  const side = BLOCK_SIDE * grid.voxel;
  return Float32Array.from(grid.blocks, (block) => {
    const at = (axis: number): number => (grid.coords[block * 4 + axis]! + 0.5) * side - center[axis]!;
    return Math.hypot(at(0), at(1), at(2));
  });
}
