import { fewerKeypoints } from '../../sensors/fewer-keypoints.js';
import type { SurfaceSamples } from '../../sensors/observation.js';
import { areWithin, separation, type Pose, type Twist } from '../../geometry/se3.js';
import { MIN_FINE_POINTS } from '../tracking/judge.js';
import type { Track } from '../tracking/tracker.js';
import {
  CERTAIN_AFTER_LOSS,
  explainsClearlyMore,
  explainsMore,
  type Candidate,
  type CertaintyLimits,
} from './certainty.js';
import { shifted } from './guesses.js';
import type { ViewQuery } from './near-view.js';
import { UsualFits } from './usual-fit.js';
import type { PlaceSearch } from './place-search.js';

/** Fastest motion of a vehicle (m/s) and farthest (fine voxels) that are looked for: 8 m at 0.15 m. */
const VEHICLE_SPEED = 60;
const MAX_REACH = 160 / 3;
/** Distance of the guesses in fine voxels, 1 m at 0.15 m: the pyramid's basin. */
export const GUESS_STEP = 20 / 3;
/**
 * Of the second scan: with columns 2.3° apart (CARLA, begun at 5 m/s) registrations from guesses 1 m apart ended up to 1.3 m off, all of them.
 * From some 0.5 m apart alone, a scan in heavy rain fits best where free space is against it.
 */
const SECOND_STEPS = [GUESS_STEP, GUESS_STEP / 2];
/** Share of inliers from which the first of them will do: right places of five real drives had 0.987 and more, CARLA's wrong ones 0.972 at most. */
const FITS_WELL = 0.98;
/** What another registration moves by less has stayed where it was (fine voxels, 0.15 m at 0.15 m). */
const SAME_PLACE = 1;
/**
 * Of guesses side by side (fine voxels, 1.5 m at 0.15 m; radians) only the best is registered: around a wrong place sixteen of them may rank before the right
 * one.
 */
const BESIDE = { voxels: 1.5 * GUESS_STEP, radians: Math.PI / 12 } as const;
/** Guesses that are registered; and of the second scan, of which the right one was among the first five of 441. */
export const TRIES = 16;
const SECOND_TRIES = 8;
/**
 * The best of them are looked around more closely before they are registered, distances in fine voxels (0.75 m and 0.25 m at 0.15 m): among cars that
 * drive along, registrations from half a metre beside the right place ended between it and where the cars stand still.
 */
const CLOSER = { places: 3, reach: 5, step: 5 / 3 } as const;

/** A scan whose place is looked for. */
export interface PlaceQuery {
  readonly surface: SurfaceSamples;
  /** Seconds since the last pose that is known. */
  readonly elapsed: number;
  /**
   * Registers the scan from a first guess, T_submap_sensor; at rest, unless a twist (sensor frame) is expected; roughly: with half of
   * its keypoints, where there are many.
   */
  readonly register: (pose: Pose, twist?: Twist, roughly?: boolean) => Track;
  readonly T_body_sensor: Pose;
  /** Whether the sensor may be tilted up and down from where it looked: as those with a narrow view are, in a hand. */
  readonly tilts: boolean;
  /** Of a depth camera: how views nearby are compared; `often`: with every frame, as they come seldom. */
  readonly nearby?: Pick<ViewQuery, 'register' | 'conclude' | 'relative' | 'believable'> & {
    readonly often: boolean;
  };
}

export interface LookAroundOptions {
  /** What a place must reach after a loss; default: {@link CERTAIN_AFTER_LOSS}. */
  readonly certainty?: CertaintyLimits;
  /** Fastest motion that is looked for, m/s; default: that of vehicles. */
  readonly maxSpeed?: number;
}

/**
 * Looks for a scan near where it may be, when its motion since the last pose is not known.
 *
 * @example
 * const around = new LookAround(search, voxel);
 * const candidate = around.best(query, around.around(query, T_submap_sensor, 4)); // guesses 4 voxels apart
 */
export class LookAround {
  readonly certainty: CertaintyLimits;
  /** Of cameras. */
  readonly fits = new UsualFits();
  readonly #maxSpeed: number;

  /**
   * @param voxel distance between fine corners (m)
   */
  constructor(
    readonly search: PlaceSearch,
    readonly voxel: number,
    { certainty = CERTAIN_AFTER_LOSS, maxSpeed = VEHICLE_SPEED }: LookAroundOptions = {},
  ) {
    this.certainty = certainty;
    this.#maxSpeed = maxSpeed;
  }

