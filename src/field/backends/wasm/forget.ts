// Makes room in a full field: what lies far from the sensor goes, the rest moves together.
import type { FeatureLevel } from './features.js';
import { BLOCK_SIDE, type BlockGrid } from './grid.js';

interface Parts {
  readonly levels: readonly BlockGrid[];
  readonly features: FeatureLevel;
}

/** Share of the room that is in use, of the level that is fullest. */
export function fillOf({ levels, features }: Parts): number {
  const grids = [...levels, features.grid].map((grid) => grid.count / grid.maxBlocks);
  return Math.max(features.count / features.maxRows, ...grids);
}

/**
 * Radius around `center` (metres, submap frame) within which blocks fill at most `share` of every level's room.
 * Rows of features are taken to be spread evenly over their blocks.
 */
export function radiusFor(parts: Parts, center: ArrayLike<number>, share: number): number {
  const { levels, features } = parts;
  const rows =
    features.count > 1 ? (features.maxRows * (features.grid.count - 1)) / features.count : Infinity;
  const limits: [BlockGrid, number][] = levels.map((grid) => [grid, grid.maxBlocks * share]);
  limits.push([features.grid, Math.min(features.grid.maxBlocks, rows) * share]);
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
 * Forgets all blocks whose centre is not nearer than `radius`. Block numbers change.
 *
 * @param make appends blocks (bx by bz each) to a grid, in order
 * @returns coordinates of the forgotten fine blocks, bx by bz each
 */
export function forgetBeyond(
  { levels, features }: Parts,
  center: ArrayLike<number>,
  radius: number,
  make: (grid: BlockGrid, coords: Int32Array) => void,
): Int32Array {
  let gone = new Int32Array(0);
  for (const grid of [...levels, features.grid]) {
    const distances = distancesOf(grid, center);
    const near: number[] = [];
    const far: number[] = [];
    for (let i = 0; i < distances.length; i++) (distances[i]! < radius ? near : far).push(i + 1);
    if (grid === levels[0]) gone = coordsOf(grid, far);
    if (far.length > 0) grid.retain(near, (coords) => make(grid, coords));
  }
  features.dropUnusedRows();
  return gone;
}

function coordsOf(grid: BlockGrid, blocks: readonly number[]): Int32Array<ArrayBuffer> {
  const coords = new Int32Array(blocks.length * 3);
  blocks.forEach((block, i) => coords.set(grid.coords.subarray(block * 4, block * 4 + 3), i * 3));
  return coords;
}

/** From `center` to the centre of each block, block 1 first, metres. */
function distancesOf(grid: BlockGrid, center: ArrayLike<number>): Float32Array {
  const side = BLOCK_SIDE * grid.voxel;
  return Float32Array.from({ length: grid.count - 1 }, (_, i) => {
    const at = (axis: number): number => (grid.coords[(i + 1) * 4 + axis]! + 0.5) * side - center[axis]!;
    return Math.hypot(at(0), at(1), at(2));
  });
}
