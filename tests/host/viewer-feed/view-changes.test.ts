import { describe, expect, it } from 'vitest';
import { identity } from '../../../src/geometry/se3.js';
import { MeshBlockStore, type MeshBlockData } from '../../../src/mesh/block-store.js';
import { ViewChanges } from '../../../src/host/viewer-feed/view-changes.js';
import { unpackBlocks, type ViewUpdate } from '../../../src/host/viewer-feed/view-update.js';

/** So many triangles, that differ by `shade`. */
function data(triangles: number, shade: number): MeshBlockData {
  return {
    positions: new Float32Array(9).fill(shade),
    normals: new Float32Array(9),
    edges: Uint16Array.of(0, 1, 2),
    indices: Uint16Array.from({ length: 3 * triangles }, (_, i) => i % 3),
  };
}

function setUp() {
  const store = new MeshBlockStore();
  const clock = { now: 0 };
  const view = {
    submap: 0,
    blockSizes: [1],
    get meshVersion() {
      return store.version;
    },
    meshChanges: (version: number) => store.changedSince(version),
    newestKeyframe: undefined,
    points: (most: number) => new Float32Array(3 * Math.min(most, 4)),
  };
  return { store, view, changes: new ViewChanges(view, { hold: 1000, now: () => clock.now }), clock };
}

const versions = (update: ViewUpdate | undefined): number[] =>
  update ? [...unpackBlocks(update, () => 0)].map(({ version }) => version) : [];

describe('ViewChanges', () => {
  it('sends a new block at once and small changes of it once a second, the newest only', () => {
    const { store, changes, clock } = setUp();
    const sent: number[][] = [];
    for (let step = 0; step < 30; step++) {
      clock.now = 100 * step;
      store.set(0, 0, 0, data(10, step + 1));
      sent.push(versions(changes.next()));
    }
    const times = sent.flatMap((list, step) => (list.length > 0 ? [step] : []));
    expect(times).toEqual([0, 10, 20]);
    expect(sent[20]).toEqual([21]); // what the block was at that time
    expect(changes.wait).toBe(100);
    clock.now = 2999;
    expect(changes.next()).toBeUndefined();
    clock.now = 3000;
    expect(versions(changes.next())).toEqual([30]);
    expect(changes.wait).toBe(Infinity);
  });

  it('does not hold back a block that grows by half, or one that went and came again', () => {
    const { store, changes } = setUp();
    store.set(0, 0, 0, data(10, 1));
    expect(versions(changes.next())).toEqual([1]);
    store.set(0, 0, 0, data(14, 2));
    expect(changes.next()).toBeUndefined();
    store.set(0, 0, 0, data(15, 3));
    expect(versions(changes.next())).toEqual([3]);
    store.delete([...store.blocks()][0]!.key);
    const gone = changes.next();
    expect([...gone!.deleted]).toEqual([expect.any(Number), 4]);
    store.set(0, 0, 0, data(2, 4));
    expect(versions(changes.next())).toEqual([5]);
  });

  it('a held block that is deleted is not sent', () => {
    const { store, changes, clock } = setUp();
    store.set(0, 0, 0, data(10, 1));
    changes.next();
    store.set(0, 0, 0, data(10, 2));
    expect(changes.next()).toBeUndefined();
    store.delete([...store.blocks()][0]!.key);
    expect([...changes.next()!.deleted]).toHaveLength(2);
    clock.now = 5000;
    expect(changes.wait).toBe(Infinity);
    expect(changes.next(true)).toBeUndefined();
  });

  it('gives everything when asked, and points of a scan once', () => {
    const { store, changes } = setUp();
    store.set(0, 0, 0, data(10, 1));
    changes.scanned({ index: 7, stampNs: 70n, pose: identity() });
    expect(changes.wait).toBe(0);
    expect(changes.next()!.scan).toMatchObject({ index: 7, stampNs: 70n });
    store.set(0, 0, 0, data(10, 2));
    expect(changes.next()).toBeUndefined();
    expect(versions(changes.next(true))).toEqual([2]);
    changes.scanned({ index: 8, stampNs: 80n, pose: identity() });
    expect(changes.next(true, 0)).toBeUndefined();
    expect(changes.next()).toBeUndefined(); // the scan was left out on request
  });

  it('splits what does not fit in one message', () => {
    const { store, changes } = setUp();
    for (let i = 0; i < 2300; i++) store.set(i, 0, 0, data(1, i + 1));
    const sizes = [changes.next(), changes.next(), changes.next()].map((update) => versions(update).length);
    expect(sizes).toEqual([1000, 1000, 300]);
    expect(changes.next()).toBeUndefined();
  });

  it('takes the blocks of a map that was given up away, before those of the next', () => {
    const { store, view, changes } = setUp();
    store.set(0, 0, 0, data(10, 1));
    store.set(1, 0, 0, data(10, 1));
    const known = [...unpackBlocks(changes.next()!, () => 0)].map(({ key }) => key);
    store.clear();
    store.set(1, 0, 0, data(10, 2));
    view.submap = 1;
    const left = changes.next()!;
    expect(left.submap).toBe(0);
    expect([...left.deleted].filter((_, i) => i % 2 === 0)).toEqual(known);
    const next = changes.next()!;
    expect(next.submap).toBe(1);
    expect(versions(next)).toEqual([store.version]);
    expect(changes.next()).toBeUndefined();
  });
});
