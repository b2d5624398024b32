import { SAMPLE_BYTES } from '../../../kernels/layout/field.js';
import { FeltmapError } from '../../../geometry/errors.js';
import type { EvictedField } from '../../evicted-field.js';
import type { Field } from '../../field.js';
import { layerOf, type FieldRoom, type GridSpec } from '../../grid-spec.js';
import type { SavedGrid } from '../../saved/saved-map.js';
import type { FieldContent } from '../../saved/content.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type { Pose } from '../../../geometry/se3.js';
import type { Carving, IntegrateOptions } from '../../backend.js';
import { blocksInSight, MOST_CARVED } from '../../sight.js';
import type { WasmBackend } from '../wasm/backend.js';
import type { WasmField } from '../wasm/field.js';
import type { BlockGrid } from '../wasm/grid.js';
import type { Device } from './device.js';
import type { FieldOptions } from './device-field.js';
import type { CarvingInput } from './fusing.js';
import type { Heap, HeapField } from './heap.js';
import { copyOf, type Fused, type SparePlace } from './journal.js';
import { PAGE_ROWS } from './layout.js';
import { Mirror } from './mirror.js';

/** What the fields of a backend share. */
export interface SharedParts {
  readonly wasm: WasmBackend;
  readonly device: Device;
  readonly heap: Heap;
  /** Where a surface of the journal goes that is fused again. */
  readonly spare: SparePlace;
  /** Scans between two copies of what changed to the processor's memory. */
  readonly syncEvery: number;
}

/** Pages copied at a time: 4 MiB. */
const COPY_PAGES = 1024;

/**
 * A field on the device, whose pages lie in one heap with those of the others. Its mirror, a field of backend wasm, follows every few scans; when the device is lost, it is
 * filled from there, the scans since are fused again, and where no device can be had any more the mirror itself goes on.
 *
 * @example
 * const field = backend.createField(spec, room); // a WebGpuField
 * field.integrate(surface, T_submap_sensor, { scan: 0 });
 * field.sync(); // field.mirror is now what the device holds
 */
export class WebGpuField implements Field, HeapField {
  readonly id: number;
  readonly levels: readonly BlockGrid[];
  /** The field of backend wasm that follows, and goes on without a device. */
  readonly mirror: WasmField;
  readonly number: number;
  readonly pages: Mirror;
  readonly #wasm: WasmBackend;
  readonly #device: Device;
  readonly #heap: Heap;
  readonly #spare: SparePlace;
  readonly #syncEvery: number;
  #journal: Fused[] = [];
  #samples = 0;
  readonly #inSight = new Int32Array(4 * MOST_CARVED);

  constructor(mirror: WasmField, { wasm, device, heap, spare, syncEvery }: SharedParts) {
    this.id = mirror.id;
    this.levels = mirror.levels;
    this.mirror = mirror;
    this.number = heap.freeNumber();
    this.pages = new Mirror(mirror, this.number, heap.table, heap.half);
    this.#wasm = wasm;
    this.#device = device;
    this.#heap = heap;
    this.#spare = spare;
    this.#syncEvery = syncEvery;
  }

  get spec(): GridSpec {
    return this.mirror.spec;
  }

  get room(): FieldRoom {
    return this.mirror.room;
  }

  announce(): void {
    const { features, spec } = this.mirror;
    const { maxWeight, saturation, maxRange, unorientedRange, unorientedQuality } = layerOf(spec, 'distance');
    const options: FieldOptions = {
      levels: this.levels.map(({ voxel, truncation }) => ({ voxel, truncation })),
      cell: features.grid.voxel,
      maxWeight,
      saturation,
      maxRange,
      unorientedRange,
      unorientedQuality,
      seed: spec.seed,
    };
    this.#device.ask('field', { number: this.number, options, decoder: features.decoder.slice() });
  }

