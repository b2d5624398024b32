import { describe, expect, it } from 'vitest';
import { weldBlocks } from '../../src/mesh/weld.js';
import {
  boxOfBlocks,
  cornerNoise,
  fansAreSimple,
  meshBytes,
  meshGrid,
  meshSdf,
  randomNumbers,
  shuffled,
  topology,
  triangleNormal,
  withMesher,
  type Sdf,
} from './helpers.js';

const side = 0.15;
const sphere =
  (cx: number, cy: number, cz: number, radius: number): Sdf =>
  (x, y, z) =>
    Math.hypot(x - cx, y - cy, z - cz) - radius;
const torus =
  (ring: number, tube: number): Sdf =>
  (x, y, z) =>
    Math.hypot(Math.hypot(x, y) - ring, z) - tube;

describe('meshBlocks on analytic surfaces', () => {
  it('puts vertices on a sphere, with its normals, wound outwards', async () => {
    const centre = [0.037, -0.021, 0.052] as const;
    const radius = 1.5;
    const mesh = await withMesher({ cellSize: side }, (mesher) =>
      weldBlocks(meshSdf(mesher, boxOfBlocks(-2, 2), side, sphere(...centre, radius))),
    );
    expect(mesh.positions.length / 3).toBeGreaterThan(1500);
    const angles: number[] = [];
    for (let i = 0; i < mesh.positions.length; i += 3) {
      const d = [0, 1, 2].map((c) => mesh.positions[i + c]! - centre[c]!) as [number, number, number];
      const distance = Math.hypot(...d);
      // Along an edge of length s the distance bends by at most s²/(2R); its chord is off by a quarter of that.
      expect(Math.abs(distance - radius)).toBeLessThan(side ** 2 / (8 * radius) + side / 256);
      const dot = [0, 1, 2].reduce((sum, c) => sum + (mesh.normals![i + c]! * d[c]!) / distance, 0);
      // Differences on one side, at the ends of a block, are off by half a cell times the curvature.
      expect(dot).toBeGreaterThan(Math.cos(side / (2 * radius)));
      angles.push(Math.acos(Math.min(1, dot)));
      expect(Math.hypot(mesh.normals![i]!, mesh.normals![i + 1]!, mesh.normals![i + 2]!)).toBeCloseTo(1, 5);
    }
    expect(angles.reduce((sum, angle) => sum + angle, 0) / angles.length).toBeLessThan(0.005);
    for (let t = 0; t < mesh.indices.length / 3; t++) {
      const normal = triangleNormal(mesh, t);
      const at = mesh.indices[3 * t]!;
      const dot = [0, 1, 2].reduce(
        (sum, c) => sum + normal[c]! * (mesh.positions[3 * at + c]! - centre[c]!),
        0,
      );
      expect(dot).toBeGreaterThan(0);
    }
  });

  it('is exact on a slanted plane, far from the origin too', async () => {
    const n = [0.36, 0.48, 0.8] as const;
    const blocks = Int32Array.from([500, -300, 20, 0, 501, -300, 20, 0, 500, -299, 20, 0, 501, -299, 20, 0]);
    const offset = (500.9 * 8 * n[0] - 299.1 * 8 * n[1] + 20.4 * 8 * n[2]) * side;
    const mesh = await withMesher({ cellSize: side }, (mesher) =>
      weldBlocks(meshSdf(mesher, blocks, side, (x, y, z) => n[0] * x + n[1] * y + n[2] * z - offset)),
    );
    expect(mesh.indices.length).toBeGreaterThan(900);
    for (let i = 0; i < mesh.positions.length; i += 3) {
      const at = [0, 1, 2].reduce((sum, c) => sum + n[c]! * mesh.positions[i + c]!, 0);
      // float32 holds 600 m to 3·10⁻⁵ m; a vertex is kept 1/256 of a cell away from the corners.
      expect(Math.abs(at - offset)).toBeLessThan(1e-4 + side / 256);
      for (let c = 0; c < 3; c++) expect(mesh.normals![i + c]!).toBeCloseTo(n[c]!, 2);
    }
  });

  it.each([
    ['sphere', sphere(0.01, 0.02, 0.03, 1.7), 2],
    ['torus', torus(1.4, 0.5), 0],
    [
      'two spheres',
      ((x, y, z) => Math.min(sphere(-1.2, 0, 0, 0.8)(x, y, z), sphere(1.2, 0, 0, 0.8)(x, y, z))) as Sdf,
      4,
    ],
    ['sphere with its poles on corners', sphere(0, 0, 0, 1.5), 2],
  ])('gives a closed manifold with the right Euler characteristic: %s', async (_, sdf, euler) => {
    const mesh = await withMesher({ cellSize: side }, (mesher) =>
      weldBlocks(meshSdf(mesher, boxOfBlocks(-2, 2), side, sdf)),
    );
    expect(topology(mesh)).toMatchObject({ open: 0, broken: 0, euler });
    expect(fansAreSimple(mesh)).toBe(true);
  });
});

