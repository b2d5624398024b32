/// <reference types="@webgpu/types" />
import { FeltmapError } from '../../../geometry/errors.js';
import { openDevice, type AdapterReport, type OpenedAdapter } from './adapter.js';
import { Gpu } from './gpu.js';
import { CORNER_WORDS, OTHER_BUFFERS, ROW_WORDS } from './kernels.js';
import { COUNTER, COUNTERS, PAGE_BYTES, planHeap, type HeapPlan } from './layout.js';
import { accumulatorBytes } from './wgsl/common.js';

export interface LevelOptions {
  /** Distance between corners, metres. */
  readonly voxel: number;
  readonly truncation: number;
}

export interface GpuMapOptions {
  /** Scalar levels, finest first. */
  readonly levels: readonly LevelOptions[];
  /** Side of a feature cell, metres. */
  readonly cell: number;
  readonly maxWeight: number;
  readonly saturation: number;
  readonly maxRange: number;
  readonly bareRange: number;
  readonly bareQuality: number;
  readonly seed: number;
  /** Weights as in src/kernels/field/decoder.ts. */
  readonly decoder: Float32Array;
  /** Pages (4 KiB: a block of corners or 32 feature rows) that the map may grow to. */
  readonly maxPages: number;
  /** Samples of the largest batch, surface points of a scan that get rows. */
  readonly batchSamples: number;
  /** Store features as halves. */
  readonly half: boolean;
  /** For tests: act as if the adapter bound less, or as if the first segment were smaller. */
  readonly maxBindingBytes?: number;
  readonly firstPages?: number;
}

const MAX_SEGMENTS = 6;
/** Keys of corners that one pass may touch, times two. */
const CORNER_SLOTS = 2 ** 20;

/** The map's buffers on a device: block tables, the heap of pages and the accumulators. */
export class GpuMap {
  readonly gpu: Gpu;
  readonly report: AdapterReport;
  readonly options: GpuMapOptions;
  /** Held, because Dawn ends with it. */
  readonly opened: OpenedAdapter;
  readonly #plan: HeapPlan;
  #segments = 0;
  #pages = 1;
  /** No more pages than this can be in use by now. */
  #bound = 1;

  private constructor(gpu: Gpu, opened: OpenedAdapter, options: GpuMapOptions, plan: HeapPlan) {
    this.gpu = gpu;
    this.opened = opened;
    this.report = opened.report;
    this.options = options;
    this.#plan = plan;
  }

  /** @throws FeltmapError unsupported when the adapter is too small for the engine */
  static async create(opened: OpenedAdapter, options: GpuMapOptions): Promise<GpuMap> {
    const { limits, name } = opened.report;
    const free = limits.maxStorageBuffersPerShaderStage - OTHER_BUFFERS;
    if (free < 1)
      throw new FeltmapError(
        'unsupported',
        `${name} binds only ${limits.maxStorageBuffersPerShaderStage} storage buffers a kernel, ${OTHER_BUFFERS + 1} are needed; use engine wasm.`,
      );
    const binding = Math.min(
      limits.maxStorageBufferBindingSize,
      limits.maxBufferSize,
      options.maxBindingBytes ?? Infinity,
    );
    const plan = planHeap(options.maxPages, Math.min(free, MAX_SEGMENTS), binding, options.firstPages);
    const rowSlots = 2 ** Math.ceil(Math.log2(16 * options.batchSamples));
    const largest = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
    const pages = pagesWithin(largest, Math.min(options.maxPages, plan.starts.at(-1)!));
    const sums = Math.max(
      accumulatorBytes(CORNER_SLOTS, CORNER_WORDS),
      accumulatorBytes(rowSlots, ROW_WORDS),
    );
    if (sums > largest)
      throw new FeltmapError(
        'unsupported',
        `${name} binds buffers of ${mebibytes(largest)} MiB at most, batches of ${options.batchSamples} samples need ${mebibytes(sums)} MiB: lower training.batch, or use engine wasm.`,
      );
    const gpu = new Gpu(await openDevice(opened), {
      slots: slotsFor(pages),
      pages,
      starts: plan.starts.slice(0, 2),
      cornerSlots: CORNER_SLOTS,
      rowSlots,
      half: options.half,
    });
    const map = new GpuMap(gpu, opened, options, plan);
    await map.#allocate();
    return map;
  }

