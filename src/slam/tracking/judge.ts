import type { Config } from '../../config/schema.js';
import { NOISE_FLOOR } from '../../field/terms/sliding-hold.js';
import {
  doubtOf,
  NO_CONTRADICTION,
  oneWayOf,
  type Contradiction,
  type SinceLast,
} from '../places/seen-space.js';
import { VIEW_FIT } from '../places/near-view.js';
import { MAX_AMBIGUITY, type Track } from './tracker.js';
import type { TrackingState } from '../events.js';

export interface Verdict {
  readonly state: TrackingState;
  /** One sentence; empty while tracking. */
  readonly reason: string;
  /** Whether free space speaks against the pose: it is lost however well the points fit. */
  readonly contradicted?: boolean;
}

/** What else there is to know of an observation that is judged. */
export interface Circumstances {
  /** Whether points may lie between those of other scans, as a sparse LiDAR's do; a depth image leaves no gaps. */
  readonly scattered?: boolean | undefined;
  /** Whether the observation before was tracked. */
  readonly followed?: boolean | undefined;
  /** Doubt of the observation before, see {@link doubtOf}. */
  readonly doubt?: number | undefined;
  /** Beyond how much doubt it is lost; default: {@link MAX_DOUBT}. */
  readonly mostDoubt?: number | undefined;
  /** Of a place that was searched for after a loss: whether it is where the sensor was expected. */
  readonly found?: 'expected' | 'elsewhere' | undefined;
  /** Share of what the last tracked observation had off the ground that fitted the map, see {@link Track.coarseRatio}. */
  readonly explained?: number | undefined;
  /** What is unusual of what free space has against a pose one way alone, see `mostOneWayThere`; default: nothing. */
  readonly mostOneWay?: number | undefined;
  /** How it contradicts the observation that was mapped last, where it should follow from that. */
  readonly sinceLast?: SinceLast | undefined;
  /** Of a depth camera's frame that does not follow at once on the last one, or with few inliers: how well it fits, see {@link VIEW_FIT}. */
  readonly fit?: number | undefined;
  /** What that must reach to leave no doubt; default: {@link VIEW_FIT.sure}. */
  readonly enough?: number | undefined;
  /** Whether a depth camera's frame may fit only what frames in doubt have mapped: few of its points do, and they hardly tell a direction. */
  readonly inherited?: boolean | undefined;
}

/** Scans after which a map must have fine values where it is known. */
export const YOUNG_MAP = 5;
/** On simulated streets with 16 beams, right poses had 0.58 or more and wrong ones 0.51 or less. */
const MIN_COARSE_RATIO = 0.55;
export const MIN_FINE_POINTS = 150;
const MIN_FINE_RATIO = 0.8;

/**
 * Of scans with few points: the least share of them that must have a value on some level, the least share of these that must fit it, and the most
 * doubt. Second scans of 16 × 180 and 16 × 360 points (simulated) and of a real drive with 4, 8 and 16 of 64 rings, thinned up to 10 times along
 * them, from guesses near and far: 431 of 436 right ones reach this, and none of 588 that were more than 1 m or 8° off. In rain, which makes for
 * doubt, surfaces alone mostly have none against wrong places either: there right ones had a fit of 0.785 at least, wrong ones 0.682 at most.
 */
export const BRIDGED = { known: 0.12, fit: 0.66, fitInRain: 0.74, doubt: 0.015 } as const;

/** On real drives right poses had 0.014 at most, wrong ones mostly more than 0.04. */
export const MAX_DOUBT = 0.025;
/**
 * Where traffic goes by, free space of some seconds ago speaks against right poses as well: with 0.035 on a real drive that brakes among cars,
 * with 0.1 on simulated motorways. In so many seconds less moves: beside the scan before, right poses had 0.008 at most on three real
 * drives and 0.019 on the motorways, and of 25 scans after a LiDAR was carried off none had less than 0.040. Then the views before may doubt
 * by so much, where the surfaces fit as well as they do at right places (0.98 and more; where free space did not tell at once that a
 * LiDAR had been carried off, 0.96 at most fitted). Looked at from some doubt on.
 */
