import type { FieldBackend } from '../field/backend.js';
import { type CostMap, FREE, OCCUPIED } from './ground.js';
import { nearestSeeds } from './nearest.js';
import { StoredDistances, type SlicedGrid } from './stored-distances.js';

export interface SliceOptions {
  /** Height above the ground of each cell, metres. */
  readonly height: number;
  /** Half the side of the square, metres; also the largest distance. */
  readonly radius: number;
}

/**
 * Signed distances to the nearest surface at a height above the ground, in a square around the robot: near surfaces as
 * the finest grid has them that saw the place, beyond its truncation by the nearest surface in the slice. Cells that were
 * not seen are left out.
 *
 * @param grids coarsest first
 * @param robot position, metres, submap frame
 * @returns x y z distance per point, metres
 */
export function distanceSlice(
  backend: FieldBackend,
  grids: readonly SlicedGrid[],
  map: CostMap,
  robot: ArrayLike<number>,
  { height, radius }: SliceOptions,
): Float32Array {
  const { resolution } = map;
  const range = (axis: 0 | 1): [number, number] => {
    const [first, count] = axis === 0 ? [map.i0, map.width] : [map.j0, map.height];
    const low = Math.max(0, Math.ceil((robot[axis]! - radius) / resolution - 0.5) - first);
    const high = Math.min(count, Math.floor((robot[axis]! + radius) / resolution - 0.5) + 1 - first);
    return [low, Math.max(0, high - low)];
  };
  const [[left, width], [bottom, rows]] = [range(0), range(1)];
  const cells = width * rows;
  const cellOf = (c: number): number => (bottom + Math.floor(c / width)) * map.width + left + (c % width);
  const points = new Float32Array(3 * cells);
  for (let c = 0; c < cells; c++) {
    points[3 * c] = (map.i0 + left + (c % width) + 0.5) * resolution;
    points[3 * c + 1] = (map.j0 + bottom + Math.floor(c / width) + 0.5) * resolution;
    points[3 * c + 2] = map.heights[cellOf(c)]! + height;
  }
  const stored = new StoredDistances(points);
  for (const grid of grids) stored.add(backend, grid, resolution);
  const { values, exact } = stored;
  const seeds = Array.from({ length: cells }, (_, c) => exact[c] === 1 && Math.abs(values[c]!) <= resolution);
  const nearest = nearestSeeds(seeds, width, rows);
  const out: number[] = [];
  for (let c = 0; c < cells; c++) {
    const state = map.states[cellOf(c)];
    let distance = values[c]!;
    if (exact[c] === 0) {
      if (Number.isNaN(distance) && state !== FREE && state !== OCCUPIED) continue;
      if (distance < 0) distance = Math.max(distance, -radius);
      else {
        const seed = nearest[c]!;
        const [di, dj] = [(seed % width) - (c % width), Math.floor(seed / width) - Math.floor(c / width)];
        const far = seed < 0 ? radius : Math.hypot(di, dj) * resolution + values[seed]!;
        distance = Math.min(radius, Math.max(far, Number.isNaN(distance) ? 0 : distance));
      }
    }
    out.push(points[3 * c]!, points[3 * c + 1]!, points[3 * c + 2]!, distance);
  }
  return Float32Array.from(out);
}
