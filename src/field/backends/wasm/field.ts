import { FeltmapError } from '../../../geometry/errors.js';
import type { Pose } from '../../../geometry/se3.js';
import { emptySums } from '../../engine.js';
import type { FitChunk, FitOptions, FitResult, NormalSums, RegisterOptions } from '../../engine.js';
import * as L from '../../../kernels/layout/field.js';
import { CARVING_RAYS } from '../../carving.js';
import type { MapField } from '../../map-field.js';
import type { SavedGrid } from '../../saved/saved-map.js';
import { SURFACE_COLUMNS, type SurfaceColumn, type SurfaceSamples } from '../../../sensors/observation.js';
import { KernelArguments } from '../../../compute/arguments.js';
import { FeatureLevel } from './features.js';
import { BLOCK_CORNERS, BlockGrid } from './grid.js';
import type { KernelPool } from '../../../compute/pool.js';
import { fillOf, forgetBeyond, radiusFor } from './forget.js';
import { restoreField } from './restore.js';

/** Most disjoint parts of blocks and rows: enough for the threads of a laptop. Results do not depend on their number. */
const MOST_PARTS = 4;
const REGISTER_SUMS = 83; // f64, as in src/kernels/field/register.ts
const REGISTER_STRIDE = 2 * REGISTER_SUMS * 8 + 64 + 2 * 3 * 6 * 8 * 4;
const MAX_REGISTER_CHUNKS = 256;
const SYSTEM = 75;
const CHUNK_SAMPLES = 256;
const RECORD_BYTES = 112;
const MAX_POSES = 64;
const SAMPLE_FLOATS = 8;
const ADDRESSED = [...SURFACE_COLUMNS, 'flags', 'keypoints'] as const;
/** Block numbers that the word of a ray has room for. */
const MAX_BLOCKS = 2 ** L.RAY_BLOCK_BITS;

export interface WasmFieldOptions {
  /** Distance between fine corners, metres. */
  voxel: number;
  truncation: number;
  /** Multiples of the fine voxel at which the coarse scalar levels lie. */
  pyramid: readonly number[];
  /** Feature cell as a multiple of the fine voxel. */
  featureCell: number;
  outputScale: number;
  maxWeight: number;
  /** Weight of a corner above which only a share saturation/weight of further points is fused there. */
  saturation: number;
  /** Farther points are not fused, metres. */
  maxRange: number;
  /** Points without a normal are fused along their ray up to here, metres, with this weight. */
  bareRange: number;
  bareQuality: number;
  seed: number;
  maxFineBlocks: number;
  maxFeatureRows: number;
  maxBatchChunks: number;
  /** Points of the largest scan to fuse. */
  maxScanPoints: number;
  /** Samples that the pool holds. */
  poolSamples: number;
}

/** The field in shared wasm memory, worked on by a pool of threads. */
export class WasmField implements MapField {
  readonly levels: readonly BlockGrid[];
  readonly features: FeatureLevel;
  /** Training samples, SAMPLE_FLOATS each: x y z (keyframe frame), label, weight. */
  readonly poolPointer: number;
  readonly #pool: KernelPool;
  readonly options: WasmFieldOptions;
  readonly #fuse: KernelArguments;
  readonly #carve: KernelArguments;
  readonly #register: KernelArguments;
  readonly #registerOut: Float64Array;
  readonly #fit: KernelArguments;
  readonly #fitChunks: Uint32Array;
  readonly #fitPoses: Float32Array;
  readonly #fitOut: Float64Array;
  readonly #fitPosesPointer: number;
  readonly #fitChunksPointer: number;
  readonly #sample: KernelArguments;
  readonly #query: KernelArguments;
  readonly #queryPoints: Float32Array;
  readonly #queryOut: Float32Array;
  readonly #evaluate: KernelArguments;
  readonly #evaluateBlocks: Uint32Array;
  readonly #evaluateCoordsPointer: number;
  readonly #make: KernelArguments;
  readonly #sums: [NormalSums, NormalSums];
  readonly #parts: number;
  #iteration = 0;
  /** Addresses of the surface at hand. */
  readonly #surface = { flags: 0, keypoints: 0 } as Record<SurfaceColumn | 'flags' | 'keypoints', number>;

