import type { GpuMap } from './gpu-map.js';
import {
  COLD,
  COLD_STRIDE,
  COLD_WORDS,
  FEATURE_LEVEL,
  LEVEL_BITS,
  PAGE_BYTES,
  PAGE_KIND,
  PAGE_ROWS,
  PAGE_WORDS,
} from './layout.js';
import { toHalf } from './half.js';

/** Blocks of one level as engine wasm holds them: views of its pool, not copies. */
export interface GridView {
  /** Numbers of the level's blocks in the pool. */
  readonly blocks: Uint32Array;
  /** 4 per block of the pool. */
  readonly coords: Int32Array;
  readonly change: Float32Array;
  /** 512 × {sdf, weight}, or 512 row numbers, per block. */
  readonly data: Uint32Array;
}

export interface MapView {
  readonly levels: readonly GridView[];
  readonly features: GridView;
  readonly rows: {
    /** Numbers of the field's rows in the pool. */
    readonly numbers: Int32Array;
    /** 32 per row: features, gradient, m, v. */
    readonly data: Float32Array;
    readonly steps: Int32Array;
    readonly coords: Int32Array;
  };
}

const BLOCK = 512;
const CHANGE_SCALE = 2 ** 18;

/** Fills the map on the device, which must be empty, from that of engine wasm. Pages follow its order of blocks. */
export async function loadMap(map: GpuMap, view: MapView, decoder: Float32Array): Promise<void> {
  const grids = [...view.levels, view.features];
  const blocks = grids.reduce((sum, grid) => sum + grid.blocks.length, 0);
  const { numbers } = view.rows;
  const rowPages = Math.ceil(numbers.length / PAGE_ROWS);
  map.clear();
  map.setDecoder(decoder);
  if (blocks === 0) return;
  await map.reservePages(1 + blocks + rowPages); // a map that fits engine wasm fits: the limits are the same
  const tables = new Tables(map);
  let page = 1;
  grids.forEach((grid, l) => {
    const level = l < view.levels.length ? l : FEATURE_LEVEL;
    for (const block of grid.blocks) tables.add(level, grid, block, page++);
  });
  const rowsAt = 1 + blocks;
  for (let p = 0; p < rowPages; p++) tables.keys[(rowsAt + p) * 4 + 3] = PAGE_KIND.rows;
  tables.upload(rowPages, rowsAt);
  const pages = new PageWriter(map);
  view.levels.forEach((grid) => {
    for (const b of grid.blocks) pages.next(1).set(grid.data.subarray(b * PAGE_WORDS, (b + 1) * PAGE_WORDS));
  });
  const idOf = new Map<number, number>();
  numbers.forEach((row, r) => idOf.set(row, (rowsAt + (r >> 5)) * PAGE_ROWS + (r & 31)));
  for (const b of view.features.blocks) {
    const words = pages.next(1);
    for (let c = 0; c < BLOCK; c++) {
      const row = view.features.data[b * BLOCK + c]!;
      words[c] = row === 0 ? 0 : idOf.get(row)!;
    }
  }
  for (let first = 0; first < numbers.length; first += PAGE_ROWS)
    writeRows(pages.next(1), view, first, map.options.half, tables);
  pages.flush();
  map.adopt(blocks, numbers.length, rowPages);
  await map.gpu.settle();
}

/** A page of rows, from the `first` of the list on. */
function writeRows(
  words: Uint32Array,
  { rows }: MapView,
  first: number,
  half: boolean,
  tables: Tables,
): void {
  const floats = new Float32Array(words.buffer, words.byteOffset, PAGE_WORDS);
  for (let k = 0; k < PAGE_ROWS && first + k < rows.numbers.length; k++) {
    const row = rows.numbers[first + k]!;
    const at = row * 32;
    if (half)
      for (let i = 0; i < 4; i++)
        words[k * 4 + i] = toHalf(rows.data[at + 2 * i]!) | (toHalf(rows.data[at + 2 * i + 1]!) << 16);
    else floats.set(rows.data.subarray(at, at + 8), k * 8);
    const cold = COLD_WORDS + k * COLD_STRIDE;
    floats.set(rows.data.subarray(at + 16, at + 24), cold + COLD.m);
    floats.set(rows.data.subarray(at + 24, at + 32), cold + COLD.v);
    words[cold + COLD.steps] = rows.steps[row]!;
    const [x, y, z] = [rows.coords[row * 4]!, rows.coords[row * 4 + 1]!, rows.coords[row * 4 + 2]!];
    words[cold + COLD.ownerPage] = tables.find(FEATURE_LEVEL, x >> 3, y >> 3, z >> 3);
    const corner = (x & 7) | ((y & 7) << 3) | ((z & 7) << 6);
    words[cold + COLD.ownerCorner] = corner;
    words[cold + COLD.seed] =
      hash(x >> 3, y >> 3, ((z >> 3) << LEVEL_BITS) | FEATURE_LEVEL) ^ Math.imul(corner, 0x9e3779b1);
  }
}

