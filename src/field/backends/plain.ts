// Terms and batches as plain data that can be sent to another thread.
import type { Pose } from '../../geometry/se3.js';
import type { FitBatch, FitFrame, FitOptions } from '../backend.js';
import { TIME_SCALE, type Unknowns } from '../linear-system.js';
import type { GeometricOptions, GeometricTerm } from '../terms/geometric.js';

/** A pass of a geometric term. */
export interface RegisterOptions extends GeometricOptions {
  /** τ is used in units of 1/timeScale seconds. */
  readonly timeScale: number;
  /** Correction of the undistorting twist in the submap frame, per unit of scaled time. */
  readonly twist: ArrayLike<number>;
}

export function registerOptions(term: GeometricTerm, { correction }: Unknowns): RegisterOptions {
  const { kernels, levelWeights, gradientScale, minWeight } = term;
  return {
    kernels: [...kernels],
    levelWeights,
    gradientScale,
    minWeight,
    timeScale: TIME_SCALE,
    twist: Float64Array.from(correction),
  };
}

/** A run of samples with the number of its pose, and whether that is optimised. */
export interface PosedChunk {
  readonly first: number;
  readonly count: number;
  readonly pose: number;
  readonly optimisePose: boolean;
}

export const posedChunks = (batch: FitBatch, frames: readonly FitFrame[]): PosedChunk[] =>
  batch.map(({ first, count, frame }) => ({
    first,
    count,
    pose: frame,
    optimisePose: frames[frame]!.optimise,
  }));

export const posesOf = (frames: readonly { readonly pose: Pose }[]): Pose[] =>
  frames.map(({ pose }) => Float64Array.from(pose));

export type StepOptions = Pick<FitOptions, 'huber' | 'learningRate' | 'scalarRate'>;

/** Options may come with much else that need not travel. */
export function stepOptions({ huber, learningRate, scalarRate }: FitOptions): StepOptions {
  return { huber, learningRate, scalarRate };
}
