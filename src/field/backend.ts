import { BLOCK_CORNERS } from '../kernels/layout/mesh.js';
import type { Pose } from '../geometry/se3.js';
import type { RangeGrid, SurfaceSamples } from '../sensors/observation.js';
import type { Field } from './field.js';
import type { FieldRoom, GridSpec, PoolRoom } from './grid-spec.js';
import type { LinearSystem, Unknowns } from './linear-system.js';
import type { AlignProblem, AlignSolution } from './registration.js';
import type { Exposure } from './terms/photometric.js';
import type { MeasurementTerm } from './terms/term.js';

/** Largest inputs that a backend sets memory aside for. */
export interface BackendLimits {
  /** Points of the largest surface to integrate. */
  readonly scanPoints: number;
  /** Chunks of the largest batch to fit. */
  readonly batchChunks: number;
  /** What all fields may hold together. */
  readonly pool: PoolRoom;
}

/** Takes weight from corners that claim to be solid where the surface is seen through them. */
export interface Carving {
  /** Blocks take turns: those of one turn are looked at. */
  readonly part: number;
  readonly parts: number;
  /** Corners are looked at up to here, metres. */
  readonly maxRange: number;
  /** Share of its weight that a corner keeps when it is seen through. */
  readonly keep: number;
}

export interface IntegrateOptions {
  /** Number of the scan: stamps changed blocks, and seeds what is drawn at random. */
  readonly scan: number;
  /** Done before the surface is fused; absent where nothing is known of what lies before the samples. */
  readonly carving?: Carving;
  /** The same ranges in rows and columns: gathered from instead of the surface, with what they show to be free. */
  readonly grid?: RangeGrid;
  /** How bright the colours of the grid are against those of the map; default: the same. */
  readonly exposure?: Exposure;
  /**
   * Fuses every sample in full, however well its place is known; what gathers much of them is held: others hardly change
   * it until it is seen through. Default: a share of the samples where much is known. Fields that a device works on take
   * no notice of it.
   */
  readonly firm?: boolean;
}

export interface DrawOptions {
  /** Points that samples are drawn from, four each. */
  readonly points: number;
  /** Index of the first sample to write. */
  readonly first: number;
  readonly seed: number;
  /** Largest offset of a sample from the surface, metres. */
  readonly band: number;
}

/** A run of samples that share a pose. */
export interface FitChunk {
  readonly first: number;
  readonly count: number;
  /** Index into the frames of the call. */
  readonly frame: number;
}

export type FitBatch = readonly FitChunk[];

/** The pose of samples. */
export interface FitFrame {
  /** T_submap_sensor; `fit` moves it after every batch. */
  pose: Pose;
  /** What it is held to. */
  readonly anchor: Pose;
  /** Whether it is optimised too. */
  readonly optimise: boolean;
}

/** How poses are held to their anchors while they are optimised; information is 1/variance. */
export interface PosePrior {
  readonly priorTranslation: number;
  readonly priorRotation: number;
  /** Factor that turns a pose's sums into information. */
  readonly systemScale: number;
  /** With no more samples than this a pose stays where it is. */
  readonly minSamples: number;
}

export interface FitOptions {
  /** Residual at which the loss becomes linear, metres. */
  readonly huber: number;
  /** Adam's step size for features. */
  readonly learningRate: number;
  /** Share of a sample's residual that the fused scalars around it take; 0 leaves them. */
  readonly scalarRate: number;
  readonly prior: PosePrior;
}

/** Of the last batch. */
export interface FitResult {
  /** Mean Huber loss, metres. */
  readonly loss: number;
  readonly used: number;
  /** Per frame: upper triangle of the 6×6 Gauss–Newton matrix (21), right-hand side (6), samples (1). */
  readonly systems: Float64Array;
}

export interface EvaluateOptions {
  /** Corners seen with less weight are not observed. */
  readonly minWeight: number;
  /** Corners farther from the surface are left out, metres. */
  readonly band: number;
  /** Decode the learned residual, or give the fused distances alone. */
  readonly features: boolean;
  /**
   * Corners that were not observed take the mean of the observed ones next to them. Default: they are NaN. Fields that a
   * device works on take no notice of it.
   */
  readonly beside?: boolean;
}

/** Numbers per block that {@link FieldBackend.evaluate} writes: 9³ corners. */
export const BLOCK_VALUES = BLOCK_CORNERS;
/** Numbers per point that {@link FieldBackend.sample} returns: distance, gradient, smallest corner weight. */
export const SAMPLE_VALUES = 5;

/**
 * All that a backend does. Coordinates are float32 in the submap frame; poses are T_submap_sensor in float64. Every
 * operation gives the same bytes whatever the number of threads.
 *
 * @example
 * const { backend, field } = await createBackend('auto', pool, { spec, room, limits });
 * backend.integrate(field, surface, identity(), { scan: 0 });
 * const [distance] = backend.sample(field, 'distance', Float32Array.of(1, 0, 0));
 */
export interface FieldBackend {
  readonly name: 'wasm' | 'webgpu' | 'tfjs';
  /**
   * An empty field. It takes blocks and feature rows from the backend's pool as it grows, `room` at most, and gives
   * them back when it forgets, is evicted or freed. Nothing is set aside for it but its training samples. Coordinates
   * of blocks lie within ±65 536: at voxels of 0.15 m, 78 km from the origin; what lies farther is left out.
   *
   * @throws FeltmapError out-of-memory when there is no room; unsupported when the backend holds no more fields
   */
  createField(spec: GridSpec, room: FieldRoom): Field;
  /**
   * Makes room for a surface and fuses its normal-guided distances into all scalar levels; before that, takes weight
   * from what its rays prove to be free.
   *
   * @throws FeltmapError out-of-memory when the field is full; what was mapped stays
   */
  integrate(field: Field, surface: SurfaceSamples, pose: Pose, how: IntegrateOptions): void;
  /** Normal equations of the terms' sum at several places: `out[k]` at `at[k]`, overwritten. */
  linearise(terms: readonly MeasurementTerm[], at: readonly Unknowns[], out: readonly LinearSystem[]): void;
  /** Solves for a pose: the loop of {@link GaussNewton}, where a device may keep a faster one. */
  solve(problem: AlignProblem): AlignSolution;
  /** Draws training samples of a surface into the field's store, and makes room for features around them. */
  drawSamples(field: Field, surface: SurfaceSamples, pose: Pose, how: DrawOptions): void;
  /** Steps of the joint optimisation over scalars, features and poses, one per batch; moves the frames' poses. */
  fit(field: Field, batches: readonly FitBatch[], frames: readonly FitFrame[], how: FitOptions): FitResult;
  /** Batches that `fit` takes best in one go: many where each call waits for a device. */
  readonly batchesPerFit: number;
  /** SAMPLE_VALUES per point (x y z each, metres); a weight of 0 says not observed. */
  sample(field: Field, layer: 'distance', points: Float32Array): Float32Array;
  /**
   * Colours of points on the surface (x y z each, metres): red, green, blue, 0…255, and 255 where they are known, 0
   * where not. Empty where the field has no colour layer.
   */
  colours(field: Field, points: Float32Array): Uint8Array;
  /**
   * Distances at the 9³ corners of fine blocks, x fastest, NaN where not observed.
   *
   * @param values BLOCK_VALUES per block, in kernel memory
   */
  evaluate(field: Field, blocks: ArrayLike<number>, values: Float32Array, how: EvaluateOptions): void;
  /** What happened that the user should know, oldest first. */
  readonly notices: readonly string[];
  /** The pool of threads is the caller's to close. */
  close(): Promise<void>;
}
