import type { Pose } from '../../../geometry/se3.js';
import { FeltmapError } from '../../../geometry/errors.js';
import { emptySums } from '../../engine.js';
import type {
  AlignOptions,
  AlignResult,
  FitChunk,
  FitOptions,
  FitResult,
  NormalSums,
  PosePrior,
  RegisterOptions,
} from '../../engine.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type { MapField } from '../../map-field.js';
import type { SavedGrid } from '../../saved/saved-map.js';
import type { FeatureLevel } from '../wasm/features.js';
import type { WasmField } from '../wasm/field.js';
import type { BlockGrid } from '../wasm/grid.js';
import type { KernelMemory } from '../../../compute/memory.js';
import { compiledUrl } from '../../../compute/compiled-url.js';
import type { AdapterReport } from './adapter.js';
import { defaultCacheFolder, keepWorkgroups, readWorkgroups } from './cache.js';
import type { WorkgroupSizes } from './calibrate.js';
import { LostError, SyncCaller } from '../../../compute/synchronous-call.js';
import type { KernelTimes, Traffic } from './gpu.js';
import type { GpuMapOptions } from './gpu-map.js';
import type { RegisteredSurface } from './host.js';
import { FIT_SUMS, STATE, STOP } from './layout.js';
import { Mirror } from './mirror.js';
import { addSums } from './registering.js';

export interface WebGpuFieldOptions {
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
  /** For tests: see GpuMapOptions. */
  readonly maxBindingBytes?: number;
  readonly firstPages?: number;
}

interface Carving {
  readonly rays: number;
  readonly maxRange: number;
  readonly keep: number;
  readonly seed: number;
  readonly pose: Pose;
}

/** A fused scan that is not in the processor's copy yet: its own columns, not pointers. */
interface Fused {
  readonly scan: ScanCopy;
  readonly pose: Pose;
  readonly number: number;
  readonly carve: Carving | undefined;
}

/** A scan by value, for when its memory is used again. */
export interface ScanCopy {
  readonly columns: readonly Float32Array[];
  readonly flags: Uint8Array;
  readonly coarse: Uint32Array;
  readonly up: readonly number[];
}

const SYNC_EVERY = 10;
/** Pages copied at a time: 4 MiB. */
const COPY_PAGES = 1024;
const STOPS: Readonly<Record<number, AlignResult['stop']>> = {
  [STOP.running]: 'limit',
  [STOP.converged]: 'converged',
  [STOP.limit]: 'limit',
  [STOP.singular]: 'singular',
  [STOP.deskew]: 'deskew',
};

/**
 * The field on a GPU. The device lives in a thread of its own (host.ts), so that calls can wait for its answers. The
 * map in `mirror` follows every few scans; when the device is lost, it is filled from there, the scans since are fused
 * again, and where no device can be had any more the mirror itself, engine wasm, goes on.
 */
export class WebGpuField implements MapField {
  readonly levels: readonly BlockGrid[];
  readonly features: FeatureLevel;
  /** What the user should know: devices lost. */
  readonly notices: string[] = [];
  readonly #memory: KernelMemory;
  readonly #wasm: WasmField;
  readonly #mirror: Mirror;
  readonly #options: WebGpuFieldOptions;
  /** Room for one scan in the memory of engine wasm: set aside, because it may be full when it is needed. */
  readonly #spare: number;
  readonly #sums: [NormalSums, NormalSums] = [emptySums(), emptySums()];
  #caller: SyncCaller | undefined;
  #report!: AdapterReport;
  #capacity = 1;
  #workgroups: WorkgroupSizes | undefined;
  #carving: Carving | undefined;
  #journal: Fused[] = [];
  #samples = 0;

  private constructor(memory: KernelMemory, mirror: WasmField, options: WebGpuFieldOptions) {
    this.#memory = memory;
    this.#wasm = mirror;
    this.#options = options;
    this.levels = mirror.levels;
    this.features = mirror.features;
    this.#mirror = new Mirror(mirror, options.half ?? false);
    this.#spare = memory.alloc(mirror.options.maxScanPoints * (9 * 4 + 1));
  }

