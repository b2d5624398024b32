import type { Pose } from '../geometry/se3.js';

/** Points of one scan in engine memory: pointers to count float32 (flags: uint8), sensor frame at the stamp. */
export interface PointSet {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Unit normal towards the sensor, zero where unknown. */
  readonly nx: number;
  readonly ny: number;
  readonly nz: number;
  /** Seconds relative to the stamp. */
  readonly tau: number;
  /** 0 = neither mapped nor sampled. */
  readonly quality: number;
  /** Bit 1: ground. */
  readonly flags: number;
  /** Direction of up in the sensor frame, for ground points without a normal. */
  readonly up: ArrayLike<number>;
  readonly count: number;
}

export interface RegisterOptions {
  /** Robust scale per scalar level, finest first, metres; 0 leaves the level out. */
  readonly kernels: readonly number[];
  readonly levelWeights: readonly number[];
  /** Scale of the weight by | |∇| − 1 |. */
  readonly gradientScale: number;
  /** Fine corners with less weight are not trusted. */
  readonly minWeight: number;
  /** τ is used in units of 1/timeScale seconds. */
  readonly timeScale: number;
  /** Correction of the deskewing twist in the submap frame, per unit of scaled time. */
  readonly twist: ArrayLike<number>;
}

/** Sums of the normal equations over one class of points (ground or other). */
export interface NormalSums {
  /** Upper triangles of Σ w JJᵀ, Σ w τ JJᵀ, Σ w τ² JJᵀ (21 each), Σ w r J, Σ w τ r J (6 each). */
  readonly system: Float64Array;
  weight: number;
  /** Σ w r². */
  cost: number;
  /** Points that had a value, that lie within the fine kernel, all. */
  valued: number;
  inliers: number;
  points: number;
  /** Σ |r| of inliers. */
  absolute: number;
  /** Points with a value on a coarse level only, and those of them within half its kernel. */
  coarse: number;
  coarseInliers: number;
}

/** Sums of no points. */
export function emptySums(): NormalSums {
  return {
    system: new Float64Array(75),
    weight: 0,
    cost: 0,
    valued: 0,
    inliers: 0,
    points: 0,
    absolute: 0,
    coarse: 0,
    coarseInliers: 0,
  };
}

/** A run of samples that share a pose. */
export interface FitChunk {
  readonly first: number;
  readonly count: number;
  /** Index into the poses of the batch. */
  readonly pose: number;
  /** Whether that pose is optimised too. */
  readonly optimisePose: boolean;
}

export interface FitOptions {
  /** Residual at which the loss becomes linear, metres. */
  readonly huber: number;
  /** Adam's step size for features. */
  readonly learningRate: number;
  /** Share of a sample's residual that the fused scalars around it take; 0 leaves them. */
  readonly scalarRate: number;
}

export interface FitResult {
  /** Mean Huber loss of the batch, metres. */
  readonly loss: number;
  readonly used: number;
  /** Per pose: upper triangle of the 6×6 Gauss–Newton matrix (21), right-hand side (6), samples (1). */
  readonly systems: Float64Array;
}

/**
 * The only door to heavy arithmetic. Coordinates are float32 in the submap frame; poses are T_submap_sensor in
 * float64. Every operation gives the same bytes whatever the number of threads.
 */
export interface FieldEngine {
  /** Makes room for a scan and fuses its normal-guided distances into all scalar levels. */
  fuse(points: PointSet, coarse: { pointer: number; count: number }, pose: Pose, scan: number): void;
  /** Normal equations of the points against the field; [other, ground]. */
  register(
    points: PointSet,
    coarse: { pointer: number; count: number },
    pose: Pose,
    options: RegisterOptions,
  ): readonly [NormalSums, NormalSums];
  /** One step of the joint optimisation over features and poses. */
  fit(chunks: readonly FitChunk[], poses: readonly Pose[], options: FitOptions): FitResult;
  /** Signed distance, gradient and smallest corner weight (0 = not observed) at points: 5 per point. */
  query(points: Float32Array): Float32Array;
  clear(): void;
}
