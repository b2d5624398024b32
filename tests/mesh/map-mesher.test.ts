import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { Random } from '../../src/geometry/random.js';
import { exp, identity } from '../../src/geometry/se3.js';
import type { FieldBackend } from '../../src/field/backend.js';
import { MapMesher } from '../../src/mesh/map-mesher.js';
import type { Mesh } from '../../src/mesh/mesh.js';
import { hashOf, OPTIONS, place, room, scan } from '../field/helpers.js';
import { makeField } from '../field/test-field.js';
import { cameraField, pinholeOf, planeOf, viewOf, type Shape } from '../field/views.js';

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

/** The field's backend with colours of another. */
function colored(colours: (points: Float32Array) => Uint8Array): FieldBackend {
  const { backend } = field;
  const evaluate: FieldBackend['evaluate'] = (...args) => backend.evaluate(...args);
  return { evaluate, colours: (_: unknown, points: Float32Array) => colours(points) } as FieldBackend;
}

/** A colour that tells the place; unknown above the middle. */
function colorOfPlace(x: number, y: number, z: number): number[] {
  const byte = (v: number): number => Math.round(20 * (v + 5));
  return [byte(x), byte(y), 7, z < 0 ? 255 : 0];
}

function colorsOfPlaces(points: Float32Array): Uint8Array {
  const out = new Uint8Array((points.length / 3) * 4);
  for (let i = 0, o = 0; i < points.length; i += 3, o += 4)
    out.set(colorOfPlace(points[i]!, points[i + 1]!, points[i + 2]!), o);
  return out;
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

  it('meshes what lies beside a block anew once that has changed, and comes to the mesh made at once', () => {
    const camera = cameraField(pool);
    const wall = planeOf([0.2, 0.1, -1], -1.013);
    const rims = { minWeight: 1e-6, minComponentTriangles: 0, features: false, rims: true };
    const live = new MapMesher(pool, camera.backend, camera.field, rims);
    // Each view ends somewhere within blocks that the one before saw.
    [0, 0.37, 0.83].forEach((x, scan) => {
      const pose = exp([x, 0.1 * scan, 0, 0, 0, 0]);
      const view = viewOf(pool.memory, pinholeOf(160, 120), wall, pose);
      camera.backend.gathering.fuse(camera.field, view, pose, { scan });
      for (let rounds = 0; live.update(1000) > 0; rounds++) expect(rounds).toBeLessThan(3);
    });
    const anew = new MapMesher(pool, camera.backend, camera.field, rims);
    anew.weld();
    expect([...live.store.sortedKeys()]).toEqual([...anew.store.sortedKeys()]);
    for (const { key, positions, indices } of anew.store.blocks()) {
      expect(live.store.get(key)!.indices).toEqual(indices);
      expect(live.store.get(key)!.positions).toEqual(positions);
    }
    camera.field.free();
  });

  it('meshes a board up to its rim where free space was seen past it', () => {
    const VOXEL = 0.02;
    const RIM = 0.107;
    const [board, wall] = [planeOf([0, 0, -1], -1.011), planeOf([0, 0, -1], -2)];
    const both: Shape = {
      cast: (o, d) => {
        const t = board.cast(o, d);
        return o[0] + t * d[0] < RIM ? t : wall.cast(o, d);
      },
      normal: () => [0, 0, -1],
      distance: (p) => wall.distance(p),
    };
    const camera = cameraField(pool);
    const view = viewOf(pool.memory, pinholeOf(320, 240), both, identity());
    camera.backend.gathering.fuse(camera.field, view, identity(), { scan: 0 });
    const reach = (rims: boolean): { aside: number; behind: number } => {
      const { positions } = new MapMesher(pool, camera.backend, camera.field, {
        minWeight: 1e-6,
        minComponentTriangles: 0,
        features: false,
        rims,
      }).weld();
      let [aside, behind] = [-Infinity, -Infinity];
      for (let i = 0; i < positions.length; i += 3) {
        const away = positions[i + 2]! - 1.011;
        if (Math.abs(away) > 4 * VOXEL) continue;
        aside = Math.max(aside, positions[i]!);
        behind = Math.max(behind, away);
      }
      return { aside, behind };
    };
    const { aside, behind } = reach(true);
    expect(Math.abs(aside - RIM)).toBeLessThan(VOXEL / 4);
    expect(reach(false).aside).toBeLessThan(RIM - VOXEL / 4);
    // Of its shadow only a strip is taken for a side of it: truncation is three voxels.
    expect(behind).toBeLessThan(2.3 * VOXEL);
    camera.field.free();
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

  it('gives vertices their colours, with one call for many blocks, and none where the field has none', () => {
    let calls = 0;
    const backend = colored((points) => (calls++, colorsOfPlaces(points)));
    const mesher = new MapMesher(pool, backend, field.field, options);
    const { positions, colors } = mesher.weld();
    expect(calls).toBe(Math.ceil(field.field.levels[0]!.blocks.length / 128));
    let known = 0;
    for (let i = 0; i < positions.length; i += 3) {
      const [x, y, z] = positions.subarray(i, i + 3) as unknown as [number, number, number];
      const expected = colorOfPlace(x, y, z);
      if (expected[3]! > 0) known++;
      else expected.fill(128);
      expect([...colors!.subarray(i, i + 3)]).toEqual(expected.slice(0, 3));
    }
    expect(known).toBeGreaterThan(500);
    // Blocks wholly above the middle have none.
    expect([...mesher.store.blocks()].filter((block) => !block.colors).length).toBeGreaterThan(5);
    const plain = new MapMesher(pool, field.backend, field.field, options).weld();
    expect(plain.colors).toBeUndefined();
    expect(hash(plain)).toBe(hash(mesher.weld()));
  });

  it('meshes a block again whose colours alone changed', () => {
    let red = 10;
    const backend = colored((points) => {
      const out = new Uint8Array((points.length / 3) * 4).fill(255);
      for (let i = 0; i < out.length; i += 4) out[i] = red;
      return out;
    });
    const mesher = new MapMesher(pool, backend, field.field, options);
    while (mesher.update(1000) > 0);
    const { version } = mesher.store;
    const block = [...mesher.store.blocks()][0]!;
    const fine = field.field.levels[0]!;
    const number = fine.blocks.find((b) =>
      [block.bx, block.by, block.bz].every((v, k) => fine.coords[4 * b + k] === v),
    )!;
    fine.change[number] = 1;
    red = 20;
    expect(mesher.update(1000)).toBe(1);
    const { blocks } = mesher.store.changedSince(version);
    expect(blocks.map(({ key }) => key)).toEqual([block.key]);
    expect(blocks[0]!.positions).toEqual(block.positions);
    expect([block.colors![0], blocks[0]!.colors![0]]).toEqual([10, 20]);
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
