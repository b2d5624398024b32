/** Float32 columns of {@link SurfaceSamples}. */
export const SURFACE_COLUMNS = ['x', 'y', 'z', 'nx', 'ny', 'nz', 'tau', 'quality'] as const;
export type SurfaceColumn = (typeof SURFACE_COLUMNS)[number];

/**
 * Points on surfaces, whatever sensor measured them, sensor frame at the stamp. Columns lie in kernel memory and may be
 * longer than `count`.
 */
export interface SurfaceSamples extends Readonly<Record<SurfaceColumn, Float32Array>> {
  readonly count: number;
  /** Metres. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
  /** Unit normal towards the sensor, zero where unknown. */
  readonly nx: Float32Array;
  readonly ny: Float32Array;
  readonly nz: Float32Array;
  /** Seconds relative to the stamp. */
  readonly tau: Float32Array;
  /** 0 (neither mapped nor sampled) to 1. */
  readonly quality: Float32Array;
  /** Bit 1: ground. */
  readonly flags: Uint8Array;
  /** Direction of up in the sensor frame, for ground points without a normal. */
  readonly up: ArrayLike<number>;
  /** The samples that are registered, as indices into the columns: spread evenly over the surface. */
  readonly keypoints: Uint32Array;
}
