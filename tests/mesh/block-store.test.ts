import { describe, expect, it } from 'vitest';
import { FeltmapError } from '../../src/geometry/errors.js';
import { blockCoordsOf, blockKey, MeshBlockStore, type MeshBlockData } from '../../src/mesh/block-store.js';
import { randomNumbers } from './helpers.js';

function block(triangles: number, random: () => number): MeshBlockData {
  const vertices = triangles + 2;
  const floats = (): Float32Array => Float32Array.from({ length: 3 * vertices }, random);
  return {
    positions: floats(),
    normals: floats(),
    edges: Uint16Array.from({ length: vertices }, (_, i) => i),
    indices: Uint16Array.from({ length: 3 * triangles }, (_, i) => Math.floor(i / 3) + (i % 3)),
  };
}

describe('blockKey', () => {
  it('is exact and sorts by z, y, x over the whole range', () => {
    const edge = [-65536, -65535, -1, 0, 1, 65534, 65535];
    let last = -1;
    for (const bz of edge)
      for (const by of edge)
        for (const bx of edge) {
          const key = blockKey(bx, by, bz);
          expect(key).toBeGreaterThan(last);
          expect(blockCoordsOf(key)).toEqual([bx, by, bz]);
          last = key;
        }
    expect(Number.isSafeInteger(last)).toBe(true);
  });

  it.each([
    [65536, 0, 0],
    [0, -65537, 0],
    [0, 0, 0.5],
    [NaN, 0, 0],
  ])('refuses (%d, %d, %d)', (x, y, z) => {
    expect(() => blockKey(x, y, z)).toThrow(FeltmapError);
  });
});

describe('MeshBlockStore', () => {
  it('keeps a copy', () => {
    const store = new MeshBlockStore();
    const data = block(4, randomNumbers(1));
    const expected = data.positions.slice();
    store.set(0, 0, 0, data);
    data.positions.fill(9);
    expect(store.get(blockKey(0, 0, 0))!.positions).toEqual(expected);
  });

  it('keeps a copy of colours, and takes a new version when only they change, come or go', () => {
    const store = new MeshBlockStore();
    const data = block(4, randomNumbers(1));
    const colors = Uint8Array.from({ length: 18 }, (_, i) => i);
    const key = blockKey(0, 0, 0);
    expect(store.set(0, 0, 0, data)).toBe(true);
    expect(store.get(key)!.colors).toBeUndefined();
    expect(store.set(0, 0, 0, { ...data, colors })).toBe(true);
    expect(store.set(0, 0, 0, { ...data, colors: colors.slice() })).toBe(false);
    colors[17] = 99;
    expect(store.get(key)!.colors![17]).toBe(17);
    expect(store.set(0, 0, 0, { ...data, colors })).toBe(true);
    expect(store.get(key)!.colors![17]).toBe(99);
    expect(store.set(0, 0, 0, data)).toBe(true);
    expect(store.get(key)!.colors).toBeUndefined();
    expect([store.version, store.triangles]).toEqual([4, 4]);
  });

  it('takes no new version for an equal block, an empty block that was not there, or an unknown deletion', () => {
    const store = new MeshBlockStore();
    const data = block(4, randomNumbers(1));
    expect(store.set(1, 2, 3, data)).toBe(true);
    expect(store.set(1, 2, 3, block(4, randomNumbers(1)))).toBe(false);
    expect(store.set(0, 0, 0, block(0, randomNumbers(1)))).toBe(false);
    expect(store.delete(blockKey(5, 5, 5))).toBe(false);
    expect(store.version).toBe(1);
  });

  it.each([1, 2, 3])('lets any number of late viewers catch up exactly (random changes, seed %i)', (seed) => {
    const random = randomNumbers(seed);
    const store = new MeshBlockStore();
    const truth = new Map<number, MeshBlockData>();
    const viewers = Array.from({ length: 3 }, () => ({
      version: 0,
      blocks: new Map<number, MeshBlockData>(),
    }));
    for (let step = 0; step < 2000; step++) {
      const at = [0, 1, 2].map(() => Math.floor(random() * 3) - 1) as [number, number, number];
      const key = blockKey(...at);
      const before = store.version;
      if (random() < 0.005) {
        store.clear();
        truth.clear();
      } else {
        const data = block(random() < 0.3 ? 0 : 1 + Math.floor(random() * 9), random);
        const changed = store.set(...at, data);
        const had = truth.has(key);
        if (data.indices.length > 0) truth.set(key, data);
        else truth.delete(key);
        expect(changed).toBe(had || data.indices.length > 0);
        expect(store.version).toBe(before + (changed ? 1 : 0));
      }
      const viewer = viewers[Math.floor(random() * 30)];
      if (!viewer) continue;
      const changes = store.changedSince(viewer.version);
      const versions = changes.blocks.map((b) => b.version);
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      for (const { key: gone, version } of changes.deleted) {
        expect(version).toBeGreaterThan(viewer.version);
        viewer.blocks.delete(gone);
      }
      for (const b of changes.blocks) viewer.blocks.set(b.key, b);
      viewer.version = changes.version;
      expect([...viewer.blocks.keys()].sort()).toEqual([...truth.keys()].sort());
      for (const [k, data] of truth) expect(viewer.blocks.get(k)!.positions).toEqual(data.positions);
      expect(store.changedSince(viewer.version)).toEqual({
        version: viewer.version,
        blocks: [],
        deleted: [],
      });
      expect(store.size).toBe(truth.size);
      expect(store.triangles).toBe([...truth.values()].reduce((sum, d) => sum + d.indices.length / 3, 0));
      expect(store.vertices).toBe([...truth.values()].reduce((sum, d) => sum + d.edges.length, 0));
    }
  });
});
