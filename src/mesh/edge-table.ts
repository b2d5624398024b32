import { BLOCK_CELLS, BLOCK_CORNERS, BLOCK_EDGE_IDS } from '../kernels/layout/mesh.js';

const HALF_BLOCKS = 65536;

// The local edge ids taken apart once.
const AXIS = new Uint8Array(BLOCK_EDGE_IDS);
const X = new Uint8Array(BLOCK_EDGE_IDS);
const Y = new Uint8Array(BLOCK_EDGE_IDS);
const Z = new Uint8Array(BLOCK_EDGE_IDS);
/** 1 where the edge lies in a face of the block, so that another block may have it too. */
const SHARED = new Uint8Array(BLOCK_EDGE_IDS);
for (let id = 0; id < BLOCK_EDGE_IDS; id++) {
  const corner = id % BLOCK_CORNERS;
  const at = [corner % 9, Math.floor(corner / 9) % 9, Math.floor(corner / 81)] as const;
  AXIS[id] = Math.floor(id / BLOCK_CORNERS);
  [X[id], Y[id], Z[id]] = at;
  SHARED[id] = at.some((c, axis) => axis !== AXIS[id] && c % BLOCK_CELLS === 0) ? 1 : 0;
}

/** How many of a block's edges other blocks may have, too. */
export function borderEdges(edges: Uint16Array): number {
  let count = 0;
  for (let i = 0; i < edges.length; i++) count += SHARED[edges[i]!]!;
  return count;
}

/**
 * Grid edges on block borders → vertex numbers: an open-addressing hash table that grows.
 *
 * @example
 * const table = new EdgeTable(store.vertices);
 * const known = table.vertex(0, 0, 0, edge, fresh); // fresh when the edge is new
 */
export class EdgeTable {
  #mask: number;
  #low: Uint32Array;
  #high: Uint32Array;
  /** Vertex + 1; 0 is free. */
  #vertex: Uint32Array;
  #size = 0;

  /** @param expected number of border edges it can take before it has to grow */
  constructor(expected: number) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * expected)));
    this.#mask = capacity - 1;
    this.#low = new Uint32Array(capacity);
    this.#high = new Uint32Array(capacity);
    this.#vertex = new Uint32Array(capacity);
  }

  /** The vertex on local edge `edge` of a block; `fresh`, and noted as such, when the edge was not known. */
  vertex(bx: number, by: number, bz: number, edge: number, fresh: number): number {
    if (SHARED[edge] === 0) return fresh;
    // Global corner numbers have 21 bits; with the axis: 22 + 10 bits here, 11 + 21 there.
    const gx = (bx + HALF_BLOCKS) * BLOCK_CELLS + X[edge]!;
    const gy = (by + HALF_BLOCKS) * BLOCK_CELLS + Y[edge]!;
    const gz = (bz + HALF_BLOCKS) * BLOCK_CELLS + Z[edge]!;
    const low = (3 * gx + AXIS[edge]! + (gy << 22)) >>> 0;
    const high = ((gy >>> 10) | (gz << 11)) >>> 0;
    let slot = this.#find(low, high);
    const known = this.#vertex[slot]!;
    if (known !== 0) return known - 1;
    if (2 * this.#size > this.#mask) {
      this.#grow();
      slot = this.#find(low, high);
    }
    this.#put(slot, low, high, fresh + 1);
    this.#size++;
    return fresh;
  }

  #find(low: number, high: number): number {
    let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & this.#mask;
    while (this.#vertex[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  #put(slot: number, low: number, high: number, vertex: number): void {
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#vertex[slot] = vertex;
  }

  #grow(): void {
    const [low, high, vertex] = [this.#low, this.#high, this.#vertex];
    const capacity = 2 * low.length;
    this.#mask = capacity - 1;
    this.#low = new Uint32Array(capacity);
    this.#high = new Uint32Array(capacity);
    this.#vertex = new Uint32Array(capacity);
    for (let i = 0; i < low.length; i++)
      if (vertex[i] !== 0) this.#put(this.#find(low[i]!, high[i]!), low[i]!, high[i]!, vertex[i]!);
  }
}
