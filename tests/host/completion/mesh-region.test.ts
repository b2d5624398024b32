import { describe, expect, it } from 'vitest';
import { meshRegion } from '../../../src/host/completion/mesh-region.js';
import { KernelPool } from '../../../src/compute/pool.js';
import { BlockMesher } from '../../../src/mesh/mesher.js';
import { weldBlocks } from '../../../src/mesh/weld.js';

/** A ball of 8 cm as marching cubes draws it on a grid. */
async function ball(cell: number) {
  const pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
  try {
    const mesher = new BlockMesher(pool, { slots: 64, cellSize: cell });
    const coords: number[] = [];
    for (let i = 0; i < 64; i++) coords.push((i % 4) - 2, (Math.floor(i / 4) % 4) - 2, Math.floor(i / 16) - 2, 0);
    mesher.remesh(Int32Array.from(coords), (batch, n) => {
      for (let slot = 0; slot < n; slot++) {
        const values = mesher.values(slot);
        for (let c = 0; c < 729; c++) {
          const p = [c % 9, Math.floor(c / 9) % 9, Math.floor(c / 81)].map((v, k) => (8 * batch[4 * slot + k]! + v) * cell);
          values[c] = Math.hypot(...p) - 0.08;
        }
      }
    });
    return weldBlocks(mesher.store);
  } finally {
    await pool.close();
  }
} // prettier-ignore

describe('meshRegion', () => {
  const box = [-0.1, -0.1, -0.1, 0.1, 0.1, 0.1] as const;

  it('takes a mesh for as fine as its triangles are: the camera’s in a map whose LiDAR has voxels of 15 cm', async () => {
    for (const cell of [0.01, 0.02]) {
      const { voxel } = meshRegion(await ball(cell), 0.15, box).grids[0]!;
      expect(voxel).toBeGreaterThan(0.8 * cell);
      expect(voxel).toBeLessThan(1.2 * cell);
    }
  });

  it('is never coarser than the map says, and empty where nothing is', async () => {
    const mesh = await ball(0.02);
    expect(meshRegion(mesh, 0.005, box).grids[0]!.voxel).toBe(0.005);
    expect(meshRegion(mesh, 0.15, [5, 5, 5, 5.2, 5.2, 5.2]).grids).toEqual([]);
  });
});
