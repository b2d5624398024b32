import { joinClouds } from './join.js';
import type { MapSurface } from './mesh.js';
import { surfaceCloud, type CloudPoints } from './surface-cloud.js';

/** The cloud of a whole map: that of each grid, coarsest first. */
export function mapCloud({ mesh, grids }: MapSurface): CloudPoints {
  let first = 0;
  const clouds = grids.map(({ voxel, triangles }) => {
    const indices = mesh.indices.subarray(3 * first, 3 * (first += triangles));
    const { positions, colors } = surfaceCloud({ ...mesh, indices }, voxel);
    return { positions, ...(colors && { colors }) };
  });
  return joinClouds(clouds);
}
