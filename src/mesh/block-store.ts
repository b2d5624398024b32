import { FeltmapError } from '../geometry/errors.js';

/** Triangles of one block of the map. */
export interface MeshBlockData {
  /** 3·V, metres, absolute in the submap's frame (not relative to the block). */
  readonly positions: Float32Array;
  /** 3·V, unit, pointing to the positive side of the surface. */
  readonly normals: Float32Array;
  /** V local edge ids: axis · 729 + i + 9·(j + 9·k) of the edge's lower corner; what welding goes by. */
  readonly edges: Uint16Array;
  /** 3·T into the block's own vertices, counter-clockwise seen from outside. */
  readonly indices: Uint16Array;
  /**
   * 3·V, 0…255 sRGB; absent where no vertex of the block has a colour. Vertices without one beside others that have are
   * mid grey, see UNKNOWN_COLOR (vertex-colors.ts).
   */
  readonly colors?: Uint8Array;
}

/** A stored block. Its arrays never change: a new extraction makes a new object. */
export interface MeshBlock extends MeshBlockData {
  readonly key: number;
  readonly bx: number;
  readonly by: number;
  readonly bz: number;
  /** Which of the map's grids it is of, coarsest first. */
  readonly scale: number;
  readonly version: number;
}

/** What happened after some version, in order of version. */
export interface MeshChanges {
  /** Ask for changes since this version next time. */
  readonly version: number;
  readonly blocks: MeshBlock[];
  readonly deleted: { readonly key: number; readonly version: number }[];
}

/** Block coordinates run from −65536 to 65535. */
const HALF = 65536;
const RANGE = 2 * HALF;
/** Keys of one grid; 2⁵³ holds those of four. */
const KEYS = RANGE ** 3;

/**
 * One exact number for a block's coordinates; numbers sort by grid, then z, then y, then x.
 *
 * @param scale which of the map's grids, 0 … 3
 * @throws FeltmapError bad-input when a coordinate is not an integer of −65536 … 65535
 */
export function blockKey(bx: number, by: number, bz: number, scale = 0): number {
  const inside = (b: number): boolean => Number.isInteger(b) && b >= -HALF && b < HALF;
  if (!inside(bx) || !inside(by) || !inside(bz))
    throw new FeltmapError(
      'bad-input',
      `Mesh block (${bx}, ${by}, ${bz}) lies outside of ±${HALF} blocks around the submap's origin; start a new submap or use larger voxels.`,
    );
  return scale * KEYS + ((bz + HALF) * RANGE + by + HALF) * RANGE + bx + HALF;
}

/** Block coordinates [bx, by, bz] of a key. */
export function blockCoordsOf(key: number): [number, number, number] {
  const rest = Math.floor((key % KEYS) / RANGE);
  return [(key % RANGE) - HALF, (rest % RANGE) - HALF, Math.floor(rest / RANGE) - HALF];
}

/** The grid that a key is of. */
export function scaleOf(key: number): number {
  return Math.floor(key / KEYS);
}

/**
 * The map's surface, block by block, of all its grids. Every change takes the next version number, so that a viewer that knows
 * version n asks for `changedSince(n)`; blocks that have gone are remembered as deletions.
 *
 * @example
 * const store = new MeshBlockStore();
 * store.set(0, 0, 0, data); // the block at the origin
 * const { blocks, deleted, version } = store.changedSince(0);
 */
export class MeshBlockStore {
  readonly #blocks = new Map<number, MeshBlock>();
  readonly #deleted = new Map<number, number>();
  #version = 0;
  #vertices = 0;
  #triangles = 0;

  /** Version of the newest change; 0 in a new store. */
  get version(): number {
    return this.#version;
  }
  /** Blocks with at least one triangle. */
  get size(): number {
    return this.#blocks.size;
  }
  /** Vertices of all blocks; those on block borders count once a block. */
  get vertices(): number {
    return this.#vertices;
  }
  get triangles(): number {
    return this.#triangles;
  }

