import type { EvictedField } from '../../evicted-field.js';
import type { Field } from '../../field.js';
import { layerOf, type FieldRoom, type GridSpec } from '../../grid-spec.js';
import type { SavedGrid } from '../../saved/saved-map.js';
import type { FieldContent } from '../../saved/content.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type { Pose } from '../../../geometry/se3.js';
import type { IntegrateOptions } from '../../backend.js';
import type { WasmBackend } from '../wasm/backend.js';
import type { WasmField } from '../wasm/field.js';
import type { BlockGrid } from '../wasm/grid.js';
import type { WorkgroupSizes } from './calibrate.js';
import type { Device, DeviceUser } from './device.js';
import type { GpuMapOptions } from './gpu-map.js';
import { copyOf, SparePlace, type Fused } from './journal.js';
import { Mirror } from './mirror.js';

export interface WebGpuFieldOptions {
  readonly software: boolean;
  readonly half: boolean;
  /** Scans between two copies of what changed to the processor's memory. */
  readonly syncEvery: number;
  /** Samples of the largest batch. */
  readonly batchSamples: number;
}

/** Pages copied at a time: 4 MiB. */
const COPY_PAGES = 1024;
const ROWS_PER_PAGE = 32;
const SAMPLE_BYTES = 32;

/**
 * A field on the device. Its mirror, a field of backend wasm, follows every few scans; when the device is lost, it is
 * filled from there, the scans since are fused again, and where no device can be had any more the mirror itself goes on.
 */
export class WebGpuField implements Field, DeviceUser {
  readonly id: number;
  readonly levels: readonly BlockGrid[];
  /** The field of backend wasm that follows, and goes on without a device. */
  readonly mirror: WasmField;
  readonly #wasm: WasmBackend;
  readonly #device: Device;
  readonly #options: WebGpuFieldOptions;
  readonly #pages: Mirror;
  readonly #spare: SparePlace;
  #workgroups: WorkgroupSizes | undefined;
  #capacity = 1;
  #journal: Fused[] = [];
  #samples = 0;

  constructor(wasm: WasmBackend, mirror: WasmField, device: Device, options: WebGpuFieldOptions) {
    this.id = mirror.id;
    this.levels = mirror.levels;
    this.mirror = mirror;
    this.#wasm = wasm;
    this.#device = device;
    this.#options = options;
    this.#pages = new Mirror(mirror, options.half);
    this.#spare = new SparePlace(wasm.pool.memory, wasm.limits.scanPoints);
  }

  get spec(): GridSpec {
    return this.mirror.spec;
  }

  get room(): FieldRoom {
    return this.mirror.room;
  }

  /** Opens the map on the device, still empty. */
  open(): void {
    const { features, spec } = this.mirror;
    const { maxWeight, saturation, maxRange, bareRange, bareQuality } = layerOf(spec, 'distance');
    const { half, batchSamples, software } = this.#options;
    const blocks = [...this.levels, features.grid].reduce((sum, { maxBlocks }) => sum + maxBlocks, 0);
    const options: GpuMapOptions = {
      levels: this.levels.map(({ voxel, truncation }) => ({ voxel, truncation })),
      cell: features.grid.voxel,
      maxWeight,
      saturation,
      maxRange,
      bareRange,
      bareQuality,
      seed: spec.seed,
      decoder: features.decoder.slice(),
      maxPages: blocks + Math.ceil(features.maxRows / ROWS_PER_PAGE),
      batchSamples,
      half,
    };
    const opened = this.#device.ask('open', { software, options, workgroups: this.#workgroups });
    this.#capacity = (opened as { capacity: number }).capacity;
  }

  /** Threads a workgroup for this device, from here on. */
  set workgroups(sizes: WorkgroupSizes) {
    this.#workgroups = sizes;
    this.#device.ask('workgroups', sizes);
  }

