import type { Box } from '../../completion/complete-region.js';
import { identity } from '../../geometry/se3.js';
import type { Mesh } from '../../mesh/mesh.js';
import { widened } from './region-box.js';
import type { RegionSurface } from './region-surface.js';

/**
 * What a finished mesh has in and around a box, as `regionSurface` copies it from a live map.
 *
 * @param coarsest distance of the corners of its coarsest grid (m): where its triangles are smaller, a finer one made them
 * @param box frame of the mesh (m)
 */
export function meshRegion({ positions, indices }: Mesh, coarsest: number, box: Box): RegionSurface {
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
  const surface = { positions: own, indices: Uint32Array.from(kept) };
  const grid = { voxel: Math.min(coarsest, typicalVoxel(surface)), ...surface };
  return {
    T_odom_submap: identity(),
    grids: kept.length > 0 ? [grid] : [],
    touches: [],
    fingerprint: `mesh ${kept.length}`,
  };
} // prettier-ignore

/** Longest sides of triangles that marching cubes makes, by area: so many voxels at the median. */
const LONGEST_SIDE = 1.35;

/** Distance of the corners that most of a mesh's area was made on (m), nearly; 0 for an empty one. */
function typicalVoxel({ positions, indices }: Mesh): number {
  const sides: [side: number, area: number][] = [];
  let total = 0;
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [indices[t]!, indices[t + 1]!, indices[t + 2]!];
    const lengths = ([[a, b], [b, c], [c, a]] as const).map(([i, j]) =>
      Math.hypot(...[0, 1, 2].map((k) => positions[3 * i + k]! - positions[3 * j + k]!)),
    );
    const half = lengths.reduce((sum, v) => sum + v, 0) / 2;
    // Heron's formula.
    const area = Math.sqrt(Math.max(0, lengths.reduce((product, v) => product * (half - v), half)));
    sides.push([Math.max(...lengths), area]);
    total += area;
  }
  sides.sort((x, y) => x[0] - y[0]);
  let sum = 0;
  for (const [side, area] of sides) if ((sum += area) >= total / 2) return side / LONGEST_SIDE;
  return 0;
} // prettier-ignore
