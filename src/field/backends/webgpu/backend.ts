import { compiledUrl } from '../../../compute/compiled-url.js';
import { LostError, SyncCaller } from '../../../compute/synchronous-call.js';
import { FeltmapError } from '../../../geometry/errors.js';
import { moveAtSensor, type Pose } from '../../../geometry/se3.js';
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
import { emptySums, type ClassSums, type LinearSystem, type Unknowns } from '../../linear-system.js';
import { POSE_SYSTEM } from '../../pose-step.js';
import type { AlignProblem, AlignSolution } from '../../registration.js';
import type { GeometricTerm } from '../../terms/geometric.js';
import { isPlain, type MeasurementTerm } from '../../terms/term.js';
import { posedChunks, posesOf, registerOptions, stepOptions } from '../plain.js';
import type { WasmBackend } from '../wasm/backend.js';
import { WasmField } from '../wasm/field.js';
import type { AdapterReport } from './adapter.js';
import { defaultCacheFolder, keepWorkgroups, readWorkgroups } from './cache.js';
import type { WorkgroupSizes } from './calibrate.js';
import { Device } from './device.js';
import { ownField, WebGpuField, type SharedParts } from './field.js';
import type { FitOutcome } from './fitting.js';
import { Heap } from './heap.js';
import { SparePlace } from './journal.js';
import { FIT_SUMS } from './layout.js';
import { addSums, type AlignOutcome } from './registering.js';
import { registered, solveOnDevice } from './solve.js';

export interface WebGpuOptions {
  /** Whether an adapter that runs on the processor is welcome; default: no. */
  readonly software?: boolean;
  /** Store features as halves; default: no. */
  readonly half?: boolean;
  /** Scans between two copies of what changed to the processor's memory, from which a lost device is made up for. */
  readonly syncEvery?: number;
  /** Samples of the largest batch; default 65536. */
  readonly batchSamples?: number;
  /** Folder of calibrations; `false`: neither read nor kept nor made. */
  readonly cache?: string | false;
  /** Calibrate software adapters too. */
  readonly calibrateSoftware?: boolean;
  /** Starts the thread that holds the device, for those who want to ask it more than the backend does. */
  readonly thread?: (memory: WebAssembly.Memory) => SyncCaller;
}

const SYNC_EVERY = 10;
const BATCH_SAMPLES = 65536;
const startThread = (memory: WebAssembly.Memory): SyncCaller =>
  new SyncCaller(compiledUrl(import.meta.url, './host.js'), { memory });

/**
 * Fields on a GPU, in one heap of pages. The device lives in a thread of its own (host.ts), so that calls can wait for
 * its answers. A field does not see what others lie beside it.
 *
 * @example
 * const backend = await WebGpuBackend.create(new WasmBackend(pool, limits), { half: true });
 * const field = backend.createField(spec, room);
 * backend.integrate(field, surface, identity(), { scan: 0 });
 * await backend.close();
 */
export class WebGpuBackend implements FieldBackend {
  readonly name = 'webgpu';
  readonly batchesPerFit = 16;
  readonly #wasm: WasmBackend;
  readonly #device: Device;
  readonly #options: WebGpuOptions;
  readonly #solver = new GaussNewton((terms, at, out) => this.linearise(terms, at, out));
  readonly #sums: ClassSums = [emptySums(), emptySums()];
  #adapter!: AdapterReport;
  #workgroups: WorkgroupSizes | undefined;
  /** Made with the first field. */
  #shared: SharedParts | undefined;

  private constructor(wasm: WasmBackend, device: Device, options: WebGpuOptions) {
    this.#wasm = wasm;
    this.#device = device;
    this.#options = options;
  }

  /**
   * Looks for the machine's adapter.
   *
   * @param wasm makes the fields' mirrors, and goes on with them when the device is gone
   * @throws FeltmapError unsupported that says why there is no usable adapter
   */
  static async create(wasm: WasmBackend, options: WebGpuOptions = {}): Promise<WebGpuBackend> {
    const caller = (options.thread ?? startThread)(wasm.pool.memory.memory);
    const backend = new WebGpuBackend(wasm, new Device(caller), options);
    try {
      await caller.ready;
      backend.#adapter = caller.call('probe', options.software ?? false) as AdapterReport;
    } catch (error) {
      await backend.close();
      throw unsupported(error);
    }
    return backend;
  }

  get adapter(): AdapterReport {
    return this.#adapter;
  }

