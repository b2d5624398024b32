import type { Pose } from '../../../geometry/se3.js';
import type { FitResult } from '../../backend.js';
import type { ClassSums } from '../../linear-system.js';
import type { PosedChunk, RegisterOptions, StepOptions } from '../plain.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import { activate, type TfBackend } from './backends.js';
import { FitBatch } from './fit-batch.js';
import { fitStep } from './fit.js';
import { MapView, type MapPointers } from './map-view.js';
import { FieldModel } from './model.js';
import { Query } from './query.js';
import { RegisterBatch } from './register-batch.js';
import { registerPass } from './register.js';

/**
 * `fit`, `register` and `query` in plain tfjs operations with automatic differentiation, on any backend of tfjs.
 *
 * The map stays where the wasm engine keeps it, and that engine allocates, fuses, carves, draws samples and meshes.
 * Each call looks the corners up that its batch touches (corner-index.ts), uploads their values, computes on tensors,
 * and writes what has moved back: the map in memory is always the whole truth. One call at a time.
 *
 * @example
 * const operations = new TfjsOperations(backend, memory.buffer, pointersOf(field));
 * const found = await operations.query(points); // SAMPLE_VALUES a point
 * operations.dispose();
 */
export class TfjsOperations {
  readonly #backend: TfBackend;
  readonly #map: MapView;
  readonly #fit: FitBatch;
  readonly #register: RegisterBatch;
  readonly #query: Query;
  #model: FieldModel | undefined;
  #modelled = new Float32Array(0);

  /** @param buffer the wasm engine's memory */
  constructor(backend: TfBackend, buffer: ArrayBufferLike, pointers: MapPointers) {
    this.#backend = backend;
    this.#map = new MapView(buffer, pointers);
    this.#fit = new FitBatch(this.#map);
    this.#register = new RegisterBatch(this.#map);
    this.#query = new Query(this.#map);
  }

  register(surface: SurfaceSamples, pose: Pose, options: RegisterOptions): Promise<ClassSums> {
    this.#register.gather(surface, pose, options);
    return registerPass(this.#backend.tf, this.#ready(), this.#register, pose, options);
  }

  async fit(chunks: readonly PosedChunk[], poses: readonly Pose[], options: StepOptions): Promise<FitResult> {
    this.#fit.gather(chunks, poses);
    return fitStep(this.#backend.tf, this.#ready(), this.#fit, chunks, poses.length, options);
  }

  query(points: Float32Array): Promise<Float32Array> {
    return this.#query.run(this.#backend.tf, () => this.#ready(), points);
  }

  /** The model of the decoder as it is now: loading a map brings its own. Makes the backend the current one. */
  #ready(): FieldModel {
    const { tf, registered } = this.#backend;
    const { decoder } = this.#map;
    activate(tf, registered);
    if (this.#model && decoder.every((x, i) => x === this.#modelled[i])) return this.#model;
    this.#model?.dispose();
    this.#modelled = decoder.slice();
    return (this.#model = new FieldModel(tf, this.#modelled));
  }

  /** Frees the tensors that live as long as the engine. */
  dispose(): void {
    this.#model?.dispose();
    this.#model = undefined;
  }
}
