import { identity, type Pose } from '../../geometry/se3.js';
import type { Contacts, Observation } from '../../sensors/observation.js';
import { thinned } from '../../sensors/tactile/contacts.js';
import { sensorPose } from '../body-frame.js';
import type { Company } from '../company.js';
import { meanVariance } from '../covariance.js';
import { asFelt, asUnplaced, type Estimate, type Prediction } from '../estimate.js';
import type { Phase } from '../phases.js';
import type { Scale, Scales } from '../scale.js';
import { kinematicCovariance, type KinematicSigma } from './kinematics.js';
import {
  MOST_ALIKE,
  type FieldQuality,
  type RegisteredTouch,
  type TouchRegistration,
} from './registration.js';

/** An observation of something that was touched. */
export type Touching = Observation & { readonly contacts: Contacts };

export function isTouching(observation: Observation): observation is Touching {
  return observation.contacts !== undefined;
}

/** Of distances where something was touched (m). */
const FELT: FieldQuality = { sigma: 1e-4 };
/** Of a depth camera's grid: at least so much, or this share of its voxel; alike over this length (m). */
const SEEN = { sigma: 0.001, share: 0.2, correlation: 0.01 };

/**
 * Where a touch was: the body is where its other sensors are tracked to, the arm says where the sensor was on it, and what
 * is mapped there already says it better. Touches do not move the body.
 *
 * @example
 * const feeler = new Feeler(scales, company, registration, { translation: 0.002, rotation: 0.017 });
 * const { T_odom_sensor, touch } = feeler.estimate(phase, observation, predicted);
 */
export class Feeler {
  constructor(
    private readonly scales: Scales,
    private readonly company: Company,
    private readonly registration: TouchRegistration,
    private readonly kinematics: KinematicSigma,
  ) {}

  estimate(phase: Phase, observation: Touching, predicted: Prediction): Estimate {
    const { scales } = this;
    // By touch alone the arm stands, and its poses are those of the map.
    if (scales.tracked.length === 0) return this.#felt(phase, observation, identity(), this.kinematics);
    const carrier = this.company.carrier('touch', observation.stampNs);
    if (phase.kind !== 'tracking' || !carrier) return asUnplaced(observation, phase, predicted.pose);
    const { covariance } = carrier;
    const { translation, rotation } = this.kinematics;
    return this.#felt(phase, observation, predicted.pose, {
      translation: Math.sqrt(translation ** 2 + meanVariance(covariance, 'position')),
      rotation: Math.sqrt(rotation ** 2 + meanVariance(covariance, 'turns')),
    });
  }

  #felt(phase: Phase, observation: Touching, T_odom_body: Pose, kinematics: KinematicSigma): Estimate {
    const predicted = sensorPose(T_odom_body, observation.T_body_sensor);
    const found = this.#register(observation, predicted, kinematics);
    return asFelt(observation, phase, T_odom_body, { predicted, kinematics }, found);
  }

  /** With what was felt before; where nothing was, with what a camera saw. */
  #register(observation: Touching, predicted: Pose, kinematics: KinematicSigma): RegisteredTouch {
    const { contacts } = observation;
    if (contacts.points.length === 0)
      return {
        pose: predicted,
        covariance: kinematicCovariance(kinematics),
        state: 'unknown',
        reason: '',
        valued: 0,
        inliers: 0,
        iterations: 0,
      };
    const own = this.scales.of(observation);
    const problem = { contacts, predicted, kinematics };
    const felt = this.registration.register({ ...problem, field: own.field, quality: FELT });
    const seen = this.scales.all.find(({ kind }) => kind === 'rgbd');
    if (felt.state !== 'unknown' || !seen) return felt;
    return this.registration.register({
      ...problem,
      contacts: thinned(contacts, MOST_ALIKE),
      field: seen.field,
      quality: qualityOf(seen),
    });
  }
}

function qualityOf({ field }: Scale): FieldQuality {
  const { sigma, share, correlation } = SEEN;
  return { sigma: Math.max(sigma, share * field.levels[0]!.voxel), correlation };
}
