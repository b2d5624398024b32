import { describe, expect, it } from 'vitest';
import { MeshBlockStore, type MeshBlockData } from '../../src/mesh/block-store.js';
import { heightRamp } from '../../src/mesh/color.js';
import { weldBlocks } from '../../src/mesh/weld.js';
import type { Mesh } from '../../src/mesh/mesh.js';
import { boxOfBlocks, cornerNoise, meshGrid, meshSdf, topology, withMesher } from './helpers.js';

/** One triangle whose vertices lie on the given local edges; the positions say which block it was. */
function triangle(edges: readonly number[], tag: number, normal: readonly number[]): MeshBlockData {
  return {
    positions: Float32Array.from(edges.flatMap((edge) => [edge, tag, 0])),
    normals: Float32Array.from(edges.flatMap(() => normal)),
    edges: Uint16Array.from(edges),
    indices: Uint16Array.of(0, 1, 2),
  };
}
const edgeId = (axis: number, i: number, j: number, k: number): number => axis * 729 + i + 9 * (j + 9 * k);

describe('weldBlocks', () => {
  it('merges an edge shared by four blocks, also at the border of the addressable range', () => {
    for (const [bx, by, bz] of [
      [0, 0, 0],
      [-1, -1, 3],
      [65534, 65534, 65535],
      [-65536, -65536, -65536],
    ] as const) {
      const store = new MeshBlockStore();
      // The z-edge on the line where the four blocks meet, as each of them calls it; others are the block's own.
      store.set(
        bx,
        by,
        bz,
        triangle([edgeId(2, 8, 8, 4), edgeId(2, 1, 1, 4), edgeId(0, 3, 2, 2)], 0, [1, 0, 0]),
      );
      store.set(
        bx + 1,
        by,
        bz,
        triangle([edgeId(2, 0, 8, 4), edgeId(2, 1, 1, 4), edgeId(0, 3, 2, 2)], 1, [0, 1, 0]),
      );
      store.set(
        bx,
        by + 1,
        bz,
        triangle([edgeId(2, 8, 0, 4), edgeId(2, 1, 1, 4), edgeId(0, 3, 2, 2)], 2, [0, 0, 1]),
      );
      store.set(
        bx + 1,
        by + 1,
        bz,
        triangle([edgeId(2, 0, 0, 4), edgeId(2, 1, 1, 4), edgeId(0, 3, 2, 2)], 3, [0, 0, 1]),
      );
      const mesh = weldBlocks(store);
      expect(mesh.positions.length / 3).toBe(4 * 2 + 1);
      expect([0, 3, 6, 9].map((i) => mesh.indices[i])).toEqual([0, 0, 0, 0]);
      expect(mesh.positions[1]).toBe(0); // of the first block
      const norm = Math.sqrt(6);
      [1, 1, 2].forEach((n, c) => expect(mesh.normals![c]!).toBeCloseTo(n / norm, 6));
    }
  });

  it('takes known colours before unknown ones, and has none where no block has', () => {
    const store = new MeshBlockStore();
    // One edge in three blocks: the first without colours, the second unknown there, the third knows.
    const own = [edgeId(2, 1, 1, 4), edgeId(0, 3, 2, 2)];
    const [grey, red] = [
      [128, 128, 128],
      [250, 1, 2],
    ];
    const first = triangle([edgeId(2, 8, 8, 4), ...own], 0, [0, 0, 1]);
    const second = triangle([edgeId(2, 0, 8, 4), ...own], 1, [0, 0, 1]);
    const third = triangle([edgeId(2, 8, 0, 4), ...own], 2, [0, 0, 1]);
    for (const [bx, by, data] of [
      [0, 0, first],
      [1, 0, second],
      [0, 1, third],
    ] as const)
      store.set(bx, by, 0, data);
    expect(weldBlocks(store)).not.toHaveProperty('colors');
    store.set(1, 0, 0, { ...second, colors: Uint8Array.from([...grey, 9, 9, 9, ...grey]) });
    store.set(0, 1, 0, { ...third, colors: Uint8Array.from([...red, 7, 7, 7, 8, 8, 8]) });
    const { colors } = weldBlocks(store);
    expect([...colors!]).toEqual([red, grey, grey, [9, 9, 9], grey, [7, 7, 7], [8, 8, 8]].flat());
  });

  it('does not merge the same local edge of different blocks or axes', () => {
    const store = new MeshBlockStore();
    const edges = [edgeId(0, 0, 0, 0), edgeId(1, 0, 0, 0), edgeId(2, 0, 0, 0)];
    for (let b = 0; b < 8; b++) store.set(2 * b, -b, b % 3, triangle(edges, b, [0, 0, 1]));
    expect(weldBlocks(store).positions.length / 3).toBe(24);
  });

  it('finds equal bits on both sides of every border', async () => {
    const noise = cornerNoise(3);
    const store = await withMesher({ cellSize: 0.15 }, (mesher) =>
      meshGrid(mesher, boxOfBlocks(-1, 1), (i, j, k) => noise(i, j, k)),
    );
    const seen = new Map<string, string>();
    let shared = 0;
    for (const block of store.blocks())
      block.edges.forEach((edge, v) => {
        const corner = edge % 729;
        const global = [
          8 * block.bx + (corner % 9),
          8 * block.by + (Math.floor(corner / 9) % 9),
          8 * block.bz + Math.floor(corner / 81),
          Math.floor(edge / 729),
        ].join(',');
        const position = block.positions.subarray(3 * v, 3 * v + 3).join(',');
        if (seen.has(global)) {
          shared++;
          expect(position).toBe(seen.get(global));
        }
        seen.set(global, position);
      });
    expect(shared).toBeGreaterThan(500);
    expect(weldBlocks(store).positions.length / 3).toBe(seen.size);
  });

  it('leaves out small pieces and keeps the others as they were', async () => {
    const ball = (x: number, radius: number) => (px: number, py: number, pz: number) =>
      Math.hypot(px - x, py, pz) - radius;
    const weld = (
      minComponentTriangles: number,
      sdf: (x: number, y: number, z: number) => number,
    ): Promise<Mesh> =>
      withMesher({ cellSize: 0.15 }, (mesher) =>
        weldBlocks(meshSdf(mesher, boxOfBlocks(-2, 2), 0.15, sdf), { minComponentTriangles }),
      );
    const large = ball(-0.9, 1.0);
    const small = ball(1.4, 0.3);
    const both = (x: number, y: number, z: number): number => Math.min(large(x, y, z), small(x, y, z));
    const all = await weld(0, both);
    const filtered = await weld(200, both);
    const alone = await weld(0, large);
    expect(topology(all).euler).toBe(4);
    expect(filtered.indices.length).toBe(alone.indices.length);
    expect(filtered.positions).toEqual(alone.positions);
    expect(topology(filtered)).toMatchObject({ open: 0, broken: 0, euler: 2 });
    expect((await weld(1e9, both)).indices.length).toBe(0);
  });

  it('gives an empty mesh for an empty store', () => {
    const mesh = weldBlocks(new MeshBlockStore(), { minComponentTriangles: 10 });
    expect([mesh.positions.length, mesh.normals!.length, mesh.indices.length]).toEqual([0, 0, 0]);
  });
});

describe('the height ramp', () => {
  it('gets lighter with height and ends where the range ends', () => {
    const light = [-5, 1, 9].map((z) => heightRamp(z, 0, 2).reduce((sum, c) => sum + c));
    expect(light[0]).toBeLessThan(light[1]!);
    expect(light[1]).toBeLessThan(light[2]!);
    expect(heightRamp(-5, 0, 2)).toEqual(heightRamp(0, 0, 2));
    expect(heightRamp(9, 0, 2)).toEqual(heightRamp(2, 0, 2));
  });
});
