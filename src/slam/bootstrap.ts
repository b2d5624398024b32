import type { PoseTerm } from '../field/terms/pose-term.js';
import { compose, inverse, log, type Pose, type Twist } from '../geometry/se3.js';
import type { Observation } from '../sensors/observation.js';
import { bodyPose, bodyTwist, sensorPose, sensorTwist } from './body-frame.js';
import type { Bootstrapping } from './phases.js';
import type { LocalMap } from './mapping/local-map.js';
import type { Registration } from './tracking/registration.js';
import type { Track } from './tracking/tracker.js';

/** Each round tracks the second observation against a first one that is less distorted. */
const ROUNDS = 2;
/** Poses less than this apart (s) give no velocity. */
const SHORTEST_BASELINE = 0.005;

/**
 * The second observation is the first from which the velocity is known: maps the first again without its distortion, and
 * tracks the second against that.
 *
 * @param origin T_odom_body of the first
 * @param track registration of the second observation against the distorted first one
 * @param priors what else is known of the second observation's pose
 * @returns a better one; the map then holds the first observation anew
 */
export function bootstrap(
  { map, registration }: { readonly map: LocalMap; readonly registration: Registration },
  { first, origin }: Pick<Bootstrapping, 'first' | 'origin'>,
  second: Observation,
  track: Track,
  priors: readonly PoseTerm[] = [],
): Track {
  const velocityOf = (t: Track): Twist => bodyVelocity(first, second, origin, t);
  let velocity = velocityOf(track);
  for (let round = 0; round < ROUNDS; round++) {
    map.clear();
    first.undistort(sensorTwist(velocity, first));
    first.complete();
    map.integrate(first, sensorPose(origin, first.T_body_sensor), 0);
    if (round === ROUNDS - 1) map.optimise();
    const twist = sensorTwist(velocity, second);
    second.undistort(twist);
    const guess = { pose: track.pose, twist, hold: false, priors };
    track = registration.registerOrTurn(second, guess, map.age);
    velocity = velocityOf(track);
  }
  return track;
}

/** Mean velocity (body frame) since the first observation, taken at the origin; between the two others may have been lost. */
function bodyVelocity(first: Observation, second: Observation, origin: Pose, track: Track): Twist {
  const { stampNs, T_body_sensor } = second;
  const dt = Number(stampNs - first.stampNs) * 1e-9;
  const moved = compose(inverse(origin), bodyPose(track.pose, T_body_sensor));
  return dt > SHORTEST_BASELINE ? log(moved).map((v) => v / dt) : bodyTwist(track.twist, second);
}
