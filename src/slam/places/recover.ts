import type { Pose, Twist } from '../../geometry/se3.js';
import type { Track } from '../tracking/tracker.js';
import { isCertain, type Candidate } from './certainty.js';
import { shifted, tilted, turned, yawFan } from './guesses.js';
import { GUESS_STEP, type LookAround, type PlaceQuery } from './look-around.js';

/** Around the last known pose, in fine voxels: 3 m in steps of 1.5 m at 0.15 m. */
const NEAR_REACH = 20;
const NEAR_STEP = 10;
/** Between guesses of the heading, degrees: a scan that is 8° off does not find its place in a curve. */
const YAW_STEP = 10;
/** How a hand-held sensor may be tilted from where it looked, radians. */
const TILTS = [0, Math.PI / 9, -Math.PI / 9];

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
  },
): Track | undefined {
  const { search, voxel, certainty } = lookAround;
  const { T_body_sensor: mount, tilts } = query;
  if (isCertain(search.measure(query.surface, guesses.tracked), certainty)) return guesses.tracked;
  if (!guesses.search) return undefined;
  const ahead = turned(lookAround.around(query, guesses.ahead, 2 * GUESS_STEP), yawFan(40, YAW_STEP), mount);
  const places = shifted(guesses.last, NEAR_REACH * voxel, NEAR_STEP * voxel, mount);
  const level = turned(places, yawFan(180, YAW_STEP), mount);
  const near = tilts ? tilted(level, TILTS, mount) : level;
  return (
    certain(lookAround, query, lookAround.best(query, ahead, guesses.twist), guesses.twist) ??
    certain(lookAround, query, lookAround.best(query, near))
  );
}

function certain(
  { search, certainty }: LookAround,
  { surface, register }: PlaceQuery,
  found: Candidate | undefined,
  twist?: Twist,
): Track | undefined {
  if (!found) return undefined;
  const settled = search.settle(surface, found, (pose) => register(pose, twist));
  return isCertain(settled, certainty) ? settled.track : undefined;
}
