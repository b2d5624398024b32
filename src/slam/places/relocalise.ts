import type { SurfaceSamples } from '../../sensors/observation.js';
import type { Config } from '../../config/schema.js';
import { identity, type Pose } from '../../geometry/se3.js';
import { judge, type Verdict } from '../tracking/judge.js';
import type { Track } from '../tracking/tracker.js';
import {
  better,
  CERTAIN_IN_LOADED_MAP,
  isCertain,
  type Candidate,
  type CertaintyLimits,
} from './certainty.js';
import { turned, yawFan } from './guesses.js';
import type { PlaceSearch } from './place-search.js';

export interface RelocaliserOptions {
  readonly limits: Config['tracking'];
  /** T_map_sensor along the path of earlier runs, the first of them where the map began. */
  readonly places: readonly Pose[];
  /** Where the last run ended. */
  readonly lastPose: Pose;
  /** What a place must reach. */
  readonly certainty?: CertaintyLimits | undefined;
}

/** Failed attempts until all places are searched again: that takes seconds on a long path. */
const SEARCH_EVERY = 20;

/**
 * Finds a scan's place in a loaded map: near both ends of the earlier path first, then all along it.
 *
 * @example
 * const relocaliser = new Relocaliser(search, { limits: config.tracking, places, lastPose });
 * const { track, verdict } = relocaliser.locate(surface, (guess) => registration.from(observation, guess), mount);
 * if (verdict.state !== 'lost') use(track.pose); // T_map_sensor
 */
export class Relocaliser {
  readonly #search: PlaceSearch;
  readonly #options: RelocaliserOptions;
  #attempts = 0;

  constructor(search: PlaceSearch, options: RelocaliserOptions) {
    this.#search = search;
    this.#options = options;
  }

  /**
   * The best registration, and whether it is certain to be the right place.
   *
   * @param register registers the scan from a first guess, T_map_sensor
   * @param mount T_body_sensor
   */
  locate(
    surface: SurfaceSamples,
    register: (pose: Pose) => Track,
    mount: Pose,
  ): { readonly track: Track; readonly verdict: Verdict } {
    const { places, lastPose } = this.#options;
    const near = turned([lastPose, places[0] ?? identity(), identity()], yawFan(30, 5), mount);
    let best = this.#best(surface, near, 3, register);
    let verdict = this.#verdict(best);
    if (verdict.state === 'lost' && this.#attempts++ % SEARCH_EVERY === 0) {
      const everywhere = turned([lastPose, ...places], yawFan(180, 10), mount);
      best = better(best, this.#best(surface, everywhere, 6, register));
      verdict = this.#verdict(best);
    }
    return { track: best.track, verdict };
  }

  #best(
    surface: SurfaceSamples,
    guesses: readonly Pose[],
    tries: number,
    register: (pose: Pose) => Track,
  ): Candidate {
    const search = this.#search;
    return search.settle(
      surface,
      search.best(surface, search.rank(surface, guesses, tries), register)!,
      register,
    );
  }

  /** Stricter than while tracking: neither a degraded track nor an uncertain place will do. */
  #verdict(candidate: Candidate): Verdict {
    const verdict = judge(candidate.track, this.#options.limits);
    return verdict.state === 'tracking' &&
      isCertain(candidate, this.#options.certainty ?? CERTAIN_IN_LOADED_MAP)
      ? verdict
      : NOT_FOUND;
  }
}

const NOT_FOUND: Verdict = {
  state: 'lost',
  reason: 'This place was not found in the loaded map yet; nothing is mapped until it is.',
};
