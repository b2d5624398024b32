import {
  BLOCK_CORNERS,
  G_CHANGE,
  G_DATA,
  G_KEY,
  G_KEYS,
  G_MASK,
  G_NEIGHBOURS,
  G_POOL,
  G_VALUES,
  G_VOXEL,
  P_MAX,
} from '../../../kernels/layout/field.js';

const BIAS = 1 << 16;

/**
 * Reads a grid's hash table where it lies: which corners surround a point. Written apart from the kernels on purpose.
 *
 * @example
 * const index = new CornerIndex(buffer, grid.descriptor, 2);
 * const corners = new Int32Array(8);
 * if (index.find(1, 0, 0, corners, 0)) console.log(index.data[2 * corners[0]]); // distance at the first of eight
 */
export class CornerIndex {
  /** 1 / side of a cell in float32, as the kernels multiply with it. */
  readonly inverse: number;
  /** What the latest `find` found: integer corner below the point. */
  readonly base = new Float32Array(3);
  /** Corner data: {sdf, weight} pairs, or row numbers. */
  readonly data: Float32Array;
  readonly dataI32: Int32Array;
  /** How much each block changed since it was last meshed, metres. */
  readonly change: Float32Array;
  readonly #keys: Uint32Array;
  readonly #values: Int32Array;
  readonly #neighbours: Int32Array;
  readonly #mask: number;
  /** Its number, in the upper half of keys. */
  readonly #grid: number;

  /**
   * @param descriptor of the grid, as in src/kernels/layout/field.ts
   * @param wordsPerCorner 2 on scalar levels, 1 on the feature level
   */
  constructor(buffer: ArrayBufferLike, descriptor: number, wordsPerCorner: 1 | 2) {
    const words = new Uint32Array(buffer, descriptor, 20);
    const blocks = new Uint32Array(buffer, words[G_POOL / 4]!, 2)[P_MAX / 4]!;
    const corners = blocks * BLOCK_CORNERS * wordsPerCorner;
    this.inverse = Math.fround(1 / new Float32Array(buffer, descriptor, 16)[G_VOXEL / 4]!);
    this.data = new Float32Array(buffer, words[G_DATA / 4]!, corners);
    this.dataI32 = new Int32Array(buffer, words[G_DATA / 4]!, corners);
    this.change = new Float32Array(buffer, words[G_CHANGE / 4]!, blocks);
    this.#mask = words[G_MASK / 4]!;
    this.#grid = words[G_KEY / 4 + 1]!;
    this.#keys = new Uint32Array(buffer, words[G_KEYS / 4]!, (this.#mask + 1) * 2);
    this.#values = new Int32Array(buffer, words[G_VALUES / 4]!, this.#mask + 1);
    this.#neighbours = new Int32Array(buffer, words[G_NEIGHBOURS / 4]!, blocks * 8);
  }

  /**
   * Writes the eight corners around a point, as block·512 + corner, and sets `base`. Corners of blocks that do not
   * exist lie in block 0, which is empty.
   *
   * @returns false, with nothing but `base` written, where the block of the point does not exist
   */
  find(x: number, y: number, z: number, out: Int32Array, at: number): boolean {
    const { inverse, base } = this;
    const ix = (base[0] = Math.floor(Math.fround(Math.fround(x) * inverse)));
    const iy = (base[1] = Math.floor(Math.fround(Math.fround(y) * inverse)));
    const iz = (base[2] = Math.floor(Math.fround(Math.fround(z) * inverse)));
    const block = this.#block(ix >> 3, iy >> 3, iz >> 3);
    if (block === 0) return false;
    for (let c = 0; c < 8; c++) {
      const cx = (ix & 7) + (c & 1);
      const cy = (iy & 7) + ((c >> 1) & 1);
      const cz = (iz & 7) + (c >> 2);
      const beside = (cx >> 3) | ((cy >> 3) << 1) | ((cz >> 3) << 2);
      const owner = beside === 0 ? block : this.#neighbours[block * 8 + beside]!;
      out[at + c] = owner * BLOCK_CORNERS + ((cx & 7) | ((cy & 7) << 3) | ((cz & 7) << 6));
    }
    return true;
  }

  #block(bx: number, by: number, bz: number): number {
    // The 64-bit key in two halves: 17 bits each of x, y, z, then the number of the grid.
    const [x, y, z] = [bx + BIAS, by + BIAS, bz + BIAS];
    if (((x | y | z) & ~(2 * BIAS - 1)) !== 0) return 0;
    const low = (x | (y << 17)) >>> 0;
    const high = (this.#grid | (y >>> 15) | (z << 2)) >>> 0;
    let slot = hash(low, high) & this.#mask;
    for (;;) {
      const l = this.#keys[slot * 2]!;
      const h = this.#keys[slot * 2 + 1]!;
      if (l === low && h === high) return this.#values[slot]!;
      if (l === 0 && h === 0) return 0;
      slot = (slot + 1) & this.#mask;
    }
  }
}

const GOLDEN_HIGH = 0x9e3779b9;
const GOLDEN_LOW = 0x7f4a7c15;

/** Bits 32 … 63 of key · 0x9e3779b97f4a7c15 (Fibonacci hashing), without 64-bit integers. */
function hash(low: number, high: number): number {
  return (highProduct(low, GOLDEN_LOW) + Math.imul(high, GOLDEN_LOW) + Math.imul(low, GOLDEN_HIGH)) >>> 0;
}

/** Upper half of the 64-bit product of two unsigned 32-bit numbers. */
function highProduct(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = ah * bl + ((al * bl) >>> 16);
  const cross = al * bh + (middle % 0x10000);
  return ah * bh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000);
}
