/// <reference types="@webgpu/types" />
import { FeltmapError } from '../../../geometry/errors.js';
import { openDevice, type AdapterReport, type OpenedAdapter } from './adapter.js';
import type { DeviceField } from './device-field.js';
import { DECODER_STRIDE, Gpu } from './gpu.js';
import { CORNER_WORDS, OTHER_BUFFERS, ROW_WORDS } from './kernels.js';
import { COUNTER, COUNTERS, MARK, NEWS, PAGE_BYTES, planHeap, type HeapPlan } from './layout.js';
import { accumulatorBytes } from './wgsl/common.js';

export interface GpuMapOptions {
  /** Pages (4 KiB: a block of corners or 32 feature rows) that all fields together may grow to. */
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

/** Workgroups of kernels that stride over all pages. */
const STRIDED = 256;

/** Pages set aside, and what the counters are to be once they are filled. */
export interface Taken {
  /** Ascending. */
  readonly pages: Uint32Array;
  readonly counters: Uint32Array;
}

/** What became of the pages since the last time. */
export interface Changes {
  /** Pages that the processor has not heard of, and their keys, four words each. */
  readonly fresh: Uint32Array;
  readonly keys: Int32Array;
  /** Of every page, the empty one included: change (fixed point), and bits of MARK. */
  readonly marks: Uint32Array;
}

/**
 * What all fields share on a device: block table, heap of pages, accumulators.
 *
 * @example
 * const map = await GpuMap.create(await openAdapter(false), options);
 * await map.makeRoom(1000); // pages beyond those in use
 * const { used } = map.heap;
 */
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
  /** Free pages among them as of the last time they were counted. */
  #free = 0;
  /** Pages from here on are not known to the processor. */
  #reported = 1;
  readonly #decoders: Float32Array[] = [];

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
    const { gpu } = this;
    const { slots, pages, cornerSlots, rowSlots } = gpu.sizes;
    gpu.setBuffer('index', indexBytes(pages));
    gpu.setBuffer('slots', slots * 4);
    gpu.setBuffer('news', NEWS.words(pages) * 4);
    gpu.setBuffer('marks', pages * 8);
    gpu.setBuffer('corners', accumulatorBytes(cornerSlots, CORNER_WORDS));
    gpu.setBuffer('rows', accumulatorBytes(rowSlots, ROW_WORDS));
    for (const name of ['points', 'rays', 'targets', 'records', 'partials', 'samples', 'outcome'] as const)
      gpu.setBuffer(name, 65536);
    gpu.setBuffer('state', 8192);
    gpu.setBuffer('fitState', 65536);
    gpu.setBuffer('decoder', DECODER_STRIDE);
    gpu.write(gpu.setBuffer('bias', 8192), 0, biasTable());
    this.#addSegment();
    // On a processor compiling takes seconds: there, only what is used.
    if (!this.report.software) await gpu.compile();
    this.#setCounters(Uint32Array.of(1));
    await gpu.check();
  }

  /** @param decoder weights as in src/kernels/field/decoder.ts */
  setDecoder(field: number, decoder: Float32Array): void {
    const { gpu } = this;
    this.#decoders[field] = decoder.slice(0, 416);
    if (gpu.buffer('decoder').size >= (field + 1) * DECODER_STRIDE)
      gpu.write(gpu.buffer('decoder'), field * DECODER_STRIDE, this.#decoders[field]);
    else {
      const buffer = gpu.setBuffer('decoder', 2 * (field + 1) * DECODER_STRIDE);
      this.#decoders.forEach((weights, k) => gpu.write(buffer, k * DECODER_STRIDE, weights));
    }
  }

  /** Segments of the heap, the pages they hold, and those in use as of the last time they were counted. */
  get heap(): { segments: number; pages: number; used: number } {
    const pages = this.#plan.starts[this.#segments]!;
    return { segments: this.#segments, pages, used: this.#pages - 1 - this.#free };
  }

  #addSegment(): void {
    const k = this.#segments++;
    const { starts } = this.#plan;
    this.gpu.setBuffer(`heap${k}`, (starts[k + 1]! - starts[k]!) * PAGE_BYTES);
  }

  #setCounters(words: Uint32Array): void {
    this.#pages = this.#bound = words[COUNTER.pages]!;
    this.#free = words[COUNTER.free] ?? 0;
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
    this.#free = counters[COUNTER.free]!;
    this.#bound = Math.min(this.#pages + spare, this.gpu.sizes.pages);
    await this.reservePages(this.#bound);
    if (!counters[COUNTER.overflow]) return;
    this.gpu.write(this.gpu.buffer('news'), COUNTER.overflow * 4, Uint32Array.of(0));
    this.makeTable(); // blocks that got no page took slots for good
    throw this.#full();
  }

  #full(): FeltmapError {
    return new FeltmapError(
      'out-of-memory',
      `The map on the GPU is full (${this.gpu.sizes.pages} pages of 4 KiB): raise map.memoryMiB, or map.voxel for a coarser map; what was mapped so far is kept.`,
    );
  }

  /** Enters all blocks into an empty block table. */
  makeTable(): void {
    const { gpu } = this;
    gpu.zero(gpu.buffer('slots'));
    gpu.zero(gpu.buffer('index'), 0, gpu.sizes.slots * 16);
    gpu.runGroups('enterBlocks', STRIDED);
    gpu.submit();
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

  /** Forgets all fields' blocks; segments stay. */
  clear(): void {
    const { gpu } = this;
    for (const name of ['index', 'slots', 'marks', 'news'] as const) gpu.zero(gpu.buffer(name));
    for (let k = 0; k < this.#segments; k++) gpu.zero(gpu.buffer(`heap${k}`));
    gpu.submit();
    this.#reported = 1;
    this.#setCounters(Uint32Array.of(1));
  }

  /** Gives the pages of a field back to the heap. The block table still lists them until {@link makeTable}. */
  release(field: number): void {
    const params = [{ u: [field, 0, 0, 0] }];
    this.gpu.runGroups('emptyPages', STRIDED, params);
    this.gpu.runGroups('freePages', STRIDED, params);
  }

  /**
   * Sets pages aside for {@link adopt}: those that the device would give away next.
   *
   * @throws FeltmapError out-of-memory
   */
  async take(count: number): Promise<Taken> {
    const { gpu } = this;
    const buffer = gpu.buffer('news');
    const [words, list] = await gpu.read(
      { buffer, bytes: COUNTERS * 4 },
      { buffer, at: NEWS.free(gpu.sizes.pages) * 4, bytes: this.#bound * 4 },
    );
    const counters = new Uint32Array(words!);
    const free = new Uint32Array(list!).subarray(0, counters[COUNTER.free]);
    const first = counters[COUNTER.pages]!;
    const reused = Math.min(free.length, count);
    if (first + count - reused > gpu.sizes.pages) throw this.#full();
    const pages = Uint32Array.from({ length: count }, (_, i) =>
      i < reused ? free[free.length - 1 - i]! : first + i - reused,
    ).sort();
    counters[COUNTER.free] = free.length - reused;
    counters[COUNTER.pages] = first + count - reused;
    await this.reservePages(counters[COUNTER.pages]!);
    return { pages, counters };
  }

  /**
   * Makes pages that were filled part of a field.
   *
   * @param blocks how many of them are blocks, from the first on; their keys and those of the rest are written
   * @param rows how many rows the last page holds, where the rest is pages of rows
   */
  adopt({ number }: DeviceField, { pages, counters }: Taken, blocks: number, rows: number): void {
    const { gpu } = this;
    const news = gpu.buffer('news');
    const tail = blocks < pages.length ? pages.at(-1)! : 0;
    gpu.write(news, (NEWS.tails + 2 * number) * 4, Uint32Array.of(tail, rows));
    gpu.write(news, NEWS.list * 4, pages.subarray(0, blocks));
    counters[COUNTER.fresh] = blocks;
    this.#setCounters(counters);
    this.makeTable();
    gpu.runGroups('linkBlocks', STRIDED);
    counters[COUNTER.fresh] = 0;
    counters[COUNTER.generation]!++;
    this.#setCounters(counters);
    this.#reported = Math.max(this.#reported, counters[COUNTER.pages]!);
  }

  /** What happened to all pages since the last time. */
  async changes(): Promise<Changes> {
    const { gpu } = this;
    const { slots, pages } = gpu.sizes;
    const keysOf = (first: number, end: number): { buffer: GPUBuffer; at: number; bytes: number } => ({
      buffer: gpu.buffer('index'),
      at: (slots + 2 * pages + first) * 16,
      bytes: Math.max(0, end - first) * 16,
    });
    // One round trip: as much as there may be, of which only what there is counts.
    const reported = this.#reported;
    const [counters, words, later] = await gpu.read(
      { buffer: gpu.buffer('news'), bytes: COUNTERS * 4 },
      { buffer: gpu.buffer('marks'), bytes: this.#bound * 8 },
      keysOf(reported, this.#bound),
    );
    await this.#counted(new Uint32Array(counters!), 0);
    const marks = new Uint32Array(words!.slice(0, this.#pages * 8));
    const fresh: number[] = [];
    for (let page = 1; page < this.#pages; page++) if (marks[2 * page + 1]! & MARK.untold) fresh.push(page);
    let earlier = new Int32Array(0);
    if (fresh.length > 0 && fresh[0]! < reported)
      // pages that were given back and away again
      earlier = new Int32Array((await gpu.read(keysOf(0, reported)))[0]!);
    const keys = new Int32Array(fresh.length * 4);
    const ends = new Int32Array(later!);
    fresh.forEach((page, i) => {
      const from = page < reported ? earlier.subarray(page * 4) : ends.subarray((page - reported) * 4);
      keys.set(from.subarray(0, 4), i * 4);
    });
    if (fresh.length > 0) gpu.runGroups('tellPages', STRIDED);
    this.#reported = Math.max(reported, this.#pages);
    return { fresh: Uint32Array.from(fresh), keys, marks };
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
