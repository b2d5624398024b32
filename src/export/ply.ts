import type { Mesh } from '../mesh/mesh.js';

/**
 * Binary little-endian PLY of a mesh: float positions, normals and uchar colours where present, triangles as
 * `list uchar int vertex_indices`, which every reader knows. Without triangles it is a point cloud.
 *
 * @param comments lines for the header; line breaks are taken out
 */
export function encodePly(mesh: Mesh, comments: readonly string[] = []): Uint8Array {
  const { positions, normals, colors, indices } = mesh;
  const vertices = positions.length / 3;
  const triangles = indices.length / 3;
  const header = [
    'ply',
    'format binary_little_endian 1.0',
    ...comments.map((c) => `comment ${c.replace(/[^\x20-\x7e]+/g, ' ')}`),
    `element vertex ${vertices}`,
    ...['x', 'y', 'z'].map((p) => `property float ${p}`),
    ...(normals ? ['nx', 'ny', 'nz'].map((p) => `property float ${p}`) : []),
    ...(colors ? ['red', 'green', 'blue'].map((p) => `property uchar ${p}`) : []),
    `element face ${triangles}`,
    'property list uchar int vertex_indices',
    'end_header\n',
  ].join('\n');
  const start = header.length;
  const stride = 12 + (normals ? 12 : 0) + (colors ? 3 : 0);
  const out = new Uint8Array(start + vertices * stride + triangles * 13);
  for (let i = 0; i < start; i++) out[i] = header.charCodeAt(i);
  const view = new DataView(out.buffer);
  let at = start;
  for (let v = 0; v < 3 * vertices; v += 3) {
    for (let k = 0; k < 3; k++, at += 4) view.setFloat32(at, positions[v + k]!, true);
    if (normals) for (let k = 0; k < 3; k++, at += 4) view.setFloat32(at, normals[v + k]!, true);
    if (colors) for (let k = 0; k < 3; k++) out[at++] = colors[v + k]!;
  }
  for (let t = 0; t < indices.length; t += 3) {
    out[at++] = 3;
    for (let k = 0; k < 3; k++, at += 4) view.setInt32(at, indices[t + k]!, true);
  }
  return out;
}
