import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import {
  CORNERS_BYTES,
  FIT_OUT_BYTES,
  RECORD_BYTES,
  SAMPLE_BYTES,
  SAMPLE_CHUNK,
  SCRATCH_BYTES,
  S_BAND,
  S_COUNT,
  S_ORIGIN,
  S_OUT,
  S_POINTS,
  S_UNORIENTED_RANGE,
  T_BIAS,
  T_CELLS,
  T_CHUNKS,
  T_HUBER,
  T_ITERATION,
  T_PARTS,
  T_RATE,
  T_RECORDS,
  T_SCALAR,
  T_SCALAR_RATE,
  T_SCRATCH,
  T_TOTAL,
  T_TOUCHED,
} from '../../../kernels/layout/field.js';
import type { Pose } from '../../../geometry/se3.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type { BackendLimits, DrawOptions, FitBatch, FitFrame, FitOptions, FitResult } from '../../backend.js';
import { POSE_SYSTEM } from '../../pose-step.js';
import type { WasmField } from './field.js';
import { addressesOf } from './surface-addresses.js';

const MAX_FRAMES = 64;
/** Most disjoint parts of blocks and rows: enough for the threads of a laptop. Results do not depend on their number. */
const MOST_PARTS = 4;

/**
 * Draws training samples and takes steps of the joint optimisation.
 *
 * @example
 * const training = new Training(pool, limits);
 * training.drawSamples(field, surface, { points, first: 0, seed: 1, band: 0.3 });
 * const { loss } = training.step(field, batch, frames, options);
 */
export class Training {
  readonly #pool: KernelPool;
  readonly #limits: BackendLimits;
  readonly #sample: KernelArguments;
  readonly #fit: KernelArguments;
  readonly #chunksPointer: number;
  readonly #chunks: Uint32Array;
  readonly #posesPointer: number;
  readonly #poses: Float32Array;
  readonly #out: Float64Array;
  readonly #parts: number;
  /** Rows that the lists of touched ones have room for, per part. */
  #touched = 0;