export const FOLLOWING = { from: 0.01, seconds: 0.6, doubt: 0.028, inliers: 0.97, mostDoubt: 0.2 } as const;
/**
 * On a motorway cars come towards the sensor by 5 m from scan to scan: beside the scan before, right poses had 0.056 there. What is higher than cars
 * stands: by that alone right poses had 0.002 at most (motorways, streets, a court), and of 187 scans after a LiDAR was carried off none had less than
 * 0.032. Where noise alone is left to tell the way along a corridor, its walls fit all along it;
 * looked along another corridor 0.76 of what had fitted before fitted, at right poses 0.91 and more.
 */
const STANDING = { doubt: 0.012, seenDoubt: 0.08, conditioning: NOISE_FLOOR, explained: 0.85 } as const;
/**
 * A sensor goes on from where it was: hardly less of an observation fits the map than of the one before. At right poses of a
 * real drive, streets, courts and motorways 0.91 of it at least, after a LiDAR was carried off 0.01 to 0.62. Then it is compared with the one before: who steps in
 * front of it stands in what was empty one way alone, too, but takes no more than what he covers from what fits; another corridor took 1.9 to 2.5 times as much.
 * Where hardly anything ever comes or goes, and now does, it is compared sooner: on a floor of rooms that are alike 0.71 of it fitted 14 m and 162° away. At right poses of four
 * such floors and offices, a street, courts and a real drive, 5,700 scans, no more than usual was different where even 0.88 of it fitted.
 */
export const CUT_OFF = {
  explained: 0.7,
  unusual: 0.8,
  doubt: FOLLOWING.doubt,
  oneWay: 0.1,
  times: 1.5,
} as const;
/**
 * Indoors places look alike: along corridors and in rooms that are built alike scans of a LiDAR that was carried off fitted elsewhere with 0.21 to 0.53 of what they
 * had off the ground (right places there 0.59 to 0.95, in a court 0.88), slid, or were contradicted one way alone by 0.04 to 0.07 (right ones by 0.016 at
 * most). Where the sensor was expected less will do: on a road 30 m farther on only 0.28 fits.
 * A place that looks the same turned by 180°, but for the depth of a room, was contradicted by 0.025 to 0.028, and where the sensor was expected by 0.12
 * to 0.14: what comes and goes does less, right places of a real drive among cars had 0.019 at most.
 */
const ELSEWHERE = { explained: 0.55, contradicted: 0.02 } as const;
/**
 * Where free space has nothing against such a place less will do, as the map ends at the next wall: right places in offices had 0.4 to 0.55, wrong ones of
 * offices and floors that were compared and did not slide 0.35 at most.
 */
const OPEN = { explained: 0.4, contradicted: 0.01 } as const;
const EXPECTED = { contradicted: 0.1 } as const;
/**
 * Along a bare corridor a scan of another one fits everywhere, but for doors: where a LiDAR was expected, 0.62 to 0.70 of what had fitted before it was carried off. On motorways, as
 * bare, 0.9 of it did at right places.
 */
const SLIDING = { explained: 0.8 } as const;
/**
 * Where more than usual is different, one way alone: looked along a corridor the other way 0.77 to 0.83 of what had fitted before fitted.
 */
const UNUSUAL = { explained: 0.88 } as const;
/** Of two observations in a row together, where one direction slides, so that less speaks for the pose. */
const LASTING_DOUBT = 0.04;

// Verdicts of searches.
export const NOT_RECOVERED: Verdict = {
  state: 'lost',
  reason:
    'The track was lost and no place fits beyond doubt; the pose is where it was last known, nothing is mapped.',
};

export const FAR_FROM_FIRST: Verdict = {
  state: 'lost',
  reason:
    'The frame fits farther from the one that the map began with than a camera moves in that time, and not beyond doubt; nothing is mapped.',
};

