import { FeltmapError } from '../../../geometry/errors.js';
import type { Pose } from '../../../geometry/se3.js';
import type { FitChunk, FitOptions, FitResult, NormalSums, PointSet, RegisterOptions } from '../../engine.js';
import { LostError, SyncCaller } from '../webgpu/call.js';
import { WasmField, type WasmFieldOptions } from '../wasm/field.js';
import type { KernelPool } from '../wasm/pool.js';
import { compiledUrl } from '../wasm/runtime-url.js';
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
export class TfjsField extends WasmField {
  /** Which backend was taken, and why those before it were not. */
  readonly opened: Opened;
  readonly #caller: SyncCaller;

  /** @throws FeltmapError unsupported when no backend works, with the reason of each */
  constructor(pool: KernelPool, options: WasmFieldOptions, choice: TfjsOptions = {}) {
    super(pool, options);
    this.#caller = new SyncCaller(compiledUrl(import.meta.url, './host.js'), { memory: pool.memory.memory });
    this.opened = this.#call('open', {
      backends: choice.backends ?? TF_BACKENDS,
      software: choice.software ?? false,
      pointers: pointersOf(this),
    }) as Opened;
  }

  override register(
    { x, y, z, nx, ny, nz, tau, quality, flags, up, count }: PointSet,
    { pointer, count: coarse }: { pointer: number; count: number },
    pose: Pose,
    options: RegisterOptions,
  ): readonly [NormalSums, NormalSums] {
    // What a thread can be sent: plain objects and arrays.
    return this.#call('register', {
      points: { x, y, z, nx, ny, nz, tau, quality, flags, up: Array.from(up), count },
      coarse: { pointer, count: coarse },
      pose,
      options: { ...options, twist: Array.from(options.twist) },
    }) as readonly [NormalSums, NormalSums];
  }

  override fit(chunks: readonly FitChunk[], poses: readonly Pose[], options: FitOptions): FitResult {
    const { huber, learningRate, scalarRate } = options;
    const sent = chunks.map(({ first, count, pose, optimisePose }) => ({ first, count, pose, optimisePose }));
    return this.#call('fit', {
      chunks: sent,
      poses: poses.map((pose) => Float64Array.from(pose)),
      options: { huber, learningRate, scalarRate },
    }) as FitResult;
  }

  override query(points: Float32Array): Float32Array {
    return this.#call('query', points.slice()) as Float32Array;
  }

  /** Ends the thread. */
  override async close(): Promise<void> {
    await super.close();
    await this.#caller.close();
  }

  #call(name: string, argument: unknown): unknown {
    try {
      return this.#caller.call(name, argument);
    } catch (error) {
      if (!(error instanceof LostError)) throw error;
      throw new FeltmapError(
        'unsupported',
        `The thread of TensorFlow.js is gone (${error.message}); use engine wasm. What was mapped is kept.`,
        { cause: error },
      );
    }
  }
}
