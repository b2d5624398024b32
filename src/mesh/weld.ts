import type { Mesh } from './mesh.js';
import { scaleOf, type MeshBlock, type MeshBlockStore } from './block-store.js';
import { LEFT_OUT, Pieces } from './components.js';
import { borderEdges, EdgeTable } from './edge-table.js';
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
  const { scale = 0, minComponentTriangles = 0 } = options;
  const blocks: MeshBlock[] = [];
  for (const key of store.sortedKeys()) if (scaleOf(key) === scale) blocks.push(store.get(key)!);
  // A large map's mesh is a good part of its memory: only what stays of it is ever made.
  const numbered = numberVertices(blocks);
  if (minComponentTriangles > 1) keepLargePieces(blocks, numbered, minComponentTriangles);
  return collect(blocks, numbered);
}

/** Which vertex of the mesh each vertex of the blocks is, one block after the other. */
interface Numbered {
  readonly vertexOf: Uint32Array;
  /** Vertices of the mesh. */
  count: number;
  /** Of triangles that stay. */
  indices: number;
}

function numberVertices(blocks: readonly MeshBlock[]): Numbered {
  let [all, border, indices] = [0, 0, 0];
  for (const block of blocks) {
    all += block.edges.length;
    border += borderEdges(block.edges);
    indices += block.indices.length;
  }
  const table = new EdgeTable(border >> 1);
  const vertexOf = new Uint32Array(all);
  let [at, count] = [0, 0];
  for (const { bx, by, bz, edges } of blocks)
    for (let i = 0; i < edges.length; i++) {
      const vertex = table.vertex(bx, by, bz, edges[i]!, count);
      vertexOf[at++] = vertex;
      if (vertex === count) count++;
    }
  return { vertexOf, count, indices };
}

function keepLargePieces(blocks: readonly MeshBlock[], numbered: Numbered, minTriangles: number): void {
  const { vertexOf } = numbered;
  const pieces = new Pieces(numbered.count);
  let first = 0;
  for (const { edges, indices } of blocks) {
    for (let i = 0; i < indices.length; i += 3)
      pieces.triangle(
        vertexOf[first + indices[i]!]!,
        vertexOf[first + indices[i + 1]!]!,
        vertexOf[first + indices[i + 2]!]!,
      );
    first += edges.length;
  }
  const { numbers, count } = pieces.renumber(minTriangles);
  for (let i = 0; i < vertexOf.length; i++) vertexOf[i] = numbers[vertexOf[i]!]!;
  numbered.count = count;
  numbered.indices = 0;
  first = 0;
  for (const { edges, indices } of blocks) {
    for (let i = 0; i < indices.length; i += 3)
      if (vertexOf[first + indices[i]!] !== LEFT_OUT) numbered.indices += 3;
    first += edges.length;
  }
}

function collect(blocks: readonly MeshBlock[], { vertexOf, count, indices }: Numbered): Mesh {
  const mesh = {
    positions: new Float32Array(3 * count),
    normals: new Float32Array(3 * count),
    ...(blocks.some((block) => block.colors) && { colors: new Uint8Array(3 * count).fill(UNKNOWN_COLOR) }),
    indices: new Uint32Array(indices),
  };
  const { positions, normals, colors } = mesh;
  let [first, vertices, filled] = [0, 0, 0];
  for (const block of blocks) {
    for (let i = 0; i < block.edges.length; i++) {
      const vertex = vertexOf[first + i]!;
      if (vertex === LEFT_OUT) continue;
      for (let c = 0; c < 3; c++) normals[3 * vertex + c]! += block.normals[3 * i + c]!;
      if (colors && block.colors && !hasColor(colors, vertex))
        for (let c = 0; c < 3; c++) colors[3 * vertex + c] = block.colors[3 * i + c]!;
      if (vertex < vertices) continue;
      for (let c = 0; c < 3; c++) positions[3 * vertex + c] = block.positions[3 * i + c]!;
      vertices++;
    }
    for (let i = 0; i < block.indices.length; i += 3) {
      if (vertexOf[first + block.indices[i]!] === LEFT_OUT) continue;
      for (let c = 0; c < 3; c++) mesh.indices[filled++] = vertexOf[first + block.indices[i + c]!]!;
    }
    first += block.edges.length;
  }
  normalise(normals, 3 * vertices);
  return mesh;
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
