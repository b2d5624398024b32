import { SLIDES_BELOW } from '../../field/terms/sliding-hold.js';
import { compose, inverse, log } from '../../geometry/se3.js';
import type { Observation } from '../../sensors/observation.js';
import type { Prediction } from '../estimate.js';
import type { TrackingState } from '../events.js';
import type { BodyMotion } from './motion.js';
import { fitOf, type Track } from './tracker.js';

/** A registration from some prediction, and what the judge says of it. */
export interface Attempt {
  readonly track: Track;
  readonly state: TrackingState;
}

const RANK = { lost: 0, degraded: 1, tracking: 2 } as const;
/** Share of the points by which one of two places has to fit better. */
const BETTER = 0.02;

/**
 * Whether to lean on an external odometry for an observation. As a prior it draws the pose to itself; one that is wrong, because
 * its unit, its axes or its frame are, or because it stands still, takes the track with it: poses that follow it agree with it, fit
 * coarsely, and are believed. So where it departs from the motion so far, the observation is registered both ways, and where it
 * tells its pose alone at least as well, that counts. In a corridor, where it does not, the odometry does. Where neither way fits, an odometry that
 * nobody has borne out is no prediction, nor where no vehicle moves as it says.
 *
 * @example
 * const trial = new OdometryTrial(motion);
 * const guess = trial.choose(observation, 0.15, predicted, true, attempt); // the motion uses the odometry, or not
 * motion.useOdometry(true); // with the next observation
 */
export class OdometryTrial {
  constructor(private readonly motion: BodyMotion) {}

  /**
   * @param voxel of the map, metres
   * @param predicted with the odometry; the observation is undistorted with it
   * @param underWay whether the motion so far is known, so that no step can be far from it
   * @param attempt registers from a prediction
   * @returns the prediction to use; the observation is undistorted with it, and the motion uses the odometry or not
   */
  choose(
    observation: Observation,
    voxel: number,
    predicted: Prediction,
    underWay: boolean,
    attempt: (guess: Prediction) => Attempt,
  ): Prediction {
    const { motion } = this;
    const { stampNs } = observation;
    const departures = motion.odometryDepartures(observation);
    const { odometry } = motion;
    if (!odometry || !departures.some((d) => odometry.isDoubtful(d, voxel))) return predicted;
    const supported = attempt(predicted);
    motion.useOdometry(false);
    const alone = { pose: motion.predict(stampNs), twist: motion.sweepTwist(observation) };
    observation.undistort(alone.twist);
    const unsupported =
      (supported.state === 'lost' && !odometry.proven) ||
      (underWay && departures.some((d) => odometry.isImpossible(d)));
    if (unsupported || isAsGood(attempt(alone), supported, voxel)) {
      observation.undistort(alone.twist);
      return alone;
    }
    motion.useOdometry(true);
    observation.undistort(predicted.twist);
    return predicted;
  }
}

/** Whether some direction is hardly told by the observation alone, or was held to the prediction. */
const slides = ({ conditioning, unconstrained }: Track): boolean =>
  conditioning < SLIDES_BELOW || unconstrained.some((v) => v !== 0);

function isAsGood(alone: Attempt, supported: Attempt, voxel: number): boolean {
  if (alone.state === 'lost' || RANK[alone.state] < RANK[supported.state]) return false;
  if (slides(alone.track)) return false;
  const apart = log(compose(inverse(alone.track.pose), supported.track.pose));
  const twoPlaces = Math.hypot(apart[0]!, apart[1]!, apart[2]!) > voxel;
  return !(
    twoPlaces &&
    alone.state === supported.state &&
    fitOf(supported.track) > fitOf(alone.track) + BETTER
  );
}
