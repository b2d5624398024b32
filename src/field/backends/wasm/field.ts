import type { KernelPool } from '../../../compute/pool.js';
import { FeltmapError } from '../../../geometry/errors.js';
import { RAY_BLOCK_BITS } from '../../../kernels/layout/field.js';
import type { Field } from '../../field.js';
import { layerOf, type DistanceLayer, type FieldRoom, type GridSpec } from '../../grid-spec.js';
import type { SavedGrid } from '../../saved/saved-map.js';
import type { FieldContent } from '../../saved/content.js';
import { FeatureLevel } from './features.js';
import { fillOf, forgetBeyond, radiusFor } from './forget.js';
import { BLOCK_CORNERS, BlockGrid } from './grid.js';
import type { BlockMaker } from './make-blocks.js';
import { fieldContent, restoreField } from './restore.js';

/** Floats of a training sample: x y z (keyframe frame), label, weight, three unused. */
export const SAMPLE_FLOATS = 8;
/** Block numbers that the word of a ray has room for. */
const MAX_BLOCKS = 2 ** RAY_BLOCK_BITS;
/** Bytes of a block's table entries and of a feature row with its state. */
const TABLE_BYTES = 52;
const ROW_BYTES = 152;

/** What the backend that made a field does for it. */
export interface FieldOwner {
  readonly maker: BlockMaker;
  free(field: WasmField): void;
}

/** A field in shared wasm memory. */
export class WasmField implements Field {
  readonly levels: readonly BlockGrid[];
  readonly features: FeatureLevel;
  readonly distance: DistanceLayer;
  /** Training samples, SAMPLE_FLOATS each. */
  readonly samplesPointer: number;
  /** Steps of the joint optimisation so far. */
  fitSteps = 0;
  readonly #owner: FieldOwner;

  /** @throws FeltmapError out-of-memory when the arena is too small; bad-input when there are too many blocks to number */
  constructor(
    readonly id: number,
    pool: KernelPool,
    readonly spec: GridSpec,
    readonly room: FieldRoom,
    owner: FieldOwner,
  ) {
    const { memory } = pool;
    const { voxel, truncation } = spec;
    const { fineBlocks } = room;
    if (fineBlocks > MAX_BLOCKS)
      throw new FeltmapError(
        'bad-input',
        `A field numbers at most ${MAX_BLOCKS} fine blocks, got room for ${fineBlocks}; lower map.memoryMiB.`,
      );
    this.#owner = owner;
    this.distance = layerOf(spec, 'distance');
    const { maxWeight } = this.distance;
    const coarse = spec.pyramid.map((factor) => ({
      voxel: voxel * factor,
      truncation: voxel * factor * 2,
      maxBlocks: Math.max(1024, fineBlocks >> 3),
    }));
    this.levels = [{ voxel, truncation, maxBlocks: fineBlocks }, ...coarse].map(
      (level) => new BlockGrid(memory, { ...level, maxWeight, wordsPerCorner: 2 }),
    );
    const { stride, outputScale } = layerOf(spec, 'features');
    this.features = new FeatureLevel(memory, {
      cell: voxel * stride,
      maxBlocks: Math.max(1024, fineBlocks >> 2),
      maxRows: room.featureRows,
      seed: spec.seed,
      outputScale,
    });
    this.samplesPointer = memory.alloc(room.samples * SAMPLE_FLOATS * 4);
  }

  get featureRows(): number {
    return this.features.count - 1;
  }

  get usedBytes(): number {
    const grid = (level: BlockGrid): number =>
      level.count * (BLOCK_CORNERS * level.wordsPerCorner * 4 + TABLE_BYTES);
    return (
      this.levels.reduce((sum, level) => sum + grid(level), grid(this.features.grid)) +
      this.features.count * ROW_BYTES
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
    this.#owner.free(this);
  }

  radiusFor(center: ArrayLike<number>, share: number): number {
    return radiusFor(this, center, share);
  }

  forgetBeyond(center: ArrayLike<number>, radius: number): Int32Array {
    return forgetBeyond(this, center, radius, (grid, coords) => this.makeBlocks(grid, coords));
  }

  content(): FieldContent {
    return fieldContent(this, layerOf(this.spec, 'features').stride);
  }

  restore(saved: SavedGrid): void {
    restoreField(this, saved, (grid, coords) => this.makeBlocks(grid, coords));
    this.checkRoom();
  }

  /** Makes blocks in their order (bx by bz each). */
  makeBlocks(grid: BlockGrid, coords: Int32Array): void {
    this.#owner.maker.make(grid, coords);
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