  /**
   * Opens the machine's adapter and takes over what `mirror` holds.
   *
   * @param memory what `mirror` lies in
   * @throws FeltmapError unsupported that says why there is no usable adapter
   */
  static async create(
    memory: KernelMemory,
    mirror: WasmField,
    options: WebGpuFieldOptions = {},
  ): Promise<WebGpuField> {
    const field = new WebGpuField(memory, mirror, options);
    try {
      await field.#start();
    } catch (error) {
      await field.close();
      throw error instanceof LostError
        ? new FeltmapError('unsupported', `WebGPU failed: ${error.message}.`)
        : error;
    }
    return field;
  }

  /** The adapter in use. */
  get adapter(): AdapterReport {
    return this.#report;
  }

  /** Whether a device is in use; else engine wasm goes on alone. */
  get onDevice(): boolean {
    return this.#caller !== undefined;
  }

  /** Whether features are stored as halves. */
  get half(): boolean {
    return this.#options.half ?? false;
  }

  /** Threads a workgroup that calibration chose; undefined where it did not take place. */
  get workgroups(): WorkgroupSizes | undefined {
    return this.#workgroups;
  }

  async #start(): Promise<void> {
    this.#caller = new SyncCaller(compiledUrl(import.meta.url, './host.js'), { memory: this.#memory.memory });
    await this.#caller.ready;
    this.#open();
    const folder = this.#options.cache === false ? undefined : (this.#options.cache ?? defaultCacheFolder());
    if (folder !== undefined && (!this.#report.software || this.#options.calibrateSoftware)) {
      this.#workgroups = readWorkgroups(folder, this.#report);
      if (this.#workgroups) this.#ask('workgroups', this.#workgroups);
      else {
        this.#workgroups = this.#ask('calibrate') as WorkgroupSizes;
        keepWorkgroups(folder, this.#report, this.#workgroups);
      }
    }
    this.#load();
  }

  #open(): void {
    const { options, features } = this.#wasm;
    const {
      half = false,
      batchSamples = 65536,
      maxBindingBytes,
      firstPages,
      software = false,
    } = this.#options;
    const blocks = [...this.levels, features.grid].reduce((sum, { maxBlocks }) => sum + maxBlocks, 0);
    const gpuOptions: GpuMapOptions = {
      levels: this.levels.map(({ voxel, truncation }) => ({ voxel, truncation })),
      cell: features.grid.voxel,
      maxWeight: options.maxWeight,
      saturation: options.saturation,
      maxRange: options.maxRange,
      bareRange: options.bareRange,
      bareQuality: options.bareQuality,
      seed: options.seed,
      decoder: features.decoder.slice(),
      maxPages: blocks + Math.ceil(features.maxRows / 32),
      batchSamples,
      half,
      ...(maxBindingBytes === undefined ? {} : { maxBindingBytes }),
      ...(firstPages === undefined ? {} : { firstPages }),
    };
    const { report, capacity } = this.#ask('open', {
      software,
      options: gpuOptions,
      workgroups: this.#workgroups,
    }) as { report: AdapterReport; capacity: number };
    this.#report = report;
    this.#capacity = capacity;
  }

  /** Fills the device from the mirror. */
  #load(): void {
    this.#mirror.reset(this.#capacity);
    this.#ask('load', { map: this.#mirror.pointers(this.#memory), decoder: this.features.decoder.slice() });
    this.#mirror.numberAll();
    if (this.#samples > 0)
      this.#ask('samples', { first: 0, at: this.#wasm.poolPointer, count: this.#samples });
  }

  #ask(name: string, argument?: unknown): unknown {
    if (!this.#caller) throw new LostError('there is none');
    return this.#caller.call(name, argument);
  }

  /** Does something on the device; when that is lost, once more on a new one, or else on the processor. */
  #do<T>(onDevice: () => T, onProcessor: () => T): T {
    for (let attempt = 0; this.#caller && attempt < 2; attempt++)
      try {
        return onDevice();
      } catch (error) {
        if (!(error instanceof LostError)) throw error;
        this.#recover(error.message);
      }
    this.#giveUp();
    return onProcessor();
  }

  #recover(reason: string): void {
    const journal = this.#journal;
    this.#journal = [];
    try {
      this.#open();
      this.#load();
      for (const entry of journal) {
        this.#ask('fuse', entry);
        this.#journal.push(entry);
      }
      this.notices.push(`The GPU was lost (${reason}); the map was moved to it again.`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.notices.push(
        `The GPU was lost (${reason}) and did not come back (${why}); engine wasm goes on with the map.`,
      );
      this.#journal = journal;
      this.#giveUp();
    }
  }

  /** From here on the processor works on the mirror. */
  #giveUp(): void {
    if (!this.#caller) return;
    void this.#caller.close();
    this.#caller = undefined;
    const journal = this.#journal;
    this.#journal = [];
    for (const { scan, pose, number, carve } of journal) {
      const surface = this.#place(scan);
      if (carve) this.#wasm.carve(surface, carve.pose, carve);
      this.#wasm.fuse(surface, pose, number);
    }
  }

  /** A scan that was kept, back in the memory of engine wasm. */
  #place(scan: ScanCopy): SurfaceSamples {
    const count = scan.flags.length;
    const most = this.#wasm.options.maxScanPoints;
    const columns = scan.columns.map((column, c) => {
      const copy = this.#memory.f32(this.#spare + c * most * 4, count);
      copy.set(column);
      return copy;
    });
    type F = Float32Array;
    const [x, y, z, nx, ny, nz, quality] = columns as [F, F, F, F, F, F, F];
    const keypoints = this.#memory.u32(this.#spare + 7 * most * 4, scan.coarse.length);
    keypoints.set(scan.coarse);
    const flags = this.#memory.u8(this.#spare + 8 * most * 4, count);
    flags.set(scan.flags);
    return { x, y, z, nx, ny, nz, tau: x, quality, flags, up: scan.up, count, keypoints };
  }

  fuse(surface: SurfaceSamples, pose: Pose, scan: number): void {
    const carve = this.#carving;
    this.#carving = undefined;
    this.#do(
      () => {
        if (this.#journal.length >= (this.#options.syncEvery ?? SYNC_EVERY)) this.sync();
        const entry = { scan: this.#copy(surface), pose: pose.slice(), number: scan, carve };
        this.#ask('fuse', entry);
        this.#journal.push(entry);
      },
      () => {
        if (carve) this.#wasm.carve(surface, carve.pose, carve);
        this.#wasm.fuse(surface, pose, scan);
      },
    );
  }

  #copy(surface: SurfaceSamples): ScanCopy {
    const { x, y, z, nx, ny, nz, quality, flags, up, count, keypoints } = surface;
    return {
      columns: [x, y, z, nx, ny, nz, quality].map((column) => column.slice(0, count)),
      flags: flags.slice(0, count),
      coarse: keypoints.slice(),
      up: Array.from(up),
    };
  }

  /** Done together with the scan's {@link fuse}, which must follow. */
  carve(surface: SurfaceSamples, pose: Pose, options: Omit<Carving, 'pose'>): void {
    if (!this.#caller) return this.#wasm.carve(surface, pose, options);
    if (surface.count > 0 && options.rays > 0) this.#carving = { ...options, pose: pose.slice() };
  }

  #registered({ x, y, z, tau, flags, keypoints }: SurfaceSamples): RegisteredSurface {
    return { x, y, z, tau, flags, keypoints };
  }

  register(surface: SurfaceSamples, pose: Pose, options: RegisterOptions): readonly [NormalSums, NormalSums] {
    return this.#do(
      () => {
        const scan = this.#registered(surface);
        addSums(this.#ask('register', { scan, poses: [pose], options }) as Float32Array, this.#sums);
        return this.#sums;
      },
      () => this.#wasm.register(surface, pose, options),
    );
  }

  /** Present while there is a device: see FieldEngine. */
  get registerMany(): NonNullable<MapField['registerMany']> | undefined {
    if (!this.#caller) return undefined;
    return (surface, poses, options) => {
      const out = poses.map((): [NormalSums, NormalSums] => [emptySums(), emptySums()]);
      return this.#do(
        () => {
          const scan = this.#registered(surface);
          const sums = this.#ask('register', { scan, poses, options }) as Float32Array;
          const each = sums.length / Math.max(1, poses.length);
          out.forEach((pair, k) => addSums(sums.subarray(k * each, (k + 1) * each), pair));
          return out;
        },
        () =>
          poses.map((pose) => {
            const [a, b] = this.#wasm.register(surface, pose, options);
            return [structuredClone(a), structuredClone(b)];
          }),
      );
    };
  }

  /** Present while there is a device: see FieldEngine. */
  get align(): NonNullable<MapField['align']> | undefined {
    if (!this.#caller) return undefined;
    return (surface, pose, options) => this.#align(surface, pose, options);
  }

  #align(surface: SurfaceSamples, pose: Pose, options: AlignOptions): AlignResult {
    if (surface.keypoints.length === 0) return { ...NOTHING, sums: this.register(surface, pose, options) };
    const asked = this.#do(
      () => this.#ask('align', { scan: this.#registered(surface), pose, options }),
      () => undefined,
    ) as { state: Float32Array; partials: Float32Array } | undefined;
    // The device is gone for good: no step was taken, the caller's own iteration goes on from here.
    if (!asked) return { ...NOTHING, stop: 'gone', sums: this.#wasm.register(surface, pose, options) };
    const { state, partials } = asked;
    addSums(partials, this.#sums);
    const stop = STOPS[state[STATE.stop]!] ?? 'limit';
    const taken = state[STATE.iterations]! - (stop === 'singular' ? 1 : 0);
    return {
      steps: Float64Array.from(state.subarray(STATE.steps, STATE.steps + 12 * taken)),
      stop,
      kernel: state[STATE.kernel]!,
      pending: state[STATE.pending] !== 0,
      sums: this.#sums,
    };
  }

  drawSamples(
    surface: SurfaceSamples,
    chosen: number,
    first: number,
    options: { seed: number; band: number },
  ): void {
    this.#wasm.drawSamples(surface, chosen, first, options);
    this.putSamples(first, chosen * 4);
  }

  /** Tells the device of samples that were written to the pool in memory. */
  putSamples(first: number, count: number): void {
    this.#samples = Math.max(this.#samples, first + count);
    this.#do(
      () => this.#ask('samples', { first, at: this.#wasm.poolPointer + first * 32, count }),
      () => undefined,
    );
  }

  allocateRows(chunks: readonly FitChunk[], poses: readonly Pose[]): void {
    this.#do(
      () => this.#ask('allocateRows', { chunks, poses }),
      () => this.#wasm.allocateRows(chunks, poses),
    );
  }

  fit(chunks: readonly FitChunk[], poses: readonly Pose[], options: FitOptions): FitResult {
    return this.#do(
      () => {
        const sums = this.#ask('fit', { chunks, poses, options: pickFit(options) }) as Float32Array;
        return fitResult(chunks, poses.length, sums);
      },
      () => this.#wasm.fit(chunks, poses, options),
    );
  }

  /** Present while there is a device: see FieldEngine. */
  get fitMany(): NonNullable<MapField['fitMany']> | undefined {
    if (!this.#caller) return undefined;
    return (batches, poses, anchors, options) =>
      this.#do(
        () =>
          Float64Array.from(
            this.#ask('fitMany', {
              batches,
              poses,
              anchors,
              options: { ...pickFit(options), ...pickPrior(options) },
            }) as Float32Array,
          ),
        () => new Float64Array(batches.length * poses.length * 6), // the next scan trains again
      );
  }

  query(points: Float32Array): Float32Array {
    return this.#do(
      () => this.#ask('query', { points, features: true }) as Float32Array,
      () => this.#wasm.query(points),
    );
  }

  evaluateBlocks(
    blocks: ArrayLike<number>,
    values: number,
    options: { minWeight: number; band: number; features: boolean },
  ): void {
    this.#do(
      () => {
        const pages = Uint32Array.from(blocks, (block) => this.#mirror.pageOf(block));
        this.#ask('evaluateBlocks', { pages, values, options });
      },
      () => this.#wasm.evaluateBlocks(blocks, values, options),
    );
  }

  refresh(): void {
    this.#do(
      () => this.#refresh(),
      () => [],
    );
  }

  #refresh(): number[] {
    const { keys, marks } = this.#ask('marks', this.#mirror.known) as {
      keys: Int32Array;
      marks: Uint32Array;
    };
    return this.#mirror.takeOver(keys, marks);
  }

  sync(): void {
    this.#do(
      () => {
        const pages = this.#mirror.order(this.#refresh());
        for (let first = 0; first < pages.length; first += COPY_PAGES) {
          const part = pages.slice(first, first + COPY_PAGES);
          this.#mirror.fill(part, this.#ask('copyPages', Uint32Array.from(part)) as Uint32Array);
        }
        this.#journal = [];
      },
      () => undefined,
    );
  }

  /** Takes over what was written to the mirror from outside. */
  load(): void {
    this.#journal = [];
    this.#do(
      () => this.#load(),
      () => undefined,
    );
  }

  get usedBytes(): number {
    return this.#wasm.usedBytes;
  }

  get fill(): number {
    return Math.max(this.#wasm.fill, this.#caller ? this.#mirror.known / this.#capacity : 0);
  }

  radiusFor(center: ArrayLike<number>, share: number): number {
    this.sync();
    return this.#wasm.radiusFor(center, share);
  }

  forgetBeyond(center: ArrayLike<number>, radius: number): Int32Array {
    this.sync();
    const gone = this.#wasm.forgetBeyond(center, radius);
    this.load();
    return gone;
  }

  restore(saved: SavedGrid): void {
    this.#wasm.restore(saved);
    this.load();
  }

  clear(): void {
    this.#wasm.clear();
    this.load();
  }

  /** Segments of the heap on the device and the pages they hold. */
  get heap(): { segments: number; pages: number } {
    return this.#ask('heap') as { segments: number; pages: number };
  }

  /** Submissions, round trips and bytes since the device was opened. */
  get traffic(): Traffic {
    return this.#ask('traffic') as Traffic;
  }

  /** Times every kernel by itself from now on; false where the adapter has no time stamps. */
  startProfile(): boolean {
    return this.#ask('startProfile') as boolean;
  }

  stopProfile(): KernelTimes {
    return this.#ask('stopProfile') as KernelTimes;
  }

  /** Waits until the device has done all it was asked for. */
  settle(): void {
    this.#ask('settle');
  }

  /** For tests: the device is destroyed. */
  loseDevice(): void {
    this.#ask('loseDevice');
  }

  /** For tests: the device has no memory left. */
  exhaust(): void {
    this.#ask('exhaust');
  }

  /** For tests: the thread with the device ends, and no other can be opened. */
  loseForGood(): void {
    this.loseDevice();
    this.#ask('forbid');
  }

  /** The pool of threads and the mirror are the caller's. */
  async close(): Promise<void> {
    const caller = this.#caller;
    this.#caller = undefined;
    if (!caller) return;
    try {
      if (caller.alive) caller.call('close');
    } catch {
      // it is going anyway
    }
    await caller.close();
  }
}

const NOTHING = { steps: new Float64Array(0), stop: 'singular', kernel: 0, pending: false } as const;

/** Options may come with much else that need not travel. */
function pickFit({ huber, learningRate, scalarRate }: FitOptions): FitOptions {
  return { huber, learningRate, scalarRate };
}

function pickPrior({ priorTranslation, priorRotation, systemScale, minSamples }: PosePrior): PosePrior {
  return { priorTranslation, priorRotation, systemScale, minSamples };
}

/** Sums per chunk to a result, in float64 and in order. */
export function fitResult(chunks: readonly FitChunk[], poses: number, sums: Float32Array): FitResult {
  const systems = new Float64Array(poses * 28);
  let loss = 0;
  let used = 0;
  chunks.forEach((chunk, k) => {
    const at = k * FIT_SUMS;
    loss += sums[at + 27]!;
    used += sums[at + 28]!;
    if (!chunk.optimisePose) return;
    for (let i = 0; i < 27; i++) systems[chunk.pose * 28 + i]! += sums[at + i]!;
    systems[chunk.pose * 28 + 27]! += sums[at + 28]!;
  });
  return { loss: used ? loss / used : 0, used, systems };
}
