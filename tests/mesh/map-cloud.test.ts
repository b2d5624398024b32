import { expect, it } from 'vitest';
import { joinMeshes } from '../../src/mesh/join.js';
import { mapCloud } from '../../src/mesh/map-cloud.js';
import { surfaceCloud } from '../../src/mesh/surface-cloud.js';

it('makes the cloud of each grid with its own voxel', () => {
  const strip = (z: number) => {
    const mesh = { positions: [] as number[], indices: [] as number[] };
    for (let i = 0; i < 20; i++) {
      mesh.indices.push(3 * i, 3 * i + 1, 3 * i + 2);
      mesh.positions.push(i * 0.1, 0, z, i * 0.1 + 0.09, 0, z, i * 0.1, 0.09, z);
    }
    return { positions: Float32Array.from(mesh.positions), indices: Uint32Array.from(mesh.indices) };
  };
  const [coarse, fine] = [strip(0.01), { ...strip(1.01), colors: new Uint8Array(180).fill(40) }];
  const grids = [
    { voxel: 0.5, triangles: 20 },
    { voxel: 0.1, triangles: 20 },
  ];
  const { positions, colors } = mapCloud({ mesh: joinMeshes([coarse, fine]), grids });
  const parts = [surfaceCloud(coarse, 0.5).positions, surfaceCloud(fine, 0.1).positions];
  expect(parts.map((part) => part.length / 3)).toEqual([4, 20]);
  expect([...positions]).toEqual(parts.flatMap((part) => [...part]));
  expect([colors![0], colors![3 * 4]]).toEqual([128, 40]);
});
