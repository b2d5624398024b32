import {
  E_BAND,
  E_BESIDE,
  E_MIN_WEIGHT,
  E_SCALAR,
  E_SCRATCH,
  E_VALUES,
  Q_COUNT,
  Q_SCALAR,
  Q_SCRATCH,
  SCRATCH_BYTES,
} from '../../../kernels/layout/field.js';
import { H_GRID, POINT_CHUNK } from '../../../kernels/layout/gather.js';
import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import type { EvaluateOptions } from '../../backend.js';
import { BLOCK_VALUES, SAMPLE_VALUES } from '../../backend.js';
import type { WasmField } from './field.js';

const POINTS = 65536;
const BLOCKS = 4096;

/**
 * Reads distances at points and at the corners of blocks.
 *
 * @example
 * const reading = new Reading(pool);
 * const [distance, dx, dy, dz, weight] = reading.sample(field, Float32Array.of(1, 0, 0)); // weight 0: not observed
 */
export class Reading {
  readonly #pool: KernelPool;
  readonly #query: KernelArguments;
  readonly #colours: KernelArguments;
  readonly #pointsPointer: number;
  readonly #points: Float32Array;
  readonly #outPointer: number;
  readonly #out: Float32Array;
  readonly #evaluate: KernelArguments;
  readonly #blocksPointer: number;
  readonly #blocks: Uint32Array;
  readonly #coordsPointer: number;

  constructor(pool: KernelPool) {
    const { memory } = pool;
    this.#pool = pool;
    this.#pointsPointer = memory.alloc(POINTS * 12);
    this.#outPointer = memory.alloc(POINTS * SAMPLE_VALUES * 4);
    this.#points = memory.f32(this.#pointsPointer, POINTS * 3);
    this.#out = memory.f32(this.#outPointer, POINTS * SAMPLE_VALUES);
    this.#query = new KernelArguments(memory, 32);
    this.#query.int(Q_SCRATCH, memory.alloc((POINTS / POINT_CHUNK) * SCRATCH_BYTES));
    this.#colours = new KernelArguments(memory, 16);
    this.#blocksPointer = memory.alloc(BLOCKS * 4);
    this.#blocks = memory.u32(this.#blocksPointer, BLOCKS);
    this.#coordsPointer = memory.alloc(BLOCKS * 16);
    this.#evaluate = new KernelArguments(memory, 48);
    this.#evaluate.int(E_SCRATCH, memory.alloc(BLOCKS * SCRATCH_BYTES));
  }

  sample(field: WasmField, points: Float32Array): Float32Array {
    const count = points.length / 3;
    const out = new Float32Array(count * SAMPLE_VALUES);
    for (let first = 0; first < count; first += POINTS) {
      const n = Math.min(POINTS, count - first);
      this.#points.set(points.subarray(first * 3, (first + n) * 3));
      this.#query
        .int(Q_SCALAR, field.levels[0]!.descriptor, field.features.descriptor, this.#pointsPointer)
        .int(Q_COUNT, n, this.#outPointer);
      this.#pool.run('query', this.#query.pointer, Math.ceil(n / POINT_CHUNK));
      out.set(this.#out.subarray(0, n * SAMPLE_VALUES), first * SAMPLE_VALUES);
    }
    return out;
  }

  /** 4 bytes per point: red, green, blue, and 255 where they are known; empty without a colour layer. */
  colours(field: WasmField, points: Float32Array): Uint8Array {
    const fine = field.levels[0]!;
    if (!fine.colour) return new Uint8Array(0);
    const count = points.length / 3;
    const out = new Uint8Array(count * 4);
    for (let first = 0; first < count; first += POINTS) {
      const n = Math.min(POINTS, count - first);
      this.#points.set(points.subarray(first * 3, (first + n) * 3));
      this.#colours.int(H_GRID, fine.descriptor, this.#pointsPointer, n, this.#outPointer);
      this.#pool.run('readColours', this.#colours.pointer, Math.ceil(n / POINT_CHUNK));
      out.set(this.#pool.memory.u8(this.#outPointer, n * 4), first * 4);
    }
    return out;
  }

  /** @throws RangeError for values that do not lie in kernel memory, or do not suffice */
  evaluate(
    field: WasmField,
    blocks: ArrayLike<number>,
    values: Float32Array,
    { minWeight, band, features, beside = false }: EvaluateOptions,
  ): void {
    if (blocks.length > BLOCKS || values.length < blocks.length * BLOCK_VALUES)
      throw new RangeError(
        `At most ${BLOCKS} blocks with ${BLOCK_VALUES} values each, got ${blocks.length}.`,
      );
    for (let i = 0; i < blocks.length; i++) this.#blocks[i] = blocks[i]!;
    this.#evaluate
      .int(
        E_SCALAR,
        field.levels[0]!.descriptor,
        features ? field.features.descriptor : 0,
        this.#blocksPointer,
      )
      .int(E_VALUES, this.#pool.memory.addressOf(values), this.#coordsPointer)
      .scalar(E_MIN_WEIGHT, minWeight)
      .scalar(E_BAND, band)
      .int(E_BESIDE, beside ? 1 : 0);
    this.#pool.run('evaluateBlocks', this.#evaluate.pointer, blocks.length);
  }
}
