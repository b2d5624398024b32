import { KernelArguments } from '../compute/arguments.js';
import type { KernelPool } from '../compute/pool.js';
import {
  BLOCK_CORNERS,
  COORD_BYTES,
  COUNT_BYTES,
  M_BYTES,
  M_CASES,
  M_COORDS,
  M_COUNTS,
  M_EDGES,
  M_INDICES,
  M_NORMALS,
  M_POSITIONS,
  M_SCRATCH,
  M_SIDE,
  M_VALUES,
  MAX_BLOCK_INDICES,
  MAX_BLOCK_VERTICES,
  SCRATCH_BYTES,
  VALUES_SLACK,
} from '../kernels/layout/mesh.js';
import { MeshBlockStore, type MeshBlockData } from './block-store.js';
import { buildCaseTable } from './case-table.js';
import { BatchColors, type ColorsOf } from './vertex-colors.js';

/** Where a batch of blocks goes in; see `BlockMesher`. */
export interface BlockMesherOptions {
  /** Blocks extracted in one kernel call; each takes 78 kB of the arena. */
  readonly slots: number;
  /** Distance of neighbouring corners, metres. */
  readonly cellSize: number;
  /** The store to update; a new one when left out. */
  readonly store?: MeshBlockStore;
  /** Which of the map's grids the blocks are of; default: 0. */
  readonly scale?: number;
  /** What takes the blocks in the place of the store. */
  readonly sink?: BlockSink;
}

/** Takes blocks as they are extracted; their arrays are valid during the call. */
export interface BlockSink {
  set(bx: number, by: number, bz: number, data: MeshBlockData, scale: number): void;
}

/**
 * Turns blocks of signed distances into triangles (marching cubes on all threads of the pool) and keeps them in a
 * store. The owner writes 9³ distances a slot at `valuesPointer` (float32, x fastest, NaN where not observed), then
 * calls `extract`. Corner (i, j, k) of block (bx, by, bz) lies at ((8·bx + i), (8·by + j), (8·bz + k)) · cellSize.
 *
 * A block's mesh depends on its own 729 values only. To keep neighbours watertight, a change of a corner on a
 * block's first layer must also re-extract the neighbour before it, which has that corner as its ninth.
 *
 * @example
 * const mesher = new BlockMesher(pool, { slots: 64, cellSize: 0.15 });
 * mesher.values(0).set(distances); // 9³, metres
 * mesher.extract(Int32Array.of(0, 0, 0), 1);
 * const { triangles } = mesher.store;
 */
export class BlockMesher {
  readonly slots: number;
  readonly store: MeshBlockStore;
  /** int32 × 4 a slot: bx, by, bz, unused. Written by `extract`. */
  readonly coordsPointer: number;
  /** float32 × 729 a slot, without gaps. */
  readonly valuesBase: number;
  readonly #pool: KernelPool;
  readonly #arguments: number;
  readonly #coords: Int32Array;
  readonly #counts: Int32Array;
  readonly #positions: Float32Array;
  readonly #normals: Float32Array;
  readonly #edges: Uint16Array;
  readonly #indices: Uint16Array;
  readonly #colors = new BatchColors();
  readonly #scale: number;
  readonly #sink: BlockSink;

  /** @throws FeltmapError out-of-memory when the arena has no room for the slots. */
  constructor(pool: KernelPool, options: BlockMesherOptions) {
    const { memory } = pool;
    const { slots } = options;
    if (!(Number.isInteger(slots) && slots > 0 && slots <= 0xffff))
      throw new RangeError(`BlockMesher needs 1 to 65535 slots, got ${slots}.`);
    this.#pool = pool;
    this.slots = slots;
    this.store = options.store ?? new MeshBlockStore();
    this.#sink = options.sink ?? this.store;
    this.#scale = options.scale ?? 0;

    const table = buildCaseTable();
    const cases = memory.alloc(table.length);
    memory.u8(cases, table.length).set(table);
    this.valuesBase = memory.alloc(slots * BLOCK_CORNERS * 4 + VALUES_SLACK);
    this.coordsPointer = memory.alloc(slots * COORD_BYTES);
    this.#coords = memory.i32(this.coordsPointer, slots * 4);
    this.#positions = memory.f32(
      memory.alloc(slots * MAX_BLOCK_VERTICES * 12),
      slots * MAX_BLOCK_VERTICES * 3,
    );
    this.#normals = memory.f32(memory.alloc(slots * MAX_BLOCK_VERTICES * 12), slots * MAX_BLOCK_VERTICES * 3);
    const u16 = (length: number): Uint16Array =>
      new Uint16Array(memory.memory.buffer, memory.alloc(length * 2), length);
    this.#edges = u16(slots * MAX_BLOCK_VERTICES);
    this.#indices = u16(slots * MAX_BLOCK_INDICES);
    this.#counts = memory.i32(memory.alloc(slots * COUNT_BYTES), slots * 2);
    const scratch = memory.alloc(slots * SCRATCH_BYTES);

