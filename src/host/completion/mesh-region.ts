import type { Box } from '../../completion/complete-region.js';
import { identity } from '../../geometry/se3.js';
import type { Mesh } from '../../mesh/mesh.js';
import { widened } from './region-box.js';
import type { RegionSurface } from './region-surface.js';

/**
 * What a finished mesh has in and around a box, as `regionSurface` copies it from a live map.
 *
 * @param voxel distance of the corners that it was made on (m)
 * @param box frame of the mesh (m)
 */
export function meshRegion({ positions, indices }: Mesh, voxel: number, box: Box): RegionSurface {
  const wide = widened(box);
  const near = new Uint8Array(positions.length / 3);
  for (let v = 0; v < near.length; v++)
    near[v] = [0, 1, 2].every((k) => positions[3 * v + k]! >= wide[k]! && positions[3 * v + k]! <= wide[k + 3]!)
      ? 1
      : 0;
  const kept: number[] = [];
  const numbers = new Map<number, number>();
  for (let t = 0; t < indices.length; t += 3) {
    const corners = [indices[t]!, indices[t + 1]!, indices[t + 2]!];
    if (!corners.some((v) => near[v])) continue;
    for (const v of corners) {
      if (!numbers.has(v)) numbers.set(v, numbers.size);
      kept.push(numbers.get(v)!);
    }
  }
  const own = new Float32Array(3 * numbers.size);
  for (const [from, to] of numbers) own.set(positions.subarray(3 * from, 3 * from + 3), 3 * to);
  const grid = { voxel, positions: own, indices: Uint32Array.from(kept) };
  return {
    T_odom_submap: identity(),
    grids: kept.length > 0 ? [grid] : [],
    touches: [],
    fingerprint: `mesh ${kept.length}`,
  };
} // prettier-ignore