describe('meshBlocks on hostile fields', () => {
  // Positive outside of the box, so that every surface must close inside of it.
  const closed =
    (value: (i: number, j: number, k: number) => number) =>
    (i: number, j: number, k: number): number =>
      Math.min(i, j, k) <= -8 || Math.max(i, j, k) >= 16 ? 1 : value(i, j, k);

  it.each([1, 2, 3, 4])('closes white noise without cracks, block order random (seed %i)', async (seed) => {
    const noise = cornerNoise(seed);
    const [mesh, again] = await withMesher({ cellSize: side, slots: 5 }, (mesher) => {
      const blocks = boxOfBlocks(-1, 2);
      const first = weldBlocks(meshGrid(mesher, blocks, closed(noise)));
      mesher.store.clear();
      return [
        first,
        weldBlocks(meshGrid(mesher, shuffled(blocks, randomNumbers(seed)), closed(noise))),
      ] as const;
    });
    expect(mesh.indices.length / 3).toBeGreaterThan(20_000);
    expect(topology(mesh)).toMatchObject({ open: 0, broken: 0 });
    expect(fansAreSimple(mesh)).toBe(true);
    expect(meshBytes(again).equals(meshBytes(mesh))).toBe(true);
  });

  it('makes no triangle without area where corners are exactly zero', async () => {
    const noise = cornerNoise(9);
    const mesh = await withMesher({ cellSize: side }, (mesher) =>
      weldBlocks(
        meshGrid(
          mesher,
          boxOfBlocks(-1, 2),
          closed((i, j, k) => Math.round(noise(i, j, k) * 1.4)),
        ),
      ),
    );
    expect(topology(mesh)).toMatchObject({ open: 0, broken: 0 });
    for (let t = 0; t < mesh.indices.length / 3; t++)
      expect(Math.hypot(...triangleNormal(mesh, t))).toBeGreaterThan((side / 256) ** 2 / 4);
  });

  it('fills a slot to its capacity at worst: a checkerboard', async () => {
    const mesher = await withMesher({ cellSize: side }, (mesher) => {
      meshGrid(mesher, Int32Array.from([0, 0, 0, 0]), (i, j, k) => ((i + j + k) % 2 === 0 ? 1 : -1));
      return mesher;
    });
    expect(mesher.store.vertices).toBe(1944);
    expect(mesher.store.triangles).toBe(512 * 4);
  });

  it('leaves out exactly the cells with an unseen corner and stays consistent around the hole', async () => {
    const unseen = (i: number, j: number, k: number): boolean => Math.hypot(i - 8.3, j - 2.2, k + 1.4) < 3;
    const noise = cornerNoise(5);
    const sdf = (i: number, j: number, k: number): number => k + 1.3 + 0.4 * noise(i, j, 0);
    const blocks = boxOfBlocks(-1, 2);
    for (const hole of [NaN, Infinity, -Infinity]) {
      const { whole, holed } = await withMesher({ cellSize: 1 }, (mesher) => {
        const whole = weldBlocks(meshGrid(mesher, blocks, sdf));
        mesher.store.clear();
        return {
          whole,
          holed: weldBlocks(meshGrid(mesher, blocks, (i, j, k) => (unseen(i, j, k) ? hole : sdf(i, j, k)))),
        };
      });
      const kept = triangleSet(whole, (cx, cy, cz) => {
        for (let c = 0; c < 8; c++)
          if (unseen(cx + (c & 1), cy + ((c >> 1) & 1), cz + (c >> 2))) return false;
        return true;
      });
      const found = triangleSet(holed, () => true);
      expect(found).toEqual(kept);
      expect(found.length).toBeLessThan(whole.indices.length / 3 - 20);
      expect(topology(holed).broken).toBe(0);
      expect(holed.normals!.every(Number.isFinite)).toBe(true);
    }
  });
});

describe('threads', () => {
  it('gives the same bytes with 1, 2 and 3 threads', async () => {
    const noise = cornerNoise(11);
    const results: Buffer[] = [];
    for (const threads of [1, 2, 3])
      results.push(
        await withMesher({ cellSize: side, threads, slots: 40 }, (mesher) => {
          const store = meshGrid(mesher, boxOfBlocks(-2, 2), (i, j, k) => k + 0.2 + 2 * noise(i, j, k));
          const blocks = [...store.sortedKeys()].map((key) => store.get(key)!);
          return Buffer.concat([
            meshBytes(weldBlocks(store)),
            ...blocks.map((block) => Buffer.from(block.positions.buffer)),
          ]);
        }),
      );
    expect(results[0]!.length).toBeGreaterThan(100_000);
    expect(results[1]!.equals(results[0]!)).toBe(true);
    expect(results[2]!.equals(results[0]!)).toBe(true);
  });
});

/** Corner positions of the triangles whose cell passes, as sorted strings; the cell side is 1. */
function triangleSet(
  mesh: { positions: Float32Array; indices: Uint32Array },
  passes: (cx: number, cy: number, cz: number) => boolean,
): string[] {
  const result: string[] = [];
  for (let t = 0; t < mesh.indices.length; t += 3) {
    const p = [0, 1, 2].map((c) => [
      ...mesh.positions.subarray(3 * mesh.indices[t + c]!, 3 * mesh.indices[t + c]! + 3),
    ]);
    const cell = [0, 1, 2].map((axis) => Math.floor((p[0]![axis]! + p[1]![axis]! + p[2]![axis]!) / 3));
    if (passes(cell[0]!, cell[1]!, cell[2]!)) result.push(p.map((v) => v.join(',')).join(';'));
  }
  return result.sort();
}
