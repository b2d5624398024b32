import { describe, expect, it } from 'vitest';
import { surfaceCloud } from '../../src/mesh/surface-cloud.js';
import type { Mesh } from '../../src/mesh/mesh.js';

const VOXEL = 0.5;

/** A sphere of triangles, each within one voxel: finely divided octants, triangles over a border left out. */
function sphere(radius: number, steps: number): Mesh {
  const positions: number[] = [];
  const point = (u: number, v: number): number[] => {
    const [a, b] = [(u / steps) * 2 * Math.PI, (v / steps) * Math.PI];
    return [radius * Math.sin(b) * Math.cos(a), radius * Math.sin(b) * Math.sin(a), radius * Math.cos(b)];
  };
  const voxelOf = (p: number[]): string => p.map((c) => Math.floor(c / VOXEL)).join();
  for (let u = 0; u < steps; u++)
    for (let v = 0; v < steps; v++)
      for (const [p, q, r] of [
        [point(u, v), point(u, v + 1), point(u + 1, v)],
        [point(u + 1, v), point(u, v + 1), point(u + 1, v + 1)],
      ] as const)
        if (voxelOf(p) === voxelOf(q) && voxelOf(q) === voxelOf(r)) positions.push(...p, ...q, ...r);
  return {
    positions: Float32Array.from(positions),
    indices: Uint32Array.from({ length: positions.length / 3 }, (_, i) => i),
  };
}

describe('surface cloud', () => {
  it('has one point per crossed voxel, in it, near the surface, with the normal pointing out', () => {
    const mesh = sphere(2, 300);
    const { positions, normals } = surfaceCloud(mesh, VOXEL);
    const crossed = new Set<string>();
    for (let i = 0; i < mesh.positions.length; i += 9) {
      const centre = [0, 1, 2].map((k) => [0, 3, 6].reduce((s, o) => s + mesh.positions[i + o + k]! / 3, 0));
      crossed.add(centre.map((c) => Math.floor(c / VOXEL)).join());
    }
    const voxels = new Set<string>();
    for (let i = 0; i < positions.length; i += 3) {
      const p = [...positions.subarray(i, i + 3)];
      voxels.add(p.map((c) => Math.floor(c / VOXEL)).join());
      const r = Math.hypot(...p);
      expect(r).toBeLessThan(2.001);
      expect(r).toBeGreaterThan(2 - VOXEL ** 2 / 2); // sagitta of a voxel's diagonal and a bit
      const cosine = [0, 1, 2].reduce((s, k) => s + (p[k]! / r) * normals[i + k]!, 0);
      expect(cosine).toBeGreaterThan(0.97);
    }
    expect(positions.length / 3).toBe(crossed.size);
    expect(voxels).toEqual(crossed);
  });

  it('passes over triangles without area, and an empty mesh', () => {
    expect(
      surfaceCloud({ positions: new Float32Array(9), indices: Uint32Array.of(0, 1, 2) }, VOXEL).positions,
    ).toHaveLength(0);
    expect(
      surfaceCloud({ positions: new Float32Array(0), indices: new Uint32Array(0) }, VOXEL).positions,
    ).toHaveLength(0);
  });
});
