import { KernelPool } from '../../src/compute/pool.js';
import { BlockMesher } from '../../src/mesh/mesher.js';
import type { MeshBlockStore } from '../../src/mesh/block-store.js';
import type { Mesh } from '../../src/mesh/mesh.js';

export type Sdf = (x: number, y: number, z: number) => number;

export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A reproducible value of −1 … 1 for every grid corner. */
export function cornerNoise(seed: number): (i: number, j: number, k: number) => number {
  return (i, j, k) => {
    let h =
      Math.imul(i, 73856093) ^ Math.imul(j, 19349663) ^ Math.imul(k, 83492791) ^ Math.imul(seed, 2654435761);
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
  };
}

/** int32 × 4 for all blocks from `low` up to, not including, `high` on every axis. */
export function boxOfBlocks(low: number, high: number): Int32Array {
  const coords: number[] = [];
  for (let bz = low; bz < high; bz++)
    for (let by = low; by < high; by++) for (let bx = low; bx < high; bx++) coords.push(bx, by, bz, 0);
  return Int32Array.from(coords);
}

/** The same blocks in a random order. */
export function shuffled(coords: Int32Array, random: () => number): Int32Array {
  const order = Array.from({ length: coords.length / 4 }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return Int32Array.from(order.flatMap((block) => [...coords.subarray(4 * block, 4 * block + 4)]));
}

/** Samples a function of the grid corner (i, j, k) and extracts all blocks. */
export function meshGrid(
  mesher: BlockMesher,
  coords: Int32Array,
  value: (i: number, j: number, k: number) => number,
): MeshBlockStore {
  mesher.remesh(coords, (batch, n) => {
    for (let slot = 0; slot < n; slot++) {
      const values = mesher.values(slot);
      const [bx, by, bz] = [batch[4 * slot]!, batch[4 * slot + 1]!, batch[4 * slot + 2]!];
      for (let c = 0; c < 729; c++)
        values[c] = value(8 * bx + (c % 9), 8 * by + (Math.floor(c / 9) % 9), 8 * bz + Math.floor(c / 81));
    }
  });
  return mesher.store;
}

/** Samples an analytic distance at corners `side` apart. */
export function meshSdf(mesher: BlockMesher, coords: Int32Array, side: number, sdf: Sdf): MeshBlockStore {
  return meshGrid(mesher, coords, (i, j, k) => sdf(i * side, j * side, k * side));
}

/** A new pool and mesher, handed to `use` and closed afterwards. */
export async function withMesher<T>(
  options: { threads?: number; slots?: number; cellSize: number },
  use: (mesher: BlockMesher) => T,
): Promise<T> {
  const pool = await KernelPool.create({ threads: options.threads ?? 1, memoryMiB: 64 });
  try {
    return use(new BlockMesher(pool, { slots: options.slots ?? 64, cellSize: options.cellSize }));
  } finally {
    await pool.close();
  }
}

/** What the counts of a mesh's edges say about it. */
export interface Topology {
  readonly vertices: number;
  readonly triangles: number;
  readonly edges: number;
  /** Edges with one triangle. */
  readonly open: number;
  /** Edges with more than two triangles, or two that run along them in the same direction. */
  readonly broken: number;
  /** V − E + F. */
  readonly euler: number;
}

export function topology(mesh: Mesh): Topology {
  const { indices } = mesh;
  const vertices = mesh.positions.length / 3;
  const forward = new Map<number, number>();
  for (let i = 0; i < indices.length; i += 3)
    for (let c = 0; c < 3; c++) {
      const key = indices[i + c]! * vertices + indices[i + ((c + 1) % 3)]!;
      forward.set(key, (forward.get(key) ?? 0) + 1);
    }
  let [edges, open, broken] = [0, 0, 0];
  for (const [key, count] of forward) {
    const [a, b] = [Math.floor(key / vertices), key % vertices];
    const back = forward.get(b * vertices + a) ?? 0;
    if (a < b || back === 0) edges++;
    if (back === 0) open++;
    if (count > 1) broken++;
  }
  return {
    vertices,
    triangles: indices.length / 3,
    edges,
    open,
    broken,
    euler: vertices - edges + indices.length / 3,
  };
}

/** True when the triangles around every vertex form a single fan (closed or open): no two sheets touch in a point. */
export function fansAreSimple(mesh: Mesh): boolean {
  const fan: [number, number][][] = Array.from({ length: mesh.positions.length / 3 }, () => []);
  for (let i = 0; i < mesh.indices.length; i += 3)
    for (let c = 0; c < 3; c++)
      fan[mesh.indices[i + c]!]!.push([mesh.indices[i + ((c + 1) % 3)]!, mesh.indices[i + ((c + 2) % 3)]!]);
  return fan.every((links) => {
    const next = new Map(links);
    const last = new Set(links.map(([, to]) => to));
    const start = links.find(([from]) => !last.has(from))?.[0] ?? links[0]?.[0];
    if (start === undefined) return false; // a vertex without triangles
    let steps = 0;
    for (let at: number | undefined = start; at !== undefined && steps < links.length; steps++) {
      at = next.get(at);
      if (at === undefined) break;
      if (at === start) return steps + 1 === links.length;
    }
    return steps === links.length;
  });
}

/** Area vector of triangle t, metres² (twice the area long), pointing to the side that sees it counter-clockwise. */
export function triangleNormal(mesh: Mesh, t: number): [number, number, number] {
  const p = (corner: number, axis: number): number =>
    mesh.positions[3 * mesh.indices[3 * t + corner]! + axis]!;
  const u = [0, 1, 2].map((axis) => p(1, axis) - p(0, axis)) as [number, number, number];
  const w = [0, 1, 2].map((axis) => p(2, axis) - p(0, axis)) as [number, number, number];
  return [u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]];
}

/** Bytes of every array of a mesh, for comparison. */
export function meshBytes(mesh: Mesh): Buffer {
  const bytes = (a: Float32Array | Uint32Array): Buffer => Buffer.from(a.buffer, a.byteOffset, a.byteLength);
  return Buffer.concat([bytes(mesh.positions), bytes(mesh.normals!), bytes(mesh.indices)]);
}
