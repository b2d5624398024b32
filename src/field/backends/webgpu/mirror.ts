import { FeltmapError } from '../../../geometry/errors.js';
import type { WasmField } from '../wasm/field.js';
import { FEATURES, ROW_FLOATS } from '../wasm/features.js';
import { BLOCK_CORNERS, type BlockGrid } from '../wasm/grid.js';
import type { KernelMemory } from '../../../compute/memory.js';
import { fromHalf } from './half.js';
import type { FieldPointers, GridPointers, Span } from './device-calls.js';
import {
  CHANGE_UNIT,
  COLD,
  COLD_STRIDE,
  COLD_WORDS,
  FEATURE_LEVEL,
  KIND_BITS,
  levelOfKey,
  PAGE_KIND,
  PAGE_ROWS,
  PAGE_WORDS,
  zOfKey,
} from './layout.js';
import { ROWS, type PageTable } from './page-table.js';

/**
 * How a field of engine wasm follows one on the device: which page is which of its blocks. New blocks are taken over in
 * order of their coordinates, so that the copy does not depend on chance as page numbers do.
 *
 * @example
 * const pages = new Mirror(field, 0, heap.table, heap.half);
 * pages.takeOver(fresh, allPages, keys);
 * const page = pages.pageOf(block);
 */
export class Mirror {
  readonly #field: WasmField;
  readonly #number: number;
  readonly #table: PageTable;
  readonly #grids: readonly BlockGrid[];
  readonly #half: boolean;
  /** The page of each fine block. */
  readonly #pageOf = new Map<number, number>();
  /** Row of engine wasm, by row number of the device. */
  readonly #rowOf = new Map<number, number>();
  #full = false;

  /** @param number that of the field on the device */
  constructor(field: WasmField, number: number, table: PageTable, half: boolean) {
    this.#field = field;
    this.#number = number;
    this.#table = table;
    this.#half = half;
    this.#grids = [...field.levels, field.features.grid];
  }

  /** Whether there is nothing to follow. */
  get empty(): boolean {
    return this.#grids.every((grid) => grid.count === 1);
  }

  /** The page of a fine block; 0, the empty one, where it has none. */
  pageOf(block: number): number {
    return this.#pageOf.get(block) ?? 0;
  }

  /** Forgets which pages it has. */
  reset(): void {
    this.#table.release(this.#number);
    this.#pageOf.clear();
    this.#rowOf.clear();
  }