    const args = new KernelArguments(memory, M_BYTES)
      .int(M_VALUES, this.valuesBase)
      .int(M_COORDS, this.coordsPointer)
      .int(M_CASES, cases)
      .int(M_POSITIONS, this.#positions.byteOffset)
      .int(M_NORMALS, this.#normals.byteOffset)
      .int(M_EDGES, this.#edges.byteOffset)
      .int(M_INDICES, this.#indices.byteOffset)
      .int(M_COUNTS, this.#counts.byteOffset)
      .int(M_SCRATCH, scratch);
    this.#arguments = args.pointer;
    memory.f64(this.#arguments + M_SIDE, 1)[0] = options.cellSize;
  }

  /** Pointer to the 729 float32 of a slot. */
  valuesPointer(slot: number): number {
    return this.valuesBase + slot * BLOCK_CORNERS * 4;
  }

  /** The same as a view: x fastest, then y, then z. */
  values(slot: number): Float32Array {
    return this.#pool.memory.f32(this.valuesPointer(slot), BLOCK_CORNERS);
  }

  /**
   * Extracts the blocks whose values are in slots 0 … n−1 and puts the results into the store; a block without
   * surface is deleted there.
   *
   * @param blockCoords int32 × 4 a block: bx, by, bz, unused
   * @param colorsOf asked once for the colours of all their vertices; without it they have none
   * @throws FeltmapError bad-input when a block lies outside of what the store can address
   */
  extract(blockCoords: Int32Array, n: number, colorsOf?: ColorsOf): void {
    if (n > this.slots || blockCoords.length < 4 * n)
      throw new RangeError(
        `BlockMesher.extract takes at most ${this.slots} blocks of 4 coordinates, got ${n} blocks.`,
      );
    for (let i = 0; i < 4 * n; i++) this.#coords[i] = blockCoords[i]!;
    this.#pool.run('meshBlocks', this.#arguments, n);
    if (colorsOf) {
      for (let slot = 0; slot < n; slot++) this.#colors.add(this.#positionsOf(slot));
      this.#colors.ask(colorsOf);
    }
    for (let slot = 0; slot < n; slot++) {
      const vertices = this.#counts[2 * slot]!;
      const indices = this.#counts[2 * slot + 1]!;
      const vertex = slot * MAX_BLOCK_VERTICES;
      const index = slot * MAX_BLOCK_INDICES;
      const colors = colorsOf && this.#colors.next(vertices);
      const [bx, by, bz] = [0, 1, 2].map((c) => blockCoords[4 * slot + c]!);
      const data = {
        positions: this.#positionsOf(slot),
        normals: this.#normals.subarray(3 * vertex, 3 * (vertex + vertices)),
        edges: this.#edges.subarray(vertex, vertex + vertices),
        indices: this.#indices.subarray(index, index + indices),
        ...(colors ? { colors } : {}),
      };
      this.#sink.set(bx!, by!, bz!, data, this.#scale);
    }
  }

  #positionsOf(slot: number): Float32Array {
    const first = 3 * slot * MAX_BLOCK_VERTICES;
    return this.#positions.subarray(first, first + 3 * this.#counts[2 * slot]!);
  }

  /**
   * Extracts any number of blocks, batch by batch.
   *
   * @param blockCoords int32 × 4 a block: bx, by, bz, unused
   * @param evaluate fills slots 0 … n−1 with the distances of the n blocks whose coordinates it is given
   */
  remesh(blockCoords: Int32Array, evaluate: (batch: Int32Array, n: number) => void): void {
    const blocks = blockCoords.length >> 2;
    for (let first = 0; first < blocks; first += this.slots) {
      const n = Math.min(this.slots, blocks - first);
      const batch = blockCoords.subarray(4 * first, 4 * (first + n));
      evaluate(batch, n);
      this.extract(batch, n);
    }
  }
}