  get(key: number): MeshBlock | undefined {
    return this.#blocks.get(key);
  }

  /** All blocks in no particular order. */
  blocks(): IterableIterator<MeshBlock> {
    return this.#blocks.values();
  }

  /** Keys in ascending order. */
  sortedKeys(): Float64Array {
    return Float64Array.from(this.#blocks.keys()).sort();
  }

  /**
   * Stores a copy of a block's triangles; one without triangles is deleted. Nothing happens when the block is the
   * same as before.
   *
   * @param scale which of the map's grids it is of, 0 … 3
   * @returns whether the store changed
   */
  set(bx: number, by: number, bz: number, data: MeshBlockData, scale = 0): boolean {
    const key = blockKey(bx, by, bz, scale);
    if (data.indices.length === 0) return this.delete(key);
    const before = this.#blocks.get(key);
    if (before && same(before, data)) return false;
    if (before) this.#forget(before);
    this.#deleted.delete(key);
    this.#blocks.set(key, { key, bx, by, bz, scale, version: ++this.#version, ...copyBlock(data) });
    this.#vertices += data.edges.length;
    this.#triangles += data.indices.length / 3;
    return true;
  }

  /** @returns whether the block was there */
  delete(key: number): boolean {
    const before = this.#blocks.get(key);
    if (!before) return false;
    this.#forget(before);
    this.#deleted.set(key, ++this.#version);
    return true;
  }

  /** Deletes every block, or those of one grid; viewers learn of each. */
  clear(scale?: number): void {
    for (const key of this.sortedKeys()) if (scale === undefined || scaleOf(key) === scale) this.delete(key);
  }

  /** Blocks set and deleted after `version`, oldest change first. `changedSince(0)` is everything. */
  changedSince(version: number): MeshChanges {
    // Every change moves its block to the end of the map, but maps cannot be read backwards: 10⁵ blocks take 1 ms.
    const blocks: MeshBlock[] = [];
    if (version < this.#version)
      for (const block of this.#blocks.values()) if (block.version > version) blocks.push(block);
    const deleted: { key: number; version: number }[] = [];
    if (version < this.#version)
      for (const [key, at] of this.#deleted) if (at > version) deleted.push({ key, version: at });
    return { version: this.#version, blocks, deleted };
  }

  #forget(block: MeshBlock): void {
    this.#blocks.delete(block.key);
    this.#vertices -= block.edges.length;
    this.#triangles -= block.indices.length / 3;
  }
}

/** Copies into one buffer: blocks are many, and an allocation costs more than the copy. */
export function copyBlock(data: MeshBlockData): MeshBlockData {
  const vertices = data.edges.length;
  const plain = 26 * vertices + 2 * data.indices.length;
  const buffer = new ArrayBuffer(data.colors ? plain + 3 * vertices : plain);
  const positions = new Float32Array(buffer, 0, 3 * vertices);
  const normals = new Float32Array(buffer, 12 * vertices, 3 * vertices);
  const edges = new Uint16Array(buffer, 24 * vertices, vertices);
  const indices = new Uint16Array(buffer, 26 * vertices, data.indices.length);
  positions.set(data.positions);
  normals.set(data.normals);
  edges.set(data.edges);
  indices.set(data.indices);
  if (!data.colors) return { positions, normals, edges, indices };
  const colors = new Uint8Array(buffer, plain, 3 * vertices);
  colors.set(data.colors);
  return { positions, normals, edges, indices, colors };
}

function same(a: MeshBlockData, b: MeshBlockData): boolean {
  return (
    equal(a.positions, b.positions) &&
    equal(a.indices, b.indices) &&
    equal(a.edges, b.edges) &&
    equal(a.normals, b.normals) &&
    (a.colors && b.colors ? equal(a.colors, b.colors) : a.colors === b.colors)
  );
}

function equal<A extends Float32Array | Uint16Array | Uint8Array>(a: A, b: A): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