  moveAgain(): void {
    const journal = this.#journal;
    this.#journal = [];
    try {
      this.announce();
      if (!this.pages.empty) this.#fillDevice();
      if (this.#samples > 0) this.#sendSamples(0, this.#samples);
      for (const entry of journal) {
        this.#device.ask('fuse', entry);
        this.#journal.push(entry);
      }
    } catch (error) {
      this.#journal = journal;
      throw error;
    }
  }

  /** Replaces what the device has of it by what the mirror has. */
  #fillDevice(): void {
    this.pages.reset();
    const pages = this.#device.ask('load', {
      field: this.number,
      content: this.pages.pointers(this.#wasm.pool.memory),
      decoder: this.mirror.features.decoder.slice(),
    });
    this.pages.numberAll(pages as Uint32Array);
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
        if (this.#journal.length >= this.#syncEvery) this.sync();
        const carve = carving && surface.count > 0 ? this.#carving(surface, pose, carving) : undefined;
        const entry = { field: this.number, scan: copyOf(surface), pose: pose.slice(), number, carve };
        this.#device.ask('fuse', entry);
        this.#journal.push(entry);
      },
      () => this.#wasm.integrate(this.mirror, surface, pose, how),
    );
  }

  #carving(surface: SurfaceSamples, pose: Pose, carving: Carving): Carving & CarvingInput {
    const level = this.mirror.levels[0]!;
    const count = blocksInSight(level, pose, carving, this.#inSight);
    const blocks = this.#inSight.slice(0, 4 * count);
    const sight = this.#wasm.fusion.sight(surface, level.truncation).slice();
    return { ...carving, pose: pose.slice(), sight, blocks };
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
    const at = this.mirror.samplesPointer + first * SAMPLE_BYTES;
    this.#device.ask('samples', { field: this.number, first, at, count });
  }

  /** Pages of fine blocks on the device. */
  pagesOf(blocks: ArrayLike<number>): Uint32Array {
    return Uint32Array.from(blocks, (block) => this.pages.pageOf(block));
  }

  refresh(): void {
    this.#device.do(
      () => this.#heap.takeOver(this),
      () => [],
    );
  }

  /** Brings the mirror up to date. */
  sync(): void {
    this.#device.do(
      () => {
        const pages = this.pages.order(this.#heap.takeOver(this));
        for (let first = 0; first < pages.length; first += COPY_PAGES) {
          const part = pages.slice(first, first + COPY_PAGES);
          this.pages.fill(part, this.#device.ask('copyPages', Uint32Array.from(part)) as Uint32Array);
        }
        this.#journal = [];
      },
      () => undefined,
    );
  }

  /** Takes over what was written to the mirror from outside. */
  load(): void {
    this.#journal = [];
    this.#device.do(
      () => this.#fillDevice(),
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
    return Math.max(this.mirror.fill, this.#device.there ? this.#heap.fillOf(this) : 0);
  }

  clear(): void {
    this.mirror.clear();
    this.load();
  }

  free(): void {
    this.#heap.remove(this);
    this.mirror.free();
  }

  radiusFor(center: ArrayLike<number>, share: number): number {
    this.sync();
    // Where pages are scarcer than engine wasm's room, that is cut down to what they make of it.
    const scarce = this.#device.there ? share / this.#heap.fillOf(this) : 1;
    return this.mirror.radiusFor(center, Math.min(share, scarce * this.mirror.fill));
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
    const { levels, features } = evicted;
    const blocks = [...levels, features].map(({ change }) => change.length);
    this.#replace(blocks, features.steps.length, () => this.mirror.admit(evicted));
  }

  content(): FieldContent {
    this.sync();
    return this.mirror.content();
  }

  restore(saved: SavedGrid): void {
    const { distance, features } = saved.sizes;
    const blocks = [...(distance?.blocks ?? []), ...(features?.blocks ?? [])];
    this.#replace(blocks, features?.corners[0] ?? 0, () => this.mirror.restore(saved));
  }

  /** Replaces everything; other fields may have taken the pages that engine wasm still has room for. */
  #replace(blocks: readonly number[], rows: number, inMirror: () => void): void {
    this.sync();
    const pages = blocks.reduce((sum, count) => sum + count, Math.ceil(rows / PAGE_ROWS));
    if (this.#device.there && pages > this.#heap.roomFor(this))
      throw new FeltmapError(
        'out-of-memory',
        `The map to take in (${pages} pages of 4 KiB) finds no room on the GPU; free other fields, or raise map.memoryMiB.`,
      );
    try {
      inMirror();
    } finally {
      this.load(); // whatever the mirror holds now
    }
  }
}

/** @throws TypeError for a field of another backend */
export function ownField(field: Field): WebGpuField {
  if (!(field instanceof WebGpuField)) throw new TypeError('The field belongs to another backend.');
  return field;
}