  constructor(pool: KernelPool, limits: BackendLimits) {
    const { memory } = pool;
    const { batchChunks } = limits;
    this.#pool = pool;
    this.#limits = limits;
    this.#sample = new KernelArguments(memory, 64);
    this.#fit = new KernelArguments(memory, 128);
    this.#chunksPointer = memory.alloc(batchChunks * 16);
    this.#chunks = memory.u32(this.#chunksPointer, batchChunks * 4);
    this.#posesPointer = memory.alloc(MAX_FRAMES * 48);
    this.#poses = memory.f32(this.#posesPointer, MAX_FRAMES * 12);
    const out = memory.alloc(batchChunks * FIT_OUT_BYTES);
    this.#out = memory.f64(out, (batchChunks * FIT_OUT_BYTES) / 8);
    this.#parts = Math.min(MOST_PARTS, 2 ** Math.ceil(Math.log2(pool.threads)));
    this.#fit
      .int(T_RECORDS, memory.alloc(batchChunks * SAMPLE_CHUNK * RECORD_BYTES), out)
      .int(T_PARTS, this.#parts)
      .int(T_BIAS, biasTable(pool))
      .int(T_SCRATCH, memory.alloc(batchChunks * SCRATCH_BYTES))
      .int(T_CELLS, memory.alloc(batchChunks * SAMPLE_CHUNK * CORNERS_BYTES));
  }

  /** Makes room for the rows that a batch may touch: a list holds each once, however many samples touch it. */
  reserve({ room }: WasmField): void {
    const touched = Math.min(this.#limits.batchChunks * SAMPLE_CHUNK * 8, room.featureRows);
    if (touched <= this.#touched) return;
    this.#fit.int(T_TOUCHED, this.#pool.memory.alloc(touched * MOST_PARTS * 4), touched);
    this.#touched = touched;
  }

  /** Four samples per chosen point, to the field's store. */
  drawSamples(
    field: WasmField,
    surface: SurfaceSamples,
    { points: chosen, first, seed, band }: DrawOptions,
  ): void {
    const points = addressesOf(this.#pool.memory, surface);
    this.#sample
      .int(S_POINTS, points.x, points.y, points.z, points.nx, points.ny, points.nz, points.quality)
      .int(S_COUNT, surface.count, chosen, coprimeStride(surface.count), seed)
      .int(S_OUT, field.samplesPointer + first * SAMPLE_BYTES)
      .scalar(S_BAND, band)
      .int(S_ORIGIN, seed % surface.count)
      .scalar(S_UNORIENTED_RANGE, field.distance.unorientedRange);
    this.#pool.run('drawSamples', this.#sample.pointer, Math.ceil(chosen / SAMPLE_CHUNK));
  }

  /** Makes feature rows for the cells that samples lie in. */
  makeRows(field: WasmField, batch: FitBatch, frames: readonly { readonly pose: Pose }[]): void {
    this.#write(field, batch, frames, () => false);
    this.#pool.run('allocateRows', this.#fit.pointer, 1);
    field.checkRoom();
  }

  step(field: WasmField, batch: FitBatch, frames: readonly FitFrame[], options: FitOptions): FitResult {
    this.#write(field, batch, frames, (frame) => frames[frame]!.optimise);
    field.levels[0]!.noteWrite();
    this.#fit
      .scalar(T_HUBER, options.huber)
      .scalar(T_RATE, options.learningRate)
      .scalar(T_SCALAR_RATE, options.scalarRate)
      .int(T_ITERATION, ++field.fitSteps);
    this.#pool.run('fitForward', this.#fit.pointer, batch.length);
    this.#pool.run('fitUpdate', this.#fit.pointer, this.#parts);
    const systems = new Float64Array(frames.length * POSE_SYSTEM);
    let loss = 0;
    let used = 0;
    batch.forEach(({ frame }, k) => {
      loss += this.#out[k * 32 + 27]!;
      used += this.#out[k * 32 + 28]!;
      if (!frames[frame]!.optimise) return;
      const at = frame * POSE_SYSTEM;
      for (let i = 0; i < 27; i++) systems[at + i]! += this.#out[k * 32 + i]!;
      systems[at + 27]! += this.#out[k * 32 + 28]!;
    });
    return { loss: used ? loss / used : 0, used, systems };
  }

  #write(
    field: WasmField,
    batch: FitBatch,
    frames: readonly { readonly pose: Pose }[],
    optimise: (frame: number) => boolean,
  ): void {
    const { batchChunks } = this.#limits;
    if (frames.length > MAX_FRAMES || batch.length > batchChunks)
      throw new RangeError(
        `A batch takes at most ${MAX_FRAMES} poses and ${batchChunks} chunks, got ${frames.length} and ${batch.length}.`,
      );
    batch.forEach(({ first, count, frame }, k) =>
      this.#chunks.set([first, count, frame, optimise(frame) ? 1 : 0], k * 4),
    );
    frames.forEach(({ pose }, i) => this.#poses.set(pose, i * 12));
    this.#fit
      .int(T_SCALAR, field.levels[0]!.descriptor, field.features.descriptor, field.samplesPointer)
      .int(T_CHUNKS, this.#chunksPointer, this.#posesPointer)
      .int(T_TOTAL, batch.length);
  }
}

/** 1/(1 − βᵗ) of Adam for both of its means and the first 1023 steps. */
function biasTable({ memory }: KernelPool): number {
  const bias = memory.alloc(1024 * 8);
  const table = memory.f32(bias, 2048);
  for (let t = 1; t < 1024; t++) {
    table[2 * t] = 1 / (1 - 0.9 ** t);
    table[2 * t + 1] = 1 / (1 - 0.99 ** t);
  }
  return bias;
}

/** A step through `count` elements that visits each once, in an order far from the original. */
function coprimeStride(count: number): number {
  let stride = Math.max(1, Math.floor(count * 0.6180339887));
  while (gcd(stride, count) !== 1) stride++;
  return stride;
}

function gcd(a: number, b: number): number {
  while (b) [a, b] = [b, a % b];
  return a;
}
