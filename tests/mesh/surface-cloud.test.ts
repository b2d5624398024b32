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

  it('has the mean colour of the vertices that have one, weighted by area', () => {
    const at = (z: number, side: number): number[] => [0.1, 0.1, z, 0.1 + side, 0.1, z, 0.1, 0.1 + side, z];
    const grey = [128, 128, 128];
    const mesh = {
      // The first voxel holds a triangle of 4 parts of red and one of 1 part of blue, the second one without a colour.
      positions: Float32Array.from([...at(0.2, 0.2), ...at(0.3, 0.1), ...at(0.7, 0.2)]),
      colors: Uint8Array.from([
        200,
        0,
        0,
        200,
        0,
        0,
        ...grey,
        0,
        0,
        100,
        0,
        0,
        100,
        ...grey,
        ...grey,
        ...grey,
        ...grey,
      ]),
      indices: Uint32Array.from({ length: 9 }, (_, i) => i),
    };
    expect([...surfaceCloud(mesh, VOXEL).colors!]).toEqual([160, 0, 20, ...grey]);
    expect(surfaceCloud({ ...mesh, colors: undefined } as unknown as Mesh, VOXEL).colors).toBeUndefined();
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
