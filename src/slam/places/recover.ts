import { fewerKeypoints } from '../../sensors/fewer-keypoints.js';
import { areWithin, separation, type Pose, type Twist } from '../../geometry/se3.js';
import type { Track } from '../tracking/tracker.js';
import { better, isCertain, scoreOf, wouldBeCertain, type Candidate } from './certainty.js';
import { shifted, tilted, turned, yawFan } from './guesses.js';
import { VIEW_FIT, viewNearby } from './near-view.js';
import { GUESS_STEP, TRIES, type LookAround, type PlaceQuery } from './look-around.js';
import { mostDoubtThere, type UsualDoubt } from './usual-doubt.js';

/** Around the last known pose, in fine voxels: 3 m at 0.15 m. */
const NEAR_REACH = 20;
/** Between the guesses ahead and around there of a narrow view, which are tilted as well, in fine voxels: 27 and 20 cm at 2 cm. */
const VIEW_STEPS = { ahead: 2 * GUESS_STEP, near: 10 } as const;
/** Between guesses of the heading, degrees: a scan that is 8° off does not find its place in a curve. */
const YAW_STEP = 10;
/**
 * How near to where it was last known or would be a sensor is where it was expected (fine voxels, 2 m at 0.15 m; radians), and the most doubt
 * that free space may then cast on its place, where it usually casts much: beside cars that came and left right ones had 0.035. The places that look alike, for which the
 * limit is lower, are elsewhere.
 */
const EXPECTED = { voxels: 40 / 3, radians: Math.PI / 9, doubt: 0.05 } as const;
/**
 * A vehicle that brakes, speeds up or turns for some seconds is this share of the way beside where it was expected, and heads so much elsewhere (radians): as far as a search ahead
 * finds it. On a real drive 0.31 and 44° after three seconds.
 */
const ON_WAY = { share: 0.4, radians: (50 * Math.PI) / 180 } as const;
/**
 * Along a corridor with rooms that are alike a scan fits one room farther on. Two places are as far from each other as this (fine voxels, 1 m at 0.15 m; radians), and alike where
 * the second scores more than this share of the first and free space does not doubt it more than it may where a sensor is expected: at wrong places
 * of such a floor the second had 0.83 to 1.25, at right ones there and in an office 0.73 at most.
 */
const TWINS = { voxels: GUESS_STEP, radians: Math.PI / 9, alike: 0.8 } as const;
/** How a hand-held sensor may be tilted from where it looked, radians. */
const TILTS = [0, Math.PI / 9, -Math.PI / 9];

/** A place that was found again. */
export interface Found {
  readonly track: Track;
  /** Whether it is where the sensor was last known, or may be had it gone on, slower or faster. */
  readonly where: 'expected' | 'elsewhere';
  /** Most doubt that free space may cast on it; absent: as while tracking. */
  readonly mostDoubt?: number | undefined;
}

/**
 * A lost scan's place, undefined unless one is certain. A vehicle went on and turned a little; a hand-held sensor stayed
 * and may look anywhere.
 *
 * @param tracked the registration near the prediction: taken where that is certain already
 * @param search whether the surroundings may be searched, which takes long
 * @param last T_submap_sensor where the sensor was last known to be
 * @param ahead where it would be had it kept its velocity
 */
