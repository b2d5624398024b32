/** Which block of which field each page of the device's heap is, as far as the processor knows. */
export class PageTable {
  /** Number of the field that has the page; NONE: free, or not known yet. */
  field = new Int16Array(0);
  /** A scalar level of the field, its features behind the last of those, or ROWS. */
  level = new Uint8Array(0);
  /** Number of the block in engine wasm. */
  block = new Int32Array(0);
  #used = 0;

  /** Pages that are known to be in use. */
  get used(): number {
    return this.#used;
  }

  /** @param capacity pages of the heap, the empty one included */
  reset(capacity: number): void {
    this.field = new Int16Array(capacity).fill(NONE);
    this.level = new Uint8Array(capacity);
    this.block = new Int32Array(capacity);
    this.#used = 0;
  }

  tie(page: number, field: number, level: number, block: number): void {
    if (this.field[page] === NONE) this.#used++;
    this.field[page] = field;
    this.level[page] = level;
    this.block[page] = block;
  }

  /** Forgets the pages of a field. */
  release(field: number): void {
    for (let page = 0; page < this.field.length; page++)
      if (this.field[page] === field) {
        this.field[page] = NONE;
        this.#used--;
      }
  }

  /** Pages of a field. */
  usedBy(field: number): number {
    return this.field.reduce((sum, owner) => sum + (owner === field ? 1 : 0), 0);
  }
}

export const NONE = -1;
/** "Level" of a page of rows. */
export const ROWS = 255;
