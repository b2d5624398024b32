import { describe, expect, it } from 'vitest';
import { exp, identity, transformPoint } from '../../../src/geometry/se3.js';
import { blockKey, MeshBlockStore } from '../../../src/mesh/block-store.js';
import { decodeMarkerArray, MarkerAction, type Marker } from '../../../src/messages/markers.js';
import { markerName, MeshStream, type MeshMessageOptions } from '../../../src/host/mesh-feed/mesh-stream.js';

/** A block of `triangles` triangles near its place. */
function block(triangles: number, seed = 0) {
  const n = 3 * triangles;
  return {
    positions: Float32Array.from({ length: 3 * n }, (_, i) => seed + (i % 17) / 16),
    normals: Float32Array.from({ length: 3 * n }, (_, i) => (i % 3 === 2 ? 1 : 0)),
    edges: Uint16Array.from({ length: n }, (_, i) => i),
    indices: Uint16Array.from({ length: n }, (_, i) => i),
  };
}

const options = (over: Partial<MeshMessageOptions> = {}): MeshMessageOptions => ({
  header: { stampNs: 5n, frameId: 'odom' },
  origin: identity(),
  color: { mode: 'height', range: [-2, 8] },
  maxBytes: 1e9,
  ...over,
});

/** All messages until nothing is left; what RViz then shows, by name. */
function drain(stream: MeshStream, store: MeshBlockStore, over: Partial<MeshMessageOptions> = {}) {
  const messages: Marker[][] = [];
  for (;;) {
    const message = stream.next((version) => store.changedSince(version), options(over));
    if (!message) break;
    messages.push(decodeMarkerArray(message.bytes));
    if (message.remaining === 0) break;
  }
  return messages;
}

function show(shown: Map<string, Marker>, messages: readonly Marker[][]): Map<string, Marker> {
  for (const marker of messages.flat()) {
    const key = `${marker.ns}/${marker.id}`;
    if (marker.action === MarkerAction.deleteAll) shown.clear();
    else if (marker.action === MarkerAction.delete) shown.delete(key);
    else shown.set(key, marker);
  }
  return shown;
}

