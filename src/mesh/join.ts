import type { Mesh } from './mesh.js';
import type { CloudPoints } from './surface-cloud.js';
import { UNKNOWN_COLOR } from './vertex-colors.js';

/** Several meshes as one; their vertices are not joined. What has no colours beside others that do is mid grey. */
export function joinMeshes(meshes: readonly Mesh[]): Mesh {
  if (meshes.length === 1) return meshes[0]!;
  const indices = new Uint32Array(meshes.reduce((sum, mesh) => sum + mesh.indices.length, 0));
  let at = 0;
  let vertices = 0;
  for (const mesh of meshes) {
    for (const index of mesh.indices) indices[at++] = vertices + index;
    vertices += mesh.positions.length / 3;
  }
  const normals = meshes.every((mesh) => mesh.normals) && joined(meshes.map((mesh) => mesh.normals!));
  return {
    positions: joined(meshes.map(({ positions }) => positions)),
    ...(normals && { normals }),
    ...joinedColors(meshes),
    indices,
  };
}

/** Several clouds as one. */
export function joinClouds(clouds: readonly CloudPoints[]): CloudPoints {
  if (clouds.length === 1) return clouds[0]!;
  return { positions: joined(clouds.map(({ positions }) => positions)), ...joinedColors(clouds) };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function joinedColors(parts: readonly CloudPoints[]): { colors?: Uint8Array } {
  if (!parts.some(({ colors }) => colors)) return {};
  const all = new Uint8Array(parts.reduce((sum, { positions }) => sum + positions.length, 0)).fill(
    UNKNOWN_COLOR,
  );
  let at = 0;
  for (const { positions, colors } of parts) {
    if (colors) all.set(colors, at);
    at += positions.length;
  }
  return { colors: all };
}
