import type { KernelPool } from '../../src/compute/pool.js';
import type { Carving, EvaluateOptions, FieldBackend, FitFrame } from '../../src/field/backend.js';
import type { PosedChunk, RegisterOptions, StepOptions } from '../../src/field/backends/plain.js';
import type { FirstField } from '../../src/field/backends/select.js';
import { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import type { FeatureLevel } from '../../src/field/backends/wasm/features.js';
import type { WasmField } from '../../src/field/backends/wasm/field.js';
import type { BlockGrid } from '../../src/field/backends/wasm/grid.js';
import type { WebGpuBackend } from '../../src/field/backends/webgpu/backend.js';
import type { WebGpuField } from '../../src/field/backends/webgpu/field.js';
import type { Field } from '../../src/field/field.js';
import { poolFor } from '../../src/field/grid-spec.js';
import {
  LinearSystem,
  TIME_SCALE,
  unknownsAt,
  type ClassSums,
  type Unknowns,
} from '../../src/field/linear-system.js';
import type { SavedGrid } from '../../src/field/saved/saved-map.js';
import type { GeometricTerm } from '../../src/field/terms/geometric.js';
import type { Random } from '../../src/geometry/random.js';
import { moveAtSensor, type Pose } from '../../src/geometry/se3.js';
import type { SurfaceSamples } from '../../src/sensors/observation.js';

/** Everything that a field is laid out by, in one. */
export interface TestFieldOptions {
  voxel: number;
  truncation: number;
  pyramid: readonly number[];
  featureCell: number;
  outputScale: number;
  maxWeight: number;
  saturation: number;
  maxRange: number;
  unorientedRange: number;
  unorientedQuality: number;
  seed: number;
  maxFineBlocks: number;
  maxFeatureRows: number;
  maxBatchChunks: number;
  maxScanPoints: number;
  poolSamples: number;
}

export function firstField(o: TestFieldOptions): FirstField {
  return {
    spec: {
      voxel: o.voxel,
      truncation: o.truncation,
      pyramid: o.pyramid,
      seed: o.seed,
      layers: [
        {
          name: 'distance',
          wordsPerCorner: 2,
          stride: 1,
          maxWeight: o.maxWeight,
          saturation: o.saturation,
          maxRange: o.maxRange,
          unorientedRange: o.unorientedRange,
          unorientedQuality: o.unorientedQuality,
        },
        { name: 'features', wordsPerCorner: 1, stride: o.featureCell, outputScale: o.outputScale },
      ],
    },
    room: { fineBlocks: o.maxFineBlocks, featureRows: o.maxFeatureRows, samples: o.poolSamples },
    limits: {
      scanPoints: o.maxScanPoints,
      batchChunks: o.maxBatchChunks,
      pool: poolFor(o, { fineBlocks: o.maxFineBlocks, featureRows: o.maxFeatureRows, samples: 0 }),
    },
  };
}

/** A field of backend wasm on a backend of its own. */
export function makeField(pool: KernelPool, options: TestFieldOptions): TestField {
  const { spec, room, limits } = firstField(options);
  const backend = new WasmBackend(pool, limits);
  return new TestField(backend, backend.createField(spec, room));
}

/** Poses stay whatever the samples say. */
const STAY = { priorTranslation: 1, priorRotation: 1, systemScale: 1, minSamples: Infinity };

/** A backend with one field, asked for one step or pose at a time. */
export class TestField<F extends Field = WasmField, B extends FieldBackend = WasmBackend> {
  constructor(
    readonly backend: B,
    readonly field: F,
  ) {}

  get levels(): readonly BlockGrid[] {
    return this.field.levels as readonly BlockGrid[];
  }
  /** What the arena holds of it: the field itself, or its mirror. */
  get memory(): WasmField {
    return ((this.field as unknown as WebGpuField).mirror ?? this.field) as WasmField;
  }
  get features(): FeatureLevel {
    return this.memory.features;
  }
  get poolPointer(): number {
    return this.memory.samplesPointer;
  }
  get fill(): number {
    return this.field.fill;
  }
  get usedBytes(): number {
    return this.field.usedBytes;
  }
  get notices(): readonly string[] {
    return this.backend.notices;
  }

  fuse(surface: SurfaceSamples, pose: Pose, scan: number): void {
    this.backend.integrate(this.field, surface, pose, { scan });
  }

  /** Carves, then fuses. */
  carve(surface: SurfaceSamples, pose: Pose, scan: number, carving: Carving): void {
    this.backend.integrate(this.field, surface, pose, { scan, carving });
  }

  system(surface: SurfaceSamples, pose: Pose, options: RegisterOptions): LinearSystem {
    const system = new LinearSystem();
    if (options.timeScale !== TIME_SCALE) throw new RangeError('Backends scale times by TIME_SCALE.');
    const at = { ...unknownsAt(pose), correction: Float64Array.from(options.twist) };
    this.backend.linearise([this.term(surface, options)], [at], [system]);
    return system;
  }

  term(surface: SurfaceSamples, options: RegisterOptions): GeometricTerm {
    return { ...options, kind: 'geometric', field: this.field, surface, groundWeight: 1 };
  }

  register(surface: SurfaceSamples, pose: Pose, options: RegisterOptions): ClassSums {
    return this.system(surface, pose, options).sums;
  }

  /** Each pose is two frames: one that is optimised, for chunks that say so, and one that is not. */
  fit(
    chunks: readonly PosedChunk[],
    poses: readonly Pose[],
    options: StepOptions,
  ): { loss: number; used: number; systems: Float64Array } {
    const frames = poses.flatMap((pose): FitFrame[] => [
      { pose, anchor: pose, optimise: true },
      { pose, anchor: pose, optimise: false },
    ]);
    const batch = chunks.map(({ first, count, pose, optimisePose }) => ({
      first,
      count,
      frame: 2 * pose + (optimisePose ? 0 : 1),
    }));
    const { loss, used, systems } = this.backend.fit(this.field, [batch], frames, {
      ...options,
      prior: STAY,
    });
    for (let k = 1; k < frames.length; k += 2)
      if (systems.subarray(k * 28, (k + 1) * 28).some((x) => x !== 0))
        throw new Error('A pose that is not to be optimised has a system.');
    return { loss, used, systems: systems.filter((_, i) => Math.floor(i / 28) % 2 === 0) };
  }

  /** Samples alone, without rows for their cells. */
  drawSamples(
    surface: SurfaceSamples,
    points: number,
    first: number,
    { seed, band }: { seed: number; band: number },
  ): void {
    const wasm = this.backend instanceof WasmBackend ? this.backend : wasmOf(this.backend);
    wasm.training.drawSamples(this.memory, surface, { points, first, seed, band });
    if (this.onWebGpu) this.onWebGpu.field.putSamples(first, points * 4);
  }

  /** Rows for the cells of these samples alone. */
  allocateRows(chunks: readonly PosedChunk[], poses: readonly Pose[]): void {
    const batch = chunks.map(({ first, count, pose }) => ({ first, count, frame: pose }));
    const frames = poses.map((pose) => ({ pose }));
    if (this.onWebGpu) this.onWebGpu.backend.makeRows(this.onWebGpu.field, batch, frames);
    else (this.backend as unknown as WasmBackend).training.makeRows(this.memory, batch, frames);
  }

  private get onWebGpu(): { backend: WebGpuBackend; field: WebGpuField } | undefined {
    if (this.backend.name !== 'webgpu') return undefined;
    return this as unknown as { backend: WebGpuBackend; field: WebGpuField };
  }

  query(points: Float32Array): Float32Array {
    return this.backend.sample(this.field, 'distance', points);
  }

  evaluate(blocks: ArrayLike<number>, values: Float32Array, how: EvaluateOptions): void {
    this.backend.evaluate(this.field, blocks, values, how);
  }

  makeBlocks(grid: BlockGrid, coords: Int32Array): void {
    this.memory.makeBlocks(grid, coords);
  }

  refresh(): void {
    this.field.refresh();
  }
  clear(): void {
    this.field.clear();
  }
  radiusFor(center: ArrayLike<number>, share: number): number {
    return this.field.radiusFor(center, share);
  }
  forgetBeyond(center: ArrayLike<number>, radius: number): Int32Array {
    return this.field.forgetBeyond(center, radius);
  }
  restore(saved: SavedGrid): void {
    this.field.restore(saved);
  }
  close(): Promise<void> {
    return this.backend.close();
  }
}

/** Backend wasm under another one. */
const wasmUnder = new WeakMap<FieldBackend, WasmBackend>();

function wasmOf(backend: FieldBackend): WasmBackend {
  const wasm = wasmUnder.get(backend);
  if (!wasm) throw new Error('Nothing is known of this backend.');
  return wasm;
}

/** Remembers which backend wasm another one stands on. */
export function standsOn<B extends FieldBackend>(backend: B, wasm: WasmBackend): B {
  wasmUnder.set(backend, wasm);
  return backend;
}

/** Poses within a tenth of a metre and radian of one (per axis), with corrections of the twist. */
export function unknownsAround(pose: Pose, random: Random, count: number): Unknowns[] {
  const six = (range: number): number[] => Array.from({ length: 6 }, () => random.range(-range, range));
  return Array.from({ length: count }, () => ({
    ...unknownsAt(moveAtSensor(pose, six(0.1))),
    correction: Float64Array.from(six(0.05)),
  }));
}
