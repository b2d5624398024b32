import { FeltmapError } from '../../geometry/errors.js';

/** Standard deviation of depth, metres: σ(z) = a + b·(z − z0)². */
export interface DepthNoise {
  readonly a: number;
  readonly b: number;
  readonly z0: number;
}

export interface CameraOptions {
  /** Metres along the optical axis; what lies nearer or farther is unknown. */
  readonly minRange?: number;
  readonly maxRange?: number;
  /**
   * Defaults to that of a structured-light camera, 1.2 mm + 1.9 mm·(z − 0.4 m)² (Nguyen et al. 2012); without `b`, more where
   * a camera's first images show it.
   */
  readonly noise?: Omit<DepthNoise, 'b'> & Partial<DepthNoise>;
  /** Columns that the grid has about: pixels are binned by whole factors. */
  readonly gridWidth?: number;
  /** Every n-th row and column of the grid becomes a sample of the surface; more where there would be too many. */
  readonly mapStride?: number;
  readonly maxMapPoints?: number;
  /** Samples that are registered, about. */
  readonly trackPoints?: number;
  /** Largest number of pixels of an image: larger ones are refused. */
  readonly maxPixels?: number;
}

const DEFAULTS: Required<CameraOptions> = {
  minRange: 0.1,
  maxRange: 8,
  noise: { a: 0.0012, z0: 0.4 },
  gridWidth: 320,
  mapStride: 2,
  maxMapPoints: 20_000,
  trackPoints: 2000,
  maxPixels: 4096 * 3072,
};

/**
 * The options with defaults for those left out.
 *
 * @throws FeltmapError bad-config for options that make no sense
 */
export function completeOptions(options: CameraOptions): Required<CameraOptions> {
  const o = { ...DEFAULTS, ...options };
  const bad = (what: string) =>
    new FeltmapError('bad-config', `The preparation of depth images cannot work with ${what}.`);
  if (!(o.minRange > 0 && o.maxRange > o.minRange && o.maxRange <= 1000))
    throw bad(`ranges ${o.minRange} to ${o.maxRange} m; give 0 < minRange < maxRange ≤ 1000`);
  const { a, b = 0, z0 } = o.noise;
  if (!(a > 0 && b >= 0 && Number.isFinite(a + b + z0)))
    throw bad(`a noise of ${a} + ${b}·(z − ${z0})² m; give a > 0 and b ≥ 0`);
  if (!(o.gridWidth >= 16 && o.gridWidth <= 4096)) throw bad(`gridWidth ${o.gridWidth}; give 16 to 4096`);
  if (!(Number.isInteger(o.mapStride) && o.mapStride >= 1))
    throw bad(`mapStride ${o.mapStride}; give a whole number, 1 or more`);
  if (!(o.maxMapPoints >= 1 && o.trackPoints >= 1)) throw bad('no points to map or to register');
  if (!(o.maxPixels >= 1 && o.maxPixels <= 1 << 26))
    throw bad(`maxPixels ${o.maxPixels}; give 1 to ${1 << 26}`);
  return o;
}
