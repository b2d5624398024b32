import type { BlockTable } from '../field/field.js';

/** Block coordinates as one number: exact within ±65536. */
const keyOf = (x: number, y: number, z: number): number => (z * 2 ** 17 + y) * 2 ** 17 + x;

/** Just enough more than the least change that a block is meshed anew after all that changed themselves. */
const A_LITTLE = 1 + 2 ** -20;

/**
 * Blocks whose own corners stayed as they were, but not those of a block beside them: of these a mesh takes its last layer of
 * corners, and the means at corners that were not observed.
 *
 * @example
 * const borders = new StaleBorders(least); // metres
 * const changed = borders.changed(table, blocks); // before their changes are reset
 * mesh(blocks);
 * borders.mark(table, changed, blocks, () => false); // what lies beside them is due now
 */
export class StaleBorders {
  /** What a block has changed by that is due for its neighbours alone, metres. */
  readonly #due: number;
  readonly #numbers = new Map<number, number>();
  /** Blocks of the table that are in `numbers`, and the last of them. */
  #known = 0;
  #last = 0;

  /** @param least change (m) that blocks must exceed to be meshed anew */
  constructor(least: number) {
    this.#due = Math.fround(Math.fround(least) * A_LITTLE);
  }

  /** Those of the listed blocks that changed themselves: only they make others due. */
  changed({ change }: BlockTable, blocks: readonly number[]): number[] {
    return blocks.filter((block) => change[block]! > this.#due);
  }

  /**
   * Makes the blocks around those that changed due, but for those that were meshed along with them.
   *
   * @param skips whether a block must stay as it is
   */
  mark(
    table: BlockTable,
    changed: readonly number[],
    meshed: readonly number[],
    skips: (bx: number, by: number, bz: number) => boolean,
  ): void {
    const { change, coords } = table;
    this.#number(table);
    const fresh = new Set(meshed);
    for (const block of changed) {
      const [bx, by, bz] = [coords[4 * block]!, coords[4 * block + 1]!, coords[4 * block + 2]!];
      for (let z = bz - 1; z <= bz + 1; z++)
        for (let y = by - 1; y <= by + 1; y++)
          for (let x = bx - 1; x <= bx + 1; x++) {
            const beside = this.#at(table, x, y, z);
            if (beside === undefined || change[beside]! >= this.#due || fresh.has(beside)) continue;
            if (!skips(x, y, z)) change[beside] = this.#due;
          }
    }
  }

  /** Number of a block, if there is one. */
  #at({ coords }: BlockTable, x: number, y: number, z: number): number | undefined {
    const block = this.#numbers.get(keyOf(x, y, z));
    if (block === undefined) return undefined;
    const stays = coords[4 * block] === x && coords[4 * block + 1] === y && coords[4 * block + 2] === z;
    return stays ? block : undefined;
  }

  /** Takes in the blocks that were made since; all of them anew where some were dropped. */
  #number({ blocks, coords }: BlockTable): void {
    if (blocks.length < this.#known || (this.#known > 0 && blocks[this.#known - 1] !== this.#last)) {
      this.#numbers.clear();
      this.#known = 0;
    }
    for (; this.#known < blocks.length; this.#known++) {
      const block = (this.#last = blocks[this.#known]!);
      const key = keyOf(coords[4 * block]!, coords[4 * block + 1]!, coords[4 * block + 2]!);
      this.#numbers.set(key, block);
    }
  }
}
