import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import type { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import type { WasmField } from '../../src/field/backends/wasm/field.js';
import { encodeSavedMap, openSavedMap, type SavedGrid } from '../../src/field/saved/saved-map.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { exp, identity } from '../../src/geometry/se3.js';
import { MapMesher } from '../../src/mesh/map-mesher.js';
import type { Mesh } from '../../src/mesh/mesh.js';
import { savedOf } from './ball.js';
import { hashOf, hashOfField } from './helpers.js';
import { cameraField, cameraSpec, cornersOf, pinholeOf, planeOf, viewOf, type Vec } from './views.js';

const VOXEL = 0.02;
const CAMERA = pinholeOf(96, 72);
const WALL = planeOf([0.1, 0.2, -1], -0.8);
const ramp = (p: Vec): Vec => [128 + 150 * p[0], 128 + 150 * p[1], 60];
const ROOM = { fineBlocks: 2000, featureRows: 1024, samples: 256 };

let pool: KernelPool;
let backend: WasmBackend;
let field: WasmField;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 384 });
  ({ backend, field } = cameraField(pool));
  see(field);
});
afterAll(() => pool.close());

function see(to: WasmField, color: ((p: Vec) => Vec) | null = ramp, pose = identity()): void {
  backend.gathering.fuse(to, viewOf(pool.memory, CAMERA, WALL, pose, color ? { color } : {}), pose, {
    scan: 0,
  });
}

/** A number that changes with any bit of a field and of its colours. */
function hashOfAll(of: WasmField): number {
  const { blocks, colour } = of.levels[0]!;
  return hashOf(
    Uint32Array.of(hashOfField(of)),
    ...Array.from(blocks, (b) => colour!.subarray(b * 2048, (b + 1) * 2048)),
  );
}

/** Points of the wall in the middle of the view. */
function onWall(count: number): Vec[] {
  return Array.from({ length: count }, (_, i) => {
    const d: Vec = [0.3 * Math.sin(i), 0.25 * Math.cos(1.7 * i), 1];
    const t = WALL.cast([0, 0, 0], d);
    return [d[0] * t, d[1] * t, t];
  });
}

describe('colours at points', () => {
  it('are those of the surface, red green blue and whether they are known', () => {
    const points = onWall(300);
    const out = backend.colours(field, Float32Array.from(points.flat()));
    expect(out).toHaveLength(1200);
    let worst = 0;
    points.forEach((p, i) => {
      expect(out[4 * i + 3]).toBe(255);
      ramp(p).forEach((v, c) => (worst = Math.max(worst, Math.abs(out[4 * i + c]! - v))));
    });
    // Each corner has the pixel that it is seen in: half a pixel is 5 mm or 0.7 levels, a voxel along the ray 1.
    expect(worst).toBeLessThan(2.5);
  });

  it('are not known far from what was seen, nor in a field without colours', () => {
    expect([...backend.colours(field, Float32Array.of(0, 0, 0.4, 5, 5, 5))]).toEqual(new Array(8).fill(0));
    const plain = backend.createField(cameraSpec({ colour: false }), ROOM);
    see(plain);
    expect(cornersOf(plain).length).toBeGreaterThan(1000);
    expect(backend.colours(plain, Float32Array.from(onWall(3).flat()))).toHaveLength(0);
    plain.free();
  });

  it('are the mean of those corners around that have one', () => {
    const own = backend.createField(cameraSpec({}), ROOM);
    const fine = own.levels[0]!;
    own.makeBlocks(fine, Int32Array.of(0, 0, 0));
    const block = fine.blocks[0]!;
    const put = (x: number, y: number, z: number, rgbw: number[]): void =>
      fine.colour!.set(
        rgbw.map((v) => 256 * v),
        2048 * block + 4 * (x + 8 * y + 64 * z),
      );
    put(2, 2, 2, [10, 20, 30, 1]);
    put(3, 2, 2, [110, 220, 130, 5]);
    const at = (x: number, y: number, z: number): number[] => [
      ...backend.colours(own, Float32Array.of(x * VOXEL, y * VOXEL, z * VOXEL)),
    ];
    expect(at(2.25, 2, 2)).toEqual([35, 70, 55, 255]);
    expect(at(2.25, 2.5, 2.5)).toEqual([35, 70, 55, 255]); // the other six have none
    // Around a vertex at the end of a mesh none has one: those a step away.
    expect(at(2, 2, 3.2)).toEqual([60, 120, 80, 255]);
    expect(at(0.8, 2.1, 3.2)).toEqual([10, 20, 30, 255]);
    expect(at(2, 2, 3.5)).toEqual([0, 0, 0, 0]);
    // The last corners of a block have neighbours in the next one, which is not there.
    put(7, 7, 7, [50, 60, 70, 1]);
    expect(at(7.5, 7.4, 7.3)).toEqual([50, 60, 70, 255]);
    own.free();
  });
});

