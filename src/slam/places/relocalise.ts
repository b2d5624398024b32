// Finding a scan's place in a map that was loaded: where the map's last run ended or began first, then all along its path.
import type { SurfaceSamples } from '../../sensors/observation.js';
import type { Config } from '../../config/schema.js';
import type { FieldBackend } from '../../field/backend.js';
import type { Field } from '../../field/field.js';
import { compose, exp, identity, type Pose } from '../../geometry/se3.js';
import { judge, type Verdict } from '../tracking/judge.js';
import { better, PlaceSearch, type Find } from './place-search.js';
import type { Track } from '../tracking/tracker.js';

export interface LocaliserOptions {
  readonly limits: Config['tracking'];
  /** T_map_sensor along the path of earlier runs, the first of them where the map began. */
  readonly places: readonly Pose[];
  /** Where the last run ended. */
  readonly lastPose: Pose;
  /** Scans in the loaded map. */
  readonly scans: number;
}

/** Failed attempts until all places are searched again: that takes seconds on a long path. */
const SEARCH_EVERY = 20;
/** A place is taken only where this share of the scan (ground left out) lies in the map … */
const MIN_VALUED = 0.3;
/** … and fits so well on average, by a robust weight with a scale of one voxel. */
const MIN_FIT = 0.7;
/** Share of all points with a value that lie within the robust kernel: wrong places reached 0.95, right ones 0.98. */
const MIN_INLIERS = 0.97;

/** Finds a scan's place in a loaded map: near both ends of the earlier path, then all along it. */
export class Localiser {
  readonly scans: number;
  readonly #options: LocaliserOptions;
  readonly #search: PlaceSearch;
  #verdict = NOT_FOUND;
  #attempts = 0;

  constructor(backend: FieldBackend, field: Field, options: LocaliserOptions) {
    const { limits, scans } = options;
    this.scans = scans;
    this.#options = options;
    this.#search = new PlaceSearch(backend, field, limits);
  }

  /**
   * The best registration found; whether it is good enough says {@link verdict}.
   *
   * @param track registers the scan from a first guess, T_map_sensor
   */
  locate(surface: SurfaceSamples, track: (pose: Pose) => Track): Track {
    const { places, lastPose } = this.#options;
    const near = [lastPose, places[0] ?? identity(), identity()];
    let best = this.#search.best(surface, this.#rank(surface, near, yawFan(30, 5), 3), track)!;
    if (!this.#sure(best) && this.#attempts++ % SEARCH_EVERY === 0) {
      const poses = this.#rank(surface, [lastPose, ...places], yawFan(180, 20), 6);
      best = better(best, this.#search.best(surface, poses, track)!);
    }
    this.#verdict = this.#sure(best) ? judge(best.track, this.#options.limits) : NOT_FOUND;
    return best.track;
  }

  /** Of the latest registration. Stricter than while tracking: a wrong place would ruin the map. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  #sure({ track, fit, valued }: Find): boolean {
    const settled = judge(track, this.#options.limits).state === 'tracking';
    return settled && track.inlierRatio >= MIN_INLIERS && fit >= MIN_FIT && valued >= MIN_VALUED;
  }

  /** The `count` poses that fit best, of all places turned about their own up axis by all angles. */
  #rank(surface: SurfaceSamples, places: readonly Pose[], yaws: readonly number[], count: number): Pose[] {
    const poses = places.flatMap((place) => yaws.map((yaw) => compose(place, exp([0, 0, 0, 0, 0, yaw]))));
    return this.#search.rank(surface, poses, count);
  }
}

const NOT_FOUND: Verdict = {
  state: 'lost',
  reason: 'The scan was not found in the loaded map yet; nothing is mapped until it is.',
};

/** Angles from −range to range in steps, radians; 0 first. */
export function yawFan(rangeDegrees: number, stepDegrees: number): number[] {
  const angles = [0];
  for (let a = stepDegrees; a <= rangeDegrees; a += stepDegrees)
    angles.push(...(a < 180 ? [a, -a] : [a]).map((v) => (v * Math.PI) / 180));
  return angles;
}
