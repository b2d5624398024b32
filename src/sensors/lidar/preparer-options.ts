import { FeltmapError } from '../../geometry/errors.js';

export interface PreparerOptions {
  /** Largest number of raw points in one scan. */
  readonly maxPoints?: number;
  /** Metres. */
  readonly minRange?: number;
  readonly maxRange?: number;
  /** Sides of the voxels that keep one point each, to map and to register, m. */
  readonly mapVoxel?: number;
  readonly trackVoxel?: number;
  /** More points than these are thinned evenly. */
  readonly maxMapPoints?: number;
  readonly maxTrackPoints?: number;
  /** Standard deviation of the sensor's range, m: what counts as flat. */
  readonly rangeNoise?: number;
}

const DEFAULTS: Required<PreparerOptions> = {
  maxPoints: 262144,
  minRange: 0.5,
  maxRange: 100,
  mapVoxel: 0.15,
  trackVoxel: 0.6,
  maxMapPoints: 65536,
  maxTrackPoints: 8192,
  rangeNoise: 0.02,
};

/**
 * The options with defaults for those left out.
 *
 * @throws FeltmapError bad-config for options that make no sense
 */
export function completeOptions(options: PreparerOptions): Required<PreparerOptions> {
  const o = { ...DEFAULTS, ...options };
  const bad = (what: string) =>
    new FeltmapError('bad-config', `The LiDAR preparation cannot work with ${what}.`);
  if (!(o.maxPoints >= 1 && o.maxPoints <= 4e6)) throw bad(`maxPoints ${o.maxPoints}; give 1 to 4 000 000`);
  if (!(o.minRange >= 0 && o.maxRange > o.minRange && o.maxRange <= 1000))
    throw bad(`ranges ${o.minRange} to ${o.maxRange} m; give 0 ≤ minRange < maxRange ≤ 1000`);
  // 2¹⁵ voxels to each side of the sensor
  if (!(Math.min(o.mapVoxel, o.trackVoxel) * 32767 > o.maxRange))
    throw bad(`voxels of ${o.mapVoxel} and ${o.trackVoxel} m; give more than a 30 000th of maxRange`);
  if (!(o.maxMapPoints >= 1 && o.maxTrackPoints >= 1)) throw bad('no points to map or to register');
  if (!(o.rangeNoise > 0))
    throw bad(`a range noise of ${o.rangeNoise} m; give the sensor's, for instance 0.02`);
  return o;
}
