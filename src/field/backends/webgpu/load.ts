import { BLOCK_CORNERS } from '../../../kernels/layout/field.js';
import type { DeviceField } from './device-field.js';
import type { GpuMap, Taken } from './gpu-map.js';
import { toHalf } from './half.js';
import {
  COLD,
  COLD_STRIDE,
  COLD_WORDS,
  COUNTER,
  FEATURE_LEVEL,
  KIND_BITS,
  PAGE_BYTES,
  PAGE_KIND,
  PAGE_ROWS,
  PAGE_WORDS,
  Z_BIT,
} from './layout.js';

/** Blocks of one level as engine wasm holds them: views of its pool, not copies. */
export interface GridView {
  /** Their numbers in the pool, in the order in which they were made. */
  readonly blocks: Uint32Array;
  /** 4 per block of the pool. */
  readonly coords: Int32Array;
  readonly change: Float32Array;
  /** 512 × {sdf, weight}, or 512 row numbers, per block of the pool. */
  readonly data: Uint32Array;
}

export interface FieldView {
  readonly levels: readonly GridView[];
  readonly features: GridView;
  readonly rows: {
    /** How many the field has. */
    readonly count: number;
    /** 32 per row of the pool: features, gradient, m, v. */
    readonly data: Float32Array;
    readonly steps: Int32Array;
  };
}

const CHANGE_SCALE = 2 ** 18;

/**
 * Makes a field on the device what it is in engine wasm; whatever it held before goes back to the heap.
 *
 * @returns its pages: the blocks of all levels in their order, those of features last, then the rows, 32 a page, in the
 *   order of blocks and corners
 * @throws FeltmapError out-of-memory when the heap has no room for it: then it is empty
 */
export async function loadField(map: GpuMap, field: DeviceField, view: FieldView): Promise<Uint32Array> {
  const { levels, features } = view;
  const blocks = [...levels, features].reduce((sum, grid) => sum + grid.blocks.length, 0);
  const rows = view.rows.count;
  const rowPages = Math.ceil(rows / PAGE_ROWS);
  map.release(field.number);
  if (blocks === 0) {
    map.makeTable();
    return new Uint32Array(0);
  }
  const taken = await map.take(blocks + rowPages).catch((error: unknown) => {
    map.makeTable();
    throw error;
  });
  const rowsAt = taken.pages.subarray(blocks);
  const writer = new PageWriter(map, taken);
  levels.forEach((grid, level) => {
    const data = (block: number): Uint32Array =>
      grid.data.subarray(block * PAGE_WORDS, (block + 1) * PAGE_WORDS);
    for (const block of grid.blocks)
      writer.next(field.grid(level), PAGE_KIND.block, grid, block).set(data(block));
  });
  const grid = field.grid(FEATURE_LEVEL);
  const owners = new Uint32Array(rows * OWNER.words);
  let n = 0;
  for (const block of features.blocks) {
    const words = writer.next(grid, PAGE_KIND.block, features, block);
    for (let c = 0; c < BLOCK_CORNERS; c++) {
      const row = features.data[block * BLOCK_CORNERS + c]!;
      if (row === 0) continue;
      words[c] = rowsAt[n >> 5]! * PAGE_ROWS + (n & 31);
      owners.set([row, writer.page, block, c], n++ * OWNER.words);
    }
  }
  for (let first = 0; first < rows; first += PAGE_ROWS)
    writeRows(writer.next(grid, PAGE_KIND.rows), view, owners, first, map.options.half);
  writer.flush();
  map.adopt(field, taken, blocks, rows - PAGE_ROWS * (rowPages - 1));
  await map.gpu.settle();
  return taken.pages;
}

/** Of each row: its number in the pool, and page, block number and corner that it belongs to. */
const OWNER = { row: 0, page: 1, block: 2, corner: 3, words: 4 } as const;