describe('colours of blocks', () => {
  it('go with the blocks that are forgotten, and blocks that are used again start without', () => {
    const own = backend.createField(cameraSpec({}), ROOM);
    see(own);
    expect(cornersOf(own).some(({ colour }) => colour[3]! > 0)).toBe(true);
    own.forgetBeyond([0, 0, 0.8], 0.1);
    own.clear();
    see(own, null);
    const corners = cornersOf(own);
    expect(corners.length).toBeGreaterThan(1000);
    expect(corners.every(({ colour }) => colour.every((v) => v === 0))).toBe(true);
    own.free();
  });

  it('leave the pool with a field and come back bit by bit', () => {
    const own = backend.createField(cameraSpec({}), ROOM);
    see(own);
    const before = hashOfAll(own);
    const evicted = structuredClone(own.evict());
    expect(own.usedBytes).toBe(0);
    const other = backend.createField(cameraSpec({}), ROOM); // takes the very blocks
    see(other, () => [1, 2, 3], exp([0.1, 0, 0, 0, 0.1, 0]));
    own.admit(evicted);
    expect(hashOfAll(own)).toBe(before);
    other.free();
    see(own);
    const again = hashOfAll(own);
    own.clear();
    see(own);
    see(own);
    expect(hashOfAll(own)).toBe(again);
    own.free();
  });

  it('are not admitted to a field without, nor the other way round; both stay as they were', () => {
    const plain = backend.createField(cameraSpec({ colour: false }), ROOM);
    const own = backend.createField(cameraSpec({}), ROOM);
    see(plain);
    see(own);
    const [before, colours] = [hashOfField(plain), own.evict()];
    expect(() => plain.admit(colours)).toThrow(/with colours cannot take one without/);
    expect(hashOfField(plain)).toBe(before);
    expect(() => own.admit(plain.evict())).toThrow(FeltmapError);
    own.free();
    plain.free();
  });
});

describe('a saved map with colours', () => {
  const meshOf = (of: WasmField): Mesh =>
    new MapMesher(pool, backend, of, { minWeight: 1e-6, minComponentTriangles: 0, features: false }).weld();

  it('gives the same coloured mesh, to the rounding of what is saved', () => {
    const before = meshOf(field);
    const own = backend.createField(cameraSpec({}), ROOM);
    own.restore(savedOf(field));
    const after = meshOf(own);
    // A surface that passes a corner within the rounding is triangulated in another way there.
    expect(Math.abs(after.indices.length / before.indices.length - 1)).toBeLessThan(0.01);
    const { positions, colors } = before;
    const distances = backend.sample(own, 'distance', positions);
    const tints = backend.colours(own, positions);
    let [off, tint] = [0, 0];
    for (let i = 0; i < positions.length / 3; i++) {
      // Vertices at the rim lie on the last cells: beside them nothing was observed.
      if (distances[5 * i + 4]! > 0) off = Math.max(off, Math.abs(distances[5 * i]!));
      for (let c = 0; c < 3; c++) tint = Math.max(tint, Math.abs(tints[4 * i + c]! - colors![3 * i + c]!));
    }
    expect(off).toBeLessThan((3 * VOXEL) / 63 / 2 + 1e-5);
    expect(tint).toBeLessThanOrEqual(1); // half a level, and the rounding of a mean to whole ones
    expect(after.colors).toHaveLength(after.positions.length);
    expect(new Set(before.colors).size).toBeGreaterThan(50);
    own.free();
  });

  it('is saved again as it was, and loads into a field without colours without them', () => {
    const files = (of: WasmField): Map<string, Uint8Array> =>
      encodeSavedMap({
        sensor: 'rgbd',
        frame: 'camera',
        scans: 1,
        last: { submap: 0, T_submap_sensor: identity() },
        submaps: [{ id: 0, T_world_submap: identity(), places: [], grids: [of.content()] }],
      });
    const once = files(field);
    const own = backend.createField(cameraSpec({}), ROOM);
    own.restore(openSavedMap(once).submaps[0]!.grids[0]!);
    const again = files(own);
    const colour = [...once.keys()].filter((name) => name.includes('.colour.'));
    expect(colour).toHaveLength(1);
    expect(again.get(colour[0]!)).toEqual(once.get(colour[0]!));
    own.free();
    const plain = backend.createField(cameraSpec({ colour: false }), ROOM);
    plain.restore(openSavedMap(once).submaps[0]!.grids[0]!);
    expect(cornersOf(plain)).toHaveLength(cornersOf(field).length);
    expect(meshOf(plain).colors).toBeUndefined();
    plain.free();
  });

  it('of blocks that have no distances is refused, and the field stays as it was', () => {
    const saved = savedOf(field);
    const content = saved.content();
    const moved: SavedGrid = {
      ...saved,
      content: () => ({
        ...content,
        layers: {
          ...content.layers,
          colour: { ...content.layers.colour!, coords: content.layers.colour!.coords.map((v) => v + 50) },
        },
      }),
    };
    const before = hashOfAll(field);
    expect(() => field.restore(moved)).toThrow(/colours of the saved map are damaged/);
    expect(hashOfAll(field)).toBe(before);
  });
});