/** The block table as the kernels read it, made on the processor. */
class Tables {
  readonly keys: Int32Array;
  readonly #map: GpuMap;
  readonly #slots: Uint32Array;
  readonly #table: Int32Array;
  readonly #marks: Uint32Array;
  readonly #mask: number;

  constructor(map: GpuMap) {
    const { slots, pages } = map.gpu.sizes;
    this.#map = map;
    this.#mask = slots - 1;
    this.#slots = new Uint32Array(slots);
    this.#table = new Int32Array(slots * 4);
    this.#marks = new Uint32Array(pages * 2);
    this.keys = new Int32Array(pages * 4);
  }

  add(level: number, { coords, change }: GridView, block: number, page: number): void {
    const [x, y, z] = coords.subarray(block * 4, block * 4 + 3) as unknown as [number, number, number];
    const key = [x, y, (z << LEVEL_BITS) | level] as const;
    let slot = hash(...key) & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = page;
    this.#table.set([...key, page], slot * 4);
    this.keys.set([...key, PAGE_KIND.block], page * 4);
    this.#marks[page * 2] = Math.round(change[block]! * CHANGE_SCALE);
  }

  find(level: number, x: number, y: number, z: number): number {
    const w = (z << LEVEL_BITS) | level;
    for (let slot = hash(x, y, w) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * 4;
      const page = this.#slots[slot]!;
      if (page === 0) return 0;
      if (this.#table[at] === x && this.#table[at + 1] === y && this.#table[at + 2] === w) return page;
    }
  }

  upload(rowPages: number, rowsAt: number): void {
    const { gpu } = this.#map;
    const { slots, pages } = gpu.sizes;
    gpu.write(gpu.buffer('slots'), 0, this.#slots);
    gpu.write(gpu.buffer('index'), 0, this.#table);
    gpu.write(gpu.buffer('index'), (slots + 2 * pages) * 16, this.keys);
    gpu.write(gpu.buffer('marks'), 0, this.#marks);
    gpu.write(
      gpu.buffer('news'),
      (16 + pages) * 4,
      Uint32Array.from({ length: rowPages }, (_, p) => rowsAt + p),
    );
  }
}

/** `hashOf` of wgsl/common.ts. */
function hash(x: number, y: number, z: number): number {
  let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca77) ^ Math.imul(z, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

/** Writes pages one after the other, many at a time. */
class PageWriter {
  readonly #map: GpuMap;
  readonly #buffer = new Uint32Array(256 * PAGE_WORDS);
  #first = 1;
  #filled = 0;

  constructor(map: GpuMap) {
    this.#map = map;
  }

  /** The words of the next page, zero so far. */
  next(pages: number): Uint32Array {
    if (this.#filled === 256) this.flush();
    const at = this.#filled * PAGE_WORDS;
    this.#filled += pages;
    return this.#buffer.subarray(at, at + PAGE_WORDS).fill(0);
  }

  flush(): void {
    for (let i = 0; i < this.#filled;) {
      const { buffer, at } = this.#map.locate(this.#first + i);
      const n = Math.min(this.#filled - i, (buffer.size - at) / PAGE_BYTES);
      this.#map.gpu.write(buffer, at, this.#buffer.subarray(i * PAGE_WORDS, (i + n) * PAGE_WORDS));
      i += n;
    }
    this.#first += this.#filled;
    this.#filled = 0;
  }
}
