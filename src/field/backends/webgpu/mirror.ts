import { FeltmapError } from '../../../geometry/errors.js';
import type { WasmField } from '../wasm/field.js';
import { FEATURES, ROW_FLOATS } from '../wasm/features.js';
import { BLOCK_CORNERS, type BlockGrid } from '../wasm/grid.js';
import type { KernelMemory } from '../../../compute/memory.js';
import { fromHalf } from './half.js';
import type { GridPointers, MapPointers } from './device-calls.js';
import {
  CHANGE_UNIT,
  COLD,
  COLD_STRIDE,
  COLD_WORDS,
  FEATURE_LEVEL,
  LEVEL_BITS,
  PAGE_KIND,
  PAGE_ROWS,
  PAGE_WORDS,
} from './layout.js';

const ROWS = 255; // "level" of a page of rows

/**
 * Which page of the device is which block of engine wasm's map, and how the latter follows the former. New blocks are
 * taken over in order of their coordinates, so that the copy does not depend on chance as page numbers do.
 */
export class Mirror {
  readonly #field: WasmField;
  readonly #grids: readonly BlockGrid[];
  readonly #half: boolean;
  /** Per level, the page of each block. */
  readonly #pageOf: Int32Array[];
  #levelOf = new Uint8Array(0);
  #blockOf = new Int32Array(0);
  /** Row of engine wasm, by row number of the device. */
  readonly #rowOf = new Map<number, number>();
  #known = 1;

  constructor(field: WasmField, half: boolean) {
    this.#field = field;
    this.#half = half;
    this.#grids = [...field.levels, field.features.grid];
    this.#pageOf = this.#grids.map(({ pool }) => new Int32Array(pool.maxBlocks));
  }

  /** Pages whose blocks are known. */
  get known(): number {
    return this.#known;
  }

  /** The page of a fine block. */
  pageOf(block: number): number {
    return this.#pageOf[0]![block]!;
  }

  reset(capacity: number): void {
    this.#levelOf = new Uint8Array(capacity);
    this.#blockOf = new Int32Array(capacity);
    this.#rowOf.clear();
    this.#known = 1;
  }

