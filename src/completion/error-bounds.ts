/** What tells how far off the completed distance may be at a place. */
export interface PlaceKnown {
  /** Standard deviation of what the components hold, within hypotheses and between them (m). */
  readonly model: number;
  /** That of what the components leave out (m). */
  readonly leftOut: number;
  /** Share of the residual process' variance that the evidence leaves open, 0 … 1. */
  readonly open: number;
  /** Length of the prior's gradient: below 1 where shapes that contradict each other are averaged. */
  readonly slope: number;
  /** Height above the table (m). */
  readonly height: number;
  /** Standard deviation of what a touch's points are off together (m). */
  readonly offset: number;
  /** Probability that the object is of no kind that was learnt. */
  readonly other: number;
  /** Root mean square of the residuals at the evidence, in standard deviations of the process. */
  readonly misfit: number;
  /** Number of touches; all that was seen counts as one. */
  readonly touches: number;
  /** Number of points of the evidence, thinned, */
  readonly points: number;
  /** and the share of them that was seen, not felt. */
  readonly seen: number;
}

/** Half-widths of the bounds of a distance (m). */
export interface ErrorBounds {
  /** 68 % of the errors are smaller. */
  readonly sigma: number;
  /** 95 % of them are: more than twice as much, as errors have heavier tails than a normal distribution. */
  readonly most: number;
}

/** The logarithms of both half-widths, as sums of {@link BOUND_TERMS}; fitted by scripts/calibrate-completion.mjs. */
export interface BoundWeights {
  /** Names of the terms. */
  readonly terms: readonly string[];
  readonly sigma: readonly number[];
  readonly most: readonly number[];
}

/** No half-width is less than the first of these, or more than the second (m). */
const LIMITS = [0.0002, 0.2] as const;
/** The 95 % bound is at least this much wider than the 68 % one. */
const LEAST_RATIO = 1.2;
/** Offsets count in this unit and up to twice as much (m). */
const OFFSET = 0.002;

/** Without kinds that fit at all the probability of none is 1; where they fit it may be any small number. */
const unknown = ({ other }: PlaceKnown): number => Math.log10(other + 1e-9);
/** Near 1 for what one or two touches tell, near 0 for a view or twenty touches. */
const few = ({ points }: PlaceKnown): number => 1 / (1 + (points / 60) ** 2);
const offset = ({ offset: sigma, open }: PlaceKnown): number => Math.min(2, sigma / OFFSET) * (1 - open);

/** By name; lengths in metres. */
export const BOUND_TERMS: Readonly<Record<string, (place: PlaceKnown) => number>> = {
  one: () => 1,
  model: ({ model }) => Math.log(model + 2e-4),
  leftOut: ({ leftOut }) => Math.log(leftOut + 1e-4),
  open: ({ open }) => open,
  far: ({ open }) => open ** 9,
  near: ({ open }) => Math.log(open + 0.02),
  slope: ({ slope }) => Math.log(slope + 0.1),
  table: ({ height }) => Math.exp(-height / 0.004),
  offset,
  misfit: ({ misfit }) => Math.log(misfit + 0.1),
  touches: ({ touches }) => Math.log(touches + 1),
  unknown,
  few,
  unknownFew: (place) => unknown(place) * few(place),
  seen: ({ seen }) => seen,
  unknownSeen: (place) => unknown(place) * place.seen,
  unknownOffset: (place) => unknown(place) * offset(place),
};

/** @param weights as `decodeShapePrior` has checked them: all terms are known */
export function errorBounds(weights: BoundWeights, place: PlaceKnown): ErrorBounds {
  let [sigma, most] = [0, 0];
  weights.terms.forEach((term, i) => {
    const value = BOUND_TERMS[term]!(place);
    sigma += weights.sigma[i]! * value;
    most += weights.most[i]! * value;
  });
  const bound = Math.min(LIMITS[1], Math.max(LIMITS[0], Math.exp(sigma)));
  return { sigma: bound, most: Math.max(LEAST_RATIO * bound, Math.min(LIMITS[1], Math.exp(most))) };
}
