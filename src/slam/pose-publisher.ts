import { aboutPoint } from './covariance.js';
import type { Observation } from '../sensors/observation.js';
import type { Estimate } from './estimate.js';
import type { EventStream } from './event-stream.js';
import type { TrackingState } from './events.js';
import type { Submaps } from './mapping/submaps.js';
import { OdometryCovariance } from './odometry-covariance.js';
import type { BodyMotion } from './tracking/motion.js';
import type { Trajectory } from './trajectory.js';

/** What a published pose goes into and is made of. */
export interface PublisherParts {
  readonly motion: Pick<BodyMotion, 'twist' | 'meanTwist'>;
  readonly trajectory: Pick<Trajectory, 'add'>;
  readonly events: EventStream;
  readonly submaps: Pick<Submaps, 'current'>;
}

/**
 * Sends the tracked pose of the body out, with velocity and both covariances, and changes of a sensor's state.
 *
 * @example
 * const publisher = new PosePublisher({ motion, trajectory, events, submaps });
 * const odomCovariance = publisher.publish(index, observation, estimate);
 */
export class PosePublisher {
  readonly #parts: PublisherParts;
  readonly #drift = new OdometryCovariance();
  /** Of each sensor's newest observation. */
  readonly #states = new Map<string, TrackingState>();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** @returns covariance of the pose in the odom frame, as {@link PoseEvent} has it */
  publish(index: number, observation: Observation, estimate: Estimate): Float64Array {
    const { motion, trajectory, events, submaps } = this.#parts;
    const { sensor, clockShiftNs = 0n } = observation;
    const stampNs = observation.stampNs + clockShiftNs;
    const { pose, state, reason, T_odom_sensor, slid } = estimate;
    const lever = [3, 7, 11].map((i) => pose[i]! - T_odom_sensor[i]!);
    const covariance = aboutPoint(estimate.covariance, lever);
    const twist = estimate.twist ?? motion.meanTwist(sensor, observation.stampNs, pose) ?? motion.twist;
    const submap = submaps.current;
    const lost = state === 'lost';
    const odomCovariance = lost ? this.#drift.lost(pose) : this.#drift.update(pose, covariance, submap, slid);
    trajectory.add({ index, stampNs, submap, pose, state });
    const stamp = clockShiftNs === 0n ? { stampNs } : { stampNs, clockShiftNs };
    const event = { index, sensor, ...stamp, submap, pose, covariance, odomCovariance, twist, state, reason };
    events.emit({ type: 'pose', ...event });
    if (state !== this.#states.get(sensor)) events.emit({ type: 'state', stampNs, state, reason });
    this.#states.set(sensor, state);
    return odomCovariance;
  }
}