describe('MeshStream', () => {
  it('one TRIANGLE_LIST per block, as RViz wants it, in the odometry frame', () => {
    const store = new MeshBlockStore();
    store.set(0, 0, 0, block(2));
    store.set(-1, 2, 0, block(1, 3));
    const origin = exp([1, 2, 3, 0, 0, 1]);
    const [markers] = drain(new MeshStream(), store, { origin });
    expect(markers!.map((m) => m.action)).toEqual([3, 0, 0]);
    for (const marker of markers!.slice(1)) {
      expect(marker).toMatchObject({ type: 11, frameId: 'odom', ns: 'mesh', scale: [1, 1, 1] });
      expect([...marker.pose]).toEqual([...identity()]);
      expect(marker.points.length % 9).toBe(0);
      expect(marker.points.length).toBeGreaterThan(0);
      expect(marker.colors.length / 4).toBe(marker.points.length / 3);
      for (const c of marker.colors) expect(c >= 0 && c <= 1).toBe(true);
      for (let i = 3; i < marker.colors.length; i += 4) expect(marker.colors[i]).toBe(1);
    }
    const { positions } = block(2);
    const wanted = transformPoint(origin, positions[3]!, positions[4]!, positions[5]!);
    wanted.forEach((v, i) => expect(markers![1]!.points[3 + i]).toBeCloseTo(v, 6));
    expect(new Set(markers!.map((m) => m.id)).size).toBe(3);
  });

  it('sends only what changed, and DELETE for what is gone, never an empty list', () => {
    const store = new MeshBlockStore();
    const stream = new MeshStream();
    for (let i = 0; i < 5; i++) store.set(i, 0, 0, block(1, i));
    drain(stream, store);
    expect(drain(stream, store)).toEqual([]);
    store.set(2, 0, 0, block(3, 9));
    store.set(4, 0, 0, block(0)); // emptied
    const [markers] = drain(stream, store);
    const name = (x: number) => markerName(blockKey(x, 0, 0)).id;
    expect(markers!.map((m) => [m.id, m.action])).toEqual([
      [name(2), MarkerAction.add],
      [name(4), MarkerAction.delete],
    ]);
    expect(markers![0]!.points).toHaveLength(27);
    expect(markers![1]!.points).toHaveLength(0);
  });

  it('keeps messages below the limit, whatever changes meanwhile, and shows the store in the end', () => {
    const store = new MeshBlockStore();
    const stream = new MeshStream();
    for (let i = 0; i < 40; i++) store.set(i, 0, 0, block(1 + (i % 7), i));
    const shown = new Map<string, Marker>();
    const maxBytes = 3000;
    let messages = 0;
    for (let turn = 0; turn < 400; turn++) {
      const message = stream.next((version) => store.changedSince(version), options({ maxBytes }));
      if (!message) break;
      expect(message.bytes.length).toBeLessThanOrEqual(maxBytes);
      show(shown, [decodeMarkerArray(message.bytes)]);
      messages++;
      if (turn === 3) {
        store.set(0, 0, 0, block(4, 50)); // sent already
        store.set(39, 0, 0, block(2, 60)); // not yet
        store.delete(blockKey(1, 0, 0));
        store.delete(blockKey(38, 0, 0));
      }
    }
    expect(messages).toBeGreaterThan(8);
    expect(shown.size).toBe(38);
    for (const { key, indices } of store.blocks()) {
      const { ns, id } = markerName(key);
      expect(shown.get(`${ns}/${id}`)!.points.length).toBe(3 * indices.length);
    }
  });

  it('a block larger than the limit goes alone', () => {
    const store = new MeshBlockStore();
    store.set(0, 0, 0, block(50));
    store.set(1, 0, 0, block(50));
    expect(drain(new MeshStream(), store, { maxBytes: 1000 }).map((m) => m.length)).toEqual([2, 1]);
  });

  it('starts over after DELETEALL, without deletions of the past', () => {
    const store = new MeshBlockStore();
    const stream = new MeshStream();
    store.set(0, 0, 0, block(1));
    store.set(1, 0, 0, block(1));
    drain(stream, store);
    store.delete(blockKey(0, 0, 0));
    stream.restart();
    const [markers] = drain(stream, store);
    expect(markers!.map((m) => m.action)).toEqual([MarkerAction.deleteAll, MarkerAction.add]);
    expect(show(new Map(), [markers!]).size).toBe(1);
  });

  it('is sent again for somebody new, beside what changes, without a DELETE of what others show', () => {
    const store = new MeshBlockStore();
    const stream = new MeshStream();
    const early = new Map<string, Marker>();
    for (let i = 0; i < 30; i++) store.set(i, 0, 0, block(1, i));
    show(early, drain(stream, store));
    stream.repeat();
    const late = new Map<string, Marker>();
    const maxBytes = 1500;
    for (let turn = 0; ; turn++) {
      const message = stream.next((version) => store.changedSince(version), options({ maxBytes }));
      if (!message) break;
      const markers = decodeMarkerArray(message.bytes);
      for (const shown of [early, late]) show(shown, [markers]);
      expect(markers.some(({ action }) => action === MarkerAction.deleteAll)).toBe(false);
      expect(early.size).toBeGreaterThanOrEqual(28);
      if (turn === 2) {
        store.set(0, 0, 0, block(2, 50)); // repeated already
        store.set(29, 0, 0, block(2, 60)); // not yet
        store.delete(blockKey(1, 0, 0));
        store.delete(blockKey(28, 0, 0));
      }
      // What is new does not wait for what is repeated.
      if (turn === 4) expect(markers.some(({ action }) => action === MarkerAction.delete)).toBe(true);
      if (message.remaining === 0) break;
    }
    for (const shown of [early, late]) {
      expect(shown.size).toBe(28);
      for (const { key, indices } of store.blocks()) {
        const { ns, id } = markerName(key);
        expect(shown.get(`${ns}/${id}`)!.points.length).toBe(3 * indices.length);
      }
    }
    expect(drain(stream, store)).toEqual([]);
  });

  it('is repeated from the start for the next one who comes meanwhile', () => {
    const store = new MeshBlockStore();
    const stream = new MeshStream();
    for (let i = 0; i < 20; i++) store.set(i, 0, 0, block(1, i));
    drain(stream, store);
    stream.repeat();
    stream.next((version) => store.changedSince(version), options({ maxBytes: 1500 }));
    stream.repeat();
    expect(show(new Map(), drain(stream, store)).size).toBe(20);
  });

  it('an empty map deletes everything once', () => {
    const stream = new MeshStream();
    const store = new MeshBlockStore();
    expect(drain(stream, store).map((m) => m.map((x) => x.action))).toEqual([[MarkerAction.deleteAll]]);
    expect(drain(stream, store)).toEqual([]);
  });

  it('shows what cameras saw, and height where they saw nothing', () => {
    const store = new MeshBlockStore();
    const colors = Uint8Array.of(255, 0, 51, 128, 128, 128, 0, 0, 0);
    store.set(0, 0, 0, { ...block(1), colors });
    store.set(1, 0, 0, block(1));
    const shown = (mode: 'color' | 'height') =>
      drain(new MeshStream(), store, { color: { mode, range: [-2, 8] } })[0]!
        .slice(1)
        .map((marker) => [...marker.colors]);
    const [seen, unseen] = shown('color');
    const [height, other] = shown('height');
    expect(seen!.slice(0, 4)).toEqual([1, 0, Math.fround(0.2), 1]);
    expect(seen!.slice(4, 8)).toEqual(height!.slice(4, 8));
    expect(seen!.slice(8)).toEqual([0, 0, 0, 1]);
    expect(unseen).toEqual(other);
    expect(height![0]).toBeLessThan(1);
  });

  it('colours by normal and plain', () => {
    const store = new MeshBlockStore();
    store.set(0, 0, 0, block(1));
    const color = (mode: 'normal' | 'plain') =>
      [...drain(new MeshStream(), store, { color: { mode, range: [0, 1] } })[0]![1]!.colors].slice(0, 3);
    expect(color('normal')).toEqual([0.5, 0.5, 1]);
    const [r, g] = color('plain');
    expect(r).toBeCloseTo(g!, 6);
  });
});

describe('markerName', () => {
  it('is int32, unique and stable over the whole range of blocks', () => {
    const seen = new Map<string, number>();
    const edge = [-65536, -513, -512, -1, 0, 1, 511, 512, 1535, 65535];
    for (const x of edge)
      for (const y of edge)
        for (const z of edge) {
          const key = blockKey(x, y, z);
          const { ns, id } = markerName(key);
          expect(id).toBe(id | 0);
          expect(seen.has(`${ns} ${id}`)).toBe(false);
          seen.set(`${ns} ${id}`, key);
          expect(markerName(key)).toEqual({ ns, id });
        }
    expect(markerName(blockKey(-512, 0, 511)).ns).toBe('mesh');
    expect(markerName(blockKey(512, 0, 0)).ns).toBe('mesh/1,0,0');
  });
});
