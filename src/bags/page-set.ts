const BLOCK = 1 << 15;

/**
 * A set of page numbers: a bit each, but only where there are any, as a file may claim any size.
 *
 * @example
 * const seen = new PageSet();
 * if (!seen.add(7)) throw new Error('page 7 again');
 */
export class PageSet {
  readonly #blocks = new Map<number, Uint8Array>();

  /** @returns false if it was there already */
  add(page: number): boolean {
    const key = Math.floor(page / BLOCK);
    let block = this.#blocks.get(key);
    if (!block) this.#blocks.set(key, (block = new Uint8Array(BLOCK / 8)));
    const [at, bit] = [(page % BLOCK) >> 3, 1 << (page & 7)];
    if (block[at]! & bit) return false;
    block[at]! |= bit;
    return true;
  }
}
