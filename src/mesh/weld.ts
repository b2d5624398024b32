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
  let [first, count] = [0, 0];
  for (const block of blocks) {
    count = numberBlock(block, table, vertexOf, first, count);
    first += block.edges.length;
  }
  return { vertexOf, count, indices };
}

// What is done for each vertex stands in functions of a block: they are compiled after a few, one long loop is not.

/** @returns how many vertices the mesh has with this block's */
function numberBlock(
  { bx, by, bz, edges }: MeshBlock,
  table: EdgeTable,
  vertexOf: Uint32Array,
  first: number,
  count: number,
): number {
  for (let i = 0; i < edges.length; i++) {
    const vertex = table.vertex(bx, by, bz, edges[i]!, count);
    vertexOf[first + i] = vertex;
    if (vertex === count) count++;
  }
  return count;
}

function keepLargePieces(blocks: readonly MeshBlock[], numbered: Numbered, minTriangles: number): void {
  const { vertexOf } = numbered;
  const pieces = new Pieces(numbered.count);
  let first = 0;
  for (const block of blocks) {
    connect(block, pieces, vertexOf, first);
    first += block.edges.length;
  }
  const { numbers, count } = pieces.renumber(minTriangles);
  renumber(vertexOf, numbers);
  numbered.count = count;
  numbered.indices = 0;
  first = 0;
  for (const block of blocks) {
    numbered.indices += indicesLeft(block, vertexOf, first);
    first += block.edges.length;
  }
}

function connect({ indices }: MeshBlock, pieces: Pieces, vertexOf: Uint32Array, first: number): void {
  for (let i = 0; i < indices.length; i += 3)
    pieces.triangle(
      vertexOf[first + indices[i]!]!,
      vertexOf[first + indices[i + 1]!]!,
      vertexOf[first + indices[i + 2]!]!,
    );
}

function renumber(vertexOf: Uint32Array, numbers: Uint32Array): void {
  for (let i = 0; i < vertexOf.length; i++) vertexOf[i] = numbers[vertexOf[i]!]!;
}

function indicesLeft({ indices }: MeshBlock, vertexOf: Uint32Array, first: number): number {
  let left = 0;
  for (let i = 0; i < indices.length; i += 3) if (vertexOf[first + indices[i]!] !== LEFT_OUT) left += 3;
  return left;
}

function collect(blocks: readonly MeshBlock[], { vertexOf, count, indices }: Numbered): Mesh {
  const mesh = {
    positions: new Float32Array(3 * count),
    normals: new Float32Array(3 * count),
    ...(blocks.some((block) => block.colors) && { colors: new Uint8Array(3 * count).fill(UNKNOWN_COLOR) }),
    indices: new Uint32Array(indices),
  };
  let [first, vertices, filled] = [0, 0, 0];
  for (const block of blocks) {
    if (mesh.colors && block.colors) addColors(mesh.colors, block.colors, vertexOf, first);
    vertices = addVertices(mesh, block, vertexOf, first, vertices);
    filled = addTriangles(mesh.indices, block.indices, vertexOf, first, filled);
    first += block.edges.length;
  }
  normalise(mesh.normals, 3 * vertices);
  return mesh;
}

type Surface = Mesh & { readonly normals: Float32Array };

function addColors(to: Uint8Array, colors: Uint8Array, vertexOf: Uint32Array, first: number): void {
  for (let i = 0; 3 * i < colors.length; i++) {
    const vertex = vertexOf[first + i]!;
    if (vertex === LEFT_OUT || hasColor(to, vertex)) continue;
    for (let c = 0; c < 3; c++) to[3 * vertex + c] = colors[3 * i + c]!;
  }
}

/** @returns how many vertices the mesh has with this block's */
function addVertices(
  to: Surface,
  block: MeshBlock,
  vertexOf: Uint32Array,
  first: number,
  count: number,
): number {
  const { positions, normals } = to;
  for (let i = 0; i < block.edges.length; i++) {
    const vertex = vertexOf[first + i]!;
    if (vertex === LEFT_OUT) continue;
    normals[3 * vertex]! += block.normals[3 * i]!;
    normals[3 * vertex + 1]! += block.normals[3 * i + 1]!;
    normals[3 * vertex + 2]! += block.normals[3 * i + 2]!;
    if (vertex < count) continue;
    positions[3 * vertex] = block.positions[3 * i]!;
    positions[3 * vertex + 1] = block.positions[3 * i + 1]!;
    positions[3 * vertex + 2] = block.positions[3 * i + 2]!;
    count++;
  }
  return count;
}

/** @returns how many indices there are with those of this block */
function addTriangles(
  to: Uint32Array,
  indices: Uint16Array,
  vertexOf: Uint32Array,
  first: number,
  filled: number,
): number {
  for (let i = 0; i < indices.length; i += 3) {
    if (vertexOf[first + indices[i]!] === LEFT_OUT) continue;
    to[filled] = vertexOf[first + indices[i]!]!;
    to[filled + 1] = vertexOf[first + indices[i + 1]!]!;
    to[filled + 2] = vertexOf[first + indices[i + 2]!]!;
    filled += 3;
  }
  return filled;
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
