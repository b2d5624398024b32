import { describe, expect, it } from 'vitest';
import { ViewCollector } from '../../../src/host/viewer-feed/view-collector.js';
import {
  unpackBlocks,
  type UpdateCamera,
  type ViewUpdate,
} from '../../../src/host/viewer-feed/view-update.js';
import { identity } from '../../../src/geometry/se3.js';
import { Random } from '../../../src/geometry/random.js';
import { MeshBlockStore, type MeshBlockData } from '../../../src/mesh/block-store.js';
import type { SlamView } from '../../../src/slam/types.js';
import type { ViewerBlock } from '../../../src/viewer/server/source.js';

function view(store: MeshBlockStore): SlamView {
  return {
    submap: 3,
    blockSizes: [0.8],
    get meshVersion() {
      return store.version;
    },
    meshChanges: (version) => store.changedSince(version),
    newestKeyframe: undefined,
    points: (most) => new Float32Array(3 * Math.min(most, 5)).fill(2),
  };
}

const at = (index: number) => ({ index, stampNs: BigInt(index), pose: identity() });

/** Random triangles within a block, some with colours; odd numbers of indices and colours, to try the padding. */
function data(random: Random, bx: number): MeshBlockData {
  const vertices = 3 + random.int(20);
  const floats = () => Float32Array.from({ length: 3 * vertices }, () => 0.8 * (bx + random.next()));
  return {
    positions: floats(),
    normals: floats(),
    edges: Uint16Array.from({ length: vertices }, (_, i) => i),
    indices: Uint16Array.from({ length: 3 * (1 + random.int(9)) }, () => random.int(vertices)),
    ...(random.int(3) === 0
      ? { colors: Uint8Array.from({ length: 3 * vertices }, () => random.int(256)) }
      : {}),
  };
}

interface Known {
  readonly version: number;
  readonly positions: number[];
  readonly colors: number[] | undefined;
}

/** What the other side knows after some updates that went through structured cloning, as between threads. */
function replayed(updates: readonly ViewUpdate[]): Map<number, Known> {
  const known = new Map<number, Known>();
  for (const update of updates.map((u) => structuredClone(u))) {
    for (const block of unpackBlocks(update, () => 0)) known.set(block.key, knownOf(block));
    for (let i = 0; i < update.deleted.length; i += 2)
      if ((known.get(update.deleted[i]!)?.version ?? 0) < update.deleted[i + 1]!)
        known.delete(update.deleted[i]!);
  }
  return known;
}

function knownOf({ version, positions, colors }: Pick<ViewerBlock, keyof Known>): Known {
  return { version, positions: [...positions], colors: colors && [...colors] };
}

/** What a camera saw at a time. */
const picture = (stampNs: bigint, stream?: number): UpdateCamera => ({
  stampNs,
  width: 2,
  height: 1,
  rgb: new Uint8Array(6),
  fovX: 1,
  fovY: 0.5,
  T_odom_camera: identity(),
  ...(stream === undefined ? {} : { stream }),
});

describe('ViewCollector', () => {
  it('brings every change of the mesh over, whenever it is asked', () => {
    const random = new Random('collector');
    const store = new MeshBlockStore();
    const updates: ViewUpdate[] = [];
    const collector = new ViewCollector(view(store), (update) => updates.push(update));
    for (let scan = 0; scan < 50; scan++) {
      for (let i = 0; i < 100; i++) {
        const bx = random.int(2500);
        if (random.int(5) === 0) store.delete([...store.blocks()][0]?.key ?? 0);
        else store.set(bx, 0, 0, data(random, bx));
      }
      collector.scanned(at(scan));
      if (scan % 7 === 0) collector.flush();
    }
    collector.flush();
    expect(store.size).toBeGreaterThan(1000); // more than one message holds
    const known = replayed(updates);
    expect([...known.keys()].sort((a, b) => a - b)).toEqual([...store.sortedKeys()]);
    for (const block of store.blocks()) expect(known.get(block.key)).toEqual(knownOf(block));
    expect([...known.values()].filter(({ colors }) => colors).length).toBeGreaterThan(100);
  });

  it('sends the newest picture of each stream while somebody watches, and asks for no more than it sends', async () => {
    const updates: ViewUpdate[] = [];
    const collector = new ViewCollector(view(new MeshBlockStore()), (update) => updates.push(update), {
      rate: 20,
    });
    expect(collector.wantsPicture).toBe(false);
    collector.pictured(picture(1n));
    collector.active = true;
    expect(collector.wantsPicture).toBe(true);
    collector.pictured(picture(2n));
    expect(collector.wantsPicture).toBe(false);
    collector.pictured(picture(3n));
    collector.pictured(picture(4n, 1));
    await new Promise((resolve) => setTimeout(resolve, 200));
    collector.stop();
    expect(updates.map(({ camera }) => camera!.stampNs)).toEqual([3n, 4n]);
    expect(updates.map(({ submap }) => submap)).toEqual([3, 3]);
    expect(collector.wantsPicture).toBe(false); // nobody watches
  });

  it('gives each block its cube as box, and the scan of its last change', () => {
    const store = new MeshBlockStore();
    const updates: ViewUpdate[] = [];
    const collector = new ViewCollector(view(store), (update) => updates.push(update));
    const random = new Random(1);
    store.set(-3, 0, 0, data(random, -3));
    collector.scanned(at(0));
    store.set(5, 1, 2, data(random, 5));
    collector.scanned(at(1));
    collector.flush();
    const [a, b] = [...unpackBlocks(updates[0]!, (scan) => 10 + scan)];
    expect(a!.box).toEqual({
      min: [-2.4, 0, 0].map((v) => Math.fround(v)),
      size: [0.8, 0.8, 0.8].map((v) => Math.fround(v)),
    });
    expect(b!.box!.min).toEqual([4, 0.8, 1.6].map((v) => Math.fround(v)));
    expect([a!.time, b!.time]).toEqual([10, 11]);
    expect([a!.submap, b!.submap]).toEqual([3, 3]); // as the system says
  });

  it('is silent until somebody watches, keeps to its rate, and sends the rest without another scan', async () => {
    const store = new MeshBlockStore();
    const random = new Random(2);
    const updates: { at: number; update: ViewUpdate }[] = [];
    const collector = new ViewCollector(
      view(store),
      (update) => updates.push({ at: performance.now(), update }),
      { rate: 20 },
    );
    const scan = async (i: number) => {
      store.set(i, 0, 0, data(random, i));
      collector.scanned(at(i));
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    for (let i = 0; i < 20; i++) await scan(i);
    expect(updates).toHaveLength(0);
    collector.active = true;
    for (let i = 20; i < 60; i++) await scan(i);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const gaps = updates.slice(1).map(({ at }, i) => at - updates[i]!.at);
    expect(updates.length).toBeGreaterThan(2);
    for (const gap of gaps) expect(gap).toBeGreaterThan(45);
    expect(replayed(updates.map(({ update }) => update)).size).toBe(60);
    expect(updates.at(-1)!.update.scan ?? updates.at(-2)!.update.scan).toMatchObject({ index: 59 });
    const count = updates.length;
    collector.active = false;
    await scan(60);
    await new Promise((resolve) => setTimeout(resolve, 120));
    collector.stop();
    expect(updates).toHaveLength(count);
  });
});
