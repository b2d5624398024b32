import { identity, type Pose } from '../../geometry/se3.js';
import type { Contacts, Observation } from '../../sensors/observation.js';
import { invertSpd } from '../../geometry/linear.js';
import { thinned } from '../../sensors/tactile/contacts.js';
import { TouchObservation } from '../../sensors/tactile/observation.js';
import { sensorPose } from '../body-frame.js';
import type { OtherSensors } from '../other-sensors.js';
import { meanVariance } from '../covariance.js';
import { asFelt, asUnplaced, type Estimate, type Prediction } from '../estimate.js';
import type { Phase } from '../phases.js';
import type { Scale, Scales } from '../scale.js';
import { isBelieved } from './judge.js';
import { kinematicCovariance, kinematicInformation, type KinematicSigma } from './kinematics.js';
import {
  MOST_ALIKE,
  type FieldQuality,
  type RegisteredTouch,
  type TouchProblem,
  type TouchRegistration,
} from './registration.js';
import type { SlidingTouch } from './slide.js';
import type { TouchesTogether } from './together.js';

/** An observation of something that was touched. */
export type Touching = Observation & { readonly contacts: Contacts };

export function isTouching(observation: Observation): observation is Touching {
  return observation.contacts !== undefined;
}

/** Of distances where something was touched (m). */
const FELT: FieldQuality = { sigma: 1e-4 };
/** Of a depth camera's grid: at least so much, or this share of its voxel; alike over this length (m). */
const SEEN = { sigma: 0.001, share: 0.2, correlation: 0.01 };
/** Share of the arm's σ beyond which that of the camera's grid does more harm than good. */
const CLEARLY = 0.75;
const NOT_FELT = 'No other touch overlaps this one; its pose is the arm’s.';

/**
 * Where a touch was: the body is where its other sensors are tracked to, the arm says where the sensor was on it, and what
 * was seen and felt there already says it better. Touches do not move the body.
 *
 * @example
 * const estimator = new TouchEstimator(scales, others, registration, { translation: 0.002, rotation: 0.017 }, together);
 * const { T_odom_sensor, touch } = estimator.estimate(phase, observation, predicted);
 */
export class TouchEstimator {
  constructor(
    private readonly scales: Scales,
    private readonly others: OtherSensors,
    private readonly registration: TouchRegistration,
    private readonly kinematics: KinematicSigma,
    private readonly together?: TouchesTogether,
  ) {}

  estimate(phase: Phase, observation: Touching, predicted: Prediction): Estimate {
    const { scales } = this;
    // By touch alone the arm stands, and its poses are those of the map.
    if (scales.tracked.length === 0) return this.#felt(phase, observation, identity(), this.kinematics);
    const carrier = this.others.carrier('touch', observation.stampNs);
    if (phase.kind !== 'tracking' || !carrier) return asUnplaced(observation, phase, predicted.pose);
    const { covariance } = carrier;
    const sigma = {
      translation: Math.sqrt(meanVariance(covariance, 'position')),
      rotation: Math.sqrt(meanVariance(covariance, 'turns')),
    };
    const { translation, rotation } = this.kinematics;
    const kinematics = {
      translation: Math.hypot(translation, sigma.translation),
      rotation: Math.hypot(rotation, sigma.rotation),
    };
    return this.#felt(phase, observation, predicted.pose, kinematics, { pose: predicted.pose, sigma });
  }

  #felt(
    phase: Phase,
    observation: Touching,
    T_odom_body: Pose,
    kinematics: KinematicSigma,
    body?: SlidingTouch['body'],
  ): Estimate {
    const predicted = sensorPose(T_odom_body, observation.T_body_sensor);
    const found = this.#register(observation, predicted, kinematics, body);
    return asFelt(observation, phase, T_odom_body, { predicted, kinematics }, found);
  }

  /** With what was felt before; where nothing was, with what a camera saw. */
  #register(
    observation: Touching,
    predicted: Pose,
    kinematics: KinematicSigma,
    body?: SlidingTouch['body'],
  ): RegisteredTouch {
    const { contacts, sensor, stampNs, T_body_sensor: mount } = observation;
    if (contacts.points.length === 0) return byArm(predicted, kinematics);
    const problem = { contacts, predicted, kinematics };
    const patch = observation instanceof TouchObservation ? observation.patch : undefined;
    if (patch && this.together?.knowsAll) {
      const seen = this.#asSeen(problem);
      const found = seen && isBelieved(seen.state) ? invertSpd(seen.covariance, 6) : undefined;
      const prior = found
        ? { pose: seen!.pose, information: found, seen: true }
        : { pose: predicted, information: kinematicInformation(kinematics) };
      const contact = { sensor, stampNs, mount, ...(body && { body }) };
      const among = this.together.register({ patch, predicted, kinematics, prior, contact });
      return among ?? seen ?? byArm(predicted, kinematics, NOT_FELT);
    }
    const { field } = this.scales.of(observation);
    const felt = this.registration.register({ ...problem, field, quality: FELT });
    return felt.state === 'unknown' ? (this.#asSeen(problem) ?? felt) : felt;
  }

  /** With what a camera saw, where that is better known than where the arm is. */
  #asSeen(problem: Omit<TouchProblem, 'field' | 'quality'>): RegisteredTouch | undefined {
    const seen = this.scales.all.find(({ kind }) => kind === 'rgbd');
    const quality = seen && qualityOf(seen);
    if (!seen || !quality || quality.sigma > CLEARLY * problem.kinematics.translation) return undefined;
    const contacts = thinned(problem.contacts, MOST_ALIKE);
    return this.registration.register({ ...problem, contacts, field: seen.field, quality });
  }
}

function byArm(pose: Pose, kinematics: KinematicSigma, reason = ''): RegisteredTouch {
  const none = { valued: 0, inliers: 0, iterations: 0 };
  return { pose, covariance: kinematicCovariance(kinematics), state: 'unknown', reason, ...none };
}

function qualityOf({ field }: Scale): FieldQuality {
  const { sigma, share, correlation } = SEEN;
  return { sigma: Math.max(sigma, share * field.levels[0]!.voxel), correlation };
}
