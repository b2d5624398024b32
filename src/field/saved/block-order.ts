import { FeltmapError } from '../../geometry/errors.js';
import { IntegerModel } from './integer-model.js';
import { BitModels, RangeDecoder, type BitCoder } from './range-coder.js';

/** Block coordinates stay within ±2¹⁶, as far as the mesh's block store can address. */
const BLOCK_LIMIT = 65536;
const SPAN = 2 * BLOCK_LIMIT;

/** One number per block; numbers sort by z, then y, then x. */
export function orderKey(bx: number, by: number, bz: number): number {
  return ((bz + BLOCK_LIMIT) * SPAN + by + BLOCK_LIMIT) * SPAN + bx + BLOCK_LIMIT;
}

/**
 * Which block (from 0) lies where, for neighbour look-ups; −1 where there is none.
 *
 * @example
 * const index = new BlockIndex(level.coords);
 * const before = index.at(bx - 1, by, bz); // −1: there is none
 */
export class BlockIndex {
  readonly #index = new Map<number, number>();

  /** @param coords bx by bz per block */
  constructor(coords: Int32Array) {
    for (let i = 0; i * 3 < coords.length; i++)
      this.#index.set(orderKey(coords[i * 3]!, coords[i * 3 + 1]!, coords[i * 3 + 2]!), i);
  }

  at(bx: number, by: number, bz: number): number {
    return this.#index.get(orderKey(bx, by, bz)) ?? -1;
  }
}

/**
 * Writes or reads a sorted list of blocks as steps from one to the next.
 *
 * @param coords bx by bz per block, in increasing order; filled when reading
 * @throws FeltmapError bad-input when what is read is not sorted or lies outside of ±2¹⁶
 */
export function codeBlockOrder(coder: BitCoder, coords: Int32Array): void {
  const level = new BitModels(2);
  const step = new IntegerModel(3);
  let [x, y, z] = [0, 0, 0];
  let last = -1;
  for (let i = 0; i < coords.length; i += 3) {
    const [bx, by, bz] = [coords[i]!, coords[i + 1]!, coords[i + 2]!];
    if (coder.bit(level, 0, bz !== z ? 1 : 0)) {
      z += step.code(coder, 2, bz - z);
      y += step.code(coder, 1, by - y);
      x += step.code(coder, 0, bx - x);
    } else if (coder.bit(level, 1, by !== y ? 1 : 0)) {
      y += step.code(coder, 1, by - y);
      x += step.code(coder, 0, bx - x);
    } else x += step.code(coder, 0, bx - x);
    const key = orderKey(x, y, z);
    const inside = Math.max(Math.abs(x), Math.abs(y), Math.abs(z)) < BLOCK_LIMIT;
    if (!inside || key <= last)
      throw new FeltmapError('bad-input', 'The blocks of the saved map are damaged; save it again.');
    last = key;
    coords[i] = x;
    coords[i + 1] = y;
    coords[i + 2] = z;
    if (coder instanceof RangeDecoder) coder.check();
  }
}