  /** Whether a device is in use; else backend wasm goes on alone. */
  get onDevice(): boolean {
    return this.#device.there;
  }

  /** Threads a workgroup that calibration chose; undefined where it did not take place. */
  get workgroups(): WorkgroupSizes | undefined {
    return this.#workgroups;
  }

  get notices(): readonly string[] {
    return this.#device.notices;
  }

  /** @throws FeltmapError unsupported beyond MAX_FIELDS fields, or when the device cannot hold one; out-of-memory */
  createField(spec: GridSpec, room: FieldRoom): WebGpuField | WasmField {
    // Cameras are worked on by the processor so far: their kernels exist there only.
    if (spec.layers.some(({ name }) => name === 'colour')) return this.#wasm.createField(spec, room);
    this.#shared ??= this.#share();
    const { heap } = this.#shared;
    const mirror = this.#wasm.createField(spec, room);
    try {
      const field = new WebGpuField(mirror, this.#shared);
      heap.add(field, () => this.#calibrate(field.number, heap));
      return field;
    } catch (error) {
      mirror.free();
      throw unsupported(error);
    }
  }

  #share(): SharedParts {
    const { software = false, half = false, syncEvery = SYNC_EVERY } = this.#options;
    const { batchSamples = BATCH_SAMPLES } = this.#options;
    const spare = new SparePlace(this.#wasm.pool.memory, this.#wasm.limits.scanPoints);
    const heap = new Heap(this.#device, { software, half, batchSamples, room: this.#wasm.limits.pool });
    return { wasm: this.#wasm, device: this.#device, heap, spare, syncEvery };
  }

  #calibrate(field: number, heap: Heap): void {
    const { cache, calibrateSoftware } = this.#options;
    if (cache === false || (this.#adapter.software && !calibrateSoftware)) return;
    const folder = cache ?? defaultCacheFolder();
    const known = readWorkgroups(folder, this.#adapter);
    this.#workgroups = known ?? (this.#device.ask('calibrate', field) as WorkgroupSizes);
    if (!known) keepWorkgroups(folder, this.#adapter, this.#workgroups);
    heap.workgroups = this.#workgroups;
  }

  integrate(field: Field, surface: SurfaceSamples, pose: Pose, how: IntegrateOptions): void {
    if (field instanceof WasmField) this.#wasm.integrate(field, surface, pose, how);
    else ownField(field).integrate(surface, pose, how);
  }

  linearise(terms: readonly MeasurementTerm[], at: readonly Unknowns[], out: readonly LinearSystem[]): void {
    if (terms.some(isOnProcessor)) {
      this.#wasm.linearise(terms, at, out);
      return;
    }
    this.#device.do(
      () => {
        at.forEach((_, k) => out[k]!.clear());
        for (const term of terms) if (isPlain(term)) this.#add(term, at, out);
      },
      () => this.#wasm.linearise(terms.map(onMirror), at, out),
    );
  }

  /** All places in one round trip. */
  #add(term: GeometricTerm, at: readonly Unknowns[], out: readonly LinearSystem[]): void {
    if (at.length === 0) return;
    const twists = new Float64Array(6 * at.length);
    at.forEach(({ correction }, k) => twists.set(correction, 6 * k));
    const partials = this.#device.ask('register', {
      field: ownField(term.field).number,
      scan: registered(term.surface),
      poses: posesOf(at),
      twists,
      options: registerOptions(term, at[0]!),
    }) as Float32Array;
    const each = partials.length / at.length;
    at.forEach((_, k) => {
      addSums(partials.subarray(k * each, (k + 1) * each), this.#sums);
      out[k]!.addGeometric(this.#sums, term.groundWeight);
    });
  }

  solve(problem: AlignProblem): AlignSolution {
    const align = (input: unknown): AlignOutcome | undefined =>
      this.#device.do(
        () => this.#device.ask('align', input) as AlignOutcome,
        () => undefined,
      );
    const here = problem.terms.some((term) => term.kind !== 'prior' && isOnProcessor(term));
    const solution = this.#device.there && !here ? solveOnDevice(problem, align) : undefined;
    return solution ?? this.#solver.solve(problem);
  }

  drawSamples(field: Field, surface: SurfaceSamples, pose: Pose, how: DrawOptions): void {
    if (field instanceof WasmField) {
      this.#wasm.drawSamples(field, surface, pose, how);
      return;
    }
    const own = ownField(field);
    this.#wasm.training.drawSamples(own.mirror, surface, how);
    const count = how.points * 4;
    own.putSamples(how.first, count);
    this.makeRows(own, [{ first: how.first, count, frame: 0 }], [{ pose }]);
  }

  /** Makes feature rows for the cells that samples lie in. */
  makeRows(field: WebGpuField, batch: FitBatch, frames: readonly { readonly pose: Pose }[]): void {
    const chunks = batch.map(({ first, count, frame }) => ({
      first,
      count,
      pose: frame,
      optimisePose: false,
    }));
    this.#device.do(
      () => this.#device.ask('allocateRows', { field: field.number, chunks, poses: posesOf(frames) }),
      () => this.#wasm.training.makeRows(field.mirror, batch, frames),
    );
  }

  fit(field: Field, batches: readonly FitBatch[], frames: readonly FitFrame[], how: FitOptions): FitResult {
    if (field instanceof WasmField) return this.#wasm.fit(field, batches, frames, how);
    const own = ownField(field);
    return this.#device.do(
      () => {
        const { moves, sums } = this.#device.ask('fit', {
          field: own.number,
          batches: batches.map((batch) => posedChunks(batch, frames)),
          poses: posesOf(frames),
          anchors: frames.map(({ anchor }) => Float64Array.from(anchor)),
          options: { ...stepOptions(how), ...how.prior },
        }) as FitOutcome;
        applyMoves(frames, moves);
        return resultOf(batches.at(-1) ?? [], frames, sums);
      },
      () => this.#wasm.fit(own.mirror, batches, frames, how),
    );
  }

