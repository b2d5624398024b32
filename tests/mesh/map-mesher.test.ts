import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { Random } from '../../src/geometry/random.js';
import { identity } from '../../src/geometry/se3.js';
import { MapMesher } from '../../src/mesh/map-mesher.js';
import type { Mesh } from '../../src/mesh/mesh.js';
import { hashOf, OPTIONS, place, room, scan } from '../field/helpers.js';
import { makeField } from '../field/test-field.js';

const HALF = [2.03, 1.57, 1.11] as const; // off the corner layers
const pool = await KernelPool.create({ threads: 2, memoryMiB: 1024 });
const field = makeField(pool, { ...OPTIONS, maxScanPoints: 60000 });
const cloud = place(pool.memory, scan(new Random('mesh'), room(...HALF), identity(), { count: 60000 }));
const options = { minWeight: 0.3, minComponentTriangles: 0, features: true };
afterAll(() => pool.close());

const distanceToRoom = (x: number, y: number, z: number): number =>
  Math.min(...[x, y, z].map((v, k) => Math.abs(HALF[k]! - Math.abs(v))));
const hash = ({ positions, indices }: Mesh): number => hashOf(positions, indices);

function area({ positions: p, indices }: Mesh): number {
  let sum = 0;
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [indices[t]! * 3, indices[t + 1]! * 3, indices[t + 2]! * 3];
    const u = [0, 1, 2].map((k) => p[b + k]! - p[a + k]!) as [number, number, number];
    const v = [0, 1, 2].map((k) => p[c + k]! - p[a + k]!) as [number, number, number];
    sum += Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]) / 2;
  }
  return sum;
}

describe('map mesher', () => {
  beforeEach(() => {
    field.clear();
    field.fuse(cloud.points, identity(), 0);
  });

  it('turns the walls of a room into a mesh that lies on them, facing inwards', () => {
    const mesh = new MapMesher(pool, field.backend, field.field, options).weld();
    const { positions, normals } = mesh;
    let worst = 0;
    let inwards = 0;
    for (let i = 0; i < positions.length; i += 3) {
      const [x, y, z] = positions.subarray(i, i + 3) as unknown as [number, number, number];
      const distances = HALF.map((half, k) => half - Math.abs([x, y, z][k]!));
      // Along edges two walls meet in one voxel: a truncated, rounded corner there.
      if (distances.filter((d) => d < 3 * OPTIONS.voxel).length > 1) continue;
      worst = Math.max(worst, distanceToRoom(x, y, z));
      const axis = distances.indexOf(Math.min(...distances));
      if (normals![i + axis]! * [x, y, z][axis]! < 0) inwards++;
      else throw new Error(`the normal at ${[x, y, z]} faces outwards`);
    }
    expect(inwards).toBeGreaterThan(500);
    expect(worst).toBeLessThan(0.005);
    const walls = 8 * (HALF[0] * HALF[1] + HALF[1] * HALF[2] + HALF[0] * HALF[2]);
    expect(area(mesh)).toBeGreaterThan(0.8 * walls);
    expect(area(mesh)).toBeLessThan(1.05 * walls);
  });

  it('comes to the same mesh in small steps as at once', () => {
    const mesher = new MapMesher(pool, field.backend, field.field, options);
    let steps = 0;
    while (mesher.update(7) > 0) steps++;
    expect(steps).toBeGreaterThan(5);
    const inSteps = mesher.store.triangles;
    const welded = mesher.weld();
    expect(inSteps).toBeGreaterThan(0.95 * mesher.store.triangles);
    expect(hash(welded)).toBe(hash(new MapMesher(pool, field.backend, field.field, options).weld()));
  });

  it('works on changed blocks only, and on none twice', () => {
    const mesher = new MapMesher(pool, field.backend, field.field, options);
    while (mesher.update(1000) > 0);
    const version = mesher.store.version;
    expect(mesher.update(1000)).toBe(0);
    expect(mesher.store.version).toBe(version);
    expect(mesher.store.changedSince(version).blocks).toEqual([]);
  });

  it('meshes nothing that was hardly seen, and nothing at all of an empty map', () => {
    expect(
      new MapMesher(pool, field.backend, field.field, { ...options, minWeight: 1e6 }).weld().indices.length,
    ).toBe(0);
    field.clear();
    const mesher = new MapMesher(pool, field.backend, field.field, options);
    expect(mesher.update(100)).toBe(0);
    expect(mesher.weld().indices.length).toBe(0);
  });

  it('forgets everything when cleared, and leaves out loose pieces', () => {
    const mesher = new MapMesher(pool, field.backend, field.field, {
      ...options,
      minComponentTriangles: 1e6,
    });
    expect(mesher.weld().indices.length).toBe(0);
    expect(mesher.store.triangles).toBeGreaterThan(100);
    mesher.clear();
    expect(mesher.store.triangles).toBe(0);
  });
});
