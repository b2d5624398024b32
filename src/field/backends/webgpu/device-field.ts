import type { Gpu } from './gpu.js';
import { gridOf } from './layout.js';
import { SampleStore } from './sample-store.js';

export interface LevelOptions {
  /** Distance between corners, metres. */
  readonly voxel: number;
  readonly truncation: number;
}

/** What a field is laid out by; lengths in metres. */
export interface FieldOptions {
  /** Scalar levels, finest first. */
  readonly levels: readonly LevelOptions[];
  /** Side of a feature cell. */
  readonly cell: number;
  readonly maxWeight: number;
  readonly saturation: number;
  readonly maxRange: number;
  readonly unorientedRange: number;
  readonly unorientedQuality: number;
  readonly seed: number;
}

/**
 * A field as the thread with the device knows it: a number in the keys of its blocks, options, training samples.
 *
 * @example
 * const field = new DeviceField(0, options, gpu);
 * field.samples.write(0, samples);
 * const grid = field.grid(0); // by which kernels find the blocks of its finest level
 */
export class DeviceField {
  readonly samples: SampleStore;

  /** @param number 0 … MAX_FIELDS − 1, not that of another field */
  constructor(
    readonly number: number,
    readonly options: FieldOptions,
    gpu: Gpu,
  ) {
    this.samples = new SampleStore(gpu);
  }

  /** What the kernels find a level's blocks by; FEATURE_LEVEL for those of features. */
  grid(level: number): number {
    return gridOf(this.number, level);
  }
}