  colours(field: Field, points: Float32Array): Uint8Array {
    return field instanceof WasmField ? this.#wasm.colours(field, points) : new Uint8Array(0);
  }

  sample(field: Field, layer: 'distance', points: Float32Array): Float32Array {
    if (field instanceof WasmField) return this.#wasm.sample(field, layer, points);
    const own = ownField(field);
    return this.#device.do(
      () => this.#device.ask('query', { field: own.number, points, features: true }) as Float32Array,
      () => this.#wasm.sample(own.mirror, layer, points),
    );
  }

  evaluate(field: Field, blocks: ArrayLike<number>, values: Float32Array, how: EvaluateOptions): void {
    if (field instanceof WasmField) {
      this.#wasm.evaluate(field, blocks, values, how);
      return;
    }
    const own = ownField(field);
    this.#device.do(
      () => {
        const at = this.#wasm.pool.memory.addressOf(values);
        const pages = own.pagesOf(blocks);
        this.#device.ask('evaluateBlocks', { field: own.number, pages, values: at, options: how });
      },
      () => this.#wasm.evaluate(own.mirror, blocks, values, how),
    );
  }

  async close(): Promise<void> {
    await this.#device.close();
  }
}

/** Whether a term's field is kept by the processor. */
const isOnProcessor = ({ field }: MeasurementTerm): boolean => field instanceof WasmField;

const onMirror = (term: MeasurementTerm): MeasurementTerm => ({
  ...term,
  field: ownField(term.field).mirror,
});

function unsupported(error: unknown): unknown {
  return error instanceof LostError
    ? new FeltmapError('unsupported', `WebGPU failed: ${error.message}.`)
    : error;
}

/** What moved the poses on the device is repeated here in float64. */
function applyMoves(frames: readonly FitFrame[], moves: Float32Array): void {
  for (let at = 0; at < moves.length; at += 6) {
    const frame = frames[(at / 6) % frames.length]!;
    const move = moves.subarray(at, at + 6);
    if (frame.optimise && move.some((v) => v !== 0)) frame.pose = moveAtSensor(frame.pose, move);
  }
}

/** Sums per chunk to a result, in float64 and in order. */
function resultOf(batch: FitBatch, frames: readonly FitFrame[], sums: Float32Array): FitResult {
  const systems = new Float64Array(frames.length * POSE_SYSTEM);
  let loss = 0;
  let used = 0;
  batch.forEach(({ frame }, k) => {
    const at = k * FIT_SUMS;
    loss += sums[at + 27]!;
    used += sums[at + 28]!;
    if (!frames[frame]!.optimise) return;
    const to = frame * POSE_SYSTEM;
    for (let i = 0; i < 27; i++) systems[to + i]! += sums[at + i]!;
    systems[to + 27]! += sums[at + 28]!;
  });
  return { loss: used ? loss / used : 0, used, systems };
}