export function recover(
  lookAround: LookAround,
  query: PlaceQuery,
  guesses: {
    readonly tracked: Track;
    readonly search: boolean;
    readonly last: Pose;
    readonly ahead: Pose;
    /** Its velocity then, sensor frame. */
    readonly twist: Twist;
    readonly usualDoubt?: UsualDoubt | undefined;
    /** How much free space doubts a track that was registered just now, 0 … 1. */
    readonly doubt: (track: Track) => number;
  },
): Found | undefined {
  const { search, voxel, certainty } = lookAround;
  const { T_body_sensor: mount, tilts } = query;
  const found = (track: Track): Found => {
    const { last, ahead } = guesses;
    const near = { metres: EXPECTED.voxels * voxel, radians: EXPECTED.radians };
    const expected = areWithin(track.pose, ahead, near) || areWithin(track.pose, last, near);
    const mostDoubt =
      expected && certainty.doubt !== undefined
        ? mostDoubtThere(guesses.usualDoubt, EXPECTED.doubt)
        : certainty.doubt;
    const way = { metres: ON_WAY.share * separation(ahead, last), radians: ON_WAY.radians };
    const onWay = areWithin(track.pose, ahead, way);
    return { track, where: expected || onWay ? 'expected' : 'elsewhere', mostDoubt };
  };
  const tracked = search.measure(query.surface, guesses.tracked);
  const settled = wouldBeCertain(tracked, certainty)
    ? certain(lookAround, query, tracked, guesses.twist)
    : undefined;
  // In doubt it must fit best of all places around: further along a street it may fit nearly as well.
  const sure = !query.nearby || query.nearby.relative(tracked.fit) >= VIEW_FIT.sure;
  if (settled && sure && !(guesses.doubt(settled.track) > (certainty.doubt ?? Infinity)))
    return found(settled.track);
  const { nearby } = query;
  if (nearby && (guesses.search || nearby.often)) {
    const view = { surface: query.surface, T_body_sensor: mount, ...nearby };
    const place = viewNearby(search, view, tracked, guesses.last, guesses.ahead);
    if (place) return found(place.track);
  }
  if (!guesses.search) return undefined;
  const step = tilts ? VIEW_STEPS : { ahead: GUESS_STEP, near: GUESS_STEP };
  const ahead = turned(lookAround.around(query, guesses.ahead, step.ahead), yawFan(40, YAW_STEP), mount);
  const places = shifted(guesses.last, NEAR_REACH * voxel, step.near * voxel, mount);
  const level = turned(places, yawFan(180, YAW_STEP), mount);
  const near = tilts ? tilted(level, TILTS, mount) : level;
  // What free space has something against may fit better than the right place.
  const isOpen = (track: Track): boolean => {
    const { mostDoubt } = found(track);
    return mostDoubt === undefined || !(guesses.doubt(track) > mostDoubt);
  };
  const best = lookAround.best(query, ahead, { twist: guesses.twist, isOpen });
  if (settled && (!best || better(settled, best) === settled)) return found(settled.track);
  const elsewhere =
    certain(lookAround, query, best, guesses.twist) ??
    certain(lookAround, query, lookAround.best(query, near, { isOpen }));
  if (!elsewhere) return undefined;
  const place = found(elsewhere.track);
  if (tilts || place.where === 'expected') return place;
  return hasTwin(lookAround, query, elsewhere, [...ahead, ...near], guesses.doubt) ? undefined : place;
}

/** Whether another place fits about as well. */
function hasTwin(
  { search, voxel }: LookAround,
  { surface, register }: PlaceQuery,
  place: Candidate,
  guesses: readonly Pose[],
  doubt: (track: Track) => number,
): boolean {
  const beside = { metres: TWINS.voxels * voxel, radians: TWINS.radians };
  const isApart = (pose: Pose): boolean => !areWithin(pose, place.track.pose, beside);
  return search.rank(fewerKeypoints(surface, 4), guesses.filter(isApart), TRIES).some((guess) => {
    const track = register(guess);
    if (!isApart(track.pose)) return false;
    const isAlike = scoreOf(search.measure(surface, track)) > TWINS.alike * scoreOf(place);
    return isAlike && doubt(track) <= EXPECTED.doubt;
  });
}

function certain(
  { search, certainty }: LookAround,
  { surface, register }: PlaceQuery,
  found: Candidate | undefined,
  twist?: Twist,
): Candidate | undefined {
  if (!found) return undefined;
  const settled = search.settle(surface, found, (pose) => register(pose, twist));
  return isCertain(settled, certainty) ? settled : undefined;
}
