import type { Exposure } from '../field/terms/photometric.js';
import type { Pose, Twist } from '../geometry/se3.js';
import type { Observation, SensorId } from '../sensors/observation.js';
import { bodyPose, bodyTwist, sensorPose } from './body-frame.js';
import { LOST_COVARIANCE, widened } from './covariance.js';
import type { Phase } from './phases.js';
import type { SensorKind } from '../config/sensors.js';
import type { Verdict } from './tracking/judge.js';
import type { Track } from './tracking/tracker.js';
import type { KinematicSigma } from './touch/kinematics.js';
import type { RegisteredTouch } from './touch/registration.js';
import type { FeltTouch, KnownPose } from './types.js';

/** Another sensor that was tracked shortly before. */
export interface Carrier {
  readonly sensor: SensorId;
  readonly kind: SensorKind;
  readonly stampNs: bigint;
  /** Of its pose, 6×6, [x y z rotX rotY rotZ], axes of odom. */
  readonly covariance: Float64Array;
}

/** Where an observation is expected to be taken. */
export interface Prediction {
  /** T_odom_body. */
  readonly pose: Pose;
  /** Velocity that it is undistorted with: sensor frame, m/s and rad/s. */
  readonly twist: Twist;
}

/** Where an observation was taken, how sure that is, and what to do with it. */
export interface Estimate extends Verdict {
  /** T_odom_body and T_odom_sensor at the stamp. */
  readonly pose: Pose;
  readonly T_odom_sensor: Pose;
  /** 6×6, [x y z rotX rotY rotZ] about the sensor, axes of the odom frame. */
  readonly covariance: Float64Array;
  /** 3×3, the part of it that directions without information have gathered by sliding (m²); absent where none has. */
  readonly slid?: Float64Array;
  /** The same for the step from the pose before, without what has been gathered; absent where there is none. */
  readonly stepCovariance?: Float64Array;
  /** Velocity in the body frame, m/s and rad/s; absent where it has to be taken from the difference of poses. */
  readonly twist?: Twist;
  /** The phase from now on. */
  readonly phase: Phase;
  /**
   * `refine`: mapped, and the pose optimised with the map; `fixed`: mapped where it is; `held`: the same, and the map must
   * not move it either; `none`: not mapped.
   */
  readonly mapping: 'refine' | 'fixed' | 'held' | 'none';
  /** Whether the motion goes on from the pose before, so that their difference is a velocity. */
  readonly continues: boolean;
  /** The pose is only predicted from what another sensor showed: the motion stays as that left it. */
  readonly carried?: boolean;
  /** Some direction is hardly told by the observation alone: noise could make as much of it. */
  readonly slides?: boolean;
  readonly iterations: number;
  readonly inlierRatio: number;
  /** Of a frame with brightness, against the map. */
  readonly exposure?: Exposure;
  /** Of a touch: it says nothing about the body, whose path goes on without it. */
  readonly touch?: FeltTouch;
}

/** Fewer registered samples cannot define a frame. */
export const MIN_SAMPLES = 50;
export const STILL: Twist = new Float64Array(6);
const TRACKING: Verdict = { state: 'tracking', reason: '' };
const CERTAIN = new Float64Array(36);

/** A pose from outside: mapped there, not tracked. */
export function asGiven(observation: Observation, known: KnownPose, phase: Phase): Estimate {
  return {
    ...TRACKING,
    pose: bodyPose(known.pose, observation.T_body_sensor),
    T_odom_sensor: known.pose,
    covariance: CERTAIN,
    twist: bodyTwist(known.twist, observation),
    phase,
    mapping: 'fixed',
    continues: false,
    iterations: 0,
    inlierRatio: 1,
  };
}

/** Of a sensor that is doubted as a whole: degraded, however well it fits. @param doubt one sentence */
export function doubted(estimate: Estimate, doubt: string | undefined): Estimate {
  if (doubt === undefined || estimate.state !== 'tracking') return estimate;
  return { ...estimate, state: 'degraded', reason: doubt };
}

/**
 * The observation that a map begins with: as far as is known the body stands still.
 *
 * @param pose T_odom_body: the identity for the observation that defines the odom frame
 */
export function asOrigin(
  { T_body_sensor }: Observation,
  pose: Pose,
  phase: Phase,
  verdict = TRACKING,
): Estimate {
  const lost = verdict.state === 'lost';
  return {
    ...verdict,
    pose,
    T_odom_sensor: sensorPose(pose, T_body_sensor),
    covariance: lost ? LOST_COVARIANCE : CERTAIN,
    twist: STILL.slice(),
    phase,
    mapping: lost ? 'none' : 'fixed',
    continues: false,
    iterations: 0,
    inlierRatio: 1,
  };
}

/** All directions, as {@link Track.unconstrained}. */
const ANYWHERE = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);

/**
 * A registration that is believed.
 *
 * @param twist velocity in the body frame where it is known
 * @param sigma standard deviation (m) that its unconstrained directions have gathered
 * @param stepSigma of this step alone, in all directions
 */