  /** @param pages as \`loadField\` returns them: all blocks, level by level, then rows */
  numberAll(pages: Uint32Array): void {
    let at = 0;
    this.#grids.forEach((grid, level) => {
      for (const block of grid.blocks) this.#tie(pages[at++]!, level, block);
    });
    const rows = this.#field.features.listRows();
    rows.forEach((row, r) => this.#rowOf.set(pages[at + (r >> 5)]! * PAGE_ROWS + (r & 31), row));
    for (const page of pages.subarray(at)) this.#tie(page, ROWS, 0);
  }

  #tie(page: number, level: number, block: number): void {
    this.#table.tie(page, this.#number, level, block);
    if (level === 0) this.#pageOf.set(block, page);
  }

  /**
   * Takes over pages that are new since the last time.
   *
   * @param mine which of the new pages are those of this field
   * @param pages the new pages of all fields
   * @param keys their keys, 4 words each
   */
  takeOver(mine: readonly number[], pages: Uint32Array, keys: Int32Array): void {
    const fresh: { page: number; level: number; at: number }[] = [];
    for (const i of mine) {
      const page = pages[i]!;
      if ((keys[i * 4 + 3]! & (2 ** KIND_BITS - 1)) === PAGE_KIND.rows) this.#tie(page, ROWS, 0);
      else {
        const level = levelOfKey(keys[i * 4 + 2]!);
        fresh.push({ page, level: level === FEATURE_LEVEL ? this.#grids.length - 1 : level, at: i * 4 });
      }
    }
    // The third word holds z before field and level: within a level, they sort by z, y, x.
    fresh.sort((a, b) => a.level - b.level || compareKeys(keys, a.at, b.at));
    this.#grids.forEach((grid, level) => {
      const blocks = fresh.filter((entry) => entry.level === level);
      if (blocks.length === 0) return;
      if (grid.count + blocks.length > grid.room) {
        this.#full = true;
        return;
      }
      const coords = new Int32Array(blocks.length * 3);
      blocks.forEach(({ at }, i) => coords.set([keys[at]!, keys[at + 1]!, zOfKey(keys[at + 2]!)], i * 3));
      const before = grid.count - 1;
      this.#field.makeBlocks(grid, coords);
      const made = grid.blocks.subarray(before);
      if (made.length < blocks.length) this.#full = true;
      made.forEach((block, i) => this.#tie(blocks[i]!.page, level, block));
    });
  }

  /** @throws FeltmapError out-of-memory when there was no room for blocks to take over since the last time */
  checkRoom(): void {
    if (!this.#full) return;
    this.#full = false;
    throw new FeltmapError(
      'out-of-memory',
      'The map is full: raise map.memoryMiB, or map.voxel for a coarser map; what was mapped so far is kept.',
    );
  }

  /** How much a page changed since it was meshed, in fixed point. */
  noteChange(page: number, change: number): void {
    if (this.#table.level[page] === 0)
      this.#grids[0]!.change[this.#table.block[page]!] = change * CHANGE_UNIT;
  }

  /** Takes over the contents of pages; pages of rows must come before the feature blocks that refer to them. */
  fill(pages: readonly number[], words: Uint32Array): void {
    pages.forEach((page, i) => {
      const part = words.subarray(i * PAGE_WORDS, (i + 1) * PAGE_WORDS);
      const level = this.#table.level[page]!;
      if (level === ROWS) this.#fillRows(page, part);
      else if (level === this.#grids.length - 1) this.#fillFeatureBlock(page, part);
      else {
        const grid = this.#grids[level]!;
        const at = this.#table.block[page]! * BLOCK_CORNERS * 2;
        grid.data.set(new Float32Array(part.buffer, part.byteOffset, PAGE_WORDS), at);
        grid.noteWrite();
      }
    });
  }

  /** Pages of rows first. */
  order(pages: readonly number[]): number[] {
    const isRows = (page: number): boolean => this.#table.level[page] === ROWS;
    return [...pages.filter(isRows), ...pages.filter((page) => !isRows(page))];
  }

  #fillFeatureBlock(page: number, words: Uint32Array): void {
    const { dataI32 } = this.#field.features.grid;
    const at = this.#table.block[page]! * BLOCK_CORNERS;
    for (let c = 0; c < BLOCK_CORNERS; c++)
      dataI32[at + c] = words[c] ? (this.#rowOf.get(words[c]!) ?? 0) : 0;
  }

  #fillRows(page: number, words: Uint32Array): void {
    const { features } = this.#field;
    const floats = new Float32Array(words.buffer, words.byteOffset, PAGE_WORDS);
    for (let k = 0; k < PAGE_ROWS; k++) {
      const cold = COLD_WORDS + k * COLD_STRIDE;
      const owner = words[cold + COLD.ownerPage]!;
      if (owner === 0 || this.#table.field[owner] !== this.#number) continue;
      const id = page * PAGE_ROWS + k;
      let row = this.#rowOf.get(id);
      if (row === undefined) {
        const corner = words[cold + COLD.ownerCorner]!;
        row = features.restoreRow(this.#table.block[owner]!, corner, NO_FEATURES, 0, 0);
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
  pointers(memory: KernelMemory): FieldPointers {
    const { levels, features } = this.#field;
    const span = ({ byteOffset, length }: Int32Array | Float32Array): Span => ({ at: byteOffset, length });
    const grid = (g: BlockGrid): GridPointers => ({
      blocks: g.blocks.slice(),
      coords: span(g.coords),
      change: span(g.change),
      data: span(g.data),
    });
    if (features.rows.buffer !== memory.memory.buffer)
      throw new RangeError('The field and the memory do not belong together.');
    return {
      levels: levels.map(grid),
      features: grid(features.grid),
      rows: {
        count: features.count - 1,
        data: span(features.rows),
        steps: span(features.steps),
      },
    };
  }
}

const NO_FEATURES = new Int16Array(FEATURES);

function compareKeys(keys: Int32Array, a: number, b: number): number {
  return keys[a + 2]! - keys[b + 2]! || keys[a + 1]! - keys[b + 1]! || keys[a]! - keys[b]!;
}
