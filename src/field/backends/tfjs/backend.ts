import { compiledUrl } from '../../../compute/compiled-url.js';
import { LostError, SyncCaller } from '../../../compute/synchronous-call.js';
import { FeltmapError } from '../../../geometry/errors.js';
import type { Pose } from '../../../geometry/se3.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type {
  DrawOptions,
  EvaluateOptions,
  FieldBackend,
  FitBatch,
  FitFrame,
  FitOptions,
  FitResult,
  IntegrateOptions,
} from '../../backend.js';
import type { Field } from '../../field.js';
import { GaussNewton } from '../../gauss-newton.js';
import type { FieldRoom, GridSpec } from '../../grid-spec.js';
import type { ClassSums, LinearSystem, Unknowns } from '../../linear-system.js';
import { fitSteps } from '../../pose-step.js';
import type { AlignProblem, AlignSolution } from '../../registration.js';
import { isPlain, type MeasurementTerm } from '../../terms/term.js';
import { posedChunks, posesOf, registerOptions, stepOptions } from '../plain.js';
import type { WasmBackend } from '../wasm/backend.js';
import type { WasmField } from '../wasm/field.js';
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
 * Fields of backend wasm with `linearise`, `fit` and `sample` computed by tfjs. tfjs may answer by promises only, so it
 * lives in a thread of its own, which sees the same fields in shared memory; the calling thread waits.
 *
 * @example
 * const backend = await TfjsBackend.create(new WasmBackend(pool, limits), { backends: ['wasm', 'cpu'] });
 * const field = backend.createField(spec, room);
 * const [distance] = backend.sample(field, 'distance', Float32Array.of(1, 0, 0));
 * await backend.close();
 */
export class TfjsBackend implements FieldBackend {
  readonly name = 'tfjs';
  readonly notices: readonly string[] = [];
  readonly batchesPerFit = 1;
  readonly #wasm: WasmBackend;
  readonly #caller: SyncCaller;
  readonly #solver = new GaussNewton((terms, at, out) => this.linearise(terms, at, out));
  readonly #known = new Set<number>();
  #opened!: Opened;

  private constructor(wasm: WasmBackend) {
    this.#wasm = wasm;
    this.#caller = new SyncCaller(compiledUrl(import.meta.url, './host.js'), {
      memory: wasm.pool.memory.memory,
    });
  }

  /**
   * @param wasm makes the fields; its own `linearise`, `fit` and `sample` are not used
   * @throws FeltmapError unsupported when no backend of tfjs works, with the reason of each
   */
  static async create(
    wasm: WasmBackend,
    { backends = TF_BACKENDS, software = false }: TfjsOptions = {},
  ): Promise<TfjsBackend> {
    const backend = new TfjsBackend(wasm);
    try {
      await backend.#caller.ready;
      backend.#opened = backend.#call('open', { backends, software }) as Opened;
    } catch (error) {
      await backend.close();
      throw error;
    }
    return backend;
  }

  /** Which backend of tfjs was taken, and why those before it were not. */
  get opened(): Opened {
    return this.#opened;
  }

  createField(spec: GridSpec, room: FieldRoom): WasmField {
    const field = this.#wasm.createField(spec, room);
    if (!this.#known.has(field.id)) this.#call('field', { id: field.id, pointers: pointersOf(field) });
    this.#known.add(field.id);
    return field;
  }

  linearise(terms: readonly MeasurementTerm[], at: readonly Unknowns[], out: readonly LinearSystem[]): void {
    at.forEach((unknowns, k) => {
      const system = out[k]!;
      system.clear();
      for (const term of terms) {
        if (!isPlain(term)) {
          this.#wasm.add(term, unknowns, system);
          continue;
        }
        const sums = this.#call('register', {
          field: term.field.id,
          surface: sent(term.surface),
          pose: Float64Array.from(unknowns.pose),
          options: registerOptions(term, unknowns),
        }) as ClassSums;
        system.addGeometric(sums, term.groundWeight);
      }
    });
  }

  solve(problem: AlignProblem): AlignSolution {
    return this.#solver.solve(problem);
  }

  fit(field: Field, batches: readonly FitBatch[], frames: readonly FitFrame[], how: FitOptions): FitResult {
    const fine = (field as WasmField).levels[0]!;
    const step = (batch: FitBatch): FitResult => {
      const result = this.#call('fit', {
        field: field.id,
        chunks: posedChunks(batch, frames),
        poses: posesOf(frames),
        options: stepOptions(how),
      }) as FitResult;
      fine.noteWrite();
      return result;
    };
    return fitSteps(batches, frames, how, step);
  }

  sample(field: Field, _layer: 'distance', points: Float32Array): Float32Array {
    return this.#call('query', { field: field.id, points: points.slice() }) as Float32Array;
  }

  // All else is done by backend wasm.

  colours(field: Field, points: Float32Array): Uint8Array {
    return this.#wasm.colours(field, points);
  }

  integrate(field: Field, surface: SurfaceSamples, pose: Pose, how: IntegrateOptions): void {
    this.#wasm.integrate(field, surface, pose, how);
  }

  drawSamples(field: Field, surface: SurfaceSamples, pose: Pose, how: DrawOptions): void {
    this.#wasm.drawSamples(field, surface, pose, how);
  }

  evaluate(field: Field, blocks: ArrayLike<number>, values: Float32Array, how: EvaluateOptions): void {
    this.#wasm.evaluate(field, blocks, values, how);
  }

  /** Ends the thread. */
  async close(): Promise<void> {
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

/** What a thread can be sent: plain objects, and views of shared memory, which are not copied. */
function sent(surface: SurfaceSamples): SurfaceSamples {
  const { x, y, z, nx, ny, nz, tau, quality, flags, up, count, keypoints } = surface;
  return { x, y, z, nx, ny, nz, tau, quality, flags, up: Array.from(up), count, keypoints };
}
