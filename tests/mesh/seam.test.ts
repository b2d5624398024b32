import { expect, it } from 'vitest';
import { SAMPLE_VALUES } from '../../src/field/backend.js';
import { MeshBlockStore } from '../../src/mesh/block-store.js';
import { Seam, type FinerSurface } from '../../src/mesh/seam.js';

const VOXEL = 0.1;
const TRUNCATION = 0.06;

/** The plane z = height, which a finer grid has observed where x < 0, from above. */
const plane = (height: number): FinerSurface => ({
  truncation: TRUNCATION,
  sample(points) {
    const out = new Float32Array((points.length / 3) * SAMPLE_VALUES);
    for (let i = 0; i < points.length / 3; i++) {
      const distance = points[3 * i + 2]! - height;
      if (points[3 * i]! >= 0 || Math.abs(distance) > TRUNCATION) continue;
      out.set([distance, 0, 0, 1, 1], SAMPLE_VALUES * i);
    }
    return out;
  },
});

/** A sheet of 8×8 cells in block (bx, 0, 0) at a height; its normals point up unless turned. */
function sheet(bx: number, z: number, up = 1): Parameters<Seam['set']>[3] {
  const [positions, normals, indices]: [number[], number[], number[]] = [[], [], []];
  for (let j = 0; j <= 8; j++)
    for (let i = 0; i <= 8; i++) {
      positions.push((8 * bx + i) * VOXEL, j * VOXEL, z);
      normals.push(0, 0, up);
    }
  for (let j = 0; j < 8; j++)
    for (let i = 0; i < 8; i++) {
      const v = 9 * j + i;
      indices.push(v, v + 1, v + 9, v + 1, v + 10, v + 9);
    }
  return {
    positions: Float32Array.from(positions),
    normals: Float32Array.from(normals),
    edges: Uint16Array.from(positions.slice(0, positions.length / 3), (_, i) => i),
    indices: Uint16Array.from(indices),
  };
}

function cut(z: number, height: number, up = 1): { store: MeshBlockStore; seam: Seam } {
  const store = new MeshBlockStore();
  const seam = new Seam(store, { scale: 0, side: 8 * VOXEL, reach: VOXEL, finer: [plane(height)] });
  seam.changed([-0.8, 0, -0.1], [0.1, 0.8, 0.1]);
  seam.set(-1, 0, 0, sheet(-1, z, up));
  seam.set(0, 0, 0, sheet(0, z, up));
  seam.flush();
  return { store, seam };
}

const extent = (store: MeshBlockStore): { from: number; vertices: number } => {
  const all = [...store.blocks()].flatMap(({ positions }) => [...positions]);
  const xs = all.filter((_, i) => i % 3 === 0);
  return { from: Math.min(...xs), vertices: xs.length };
};

it.each([0.03, -0.02, 0])(
  'cuts what the finer surface covers, without a gap or an overlap of more than a cell: %s',
  (z) => {
    const { store } = cut(z, 0);
    expect(extent(store).from).toBeGreaterThanOrEqual(-VOXEL - 1e-6);
    expect(extent(store).from).toBeLessThanOrEqual(1e-6);
  },
);

it('moves the edge of what is left onto the finer surface', () => {
  const { store } = cut(0.03, 0.01);
  const edge = [...store.blocks()].flatMap(({ positions }) =>
    Array.from({ length: positions.length / 3 }, (_, i) => positions.subarray(3 * i, 3 * i + 3)).filter(
      ([x]) => x! < -1e-6,
    ),
  );
  expect(edge.length).toBeGreaterThan(4);
  for (const [, , z] of edge) expect(z).toBeCloseTo(0.01, 5);
});

it('leaves the far side of a wall alone', () => {
  const { store } = cut(-0.1, 0, -1);
  expect(extent(store)).toEqual({ from: expect.closeTo(-0.8, 5) as number, vertices: 2 * 81 });
});

it('clears what floats before the finer surface, but not what goes on beside it', () => {
  const { store } = cut(0.17, 0);
  expect(extent(store).from).toBeGreaterThanOrEqual(-VOXEL - 1e-6);
  expect(store.triangles).toBeGreaterThanOrEqual(128);
});

it('cuts again from the whole block where the finer surface has changed', () => {
  let height = 5; // far away: nothing is covered
  const store = new MeshBlockStore();
  const moving: FinerSurface = { truncation: TRUNCATION, sample: (points) => plane(height).sample(points) };
  const seam = new Seam(store, { scale: 0, side: 8 * VOXEL, reach: VOXEL, finer: [moving] });
  const box = [[-0.8, 0, -0.1], [0, 0.8, 0.1]] as const; // prettier-ignore
  seam.set(-1, 0, 0, sheet(-1, 0));
  seam.flush();
  expect(store.triangles).toBe(128);
  for (const [at, left] of [
    [0, 16],
    [5, 128],
    [0, 16],
  ] as const) {
    // prettier-ignore
    height = at;
    seam.changed(...box);
    seam.flush();
    expect(store.triangles).toBe(left);
  }
});
