import type { FieldBackend } from '../../field/backend.js';
import type { Field } from '../../field/field.js';
import { LinearSystem } from '../../field/linear-system.js';
import {
  PHOTOMETRIC_UNKNOWNS,
  type Exposure,
  type PhotometricOptions,
} from '../../field/terms/photometric.js';
import type { Pose } from '../../geometry/se3.js';
import type { SurfaceSamples } from '../../sensors/observation.js';
import { placesAlong } from './line-places.js';

/** Places that are nearer to each other, in steps, belong to one optimum. */
const ONE_OPTIMUM = 4;
/** Samples that must be compared, and the least share of the most that any place has. */
const MIN_POINTS = 200;
const MIN_SHARE = 0.4;

/** Share of the best fit, above the mean of all places, that another place must stay below. */
const DISTINCT = 0.4;
/** Factor by which it must fit better than places do on average: noise makes 1 %. */
const CONTRAST = 1.03;

/** Where colours fit along a line. */
export interface ColourFit {
  /** From the pose, along the direction (m). */
  readonly offset: number;
  /** Whether places on both sides of it were compared and are worse. */
  readonly inside: boolean;
  /** Mean robust weight there, 0 … 1, and at the best place that is another one. */
  readonly score: number;
  readonly second: number;
  /** Mean of all places. */
  readonly mean: number;
}

/**
 * Compares the brightness of a frame with the map's colours at many places along a direction that its surfaces leave open.
 *
 * @example
 * const search = new ColourSearch(backend, field, photometric);
 * const fit = search.along(surface, T_submap_sensor, [1, 0, 0], 0.4, exposure); // 40 cm each way
 */
export class ColourSearch {
  readonly #systems: LinearSystem[] = [];

  constructor(
    private readonly backend: FieldBackend,
    private readonly field: Field,
    private readonly options: PhotometricOptions,
  ) {}

  /**
   * @param pose T_submap_sensor
   * @param direction unit vector, submap axes
   * @param reach farthest place (m)
   * @returns undefined where too few samples can be compared
   */
  along(
    surface: SurfaceSamples,
    pose: Pose,
    direction: ArrayLike<number>,
    reach: number,
    expected: Exposure,
  ): ColourFit | undefined {
    const { places, middle, step } = placesAlong(this.field, pose, direction, reach, expected);
    while (this.#systems.length < places.length) this.#systems.push(new LinearSystem(PHOTOMETRIC_UNKNOWNS));
    const { field, options } = this;
    this.backend.linearise(
      [{ kind: 'photometric', ...options, expected, field, surface }],
      places,
      this.#systems,
    );
    const counts = places.map((_, k) => this.#systems[k]!.brightness);
    const enough = Math.max(MIN_POINTS, MIN_SHARE * Math.max(...counts.map(({ points }) => points)));
    const unit = options.metresPerLevel ** 2;
    const scores = counts.map(({ points, weight }) => (points >= enough ? weight / points / unit : 0));
    const score = Math.max(...scores);
    if (!(score > 0)) return undefined;
    const best = scores.indexOf(score);
    const others = scores.filter((_, k) => Math.abs(k - best) >= ONE_OPTIMUM && isPeak(scores, k));
    const known = scores.filter((v) => v > 0);
    return {
      offset: (best - middle) * step,
      inside: (scores[best - 1] ?? 0) > 0 && (scores[best + 1] ?? 0) > 0,
      score,
      second: Math.max(0, ...others),
      mean: known.reduce((sum, v) => sum + v, 0) / known.length,
    };
  }
}

/** Whether no neighbour is higher. */
const isPeak = (scores: readonly number[], k: number): boolean =>
  scores[k]! >= (scores[k - 1] ?? 0) && scores[k]! >= (scores[k + 1] ?? 0);

/** Whether the colours leave no doubt: the best place is clearly better than any other, and all around it is known. */
export function isUnique({ inside, score, second, mean }: ColourFit): boolean {
  return inside && score > CONTRAST * mean && second - mean < DISTINCT * (score - mean);
}
