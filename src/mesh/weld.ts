import type { Mesh } from './mesh.js';
import { scaleOf, type MeshBlockStore } from './block-store.js';
import { MAX_BLOCK_VERTICES } from '../kernels/layout/mesh.js';
import { dropSmallComponents } from './components.js';
import { EdgeTable } from './edge-table.js';
import { hasColor, UNKNOWN_COLOR } from './vertex-colors.js';

/** Options of `weldBlocks`. */
export interface WeldOptions {
  /** Connected pieces with fewer triangles are left out. Default 0: keep everything. */
  readonly minComponentTriangles?: number;
  /** Which of the map's grids; default: the coarsest. Blocks of different grids are not joined. */
  readonly scale?: number;
}

/**
 * Joins the blocks of a store into one mesh. Vertices on block borders are merged by the grid edge they lie on:
 * exact, without any tolerance. Of merged vertices the first block's position counts (they agree bit for bit when
 * both blocks are up to date), of their colours the first that is known, and the normals are averaged. Without any
 * colour the mesh has none; otherwise vertices without one are mid grey (UNKNOWN_COLOR). Blocks go in ascending order of key, so equal stores give
 * equal meshes whatever the order of their changes.
 */
export function weldBlocks(store: MeshBlockStore, options: WeldOptions = {}): Mesh {
  const positions = new Float32Array(3 * store.vertices);
  const normals = new Float32Array(3 * store.vertices);
  const indices = new Uint32Array(3 * store.triangles);
  const colors = isColored(store, options.scale ?? 0)
    ? new Uint8Array(3 * store.vertices).fill(UNKNOWN_COLOR)
    : undefined;
  const table = new EdgeTable(store.vertices >> 1);
  const local = new Uint32Array(MAX_BLOCK_VERTICES); // block vertex → mesh vertex
  let vertices = 0;
  let filled = 0;
  const { scale = 0 } = options;
  for (const key of store.sortedKeys()) {
    if (scaleOf(key) !== scale) continue;
    const block = store.get(key)!;
    for (let i = 0; i < block.edges.length; i++) {
      const vertex = table.vertex(block.bx, block.by, block.bz, block.edges[i]!, vertices);
      local[i] = vertex;
      for (let c = 0; c < 3; c++) normals[3 * vertex + c]! += block.normals[3 * i + c]!;
      if (colors && block.colors && !hasColor(colors, vertex))
        for (let c = 0; c < 3; c++) colors[3 * vertex + c] = block.colors[3 * i + c]!;
      if (vertex < vertices) continue;
      for (let c = 0; c < 3; c++) positions[3 * vertex + c] = block.positions[3 * i + c]!;
      vertices++;
    }
    for (let i = 0; i < block.indices.length; i++) indices[filled++] = local[block.indices[i]!]!;
  }
  normalise(normals, 3 * vertices);
  const mesh = {
    positions: positions.slice(0, 3 * vertices),
    normals: normals.slice(0, 3 * vertices),
    ...(colors ? { colors: colors.slice(0, 3 * vertices) } : {}),
    indices: filled < indices.length ? indices.slice(0, filled) : indices,
  };
  const minimum = options.minComponentTriangles ?? 0;
  return minimum > 1 ? dropSmallComponents(mesh, minimum) : mesh;
}

function isColored(store: MeshBlockStore, scale: number): boolean {
  for (const block of store.blocks()) if (block.colors && block.scale === scale) return true;
  return false;
}

/** Makes the first `length` / 3 vectors unit. */
function normalise(vectors: Float32Array, length: number): void {
  for (let i = 0; i < length; i += 3) {
    const x = vectors[i]!;
    const y = vectors[i + 1]!;
    const z = vectors[i + 2]!;
    const norm = Math.sqrt(x * x + y * y + z * z);
    // Opposite normals cancel only on a sheet without thickness; any direction is as good there.
    vectors[i] = norm > 0 ? x / norm : 0;
    vectors[i + 1] = norm > 0 ? y / norm : 0;
    vectors[i + 2] = norm > 0 ? z / norm : 1;
  }
}
