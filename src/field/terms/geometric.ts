import type { SurfaceSamples } from '../../sensors/observation.js';
import type { Field } from '../field.js';

/** How samples are compared with a field. */
export interface GeometricOptions {
  /** Robust scale per scalar level, finest first, metres; 0 leaves the level out. */
  readonly kernels: readonly number[];
  readonly levelWeights: readonly number[];
  /** Scale of the weight by | |∇| − 1 |. */
  readonly gradientScale: number;
  /** Fine corners with less weight are not trusted. */
  readonly minWeight: number;
}

/** Distances of a surface's keypoints in a field: point to implicit surface. */
export interface GeometricTerm extends GeometricOptions {
  readonly kind: 'geometric';
  readonly field: Field;
  readonly surface: SurfaceSamples;
  /** Where the finest robust scale ends that begins at `kernels[0]`; default: it stays. */
  readonly kernelEnd?: number;
  /** Finest robust scale of the sums that a solution comes with; default: that of its last step. */
  readonly sumsKernel?: number;
  /** Weight of ground points, relative to the others. */
  readonly groundWeight: number;
}
