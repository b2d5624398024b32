import type { Mesh } from '../../mesh/mesh.js';
import type { ViewerBlock } from './source.js';

const TRIANGLES_A_BLOCK = 4096;
const LIMIT = 1e7;

/**
 * Cuts a mesh into compact blocks of at most 4096 triangles, by halving boxes of triangle centres. Vertices between
 * blocks are repeated; normals are computed where the mesh has none. Triangles that are not finite or farther than
 * 10 000 km from the origin are left out.
 */
export function* splitMesh(mesh: Mesh, submap: number): Generator<ViewerBlock> {
  const { positions, colors, indices } = mesh;
  const normals = mesh.normals ?? vertexNormals(mesh);
  const centers = triangleCenters(positions, indices);
  const order = sensible(centers);
  const local = new Int32Array(positions.length / 3).fill(-1);
  let key = 0;
  for (const [first, end] of leaves(centers, order, 0, order.length)) {
    const vertices: number[] = [];
    const corners = new Uint32Array(3 * (end - first));
    for (let t = first; t < end; t++)
      for (let c = 0; c < 3; c++) {
        const vertex = indices[3 * order[t]! + c]!;
        if (local[vertex]! < 0) local[vertex] = vertices.push(vertex) - 1;
        corners[3 * (t - first) + c] = local[vertex]!;
      }
    for (const vertex of vertices) local[vertex] = -1;
    yield {
      submap,
      key: key++,
      version: 1,
      positions: pick(positions, vertices, Float32Array),
      normals: pick(normals, vertices, Float32Array),
      ...(colors ? { colors: pick(colors, vertices, Uint8Array) } : {}),
      indices: corners,
    };
  }
}

/** Triangles whose corners are all numbers of a sensible size. */
function sensible(centers: Float32Array): Uint32Array {
  const order = new Uint32Array(centers.length / 3);
  let count = 0;
  for (let t = 0; t < order.length; t++) {
    const [x, y, z] = [centers[3 * t]!, centers[3 * t + 1]!, centers[3 * t + 2]!];
    if (Math.abs(x) < LIMIT && Math.abs(y) < LIMIT && Math.abs(z) < LIMIT) order[count++] = t;
  }
  return order.subarray(0, count);
}

/** Ranges of `order` that make a block each; sorts `order` accordingly. */
function* leaves(
  centers: Float32Array,
  order: Uint32Array,
  first: number,
  end: number,
): Generator<readonly [number, number]> {
  if (end - first <= TRIANGLES_A_BLOCK) {
    if (end > first) yield [first, end];
    return;
  }
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let t = first; t < end; t++)
    for (let c = 0; c < 3; c++) {
      const value = centers[3 * order[t]! + c]!;
      if (value < low[c]!) low[c] = value;
      if (value > high[c]!) high[c] = value;
    }
  const sizes = low.map((value, c) => high[c]! - value);
  const axis = sizes.indexOf(Math.max(...sizes));
  const cut = low[axis]! + sizes[axis]! / 2;
  let middle = first;
  for (let t = first; t < end; t++) {
    const triangle = order[t]!;
    if (centers[3 * triangle + axis]! >= cut) continue;
    order[t] = order[middle]!;
    order[middle++] = triangle;
  }
  // All in one place: any halves will do.
  if (middle === first || middle === end) middle = (first + end) >> 1;
  yield* leaves(centers, order, first, middle);
  yield* leaves(centers, order, middle, end);
}

function triangleCenters(positions: Float32Array, indices: Uint32Array): Float32Array {
  const centers = new Float32Array(indices.length);
  for (let t = 0; t < indices.length; t += 3)
    for (let c = 0; c < 3; c++)
      centers[t + c] =
        (positions[3 * indices[t]! + c]! +
          positions[3 * indices[t + 1]! + c]! +
          positions[3 * indices[t + 2]! + c]!) /
        3;
  return centers;
}

/** Means of the triangles' normals, weighted by area. */
function vertexNormals({ positions, indices }: Mesh): Float32Array {
  const normals = new Float32Array(positions.length);
  const p = (i: number, c: number): number => positions[3 * i + c]!;
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, d] = [indices[t]!, indices[t + 1]!, indices[t + 2]!];
    const [ux, uy, uz] = [p(b, 0) - p(a, 0), p(b, 1) - p(a, 1), p(b, 2) - p(a, 2)];
    const [vx, vy, vz] = [p(d, 0) - p(a, 0), p(d, 1) - p(a, 1), p(d, 2) - p(a, 2)];
    const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const i of [a, b, d]) for (let c = 0; c < 3; c++) normals[3 * i + c]! += normal[c]!;
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i]!, normals[i + 1]!, normals[i + 2]!);
    for (let c = 0; c < 3; c++) normals[i + c] = length > 0 ? normals[i + c]! / length : c === 2 ? 1 : 0;
  }
  return normals;
}

function pick<T extends Float32Array | Uint8Array>(
  from: T,
  vertices: readonly number[],
  Type: new (length: number) => T,
): T {
  const out = new Type(3 * vertices.length);
  vertices.forEach((vertex, i) => {
    for (let c = 0; c < 3; c++) out[3 * i + c] = from[3 * vertex + c]!;
  });
  return out;
}
