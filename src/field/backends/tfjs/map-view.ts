import { L_DECODER, L_GRID, L_MAX, L_ROWS, L_STEPS } from '../../../kernels/layout/field.js';
import { DECODER_FLOATS, ROW_FLOATS } from '../wasm/features.js';
import type { WasmField } from '../wasm/field.js';
import { CornerIndex } from './corner-index.js';

/** Where a map lies in the wasm engine's shared memory; plain data, the same for every thread. */
export interface MapPointers {
  /** Descriptors of the scalar levels, finest first, and of the feature level. */
  readonly levels: readonly number[];
  readonly features: number;
  /** The pool of training samples. */
  readonly samples: number;
}

export function pointersOf(field: WasmField): MapPointers {
  return {
    levels: field.levels.map(({ descriptor }) => descriptor),
    features: field.features.descriptor,
    samples: field.samplesPointer,
  };
}

/**
 * The wasm engine's map, seen from any thread: views, not copies.
 *
 * @example
 * const map = new MapView(memory.buffer, pointersOf(field));
 * map.fine.inverse * field.levels[0].voxel; // 1, but for rounding
 */
export class MapView {
  readonly levels: readonly CornerIndex[];
  /** Rows of the feature corners. */
  readonly cells: CornerIndex;
  /** 32 per row: features, gradient, Adam's m and v. */
  readonly rows: Float32Array;
  readonly steps: Int32Array;
  readonly decoder: Float32Array;
  /** 8 per sample: x y z (keyframe frame), label, weight, 3 unused. */
  readonly samples: Float32Array;

  constructor(
    readonly buffer: ArrayBufferLike,
    { levels, features, samples }: MapPointers,
  ) {
    const words = new Uint32Array(buffer, features, 16);
    const maxRows = words[L_MAX / 4]!;
    this.levels = levels.map((descriptor) => new CornerIndex(buffer, descriptor, 2));
    this.cells = new CornerIndex(buffer, words[L_GRID / 4]!, 1);
    this.rows = new Float32Array(buffer, words[L_ROWS / 4]!, maxRows * ROW_FLOATS);
    this.steps = new Int32Array(buffer, words[L_STEPS / 4]!, maxRows);
    this.decoder = new Float32Array(buffer, words[L_DECODER / 4]!, DECODER_FLOATS);
    this.samples = new Float32Array(buffer, samples);
  }

  get fine(): CornerIndex {
    return this.levels[0]!;
  }
}
