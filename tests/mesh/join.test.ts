import { expect, it } from 'vitest';
import { joinClouds, joinMeshes } from '../../src/mesh/join.js';

const triangle = (x: number, colors?: Uint8Array) => ({
  positions: Float32Array.of(x, 0, 0, x + 1, 0, 0, x, 1, 0),
  normals: Float32Array.of(0, 0, 1, 0, 0, 1, 0, 0, 1),
  ...(colors && { colors }),
  indices: Uint32Array.of(0, 1, 2),
});

it('joins meshes, grey where only others have colours', () => {
  const one = triangle(0);
  expect(joinMeshes([one])).toBe(one);
  const { positions, normals, colors, indices } = joinMeshes([one, triangle(5, new Uint8Array(9).fill(7))]);
  expect([...indices]).toEqual([0, 1, 2, 3, 4, 5]);
  expect([positions[0], positions[9], normals!.length]).toEqual([0, 5, 18]);
  expect([...colors!]).toEqual([...Array<number>(9).fill(128), ...Array<number>(9).fill(7)]);
  expect(joinMeshes([one, one])).not.toHaveProperty('colors');
});

it('joins clouds likewise', () => {
  const { positions, colors } = joinClouds([triangle(0), triangle(2, new Uint8Array(9).fill(9))]);
  expect(positions).toHaveLength(18);
  expect([colors![0], colors![17]]).toEqual([128, 9]);
});
