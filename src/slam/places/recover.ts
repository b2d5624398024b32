import type { Pose, Twist } from '../../geometry/se3.js';
import type { Track } from '../tracking/tracker.js';
import { CERTAIN_AFTER_LOSS, isCertain, type Candidate } from './certainty.js';
import { shifted, turned, uprightAxis, yawFan } from './guesses.js';
import { GUESS_STEP, type LookAround, type PlaceQuery } from './look-around.js';

/** Around the last known pose, in fine voxels: 3 m in steps of 1.5 m at 0.15 m. */
const NEAR_REACH = 20;
const NEAR_STEP = 10;

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
  const { search, voxel } = lookAround;
  if (isCertain(search.measure(query.surface, guesses.tracked), CERTAIN_AFTER_LOSS)) return guesses.tracked;
  if (!guesses.search) return undefined;
  const up = uprightAxis(query.surface.up);
  const ahead = turned(lookAround.around(query, guesses.ahead, 2 * GUESS_STEP), yawFan(40, 20), up);
  const near = turned(shifted(guesses.last, NEAR_REACH * voxel, NEAR_STEP * voxel, up), yawFan(180, 20), up);
  return (
    certain(lookAround, query, lookAround.best(query, ahead, guesses.twist), guesses.twist) ??
    certain(lookAround, query, lookAround.best(query, near))
  );
}

/** A registration stops after some iterations: one that fits well may be one short of convergence. */
function certain(
  { search }: LookAround,
  { surface, register }: PlaceQuery,
  found: Candidate | undefined,
  twist?: Twist,
): Track | undefined {
  if (!found) return undefined;
  const settled = found.track.converged
    ? found
    : search.best(surface, [found.track.pose], (pose) => register(pose, twist));
  return settled && isCertain(settled, CERTAIN_AFTER_LOSS) ? settled.track : undefined;
}
