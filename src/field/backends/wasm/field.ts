import { SAMPLE_BYTES } from '../../../kernels/layout/field.js';
import { FeltmapError } from '../../../geometry/errors.js';
import type { KernelMemory } from '../../../compute/memory.js';
import type { EvictedField } from '../../evicted-field.js';
import type { Field } from '../../field.js';
import { layerOf, levelBlocks, type DistanceLayer, type FieldRoom, type GridSpec } from '../../grid-spec.js';
import type { SavedGrid } from '../../saved/saved-map.js';
import type { FieldContent } from '../../saved/content.js';
import type { BlockPool } from './block-pool.js';
import { admitField, evictField } from './evict.js';
import { FeatureLevel } from './features.js';
import { fillOf, forgetBeyond, radiusFor } from './forget.js';
import { BlockGrid } from './grid.js';
import { fieldContent, restoreField } from './restore.js';
import type { RowPool } from './row-pool.js';

/** Bytes of a feature row with its state. */
const ROW_BYTES = 152;

/** What fields of a backend share. */
export interface FieldPools {
  readonly memory: KernelMemory;
  /** Blocks of scalar levels. */
  readonly blocks: BlockPool;
  /** Blocks of feature levels. */
  readonly featureBlocks: BlockPool;
  readonly rows: RowPool;
}

/**
 * A field in shared wasm memory.
 *
 * @example
 * const field = backend.createField(spec, room); // a WasmField
 * field.forgetBeyond([0, 0, 0], 100); // metres
 * const saved = field.content();
 * field.free();
 */
export class WasmField implements Field {
  readonly levels: readonly BlockGrid[];
  readonly features: FeatureLevel;
  readonly distance: DistanceLayer;
  /** Training samples, SAMPLE_BYTES each. */
  readonly samplesPointer: number;
  /** Steps of the joint optimisation so far. */
  fitSteps = 0;
  readonly #memory: KernelMemory;

  /** @throws FeltmapError out-of-memory when there is no room for its samples, or too many grids */
  constructor(
    readonly id: number,
    { memory, blocks, featureBlocks, rows }: FieldPools,
    readonly spec: GridSpec,
    readonly room: FieldRoom,
  ) {
    const { voxel, truncation } = spec;
    this.#memory = memory;
    this.distance = layerOf(spec, 'distance');
    const { pyramidTruncation = 2 } = spec;
    const colour = spec.layers.some(({ name }) => name === 'colour');
    const { maxWeight } = this.distance;
    const most = levelBlocks(room);
    this.samplesPointer = memory.alloc(room.samples * SAMPLE_BYTES);
    this.levels = [
      new BlockGrid(blocks, { voxel, truncation, maxBlocks: most.fine, maxWeight, colour }),
      ...spec.pyramid.map(
        (factor) =>
          new BlockGrid(blocks, {
            voxel: voxel * factor,
            truncation: voxel * factor * pyramidTruncation,
            maxBlocks: most.coarse,
            maxWeight,
          }),
      ),
    ];
    const { stride, outputScale } = layerOf(spec, 'features');
    this.features = new FeatureLevel(memory, featureBlocks, rows, {
      cell: voxel * stride,
      maxBlocks: most.features,
      maxRows: room.featureRows,
      seed: spec.seed,
      outputScale,
    });
  }

  get featureRows(): number {
    return this.features.count - 1;
  }

  get usedBytes(): number {
    const grid = ({ count, pool }: BlockGrid): number => (count - 1) * pool.blockBytes;
    return (
      this.levels.reduce((sum, level) => sum + grid(level), grid(this.features.grid)) +
      this.featureRows * ROW_BYTES
    );
  }

  get fill(): number {
    return fillOf(this);
  }

  /** Nothing to do: the backend works on these tables themselves. */
  refresh(): void {}

  clear(): void {
    for (const level of this.levels) level.clear();
    this.features.clear();
    this.fitSteps = 0;
  }

  free(): void {
    for (const level of this.levels) level.free();
    this.features.free();
    this.#memory.release(this.samplesPointer, this.room.samples * SAMPLE_BYTES);
  }

  radiusFor(center: ArrayLike<number>, share: number): number {
    return radiusFor(this, center, share);
  }

  forgetBeyond(center: ArrayLike<number>, radius: number): Int32Array {
    return forgetBeyond(this, center, radius);
  }

  evict(): EvictedField {
    const evicted = evictField(this);
    this.clear();
    return evicted;
  }

  admit(evicted: EvictedField): void {
    admitField(this, evicted);
    this.fitSteps = evicted.fitSteps;
  }

  content(): FieldContent {
    return fieldContent(this, layerOf(this.spec, 'features').stride);
  }

  restore(saved: SavedGrid): void {
    restoreField(this, saved);
    this.checkRoom();
  }

  /** Makes blocks in their order (bx by bz each). */
  makeBlocks(grid: BlockGrid, coords: Int32Array): void {
    grid.pool.make(grid, coords);
  }

  /** @throws FeltmapError out-of-memory once a block or row could not be made */
  checkRoom(): void {
    if (this.features.overflowed || this.levels.some((level) => level.overflowed))
      throw new FeltmapError(
        'out-of-memory',
        'The map is full: raise map.memoryMiB, or map.voxel for a coarser map; what was mapped so far is kept.',
      );
  }
}