export function asTracked(
  { T_body_sensor }: Observation,
  track: Track,
  verdict: Verdict,
  how: Pick<Estimate, 'phase' | 'mapping' | 'continues' | 'slides'> & {
    readonly twist?: Twist | undefined;
    readonly sigma?: number;
    readonly stepSigma?: number;
  },
): Estimate {
  const { sigma = 0, slides = false } = how;
  const slid = sigma > 0 ? squared(track.unconstrained, sigma) : undefined;
  return {
    ...verdict,
    pose: bodyPose(track.pose, T_body_sensor),
    T_odom_sensor: track.pose,
    covariance: slid ? widened(track.covariance, slid) : track.covariance,
    ...(slid && { slid }),
    stepCovariance: how.stepSigma
      ? widened(track.covariance, squared(ANYWHERE, how.stepSigma))
      : track.covariance,
    ...(how.twist ? { twist: how.twist } : {}),
    phase: how.phase,
    mapping: how.mapping,
    continues: how.continues,
    slides,
    iterations: track.iterations,
    inlierRatio: track.inlierRatio,
    ...(track.exposure && { exposure: track.exposure }),
  };
}

/** A registration that is not believed: the pose is predicted, or the one known last. */
export function asLost(
  { T_body_sensor }: Observation,
  track: Track,
  verdict: Verdict,
  how: Pick<Estimate, 'phase' | 'pose'> & { readonly twist: Twist },
): Estimate {
  return {
    ...verdict,
    ...how,
    T_odom_sensor: sensorPose(how.pose, T_body_sensor),
    covariance: LOST_COVARIANCE,
    mapping: 'none',
    continues: false,
    iterations: track.iterations,
    inlierRatio: track.inlierRatio,
  };
}

/**
 * A pose that another kind of sensor was tracked to, carried on by the motion since: this observation cannot say itself where
 * it was taken.
 *
 * @param how `pose`: T_odom_body; `unseen`: whether its own grid has never been here, it is mapped then; `reason`: why it is
 *   not tracked, empty where that is no fault
 */
export function asCarried(
  { T_body_sensor, kind: own }: Observation,
  { sensor, kind, covariance }: Carrier,
  { phase, pose, unseen, reason }: Pick<Estimate, 'phase' | 'pose' | 'reason'> & { readonly unseen: boolean },
): Estimate {
  const from = own === kind ? `'${sensor}'` : `the kind ${kind}`;
  return {
    ...(unseen || reason === ''
      ? TRACKING
      : { state: 'degraded', reason: `${reason} The pose is carried on from ${from}.` }),
    pose,
    T_odom_sensor: sensorPose(pose, T_body_sensor),
    covariance,
    phase,
    mapping: unseen ? 'held' : 'none',
    continues: false,
    carried: true,
    iterations: 0,
    inlierRatio: 0,
  };
}

/** One whose turn has not come: the body is where it is thought to be, and nothing is made of it. */
export function asWaiting(
  { T_body_sensor }: Observation,
  phase: Phase,
  pose: Pose,
  reason: string,
): Estimate {
  return {
    state: 'degraded',
    reason,
    pose,
    T_odom_sensor: sensorPose(pose, T_body_sensor),
    covariance: LOST_COVARIANCE,
    phase,
    mapping: 'none',
    continues: false,
    carried: true,
    iterations: 0,
    inlierRatio: 0,
  };
}

/**
 * A touch, where it was registered or where the arm says.
 *
 * @param T_odom_body the body is taken to be there
 * @param predicted T_odom_sensor by the arm
 */
export function asFelt(
  { contacts, grid }: Observation,
  phase: Phase,
  T_odom_body: Pose,
  arm: { readonly predicted: Pose; readonly kinematics: KinematicSigma },
  { pose, covariance, state, reason, inliers, iterations }: RegisteredTouch,
): Estimate {
  const { points, normals, sigma, clear } = contacts!;
  const misfit = state === 'kinematic';
  return {
    ...(misfit ? { state: 'degraded', reason } : TRACKING),
    pose: T_odom_body,
    T_odom_sensor: pose,
    covariance,
    phase,
    mapping: points.length > 0 || grid ? 'held' : 'none',
    continues: false,
    carried: true,
    iterations,
    inlierRatio: inliers,
    touch: { state, ...arm, points, normals, sigma, ...(clear && { clear }) },
  };
}

/** A touch while nobody knows where the body is: not mapped. */
export function asUnplaced(observation: Observation, phase: Phase, pose: Pose): Estimate {
  const reason = 'No other sensor says where the body is at the moment, so the touch is not mapped.';
  const waiting = asWaiting(observation, phase, pose, reason);
  const none = new Float32Array(0);
  const touch = {
    state: 'unknown',
    predicted: waiting.T_odom_sensor,
    kinematics: { translation: Infinity, rotation: Infinity },
    points: none,
    normals: none,
    sigma: 0,
  } as const;
  return { ...waiting, touch };
}

/** Covariance along directions that are not constrained. */
function squared(directions: Float64Array, sigma: number): Float64Array {
  return directions.map((v) => sigma ** 2 * v);
}

export const newMapReason = (seconds: number): string =>
  `The track was lost for ${Number(seconds.toFixed(1))} s: a new map starts here, which is not connected to what was mapped before.`;

export const NOT_FOLLOWED =
  'The sensor that the map began with was not heard of again; the map starts anew here.';