  /** Numbers pages as `loadMap` does: all blocks, level by level, then rows. */
  numberAll(): void {
    let page = 1;
    this.#grids.forEach((grid, level) => {
      for (const block of grid.blocks) this.#tie(page++, level, block);
    });
    const rows = this.#field.features.listRows();
    rows.forEach((row, r) => this.#rowOf.set((page + (r >> 5)) * PAGE_ROWS + (r & 31), row));
    const rowPages = Math.ceil(rows.length / PAGE_ROWS);
    this.#levelOf.fill(ROWS, page, page + rowPages);
    this.#known = page + rowPages;
  }

  #tie(page: number, level: number, block: number): void {
    this.#levelOf[page] = level;
    this.#blockOf[page] = block;
    this.#pageOf[level]![block] = page;
  }

  /**
   * Takes over pages that are new since the last time, and how much every fine block changed.
   *
   * @param keys 4 per new page
   * @param marks 2 per page: change, and whether it changed since it was copied
   * @returns the pages that changed since they were copied
   * @throws FeltmapError out-of-memory when engine wasm's memory has no room for them
   */
  takeOver(keys: Int32Array, marks: Uint32Array): number[] {
    const fresh: { page: number; level: number; at: number }[] = [];
    for (let i = 0; i < keys.length / 4; i++) {
      const page = this.#known + i;
      if (keys[i * 4 + 3] === PAGE_KIND.rows) this.#levelOf[page] = ROWS;
      else {
        const key = keys[i * 4 + 2]! & (2 ** LEVEL_BITS - 1);
        fresh.push({ page, level: key === FEATURE_LEVEL ? this.#grids.length - 1 : key, at: i * 4 });
      }
    }
    this.#known += keys.length / 4;
    // Keys hold z and level in one number: they sort by level first, then z, y, x.
    fresh.sort((a, b) => a.level - b.level || compareKeys(keys, a.at, b.at));
    this.#grids.forEach((grid, level) => {
      const blocks = fresh.filter((entry) => entry.level === level);
      if (blocks.length === 0) return;
      if (grid.count + blocks.length > grid.room)
        throw new FeltmapError(
          'out-of-memory',
          'The map is full: raise map.memoryMiB, or map.voxel for a coarser map; what was mapped so far is kept.',
        );
      const first = grid.count - 1;
      const coords = new Int32Array(blocks.length * 3);
      blocks.forEach(({ at }, i) =>
        coords.set([keys[at]!, keys[at + 1]!, keys[at + 2]! >> LEVEL_BITS], i * 3),
      );
      this.#field.makeBlocks(grid, coords);
      blocks.forEach(({ page }, i) => this.#tie(page, level, grid.blocks[first + i]!));
    });
    const fine = this.#grids[0]!;
    const dirty: number[] = [];
    for (let page = 1; page < marks.length / 2; page++) {
      if (marks[page * 2 + 1]) dirty.push(page);
      if (this.#levelOf[page] === 0 && this.#blockOf[page]! > 0)
        fine.change[this.#blockOf[page]!] = marks[page * 2]! * CHANGE_UNIT;
    }
    return dirty;
  }

  /** Takes over the contents of pages; pages of rows must come before the feature blocks that refer to them. */
  fill(pages: readonly number[], words: Uint32Array): void {
    pages.forEach((page, i) => {
      const part = words.subarray(i * PAGE_WORDS, (i + 1) * PAGE_WORDS);
      const level = this.#levelOf[page]!;
      if (level === ROWS) this.#fillRows(page, part);
      else if (level === this.#grids.length - 1) this.#fillFeatureBlock(page, part);
      else {
        const grid = this.#grids[level]!;
        const at = this.#blockOf[page]! * BLOCK_CORNERS * 2;
        grid.data.set(new Float32Array(part.buffer, part.byteOffset, PAGE_WORDS), at);
        grid.noteWrite();
      }
    });
  }

  /** Pages of rows first. */
  order(pages: readonly number[]): number[] {
    const isRows = (page: number): boolean => this.#levelOf[page] === ROWS;
    return [...pages.filter(isRows), ...pages.filter((page) => !isRows(page))];
  }

  #fillFeatureBlock(page: number, words: Uint32Array): void {
    const { dataI32 } = this.#field.features.grid;
    const at = this.#blockOf[page]! * BLOCK_CORNERS;
    for (let c = 0; c < BLOCK_CORNERS; c++) dataI32[at + c] = words[c] ? this.#rowOf.get(words[c]!)! : 0;
  }

  #fillRows(page: number, words: Uint32Array): void {
    const { features } = this.#field;
    const floats = new Float32Array(words.buffer, words.byteOffset, PAGE_WORDS);
    for (let k = 0; k < PAGE_ROWS; k++) {
      const cold = COLD_WORDS + k * COLD_STRIDE;
      const owner = words[cold + COLD.ownerPage]!;
      if (owner === 0) continue;
      const id = page * PAGE_ROWS + k;
      let row = this.#rowOf.get(id);
      if (row === undefined) {
        const corner = words[cold + COLD.ownerCorner]!;
        row = features.restoreRow(this.#blockOf[owner]!, corner, NO_FEATURES, 0, 0);
        if (row === 0)
          throw new FeltmapError('out-of-memory', 'The map is full of features: raise map.memoryMiB.');
        this.#rowOf.set(id, row);
      }
      const to = row * ROW_FLOATS;
      if (this.#half)
        for (let i = 0; i < FEATURES; i++)
          features.rows[to + i] = fromHalf((words[k * 4 + (i >> 1)]! >>> (16 * (i & 1))) & 0xffff);
      else features.rows.set(floats.subarray(k * FEATURES, (k + 1) * FEATURES), to);
      features.rows.set(floats.subarray(cold + COLD.m, cold + COLD.m + FEATURES), to + 2 * FEATURES);
      features.rows.set(floats.subarray(cold + COLD.v, cold + COLD.v + FEATURES), to + 3 * FEATURES);
      features.steps[row] = words[cold + COLD.steps]!;
    }
  }

  /** Where everything lies, for the thread with the device. */
  pointers(memory: KernelMemory): MapPointers {
    const { levels, features } = this.#field;
    const grid = (g: BlockGrid): GridPointers => ({
      blocks: g.blocks.slice(),
      poolBlocks: g.pool.maxBlocks,
      coords: g.coords.byteOffset,
      change: g.change.byteOffset,
      data: g.data.byteOffset,
      words: BLOCK_CORNERS * g.wordsPerCorner,
    });
    if (features.rows.buffer !== memory.memory.buffer)
      throw new RangeError('The field and the memory do not belong together.');
    return {
      levels: levels.map(grid),
      features: grid(features.grid),
      rows: {
        numbers: features.listRows(),
        poolRows: features.steps.length,
        data: features.rows.byteOffset,
        steps: features.steps.byteOffset,
        coords: features.coords.byteOffset,
      },
    };
  }
}

const NO_FEATURES = new Int16Array(FEATURES);

function compareKeys(keys: Int32Array, a: number, b: number): number {
  return keys[a + 2]! - keys[b + 2]! || keys[a + 1]! - keys[b + 1]! || keys[a]! - keys[b]!;
}
