import type { Pose } from '../geometry/se3.js';
import type { SurfaceSamples } from '../sensors/observation.js';

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

/** What a whole registration needs beside the options of a pass; lengths in metres, angles in radians. */
export interface AlignOptions extends RegisterOptions {
  /** Last robust scale of the finest level, and the factor by which it shrinks per step; `kernels` holds the first. */
  readonly kernelEnd: number;
  readonly anneal: number;
  readonly maxIterations: number;
  readonly translationTolerance: number;
  readonly rotationTolerance: number;
  readonly groundWeight: number;
  /** Whether the twist is solved for too, and its standard deviations per unit of scaled time. */
  readonly solveTwist: boolean;
  readonly twistSigmaLinear: number;
  readonly twistSigmaAngular: number;
  /** Twist that the points are deskewed with minus the predicted one, sensor frame, per unit of scaled time. */
  readonly twistOffset: ArrayLike<number>;
  /** Turn (radians per unit of scaled time) beyond which the points must be deskewed anew. */
  readonly maxTurn: number;
  /** Whether directions seen with less than `minConditioning` are held to the prediction. */
  readonly hold: boolean;
  readonly minConditioning: number;
  readonly predicted: Pose;
  /** The last step before was small: the first pass only tells the sums. */
  readonly pending: boolean;
}

/** Where a registration on the device stopped. */
export interface AlignResult {
  /** 12 per step: v, ω of the pose, then of the twist. */
  readonly steps: Float64Array;
  /** `gone`: the device is lost for good; no step was taken. */
  readonly stop: 'converged' | 'limit' | 'singular' | 'deskew' | 'gone';
  /** Robust scale of the next pass. */
  readonly kernel: number;
  readonly pending: boolean;
  /** Of the last pass; with `deskew` that of the pass before the last step. */
  readonly sums: readonly [NormalSums, NormalSums];
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

/** How poses are held to their anchors while they are optimised; information is 1/variance. */
export interface PosePrior {
  readonly priorTranslation: number;
  readonly priorRotation: number;
  /** Factor that turns a pose's sums into information. */
  readonly systemScale: number;
  /** With no more samples than this a pose stays where it is. */
  readonly minSamples: number;
}

/**
 * The only door to heavy arithmetic. Coordinates are float32 in the submap frame; poses are T_submap_sensor in
 * float64. Every operation gives the same bytes whatever the number of threads.
 */
export interface FieldEngine {
  /** Makes room for a scan and fuses its normal-guided distances into all scalar levels. */
  fuse(surface: SurfaceSamples, pose: Pose, scan: number): void;
  /** Normal equations of the points against the field; [other, ground]. */
  register(surface: SurfaceSamples, pose: Pose, options: RegisterOptions): readonly [NormalSums, NormalSums];
  /** Where an engine can do that in one go: the same sums at many poses. */
  readonly registerMany?:
    | ((
        surface: SurfaceSamples,
        poses: readonly Pose[],
        options: RegisterOptions,
      ) => (readonly [NormalSums, NormalSums])[])
    | undefined;
  /** Where an engine can do that without a round trip per step: a whole registration, until it settles. */
  readonly align?: ((surface: SurfaceSamples, pose: Pose, options: AlignOptions) => AlignResult) | undefined;
  /** One step of the joint optimisation over features and poses. */
  fit(chunks: readonly FitChunk[], poses: readonly Pose[], options: FitOptions): FitResult;
  /**
   * Likewise: several steps with the poses moved in between. Returns the moves [v, ω] (6 each) of all poses, step by
   * step, zero where a pose stayed.
   */
  readonly fitMany?:
    | ((
        batches: readonly (readonly FitChunk[])[],
        poses: readonly Pose[],
        anchors: readonly Pose[],
        options: FitOptions & PosePrior,
      ) => Float64Array)
    | undefined;
  /** Signed distance, gradient and smallest corner weight (0 = not observed) at points: 5 per point. */
  query(points: Float32Array): Float32Array;
  clear(): void;
}
