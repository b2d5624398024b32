import type { SurfaceSamples } from '../../sensors/observation.js';
import type { Field } from '../field.js';

/** Unknowns of its own: gain (per GAIN_LEVELS grey levels) and bias (grey levels). */
export const PHOTOMETRIC_UNKNOWNS = 2;

/** How a frame's brightness relates to that of the map: (1 + gain/GAIN_LEVELS)·brightness + bias. */
export interface Exposure {
  readonly gain: number;
  /** Grey levels. */
  readonly bias: number;
  /** It has just changed by more than can be told from one frame: colours are not to be mapped with it. */
  readonly unsteady?: boolean;
}

/** How brightness is compared with the colours of a field. */
export interface PhotometricOptions {
  /** What a grey level counts as, metres: ties the term to geometric ones. */
  readonly metresPerLevel: number;
  /** Robust scale, grey levels. */
  readonly kernel: number;
  /** Only samples so near to the surface count, metres. */
  readonly reach: number;
  /** Gain and bias are held to what is expected by so many times the information that the frame has on them. */
  readonly hold: number;
}

/**
 * Brightness of a surface's keypoints against the fused colours of a field, with a gain and a bias of the whole frame as
 * unknowns of its own: exposure changes. They come first among the own unknowns of a problem.
 */
export interface PhotometricTerm extends PhotometricOptions {
  readonly kind: 'photometric';
  readonly field: Field;
  /** What gain and bias are held to. */
  readonly expected: Exposure;
  /** With `grey`. */
  readonly surface: SurfaceSamples;
}