/** A page of rows, from the `first` of the list on. */
function writeRows(
  words: Uint32Array,
  { rows, features }: FieldView,
  owners: Uint32Array,
  first: number,
  half: boolean,
): void {
  const floats = new Float32Array(words.buffer, words.byteOffset, PAGE_WORDS);
  for (let k = 0; k < PAGE_ROWS && first + k < rows.count; k++) {
    const owner = (first + k) * OWNER.words;
    const row = owners[owner + OWNER.row]!;
    const at = row * 32;
    if (half)
      for (let i = 0; i < 4; i++)
        words[k * 4 + i] = toHalf(rows.data[at + 2 * i]!) | (toHalf(rows.data[at + 2 * i + 1]!) << 16);
    else floats.set(rows.data.subarray(at, at + 8), k * 8);
    const cold = COLD_WORDS + k * COLD_STRIDE;
    floats.set(rows.data.subarray(at + 16, at + 24), cold + COLD.m);
    floats.set(rows.data.subarray(at + 24, at + 32), cold + COLD.v);
    words[cold + COLD.steps] = rows.steps[row]!;
    const corner = owners[owner + OWNER.corner]!;
    words[cold + COLD.ownerPage] = owners[owner + OWNER.page]!;
    words[cold + COLD.ownerCorner] = corner;
    words[cold + COLD.seed] =
      hashOfBlock(features.coords, owners[owner + OWNER.block]!) ^ Math.imul(corner, 0x9e3779b1);
  }
}

/** What assignRows of wgsl/rows.ts makes a seed of: `hashOf` of wgsl/common.ts, of the place alone. */
function hashOfBlock(coords: Int32Array, block: number): number {
  const [x, y, z] = [coords[block * 4]!, coords[block * 4 + 1]!, coords[block * 4 + 2]!];
  let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca77) ^ Math.imul((z << 3) | 7, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

const BATCH = 256;

/** Writes the pages that were taken one after the other, many at a time, with their keys and marks. */
class PageWriter {
  readonly #map: GpuMap;
  readonly #pages: Uint32Array;
  readonly #generation: number;
  readonly #words = new Uint32Array(BATCH * PAGE_WORDS);
  readonly #keys = new Int32Array(BATCH * 4);
  readonly #marks = new Uint32Array(BATCH * 2);
  #first = 0;
  #filled = 0;

  constructor(map: GpuMap, { pages, counters }: Taken) {
    this.#map = map;
    this.#pages = pages;
    this.#generation = counters[COUNTER.generation]!;
  }

  /** The page that `next` was last asked for. */
  get page(): number {
    return this.#pages[this.#first + this.#filled - 1]!;
  }

  /** The words of the next page, zero so far. A page of rows has no block. */
  next(grid: number, kind: number, view?: GridView, block = 0): Uint32Array {
    if (this.#filled === BATCH) this.flush();
    const n = this.#filled++;
    const [x, y, z] = view ? view.coords.subarray(block * 4, block * 4 + 3) : [0, 0, 0];
    const made = view ? this.#generation << KIND_BITS : 0;
    this.#keys.set([x!, y!, (z! << Z_BIT) | grid, kind | made], n * 4);
    this.#marks.set([view ? Math.round(view.change[block]! * CHANGE_SCALE) : 0, 0], n * 2);
    return this.#words.subarray(n * PAGE_WORDS, (n + 1) * PAGE_WORDS).fill(0);
  }

  flush(): void {
    const { gpu } = this.#map;
    const { slots, pages } = gpu.sizes;
    for (let i = 0; i < this.#filled;) {
      const page = this.#pages[this.#first + i]!;
      const { buffer, at } = this.#map.locate(page);
      const most = Math.min(this.#filled - i, (buffer.size - at) / PAGE_BYTES);
      let n = 1; // pages in a row, in one segment
      while (n < most && this.#pages[this.#first + i + n] === page + n) n++;
      gpu.write(buffer, at, this.#words.subarray(i * PAGE_WORDS, (i + n) * PAGE_WORDS));
      gpu.write(
        gpu.buffer('index'),
        (slots + 2 * pages + page) * 16,
        this.#keys.subarray(i * 4, (i + n) * 4),
      );
      gpu.write(gpu.buffer('marks'), page * 8, this.#marks.subarray(i * 2, (i + n) * 2));
      i += n;
    }
    this.#first += this.#filled;
    this.#filled = 0;
  }
}