  /** Fills the device from the mirror. */
  fillDevice(): void {
    const { memory } = this.#wasm.pool;
    this.#pages.reset(this.#capacity);
    this.#device.ask('load', {
      map: this.#pages.pointers(memory),
      decoder: this.mirror.features.decoder.slice(),
    });
    this.#pages.numberAll();
    if (this.#samples > 0) this.#sendSamples(0, this.#samples);
  }

  moveAgain(): void {
    const journal = this.#journal;
    this.#journal = [];
    try {
      this.open();
      this.fillDevice();
      for (const entry of journal) {
        this.#device.ask('fuse', entry);
        this.#journal.push(entry);
      }
    } catch (error) {
      this.#journal = journal;
      throw error;
    }
  }

  goOn(): void {
    const journal = this.#journal;
    this.#journal = [];
    for (const { scan, pose, number, carve } of journal) {
      const surface = this.#spare.put(scan);
      if (carve) this.#wasm.fusion.carve(this.mirror, surface, carve.pose, carve);
      this.#wasm.fusion.fuse(this.mirror, surface, pose, number);
    }
  }

  integrate(surface: SurfaceSamples, pose: Pose, how: IntegrateOptions): void {
    const { scan: number, carving } = how;
    this.#device.do(
      () => {
        if (this.#journal.length >= this.#options.syncEvery) this.sync();
        const carve =
          carving && surface.count > 0 && carving.rays > 0 ? { ...carving, pose: pose.slice() } : undefined;
        const entry = { scan: copyOf(surface), pose: pose.slice(), number, carve };
        this.#device.ask('fuse', entry);
        this.#journal.push(entry);
      },
      () => this.#wasm.integrate(this.mirror, surface, pose, how),
    );
  }

  /** Tells the device of samples that were written to the store in memory. */
  putSamples(first: number, count: number): void {
    this.#samples = Math.max(this.#samples, first + count);
    this.#device.do(
      () => this.#sendSamples(first, count),
      () => undefined,
    );
  }

  #sendSamples(first: number, count: number): void {
    this.#device.ask('samples', { first, at: this.mirror.samplesPointer + first * SAMPLE_BYTES, count });
  }

  /** Pages of fine blocks on the device. */
  pagesOf(blocks: ArrayLike<number>): Uint32Array {
    return Uint32Array.from(blocks, (block) => this.#pages.pageOf(block));
  }

  refresh(): void {
    this.#device.do(
      () => this.#takeOver(),
      () => [],
    );
  }

  /** Brings the mirror up to date. */
  sync(): void {
    this.#device.do(
      () => {
        const pages = this.#pages.order(this.#takeOver());
        for (let first = 0; first < pages.length; first += COPY_PAGES) {
          const part = pages.slice(first, first + COPY_PAGES);
          this.#pages.fill(part, this.#device.ask('copyPages', Uint32Array.from(part)) as Uint32Array);
        }
        this.#journal = [];
      },
      () => undefined,
    );
  }

  #takeOver(): number[] {
    const { keys, marks } = this.#device.ask('marks', this.#pages.known) as {
      keys: Int32Array;
      marks: Uint32Array;
    };
    return this.#pages.takeOver(keys, marks);
  }

  /** Takes over what was written to the mirror from outside. */
  load(): void {
    this.#journal = [];
    this.#device.do(
      () => this.fillDevice(),
      () => undefined,
    );
  }

  get featureRows(): number {
    return this.mirror.featureRows;
  }

  get usedBytes(): number {
    return this.mirror.usedBytes;
  }

  get fill(): number {
    return Math.max(this.mirror.fill, this.#device.there ? this.#pages.known / this.#capacity : 0);
  }

  clear(): void {
    this.mirror.clear();
    this.load();
  }

  free(): void {
    this.clear();
    this.mirror.free();
  }

  radiusFor(center: ArrayLike<number>, share: number): number {
    this.sync();
    return this.mirror.radiusFor(center, share);
  }

  forgetBeyond(center: ArrayLike<number>, radius: number): Int32Array {
    this.sync();
    const gone = this.mirror.forgetBeyond(center, radius);
    this.load();
    return gone;
  }

  evict(): EvictedField {
    this.sync();
    const evicted = this.mirror.evict();
    this.load();
    return evicted;
  }

  admit(evicted: EvictedField): void {
    this.mirror.admit(evicted);
    this.load();
  }

  content(): FieldContent {
    this.sync();
    return this.mirror.content();
  }

  restore(saved: SavedGrid): void {
    this.mirror.restore(saved);
    this.load();
  }
}
