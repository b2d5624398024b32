import type { PoseTerm } from '../field/terms/pose-term.js';
import { CORRELATED, type MotionSteps } from '../field/terms/motion-tie.js';
import { SLIDES_BELOW } from '../field/terms/sliding-hold.js';
import { TwistPrior } from '../field/terms/twist-prior.js';
import { compose, inverse, log, type Pose, type Twist } from '../geometry/se3.js';
import type { Observation } from '../sensors/observation.js';
import { bodyPose, bodyTwist, sensorPose, sensorTwist } from './body-frame.js';
import type { Bootstrapping } from './phases.js';
import type { LocalMap } from './mapping/local-map.js';
import type { Registration } from './tracking/registration.js';
import type { Track } from './tracking/tracker.js';

/** How fast a vehicle changes its velocity (m/s²) and any sensor its turn rate (rad/s²). */
const ACCELERATION = { linear: 10, angular: 30 } as const;
/** Each round tracks the second observation against a first one that is less distorted. */
const ROUNDS = 2;
/** Poses less than this apart (s) give no velocity, and farther apart none that the sweep must have. */
const SHORTEST_BASELINE = 0.005;
const LONGEST_STEP = 0.25;

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
    const guess = {
      pose: track.pose,
      twist,
      hold: false,
      priors,
      steps: stepOf(first, second, origin, track),
    };
    track = registration.registerOrTurn(second, guess, map.age);
    velocity = velocityOf(track);
  }
  return track;
}

/**
 * Two sweeps that are not undistorted yet are distorted alike, but for what the velocity changes in between. Else what drives beside the sensor is bent
 * onto itself by a velocity that nobody has, of 6 m/s at the wrong places beside a jam.
 */
export function steadyBetween(seconds: number): TwistPrior {
  const [linear, angular] = [ACCELERATION.linear, ACCELERATION.angular].map(
    (most) => (most * seconds) / Math.sqrt(CORRELATED),
  );
  return new TwistPrior(new Float64Array(6), linear!, angular!);
}

/** Ties the velocity within the second sweep to the step from the first observation, where the second slides. */
function stepOf(
  first: Observation,
  second: Observation,
  origin: Pose,
  { conditioning }: Track,
): MotionSteps | undefined {
  const dt = Number(second.stampNs - first.stampNs) * 1e-9;
  // Where it slides, what moves beside the sensor passes for its velocity within the sweep.
  if (conditioning >= SLIDES_BELOW || dt <= SHORTEST_BASELINE || dt > LONGEST_STEP) return undefined;
  return { last: sensorPose(origin, second.T_body_sensor), dt, middle: 0 };
}

/** Mean velocity (body frame) since the first observation, taken at the origin; between the two others may have been lost. */
function bodyVelocity(first: Observation, second: Observation, origin: Pose, track: Track): Twist {
  const { stampNs, T_body_sensor } = second;
  const dt = Number(stampNs - first.stampNs) * 1e-9;
  const moved = compose(inverse(origin), bodyPose(track.pose, T_body_sensor));
  return dt > SHORTEST_BASELINE ? log(moved).map((v) => v / dt) : bodyTwist(track.twist, second);
}
