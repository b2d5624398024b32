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

// Words of the feature level's descriptor, as in src/kernels/field/features.ts.
const GRID = 0;
const ROWS = 1;
const MAX_ROWS = 3;
const STEPS = 5;
const DECODER = 6;

export function pointersOf(field: WasmField): MapPointers {
  return {
    levels: field.levels.map(({ descriptor }) => descriptor),
    features: field.features.descriptor,
    samples: field.samplesPointer,
  };
}

/** The wasm engine's map, seen from any thread: views, not copies. */
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
    const maxRows = words[MAX_ROWS]!;
    this.levels = levels.map((descriptor) => new CornerIndex(buffer, descriptor, 2));
    this.cells = new CornerIndex(buffer, words[GRID]!, 1);
    this.rows = new Float32Array(buffer, words[ROWS]!, maxRows * ROW_FLOATS);
    this.steps = new Int32Array(buffer, words[STEPS]!, maxRows);
    this.decoder = new Float32Array(buffer, words[DECODER]!, DECODER_FLOATS);
    this.samples = new Float32Array(buffer, samples);
  }

  get fine(): CornerIndex {
    return this.levels[0]!;
  }
}
