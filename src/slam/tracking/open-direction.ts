import type { FieldBackend } from '../../field/backend.js';
import type { Field } from '../../field/field.js';
import { LinearSystem } from '../../field/linear-system.js';
import type { GeometricTerm } from '../../field/terms/geometric.js';
import {
  PHOTOMETRIC_UNKNOWNS,
  type Exposure,
  type PhotometricOptions,
} from '../../field/terms/photometric.js';
import type { Pose } from '../../geometry/se3.js';
import { placesAlong } from './line-places.js';

/** By so much less must points fit (share of them, and of their colours' weights) at a place that is excluded. */
const EVIDENCE = 0.005;
/** Points and colours that must be compared there, as a share of those here. */
const MIN_SHARE = 0.4;
const MIN_POINTS = 200;
/** Share of what colours fit better here than on average that another place must stay below: patterns repeat. */
const DISTINCT = 0.4;

/** How well a frame fits at a place. */
interface Fit {
  /** Points with a value, and the share of them that fit. */
  readonly valued: number;
  readonly inliers: number;
  /** Points whose brightness was compared, and their mean robust weight, 0 … 1. */
  readonly coloured: number;
  readonly colour: number;
}

/** By how much less a frame fits there than here; nothing where too few points can be compared. @param mean of all places' colours */
function worse(there: Fit, here: Fit, mean: number): number {
  if (!(there.valued >= MIN_SHARE * here.valued)) return 0;
  const surfaces = here.inliers - there.inliers;
  if (!(there.coloured >= Math.max(MIN_POINTS, MIN_SHARE * here.coloured))) return surfaces;
  const colours = here.colour - there.colour;
  const alike = there.colour - mean >= DISTINCT * (here.colour - mean);
  return surfaces + (alike ? Math.min(0, colours) : colours);
}

/**
 * How far along a direction that the curvature of a registration hardly tells the sensor may be. A box on a floor fills a
 * hundredth of an image with surfaces that tell it, no more than noise makes of an empty wall; but away from the right place
 * those no longer fit, and the wall does.
 *
 * @example
 * const open = new OpenDirection(backend, field, photometric);
 * open.farthest(term, T_submap_sensor, [1, 0, 0], 0.4, exposure); // 0.03: no place farther away fits as well
 */
export class OpenDirection {
  readonly #surfaces: LinearSystem[] = [];
  readonly #colours: LinearSystem[] = [];

  constructor(
    private readonly backend: FieldBackend,
    private readonly field: Field,
    private readonly options: PhotometricOptions,
  ) {}

  /**
   * @param pose T_submap_sensor, where surfaces and colours fit best nearby
   * @param direction unit vector, submap axes
   * @param reach farthest place (m)
   * @returns distance (m) of the farthest place that fits about as well
   */
  farthest(
    term: GeometricTerm,
    pose: Pose,
    direction: ArrayLike<number>,
    reach: number,
    expected: Exposure,
  ): number {
    const { places, middle, step } = placesAlong(this.field, pose, direction, reach, expected);
    while (this.#surfaces.length < places.length) {
      this.#surfaces.push(new LinearSystem());
      this.#colours.push(new LinearSystem(PHOTOMETRIC_UNKNOWNS));
    }
    const { backend, field, options } = this;
    const { surface } = term;
    backend.linearise([term], places, this.#surfaces);
    backend.linearise([{ kind: 'photometric', ...options, expected, field, surface }], places, this.#colours);
    const fits = places.map((_, k) => this.#fit(k));
    const coloured = fits.filter(({ colour }) => colour > 0);
    const mean = coloured.reduce((sum, { colour }) => sum + colour, 0) / Math.max(1, coloured.length);
    let farthest = 0;
    for (const [k, there] of fits.entries())
      if (!(worse(there, fits[middle]!, mean) >= EVIDENCE))
        farthest = Math.max(farthest, Math.abs(k - middle) * step);
    return farthest;
  }

  #fit(place: number): Fit {
    const [other, ground] = this.#surfaces[place]!.sums;
    const { points, weight } = this.#colours[place]!.brightness;
    const valued = other.valued + ground.valued;
    return {
      valued,
      inliers: valued > 0 ? (other.inliers + ground.inliers) / valued : 0,
      coloured: points,
      colour: points > 0 ? weight / points / this.options.metresPerLevel ** 2 : 0,
    };
  }
}
