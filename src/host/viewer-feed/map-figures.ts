import { BLOCK_CORNERS } from '../../field/backends/wasm/grid.js';
import type { MapStatistics } from '../../slam/types.js';
import type { ViewerStatus } from '../../viewer/server/source.js';

/** The size of the map as the page shows it. */
export function mapFigures(
  statistics: MapStatistics,
): Pick<ViewerStatus, 'blocks' | 'voxels' | 'triangles' | 'keyframes' | 'mapMemory'> {
  const { blocks, triangles, keyframes, memoryBytes } = statistics;
  return { blocks, voxels: blocks * BLOCK_CORNERS, triangles, keyframes, mapMemory: memoryBytes };
}
