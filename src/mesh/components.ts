import type { Mesh } from './mesh.js';

/**
 * Leaves out connected pieces with fewer than `minTriangles` triangles, and their vertices. Order is kept.
 * Pieces are connected through shared vertices.
 */
export function dropSmallComponents(mesh: Mesh, minTriangles: number): Mesh {
  const { indices, positions } = mesh;
  const vertices = positions.length / 3;
  const parent = new Uint32Array(vertices);
  for (let i = 0; i < vertices; i++) parent[i] = i;
  const root = (vertex: number): number => {
    while (parent[vertex] !== vertex) {
      parent[vertex] = parent[parent[vertex]!]!; // path halving
      vertex = parent[vertex]!;
    }
    return vertex;
  };
  for (let i = 0; i < indices.length; i += 3) {
    let a = root(indices[i]!);
    for (let c = 1; c < 3; c++) {
      const b = root(indices[i + c]!);
      const smaller = Math.min(a, b);
      parent[Math.max(a, b)] = smaller;
      a = smaller;
    }
  }
  const triangles = new Uint32Array(vertices);
  for (let i = 0; i < indices.length; i += 3) triangles[root(indices[i]!)]!++;

  const renumbered = new Uint32Array(vertices);
  const keptVertices = new Uint32Array(vertices);
  let count = 0;
  for (let i = 0; i < vertices; i++) {
    if (triangles[root(i)]! < minTriangles) continue;
    renumbered[i] = count;
    keptVertices[count++] = i;
  }
  const kept = keptVertices.subarray(0, count);
  const result = new Uint32Array(indices.length);
  let filled = 0;
  for (let i = 0; i < indices.length; i += 3) {
    if (triangles[root(indices[i]!)]! < minTriangles) continue;
    for (let c = 0; c < 3; c++) result[filled++] = renumbered[indices[i + c]!]!;
  }
  return {
    positions: gather(positions, kept),
    ...(mesh.normals ? { normals: gather(mesh.normals, kept) } : {}),
    ...(mesh.colors ? { colors: gather(mesh.colors, kept) } : {}),
    indices: result.slice(0, filled),
  };
}

function gather<A extends Float32Array | Uint8Array>(vectors: A, kept: Uint32Array): A {
  const result = vectors.slice(0, 3 * kept.length) as A;
  for (let i = 0; i < kept.length; i++)
    for (let c = 0; c < 3; c++) result[3 * i + c] = vectors[3 * kept[i]! + c]!;
  return result;
}