  /** @throws FeltmapError out-of-memory when the arena is too small; bad-input when `maxFineBlocks` is too large to number */
  constructor(pool: KernelPool, options: WasmFieldOptions) {
    if (options.maxFineBlocks > MAX_BLOCKS)
      throw new FeltmapError(
        'bad-input',
        `A field numbers at most ${MAX_BLOCKS} fine blocks, got maxFineBlocks ${options.maxFineBlocks}; lower map.memoryMiB.`,
      );
    this.#pool = pool;
    this.options = options;
    this.#parts = partsFor(pool.threads);
    const { memory } = pool;
    const { voxel, truncation, maxFineBlocks, maxBatchChunks, maxWeight } = options;
    const coarse = options.pyramid.map(
      (factor) =>
        new BlockGrid(memory, {
          voxel: voxel * factor,
          truncation: voxel * factor * 2,
          maxBlocks: Math.max(1024, maxFineBlocks >> 3),
          maxWeight,
          wordsPerCorner: 2,
        }),
    );
    this.levels = [
      new BlockGrid(memory, { voxel, truncation, maxBlocks: maxFineBlocks, maxWeight, wordsPerCorner: 2 }),
      ...coarse,
    ];
    this.features = new FeatureLevel(memory, {
      cell: voxel * options.featureCell,
      maxBlocks: Math.max(1024, maxFineBlocks >> 2),
      maxRows: options.maxFeatureRows,
      seed: options.seed,
      outputScale: options.outputScale,
    });
    this.#fuse = new KernelArguments(memory, 192);
    this.#fuse
      .int(L.F_RAYS, memory.alloc(options.maxScanPoints * L.RAY_BYTES))
      .int(L.F_BUCKETS, memory.alloc(Math.max(...this.levels.map(({ maxBlocks }) => maxBlocks)) * 4))
      .int(L.F_ORDER, memory.alloc(options.maxScanPoints * 4))
      .int(L.F_FETCHED, memory.alloc(MOST_PARTS * L.FETCHED_BYTES));
    this.#carve = new KernelArguments(memory, 128);
    this.#carve
      .int(L.K_LIST, memory.alloc(CARVING_RAYS * L.CARVED_PER_RAY * 4))
      .int(L.K_COUNTS, memory.alloc(Math.ceil(CARVING_RAYS / L.CARVE_CHUNK) * 4));
    this.#register = new KernelArguments(memory, 256);
    const registerOut = memory.alloc(MAX_REGISTER_CHUNKS * REGISTER_STRIDE);
    this.#registerOut = memory.f64(registerOut, (MAX_REGISTER_CHUNKS * REGISTER_STRIDE) / 8);
    this.#sums = [emptySums(), emptySums()];

    this.poolPointer = memory.alloc(options.poolSamples * SAMPLE_FLOATS * 4);
    this.#fit = new KernelArguments(memory, 128);
    this.#fitChunksPointer = memory.alloc(maxBatchChunks * 16);
    this.#fitChunks = memory.u32(this.#fitChunksPointer, maxBatchChunks * 4);
    this.#fitPosesPointer = memory.alloc(MAX_POSES * 48);
    this.#fitPoses = memory.f32(this.#fitPosesPointer, MAX_POSES * 12);
    const fitOut = memory.alloc(maxBatchChunks * 256);
    this.#fitOut = memory.f64(fitOut, maxBatchChunks * 32);
    // A list holds each row once, however many samples touch it.
    const touched = Math.min(maxBatchChunks * CHUNK_SAMPLES * 8, options.maxFeatureRows);
    const bias = memory.alloc(1024 * 8);
    const table = memory.f32(bias, 2048);
    for (let t = 1; t < 1024; t++) {
      table[2 * t] = 1 / (1 - 0.9 ** t);
      table[2 * t + 1] = 1 / (1 - 0.99 ** t);
    }
    this.#fit
      .int(
        0,
        this.levels[0]!.descriptor,
        this.features.descriptor,
        this.poolPointer,
        this.#fitChunksPointer,
        this.#fitPosesPointer,
      )
      .int(20, memory.alloc(maxBatchChunks * CHUNK_SAMPLES * RECORD_BYTES), fitOut)
      .int(44, this.#parts, memory.alloc(touched * MOST_PARTS * 4), touched, bias)
      .int(64, memory.alloc(maxBatchChunks * 512))
      .int(L.T_CELLS, memory.alloc(maxBatchChunks * CHUNK_SAMPLES * L.CORNERS_BYTES));
    this.#register
      .int(116, registerOut)
      .int(L.R_CELLS, memory.alloc(MAX_REGISTER_CHUNKS * L.REGISTER_CHUNK * L.CELL_BYTES));
    this.#sample = new KernelArguments(memory, 64);
    const queryCapacity = 65536;
    const queryPoints = memory.alloc(queryCapacity * 12);
    const queryOut = memory.alloc(queryCapacity * 20);
    this.#queryPoints = memory.f32(queryPoints, queryCapacity * 3);
    this.#queryOut = memory.f32(queryOut, queryCapacity * 5);
    this.#query = new KernelArguments(memory, 32);
    this.#query
      .int(0, this.levels[0]!.descriptor, this.features.descriptor, queryPoints, 0, queryOut)
      .int(20, memory.alloc((queryCapacity / 256) * 512));
    const evaluateBlocks = memory.alloc(4096 * 4);
    this.#evaluateBlocks = memory.u32(evaluateBlocks, 4096);
    this.#evaluateCoordsPointer = memory.alloc(4096 * 16);
    this.#make = new KernelArguments(memory, 32);
    this.#evaluate = new KernelArguments(memory, 32);
    this.#evaluate
      .int(
        0,
        this.levels[0]!.descriptor,
        this.features.descriptor,
        evaluateBlocks,
        0,
        this.#evaluateCoordsPointer,
      )
      .int(28, memory.alloc(4096 * 512));
  }

  fuse(surface: SurfaceSamples, pose: Pose, scan: number): void {
    const points = this.#addresses(surface);
    this.levels.forEach((level, i) => {
      level.noteWrite();
      const steps = Math.ceil(level.truncation / level.voxel - 1e-6);
      this.#fuse
        .int(0, level.descriptor, i === 0 ? surface.count : surface.keypoints.length)
        .int(8, points.x, points.y, points.z, points.nx, points.ny, points.nz, points.quality)
        .float(36, pose)
        .int(84, steps, scan, i === 0 ? 0 : points.keypoints, this.#parts)
        .float(100, [this.options.maxRange, i === 0 ? this.options.bareRange : 0, this.options.bareQuality])
        .scalar(116, this.options.saturation)
        .int(120, (this.options.seed * 31 + scan * 7919) >>> 0, points.flags)
        .float(128, surface.up);
      this.#pool.run(
        'castPoints',
        this.#fuse.pointer,
        Math.ceil((i === 0 ? surface.count : surface.keypoints.length) / 1024),
      );
      this.#pool.run('allocateBlocks', this.#fuse.pointer, 1);
      this.#pool.run('fuse', this.#fuse.pointer, this.#parts);
    });
    this.#checkRoom();
  }

  /** Takes weight from corners that claim to be solid where rays of the scan passed freely. */
  carve(
    surface: SurfaceSamples,
    pose: Pose,
    options: { rays: number; maxRange: number; keep: number; seed: number },
  ): void {
    if (surface.count === 0 || options.rays === 0) return;
    const points = this.#addresses(surface);
    this.levels[0]!.noteWrite();
    this.#carve
      .int(
        0,
        this.levels[0]!.descriptor,
        surface.count,
        points.x,
        points.y,
        points.z,
        points.nx,
        points.ny,
        points.nz,
      )
      .float(32, pose)
      .int(84, options.seed)
      .float(88, [options.maxRange, options.keep]);
    for (let first = 0; first < options.rays; first += CARVING_RAYS) {
      const past = Math.min(options.rays, first + CARVING_RAYS);
      this.#carve.int(80, past).int(96, first);
      this.#pool.run('carve', this.#carve.pointer, Math.ceil((past - first) / L.CARVE_CHUNK));
      this.#pool.run('carveMarked', this.#carve.pointer, 1);
    }
  }

  register(surface: SurfaceSamples, pose: Pose, options: RegisterOptions): readonly [NormalSums, NormalSums] {
    const points = this.#addresses(surface);
    const chunks = Math.ceil(surface.keypoints.length / L.REGISTER_CHUNK);
    if (chunks > MAX_REGISTER_CHUNKS)
      throw new RangeError(
        `At most ${MAX_REGISTER_CHUNKS * L.REGISTER_CHUNK} points can be registered, got ${surface.keypoints.length}.`,
      );
    this.#register
      .int(0, this.levels.length, ...this.levels.map((level) => level.descriptor))
      .int(
        20,
        surface.keypoints.length,
        points.keypoints,
        points.x,
        points.y,
        points.z,
        points.tau,
        points.flags,
      )
      .float(48, pose)
      .float(96, options.kernels)
      .scalar(112, options.gradientScale)
      .scalar(120, options.timeScale)
      .scalar(124, options.minWeight)
      .float(128, options.levelWeights)
      .float(144, options.twist);
    this.#pool.run('register', this.#register.pointer, chunks);
    for (let kind = 0; kind < 2; kind++) {
      const sums = this.#sums[kind]!;
      sums.system.fill(0);
      sums.weight =
        sums.cost =
        sums.valued =
        sums.inliers =
        sums.points =
        sums.absolute =
        sums.coarse =
        sums.coarseInliers =
          0;
      for (let chunk = 0; chunk < chunks; chunk++) {
        const at = (chunk * REGISTER_STRIDE) / 8 + kind * REGISTER_SUMS;
        for (let i = 0; i < SYSTEM; i++) sums.system[i]! += this.#registerOut[at + i]!;
        sums.weight += this.#registerOut[at + 75]!;
        sums.cost += this.#registerOut[at + 76]!;
        sums.valued += this.#registerOut[at + 77]!;
        sums.inliers += this.#registerOut[at + 78]!;
        sums.points += this.#registerOut[at + 79]!;
        sums.absolute += this.#registerOut[at + 80]!;
        sums.coarse += this.#registerOut[at + 81]!;
        sums.coarseInliers += this.#registerOut[at + 82]!;
      }
    }
    return this.#sums;
  }

  /**
   * Draws training samples from a scan into the pool.
   *
   * @param first index of the first sample in the pool; 4 samples per chosen point are written
   */
  drawSamples(
    surface: SurfaceSamples,
    chosen: number,
    first: number,
    options: { seed: number; band: number },
  ): void {
    const points = this.#addresses(surface);
    this.#sample
      .int(0, points.x, points.y, points.z, points.nx, points.ny, points.nz, points.quality)
      .int(
        28,
        surface.count,
        chosen,
        coprimeStride(surface.count),
        options.seed,
        this.poolPointer + first * SAMPLE_FLOATS * 4,
      )
      .scalar(48, options.band)
      .int(52, options.seed % surface.count)
      .scalar(56, this.options.bareRange);
    this.#pool.run('drawSamples', this.#sample.pointer, Math.ceil(chosen / 256));
  }

  /** Makes feature rows for the cells that samples of the pool lie in. */
  allocateRows(chunks: readonly FitChunk[], poses: readonly Pose[]): void {
    this.#writeBatch(chunks, poses);
    this.#pool.run('allocateRows', this.#fit.pointer, 1);
    this.#checkRoom();
  }

  fit(chunks: readonly FitChunk[], poses: readonly Pose[], options: FitOptions): FitResult {
    this.#writeBatch(chunks, poses);
    this.levels[0]!.noteWrite();
    this.#fit
      .scalar(28, options.huber)
      .scalar(32, options.learningRate)
      .scalar(68, options.scalarRate)
      .int(36, ++this.#iteration);
    this.#pool.run('fitForward', this.#fit.pointer, chunks.length);
    this.#pool.run('fitUpdate', this.#fit.pointer, this.#parts);
    const systems = new Float64Array(poses.length * 28);
    let loss = 0;
    let used = 0;
    chunks.forEach((chunk, k) => {
      loss += this.#fitOut[k * 32 + 27]!;
      used += this.#fitOut[k * 32 + 28]!;
      if (!chunk.optimisePose) return;
      for (let i = 0; i < 27; i++) systems[chunk.pose * 28 + i]! += this.#fitOut[k * 32 + i]!;
      systems[chunk.pose * 28 + 27]! += this.#fitOut[k * 32 + 28]!;
    });
    return { loss: used ? loss / used : 0, used, systems };
  }

  query(points: Float32Array): Float32Array {
    const count = points.length / 3;
    const out = new Float32Array(count * 5);
    const capacity = this.#queryPoints.length / 3;
    for (let first = 0; first < count; first += capacity) {
      const n = Math.min(capacity, count - first);
      this.#queryPoints.set(points.subarray(first * 3, (first + n) * 3));
      this.#query.int(12, n);
      this.#pool.run('query', this.#query.pointer, Math.ceil(n / 256));
      out.set(this.#queryOut.subarray(0, n * 5), first * 5);
    }
    return out;
  }

  /** Distances at the 9³ corners of fine blocks, NaN where not observed, to `values` (729 float32 per block). */
  evaluateBlocks(
    blocks: ArrayLike<number>,
    values: number,
    options: { minWeight: number; band: number; features: boolean },
  ): void {
    for (let i = 0; i < blocks.length; i++) this.#evaluateBlocks[i] = blocks[i]!;
    this.#evaluate
      .int(4, options.features ? this.features.descriptor : 0)
      .int(12, values)
      .scalar(20, options.minWeight)
      .scalar(24, options.band);
    this.#pool.run('evaluateBlocks', this.#evaluate.pointer, blocks.length);
  }

  /** Bytes of blocks and rows in use. */
  get usedBytes(): number {
    const grid = (level: BlockGrid): number => level.count * (BLOCK_CORNERS * level.wordsPerCorner * 4 + 52);
    return (
      this.levels.reduce((sum, level) => sum + grid(level), grid(this.features.grid)) +
      this.features.count * 152
    );
  }

  /** Share of the room for blocks and rows that is in use, of the level that is fullest. */
  get fill(): number {
    return fillOf(this);
  }

  /** Radius around `center` (metres, submap frame) within which blocks fill at most `share` of the room. */
  radiusFor(center: ArrayLike<number>, share: number): number {
    return radiusFor(this, center, share);
  }

  /**
   * Forgets the blocks that lie farther than `radius` from `center` (metres, submap frame).
   *
   * @returns coordinates of the forgotten fine blocks, bx by bz each
   */
  forgetBeyond(center: ArrayLike<number>, radius: number): Int32Array {
    return forgetBeyond(this, center, radius, (grid, coords) => this.makeBlocks(grid, coords));
  }

  /**
   * Replaces everything by a saved field. All blocks count as changed, so that they are meshed anew.
   *
   * @throws FeltmapError out-of-memory when the saved map is larger than this field may grow; not-found, bad-input when
   *   it is incomplete, damaged or laid out in another way
   */
  restore(saved: SavedGrid): void {
    restoreField(this, saved, (grid, coords) => this.makeBlocks(grid, coords));
    this.#checkRoom();
  }

  /** Makes blocks in their order (bx by bz each). */
  makeBlocks(grid: BlockGrid, coords: Int32Array): void {
    const capacity = this.#evaluateBlocks.length;
    const list = this.#pool.memory.i32(this.#evaluateCoordsPointer, capacity * 4);
    for (let first = 0; first < coords.length / 3; first += capacity) {
      const n = Math.min(capacity, coords.length / 3 - first);
      for (let i = 0; i < n; i++) list.set(coords.subarray((first + i) * 3, (first + i) * 3 + 3), i * 4);
      this.#make.int(0, grid.descriptor, this.#evaluateCoordsPointer, n);
      this.#pool.run('makeBlocks', this.#make.pointer, 1);
    }
  }

  /** Nothing to do: this engine works on the memory itself. */
  refresh(): void {}

  /** Nothing to do either. */
  sync(): void {}

  /** The pool of threads is the caller's to close. */
  async close(): Promise<void> {}

  clear(): void {
    for (const level of this.levels) level.clear();
    this.features.clear();
    this.#iteration = 0;
  }

  /** Where the columns of a surface lie in the arena: kernels read them there. */
  #addresses(surface: SurfaceSamples): Record<SurfaceColumn | 'flags' | 'keypoints', number> {
    const out = this.#surface;
    for (const name of ADDRESSED) out[name] = this.#pool.memory.addressOf(surface[name]);
    return out;
  }

  #writeBatch(chunks: readonly FitChunk[], poses: readonly Pose[]): void {
    if (poses.length > MAX_POSES || chunks.length > this.options.maxBatchChunks)
      throw new RangeError(
        `A batch takes at most ${MAX_POSES} poses and ${this.options.maxBatchChunks} chunks, got ${poses.length} and ${chunks.length}.`,
      );
    chunks.forEach(({ first, count, pose, optimisePose }, k) =>
      this.#fitChunks.set([first, count, pose, optimisePose ? 1 : 0], k * 4),
    );
    poses.forEach((pose, i) => this.#fitPoses.set(pose, i * 12));
    this.#fit.int(40, chunks.length);
  }

  #checkRoom(): void {
    if (this.features.overflowed || this.levels.some((level) => level.overflowed))
      throw new FeltmapError(
        'out-of-memory',
        'The map is full: raise map.memoryMiB, or map.voxel for a coarser map; what was mapped so far is kept.',
      );
  }
}

/** A power of two, one for each thread where there are not too many. */
function partsFor(threads: number): number {
  return Math.min(MOST_PARTS, 2 ** Math.ceil(Math.log2(threads)));
}

/** A step through `count` elements that visits each once, in an order far from the original. */
export function coprimeStride(count: number): number {
  let stride = Math.max(1, Math.floor(count * 0.6180339887));
  while (gcd(stride, count) !== 1) stride++;
  return stride;
}

function gcd(a: number, b: number): number {
  while (b) [a, b] = [b, a % b];
  return a;
}
