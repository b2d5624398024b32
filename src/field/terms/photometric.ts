import type { SurfaceSamples } from '../../sensors/observation.js';
import type { Field } from '../field.js';

/** Unknowns of its own: gain (per GAIN_LEVELS grey levels) and bias (grey levels). */
export const PHOTOMETRIC_UNKNOWNS = 2;

/** How brightness is compared with the colours of a field. */
export interface PhotometricOptions {
  /** What a grey level counts as, metres: ties the term to geometric ones. */
  readonly metresPerLevel: number;
  /** Robust scale, grey levels. */
  readonly kernel: number;
  /** Only samples so near to the surface count, metres. */
  readonly reach: number;
  /** Gain and bias are held to zero by so many times the information that the frame has on them. */
  readonly hold: number;
}

/**
 * Brightness of a surface's keypoints against the fused colours of a field, with a gain and a bias of the whole frame as
 * unknowns of its own: exposure changes. They come first among the own unknowns of a problem.
 */
export interface PhotometricTerm extends PhotometricOptions {
  readonly kind: 'photometric';
  readonly field: Field;
  /** With `grey`. */
  readonly surface: SurfaceSamples;
}
