import { FeltmapError } from '../../../geometry/errors.js';
import type { Pose } from '../../../geometry/se3.js';
import type { FitChunk, FitOptions, FitResult, NormalSums, RegisterOptions } from '../../engine.js';
import { LostError, SyncCaller } from '../../../compute/synchronous-call.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type { MapField } from '../../map-field.js';
import type { FeatureLevel } from '../wasm/features.js';
import type { WasmField } from '../wasm/field.js';
import type { BlockGrid } from '../wasm/grid.js';
import type { KernelMemory } from '../../../compute/memory.js';
import { compiledUrl } from '../../../compute/compiled-url.js';
import { TF_BACKENDS, type TfBackendName } from './backends.js';
import type { Opened } from './host.js';
import { pointersOf } from './map-view.js';

export interface TfjsOptions {
  /** Backends of tfjs in the order in which they are tried; default: all. */
  readonly backends?: readonly TfBackendName[];
  /** Whether a software adapter is welcome for the webgpu backend. */
  readonly software?: boolean;
}

/**
 * The wasm engine's field with `fit`, `register` and `query` computed by tfjs. tfjs may answer by promises only, so it
 * lives in a thread of its own, which sees the same map in shared memory; the calling thread waits.
 */
export class TfjsField implements MapField {
  readonly #wasm: WasmField;
  #opened!: Opened;
  readonly #caller: SyncCaller;

  private constructor(memory: KernelMemory, wasm: WasmField) {
    this.#wasm = wasm;
    this.#caller = new SyncCaller(compiledUrl(import.meta.url, './host.js'), { memory: memory.memory });
  }

  /**
   * @param memory what `wasm` lies in
   * @param wasm the map; its own `fit`, `register` and `query` are not used
   * @throws FeltmapError unsupported when no backend works, with the reason of each
   */
  static async create(
    memory: KernelMemory,
    wasm: WasmField,
    { backends = TF_BACKENDS, software = false }: TfjsOptions = {},
  ): Promise<TfjsField> {
    const field = new TfjsField(memory, wasm);
    try {
      await field.#caller.ready;
      field.#opened = field.#call('open', { backends, software, pointers: pointersOf(wasm) }) as Opened;
    } catch (error) {
      await field.close();
      throw error;
    }
    return field;
  }

  /** Which backend was taken, and why those before it were not. */
  get opened(): Opened {
    return this.#opened;
  }

  register(surface: SurfaceSamples, pose: Pose, options: RegisterOptions): readonly [NormalSums, NormalSums] {
    const { x, y, z, nx, ny, nz, tau, quality, flags, up, count, keypoints } = surface;
    // What a thread can be sent: plain objects, and views of shared memory, which are not copied.
    return this.#call('register', {
      surface: { x, y, z, nx, ny, nz, tau, quality, flags, up: Array.from(up), count, keypoints },
      pose,
      options: { ...options, twist: Array.from(options.twist) },
    }) as readonly [NormalSums, NormalSums];
  }

  fit(chunks: readonly FitChunk[], poses: readonly Pose[], options: FitOptions): FitResult {
    const { huber, learningRate, scalarRate } = options;
    const sent = chunks.map(({ first, count, pose, optimisePose }) => ({ first, count, pose, optimisePose }));
    const result = this.#call('fit', {
      chunks: sent,
      poses: poses.map((pose) => Float64Array.from(pose)),
      options: { huber, learningRate, scalarRate },
    }) as FitResult;
    this.#wasm.levels[0]!.noteWrite();
    return result;
  }

  query(points: Float32Array): Float32Array {
    return this.#call('query', points.slice()) as Float32Array;
  }

  // All else is engine wasm's.

  get levels(): readonly BlockGrid[] {
    return this.#wasm.levels;
  }
  get features(): FeatureLevel {
    return this.#wasm.features;
  }
  get usedBytes(): number {
    return this.#wasm.usedBytes;
  }
  get fill(): number {
    return this.#wasm.fill;
  }
  fuse(...args: Parameters<MapField['fuse']>): void {
    this.#wasm.fuse(...args);
  }
  carve(...args: Parameters<MapField['carve']>): void {
    this.#wasm.carve(...args);
  }
  drawSamples(...args: Parameters<MapField['drawSamples']>): void {
    this.#wasm.drawSamples(...args);
  }
  allocateRows(...args: Parameters<MapField['allocateRows']>): void {
    this.#wasm.allocateRows(...args);
  }
  evaluateBlocks(...args: Parameters<MapField['evaluateBlocks']>): void {
    this.#wasm.evaluateBlocks(...args);
  }
  radiusFor(...args: Parameters<MapField['radiusFor']>): number {
    return this.#wasm.radiusFor(...args);
  }
  forgetBeyond(...args: Parameters<MapField['forgetBeyond']>): Int32Array {
    return this.#wasm.forgetBeyond(...args);
  }
  restore(...args: Parameters<MapField['restore']>): void {
    this.#wasm.restore(...args);
  }
  refresh(): void {
    this.#wasm.refresh();
  }
  sync(): void {
    this.#wasm.sync();
  }
  clear(): void {
    this.#wasm.clear();
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#wasm.close();
    await this.#caller.close();
  }

  #call(name: string, argument: unknown): unknown {
    try {
      return this.#caller.call(name, argument);
    } catch (error) {
      if (!(error instanceof LostError)) throw error;
      throw new FeltmapError(
        'unsupported',
        `TensorFlow.js on ${this.#opened?.device ?? 'this machine'} gave up (${error.message}); use another engine, such as wasm. What was mapped is kept.`,
        { cause: error },
      );
    }
  }
}