  /**
   * The second scan of a map: `expected`, near the first, unless the scan clearly fits elsewhere or does not stay there, and can be believed elsewhere if it
   * can be here. Where hardly any of its points have a fine value these do not tell: then that place counts that can be believed and
   * is known best.
   *
   * @param center T_submap_sensor of a sensor that has not moved
   * @param isBelievable of a track that was registered just now
   */
  second(query: PlaceQuery, center: Pose, expected: Track, isBelievable: (track: Track) => boolean): Track {
    let believed = isBelievable(expected) ? expected : undefined;
    const keepsFirst = believed !== undefined;
    // As the others are: what is expected may have been found with a velocity that it does not have.
    const here = this.search.measure(query.surface, query.register(expected.pose));
    const stays = separation(here.track.pose, expected.pose) < SAME_PLACE * this.voxel;
    // Where the expected place will do, the others need not be known so well to tell which of them is the best.
    const roughly = keepsFirst;
    const register = (pose: Pose): Track => {
      const track = query.register(pose, undefined, roughly);
      if (!keepsFirst && track.knownRatio > (believed?.knownRatio ?? 0) && isBelievable(track))
        believed = track;
      return track;
    };
    const steps = expected.inlierRatio >= FITS_WELL ? SECOND_STEPS.slice(0, 1) : SECOND_STEPS;
    const guesses = steps.map((step) =>
      this.search.rank(query.surface, this.around(query, center, step), SECOND_TRIES),
    );
    const found = [...guesses, this.#closer(query, guesses[0]!)]
      .map((poses) =>
        poses
          .map((pose) => this.search.measure(query.surface, register(pose)))
          .reduce<Candidate | undefined>(explainsMore, undefined),
      )
      .filter((c) => c !== undefined)
      .map((c) => (roughly ? this.search.measure(query.surface, query.register(c.track.pose)) : c))
      .map((c) => this.search.settle(query.surface, c, query.register))
      .filter(({ track }) => !keepsFirst || isBelievable(track))
      .reduce<Candidate | undefined>(explainsMore, undefined);
    if (found && found.track.valuedPoints >= MIN_FINE_POINTS)
      return !stays || explainsClearlyMore(found, here) ? found.track : expected;
    return believed ?? expected;
  }

  /** The best guess around each of the first of some. */
  #closer({ surface, T_body_sensor }: PlaceQuery, guesses: readonly Pose[]): Pose[] {
    const { places, reach, step } = CLOSER;
    return guesses
      .slice(0, places)
      .flatMap((pose) =>
        this.search.rank(surface, shifted(pose, reach * this.voxel, step * this.voxel, T_body_sensor), 1),
      );
  }

  /**
   * The best registration from the guesses that score highest, ranked by a quarter of the keypoints where there are many.
   *
   * @param how twist: expected, sensor frame; isOpen: whether a track that was registered just now counts, all do unless given
   */
  best(
    { surface, register, tilts }: PlaceQuery,
    guesses: readonly Pose[],
    { twist, isOpen }: { readonly twist?: Twist; readonly isOpen?: (track: Track) => boolean } = {},
  ): Candidate | undefined {
    // A narrow view's guesses lie far apart.
    const first = tilts
      ? this.search.rank(surface, guesses, TRIES)
      : this.#peaks(this.search.rank(fewerKeypoints(surface, 4), guesses, guesses.length));
    return this.search.best(surface, first, (pose) => register(pose, twist), isOpen);
  }

  /** The first of some poses that have none before them beside them. */
  #peaks(ranked: readonly Pose[]): Pose[] {
    const beside = { metres: BESIDE.voxels * this.voxel, radians: BESIDE.radians };
    const peaks: Pose[] = [];
    for (const pose of ranked) {
      if (peaks.length === TRIES) break;
      if (!peaks.some((other) => areWithin(pose, other, beside))) peaks.push(pose);
    }
    return peaks;
  }

  /** Guesses as far around `center` as the sensor may have gone. @param step in fine voxels */
  around({ elapsed, T_body_sensor }: PlaceQuery, center: Pose, step: number): Pose[] {
    const reach = Math.min(this.#maxSpeed * elapsed, MAX_REACH * this.voxel);
    return shifted(center, reach, step * this.voxel, T_body_sensor);
  }
}