  async #allocate(): Promise<void> {
    const { gpu, options } = this;
    const { slots, pages, cornerSlots, rowSlots } = gpu.sizes;
    gpu.setBuffer('index', indexBytes(pages));
    gpu.setBuffer('slots', slots * 4);
    gpu.setBuffer('news', (COUNTERS + 2 * pages) * 4);
    gpu.setBuffer('marks', pages * 8);
    gpu.setBuffer('corners', accumulatorBytes(cornerSlots, CORNER_WORDS));
    gpu.setBuffer('rows', accumulatorBytes(rowSlots, ROW_WORDS));
    for (const name of ['points', 'rays', 'targets', 'records', 'partials', 'samples', 'outcome'] as const)
      gpu.setBuffer(name, 65536);
    gpu.setBuffer('state', 8192);
    gpu.setBuffer('fitState', 65536);
    this.setDecoder(options.decoder);
    gpu.write(gpu.setBuffer('bias', 8192), 0, biasTable());
    this.#addSegment();
    // On a processor compiling takes seconds: there, only what is used.
    if (!this.report.software) await gpu.compile();
    this.#setCounters({ pages: 1 });
    await gpu.check();
  }

  setDecoder(decoder: Float32Array): void {
    this.gpu.write(this.gpu.setBuffer('decoder', 104 * 16), 0, decoder.slice(0, 416));
  }

  /** Pages in use as of the last time they were asked for, the empty one included. */
  get pages(): number {
    return this.#pages;
  }

  /** Segments of the heap in use, and the pages they hold. */
  get heap(): { segments: number; pages: number } {
    return { segments: this.#segments, pages: this.#plan.starts[this.#segments]! };
  }

  #addSegment(): void {
    const k = this.#segments++;
    const { starts } = this.#plan;
    this.gpu.setBuffer(`heap${k}`, (starts[k + 1]! - starts[k]!) * PAGE_BYTES);
  }

  #setCounters(counters: { pages: number; rows?: number; rowPages?: number }): void {
    const words = new Uint32Array(COUNTERS);
    words[COUNTER.pages] = counters.pages;
    words[COUNTER.rows] = counters.rows ?? 0;
    words[COUNTER.rowPages] = counters.rowPages ?? 0;
    this.#pages = this.#bound = counters.pages;
    this.gpu.write(this.gpu.buffer('news'), 0, words);
  }

  /**
   * Makes room for the pages in use and `spare` more: what was just given a page may be written only after this.
   *
   * @throws FeltmapError out-of-memory when a block or row could not be made
   */
  async makeRoom(spare = 0): Promise<void> {
    const [words] = await this.gpu.read({ buffer: this.gpu.buffer('news'), bytes: COUNTERS * 4 });
    await this.#counted(new Uint32Array(words!), spare);
  }

  /** The same without asking the device where even `fresh` pages since the last time would leave room. */
  async makeRoomFor(fresh: number, spare: number): Promise<void> {
    const bound = Math.min(this.#bound + fresh + spare, this.gpu.sizes.pages);
    if (bound <= this.heap.pages) this.#bound = bound;
    else await this.makeRoom(spare);
  }

  async #counted(counters: Uint32Array, spare: number): Promise<void> {
    this.#pages = counters[COUNTER.pages]!;
    this.#bound = Math.min(this.#pages + spare, this.gpu.sizes.pages);
    await this.reservePages(this.#bound);
    if (counters[COUNTER.overflow])
      throw new FeltmapError(
        'out-of-memory',
        `The map on the GPU is full (${this.gpu.sizes.pages} pages of 4 KiB): raise map.memoryMiB, or map.voxel for a coarser map; what was mapped so far is kept.`,
      );
  }

  /** Adds segments until so many pages fit. Nothing is copied. */
  async reservePages(pages: number): Promise<void> {
    const before = this.#segments;
    while (this.heap.pages < pages) this.#addSegment();
    if (this.#segments > before) await this.gpu.setSegments(this.#plan.starts.slice(0, this.#segments + 1));
  }

  /** The segment that holds a page, and where in it. */
  locate(page: number): { buffer: GPUBuffer; at: number } {
    const { starts } = this.#plan;
    let k = 0;
    while (page >= starts[k + 1]!) k++;
    return { buffer: this.gpu.buffer(`heap${k}`), at: (page - starts[k]!) * PAGE_BYTES };
  }

  /** Forgets everything; segments stay. */
  clear(): void {
    const { gpu } = this;
    for (const name of ['index', 'slots', 'marks', 'news'] as const) gpu.zero(gpu.buffer(name));
    for (let k = 0; k < this.#segments; k++) gpu.zero(gpu.buffer(`heap${k}`));
    gpu.submit();
    this.#setCounters({ pages: 1 });
  }

  /** Starts from tables made on the processor: blocks first, then pages of rows. See load.ts. */
  adopt(blocks: number, rows: number, rowPages: number): void {
    const { gpu } = this;
    this.#setCounters({ pages: 1 });
    const words = Uint32Array.of(1, blocks); // pages, fresh: what linkBlocks goes by
    gpu.write(gpu.buffer('news'), 0, words);
    gpu.runGroups('linkBlocks', 256);
    gpu.submit();
    this.#setCounters({ pages: 1 + blocks + rowPages, rows, rowPages });
  }

  /**
   * What happened to each page in use: change (fixed point) and whether it changed since it was copied.
   *
   * @param known pages whose keys the caller has; those of the others are told
   */
  async marks(known: number): Promise<{ keys: Int32Array; marks: Uint32Array }> {
    const { slots, pages } = this.gpu.sizes;
    // One round trip: as much as there may be, of which only what there is counts.
    const [counters, marks, keys] = await this.gpu.read(
      { buffer: this.gpu.buffer('news'), bytes: COUNTERS * 4 },
      { buffer: this.gpu.buffer('marks'), bytes: this.#bound * 8 },
      {
        buffer: this.gpu.buffer('index'),
        at: (slots + 2 * pages + known) * 16,
        bytes: Math.max(0, this.#bound - known) * 16,
      },
    );
    await this.#counted(new Uint32Array(counters!), 0);
    return {
      keys: new Int32Array(keys!.slice(0, Math.max(0, this.#pages - known) * 16)),
      marks: new Uint32Array(marks!.slice(0, this.#pages * 8)),
    };
  }

  /** Contents of pages, PAGE_WORDS each; they count as copied from then on. */
  async copyPages(pages: Uint32Array): Promise<Uint32Array> {
    const { gpu } = this;
    gpu.write(gpu.ensureBuffer('targets', pages.byteLength), 0, pages);
    const outcome = gpu.ensureBuffer('outcome', pages.length * PAGE_BYTES);
    gpu.run('copyPages', pages.length * 512, [{ u: [pages.length, 0, 0, 0] }]);
    const [words] = await gpu.read({ buffer: outcome, bytes: pages.length * PAGE_BYTES });
    return new Uint32Array(words!);
  }
}

/** Slots of the block table: a power of two, half full at most. */
const slotsFor = (pages: number): number => 2 ** Math.ceil(Math.log2(pages * 2));

/** Bytes of the largest table: {key, page} per slot, two vec4 of neighbours and a key per page. */
const indexBytes = (pages: number): number => (slotsFor(pages) + 3 * pages) * 16;

/** As many pages as wanted, or as have room in a table that the adapter can bind. */
export function pagesWithin(bytes: number, wanted: number): number {
  let pages = wanted;
  while (indexBytes(pages) > bytes) pages = slotsFor(pages) / 4; // fills a table of half the slots
  return pages;
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);

/** 1/(1 − 0.9ᵗ), 1/(1 − 0.99ᵗ) for t = 0 … 1023. */
function biasTable(): Float32Array {
  const table = new Float32Array(2048);
  for (let t = 1; t < 1024; t++) {
    table[2 * t] = 1 / (1 - 0.9 ** t);
    table[2 * t + 1] = 1 / (1 - 0.99 ** t);
  }
  return table;
}
