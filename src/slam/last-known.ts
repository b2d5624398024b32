import { compose, exp, type Pose, type Twist } from '../geometry/se3.js';
import type { Observation } from '../sensors/observation.js';
import { sensorPose, sensorTwist } from './body-frame.js';
import { STILL } from './estimate.js';
import { usualDoubt, type BodyState, type Phase } from './phases.js';
import type { UsualDoubt } from './places/usual-doubt.js';
import type { BodyMotion } from './tracking/motion.js';

/** Seconds for which a lost body is assumed to have kept its velocity. */
const MAX_AHEAD_SECONDS = 3;
/** Seconds after which it is no longer assumed to heave, roll or pitch as it did. */
const SWAY_SECONDS = 1;

/** Where a sensor may be when it is looked for. */
export interface LastKnown {
  /** T_submap_sensor where it was last known to be, and where it would be had it kept its velocity. */
  readonly last: Pose;
  readonly ahead: Pose;
  /** Seconds since then. */
  readonly elapsed: number;
  /** Its velocity then, sensor frame. */
  readonly twist: Twist;
  /** How far free space spoke against its poses before, as far as that is known. */
  readonly usualDoubt: UsualDoubt | undefined;
}

/**
 * What is known of a sensor from before an observation.
 *
 * @example
 * const { last, ahead } = lastKnown(phase, observation, motion);
 */
export function lastKnown(phase: Phase, observation: Observation, motion: BodyMotion): LastKnown {
  const { stampNs, T_body_sensor, sensor } = observation;
  const known = lastState(phase, observation, motion);
  const elapsed = Number(stampNs - known.stampNs) * 1e-9;
  const seconds = Math.min(elapsed, MAX_AHEAD_SECONDS);
  const last = sensorPose(known.pose, T_body_sensor);
  const onward = sensorTwist(lasting(known.twist, seconds), observation).map((v) => v * seconds);
  const ahead = motion.isMeasured(stampNs)
    ? sensorPose(motion.predict(stampNs), T_body_sensor)
    : compose(last, exp(onward));
  const twist = sensorTwist(known.twist, observation);
  return { last, ahead, elapsed, twist, usualDoubt: usualDoubt(phase, sensor) };
}

function lastState(phase: Phase, { stampNs }: Observation, motion: BodyMotion): BodyState {
  if (phase.kind === 'lost') return phase.lastKnown;
  if (phase.kind === 'bootstrapping')
    return { stampNs: phase.first.stampNs, pose: phase.origin, twist: STILL };
  return bodyState(motion, stampNs);
}

/** The body as it is known before an observation of that stamp. */
export function bodyState(motion: BodyMotion, stampNs: bigint): BodyState {
  return { stampNs: motion.stampNs ?? stampNs, pose: motion.pose, twist: motion.twist };
}

/**
 * What of a velocity (body frame) lasts for so many seconds: a body that heaves, rolls or pitches does not go on with it, and a
 * pitch of 4°/s put the place 3 m too high after 3 s.
 */
const lasting = (twist: Twist, seconds: number): Twist =>
  seconds <= SWAY_SECONDS ? twist : twist.map((v, i) => (i === 2 || i === 3 || i === 4 ? 0 : v));
