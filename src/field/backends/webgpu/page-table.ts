/**
 * Which block of which field each page of the device's heap is, as far as the processor knows.
 *
 * @example
 * const table = new PageTable();
 * table.reset(1000);
 * table.tie(page, 0, 1, block); // page holds a block of field 0, level 1
 * table.usedBy(0); // 1
 */
export class PageTable {
  /** Number of the field that has the page; NONE: free, or not known yet. */
  field = new Int16Array(0);
  /** A scalar level of the field, its features behind the last of those, or ROWS. */
  level = new Uint8Array(0);
  /** Number of the block in engine wasm. */
  block = new Int32Array(0);
  /** Pages of each field, by its number. */
  #counts: number[] = [];

  /** Pages that are known to be in use. */
  get used(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Pages of a field. */
  usedBy(field: number): number {
    return this.#counts[field] ?? 0;
  }

  /** @param capacity pages of the heap, the empty one included */
  reset(capacity: number): void {
    this.field = new Int16Array(capacity).fill(NONE);
    this.level = new Uint8Array(capacity);
    this.block = new Int32Array(capacity);
    this.#counts = [];
  }

  /** Says what a page is that was free. */
  tie(page: number, field: number, level: number, block: number): void {
    this.#counts[field] = this.usedBy(field) + 1;
    this.field[page] = field;
    this.level[page] = level;
    this.block[page] = block;
  }

  /** Forgets the pages of a field. */
  release(field: number): void {
    this.#counts[field] = 0;
    for (let page = 0; page < this.field.length; page++)
      if (this.field[page] === field) this.field[page] = NONE;
  }
}

const NONE = -1;
/** "Level" of a page of rows. */
export const ROWS = 255;