const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`;

/**
 * Whether a registration can be trusted, and if not, why.
 *
 * @param mapped scans in the map so far
 * @param contradiction with what was seen before, at the track's pose
 */
export function judge(
  track: Track,
  limits: Config['tracking'],
  mapped = Infinity,
  contradiction: Contradiction = NO_CONTRADICTION,
  {
    scattered = false,
    followed = false,
    doubt = 0,
    mostDoubt = MAX_DOUBT,
    found,
    explained = 0,
    mostOneWay,
    sinceLast,
    fit = 1,
    enough = VIEW_FIT.sure,
    inherited = false,
  }: Circumstances = {},
): Verdict {
  const doubted = doubtOf(contradiction);
  const following =
    sinceLast !== undefined && track.inlierRatio >= FOLLOWING.inliers && follows(track, sinceLast, explained);
  const most = following ? FOLLOWING.mostDoubt : mostDoubt;
  const slides = !following && track.conditioning < limits.minConditioning;
  if (scattered && isCutOff(track, { explained, mostOneWay, sinceLast }, contradiction))
    return {
      state: 'lost',
      contradicted: true,
      reason: `This is another place than expected: ${percent(track.coarseRatio)} of what is off the ground fit the map, after ${percent(explained)} a moment ago, and ${sinceLast?.compared ? 'what was seen then is not there' : 'nothing of what was seen then can be compared'}.`,
    };
  if (doubted > most || (slides && doubted + doubt > LASTING_DOUBT))
    return {
      state: 'lost',
      contradicted: true,
      reason: `This is another place than expected: ${percent(contradiction.inEmpty)} of the points lie where it was seen to be empty, and ${percent(contradiction.seenThrough)} of what was seen before is seen through.`,
    };
  const uncertain =
    found &&
    scattered &&
    whyUncertain(track, limits, mapped, contradiction, found, { explained, mostOneWay });
  if (uncertain) return { state: 'lost', reason: uncertain };
  if (fit < VIEW_FIT.least)
    return {
      state: 'lost',
      reason: `The points fit the map to ${percent(fit)} only, less than the ${percent(VIEW_FIT.least)} that they do at right places.`,
    };
  // A few scans of a sparse sensor leave gaps between its rings that only the coarse levels bridge.
  const covered = track.valuedRatio >= limits.minValuedRatio;
  const known = covered && track.inlierRatio >= limits.minInlierRatio;
  const coarsely = track.coarseRatio >= MIN_COARSE_RATIO || (scattered && bridges(track, contradiction));
  if (mapped <= YOUNG_MAP && !known) {
    const few =
      track.valuedPoints >= MIN_FINE_POINTS && track.inlierRatio >= MIN_FINE_RATIO && track.converged;
    if (few || coarsely)
      return {
        state: 'degraded',
        reason: 'The map has only just begun; the pose rests on few points or on the coarse levels.',
      };
  }
  // A sparse LiDAR that stood and turns looks between the points that it has mapped so far.
  if (!covered && scattered && followed && coarsely)
    return {
      state: 'degraded',
      reason: `Only ${percent(track.valuedRatio)} of the points lie where some were mapped before; the pose rests on the coarse levels.`,
    };
  if (!covered)
    return {
      state: 'lost',
      reason: `Only ${percent(track.valuedRatio)} of the points lie in the known map, less than the ${percent(limits.minValuedRatio)} that a pose needs.`,
    };
  if (!(track.inlierRatio >= limits.minInlierRatio))
    return {
      state: 'lost',
      reason: `Only ${percent(track.inlierRatio)} of the points fit the map; the pose is a prediction.`,
    };
  if (track.ambiguousBy !== undefined && track.ambiguousBy > MAX_AMBIGUITY)
    return {
      state: 'lost',
      reason: `The surroundings leave the motion in one direction open, and the colours do not tell it; since the last frame the sensor may have strayed by ${track.ambiguousBy.toFixed(1)} m.`,
    };
  if (track.ambiguousBy !== undefined || !(track.conditioning >= limits.minConditioning))
    return {
      state: 'degraded',
      reason: 'The surroundings do not constrain the motion in one direction; see the covariance.',
    };
  if (fit < enough)
    return {
      state: 'degraded',
      reason: `The points fit the map to ${percent(fit)} only, less than the ${percent(enough)} that leave no doubt.`,
    };
  if (inherited)
    return {
      state: 'degraded',
      reason: `Only ${percent(track.inlierRatio)} of the points fit a map that frames in doubt have made, and they hardly tell the motion in one direction.`,
    };
  if (!track.converged)
    return { state: 'degraded', reason: `Registration did not settle within ${track.iterations} steps.` };
  return { state: 'tracking', reason: '' };
}

/** Why a LiDAR's place that was found after a loss is not believed, though it fits well enough; undefined: it is. */
function whyUncertain(
  { conditioning, coarseRatio }: Track,
  { minConditioning }: Config['tracking'],
  mapped: number,
  contradiction: Contradiction,
  found: 'expected' | 'elsewhere',
  { explained = 0, mostOneWay = Infinity }: Circumstances,
): string | undefined {
  const { compared } = contradiction;
  // With a loaded map there comes nothing of what was seen to be empty.
  if (!compared && mapped < Infinity)
    return 'The track was lost, and what was seen to be empty does not reach to the only place that fits.';
  const slides = !(conditioning >= minConditioning);
  const most = oneWayOf(contradiction);
  if (found === 'expected') {
    if (most > EXPECTED.contradicted)
      return `The track was lost, and where it is expected ${percent(most)} of what was seen before is different.`;
    if (most > mostOneWay && coarseRatio < UNUSUAL.explained * explained)
      return `The track was lost, and where it is expected ${percent(most)} of what was seen before is different, and only ${percent(coarseRatio)} of what is off the ground fit, after ${percent(explained)} before.`;
    return slides && coarseRatio < SLIDING.explained * explained
      ? `The track was lost, and where it is expected the surroundings fit all along one direction: ${percent(coarseRatio)} of what is off the ground, after ${percent(explained)} before.`
      : undefined;
  }
  if (slides)
    return 'The track was lost, and elsewhere than expected the surroundings fit all along one direction.';
  const { explained: least } = compared && most <= OPEN.contradicted ? OPEN : ELSEWHERE;
  if (!(coarseRatio >= least))
    return `The track was lost, and at the only place that fits, elsewhere than expected, ${percent(coarseRatio)} of what is off the ground fit only, less than the ${percent(least)} that leave no doubt.`;
  if (most > ELSEWHERE.contradicted)
    return `The track was lost, and at the only place that fits, elsewhere than expected, ${percent(most)} of what was seen before is different.`;
  return undefined;
}

/**
 * Whether so little fits all of a sudden that an observation may be of another place; then it is compared with the one before. Where more than usual
 * is different, one way alone, a smaller fall will do.
 */
export function fitsSuddenlyLess(
  { coarseRatio }: Track,
  { explained = 0, mostOneWay = Infinity }: Circumstances,
  contradiction: Contradiction,
): boolean {
  const least = oneWayOf(contradiction) > mostOneWay ? CUT_OFF.unusual : CUT_OFF.explained;
  return coarseRatio < least * explained;
}

/** Whether it is of another place: it fits suddenly less, and shows something else than the one before. */
function isCutOff(track: Track, before: Circumstances, contradiction: Contradiction): boolean {
  const { explained = 0, mostOneWay = Infinity, sinceLast } = before;
  if (!sinceLast || sinceLast.elapsed > FOLLOWING.seconds || !fitsSuddenlyLess(track, before, contradiction))
    return false;
  // A moment later what was seen is in sight still: where nothing of it is, the scan is of somewhere else.
  const oneWay = oneWayOf(sinceLast);
  const takesMore =
    oneWay > Math.min(CUT_OFF.oneWay, mostOneWay) && explained - track.coarseRatio > CUT_OFF.times * oneWay;
  return !sinceLast.compared || doubtOf(sinceLast) > CUT_OFF.doubt || takesMore;
}

/** Whether an observation shows, a moment after the last one that was mapped, what that one did. */
function follows(
  { conditioning, coarseRatio }: Track,
  { compared, elapsed, standing = NO_CONTRADICTION, ...seen }: SinceLast,
  explained: number,
): boolean {
  if (!compared || elapsed > FOLLOWING.seconds) return false;
  if (doubtOf(seen) <= FOLLOWING.doubt) return true;
  const stands = standing.compared && doubtOf(standing) <= STANDING.doubt;
  const fits = coarseRatio >= STANDING.explained * explained && conditioning >= STANDING.conditioning;
  return stands && fits && doubtOf(seen) <= STANDING.seenDoubt;
}

/** Whether the few points with a value, most of them on coarse levels only, agree with it and free space has nothing against the pose. */
function bridges({ knownRatio, coarseRatio }: Track, contradiction: Contradiction): boolean {
  return (
    contradiction.compared &&
    doubtOf(contradiction) <= BRIDGED.doubt &&
    knownRatio >= BRIDGED.known &&
    coarseRatio >= (contradiction.surfacesOnly ? BRIDGED.fitInRain : BRIDGED.fit) * knownRatio
  );
}
