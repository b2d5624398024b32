import { compose, inverse, transformTwist, type Pose, type Twist } from '../geometry/se3.js';
import type { Odometry } from '../messages/poses.js';
import type { PoseEvent } from '../slam/events.js';

/** How the sensor sits on the robot when a scan was stamped, and where the map's frame lies. */
export interface Mounting {
  /** T_base_sensor. */
  readonly mount: Pose;
  /** Velocity of the sensor relative to the base, sensor frame; zero where it is fixed. */
  readonly mountTwist: Twist;
  /** T_odom_map: the map begins at the first sensor pose, odometry at the first base pose. */
  readonly origin: Pose;
  readonly odomFrame: string;
  readonly baseFrame: string;
}

/** Smallest standard deviations told: a perfect measurement makes filters divide by zero (m, rad, m/s, rad/s). */
const FLOOR = [1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4] as const;

/**
 * nav_msgs/Odometry of the base from the tracker's pose of the sensor:
 * T_odom_base = T_odom_map · T_map_sensor · T_sensor_base.
 *
 * The tracker's covariance is that of a small motion [v, ω] about the sensor in map axes; the same motion moves the
 * base by v' = R·v + (R·ω) × r with r from sensor to base, so Σ' = J·Σ·Jᵀ with J = [R, −[r]ₓR; 0, R]. The twist is that of
 * the base in its own frame (REP-105: child frame).
 *
 * @param twistCovariance 6×6 in the sensor frame
 */
export function odometryOf(
  tracked: Pick<PoseEvent, 'stampNs' | 'pose' | 'covariance' | 'twist'>,
  twistCovariance: Float64Array,
  m: Mounting,
): Odometry {
  const sensor = compose(m.origin, tracked.pose);
  const pose = compose(sensor, inverse(m.mount));
  const arm = [pose[3]! - sensor[3]!, pose[7]! - sensor[7]!, pose[11]! - sensor[11]!];
  const own = tracked.twist.map((v, i) => v - m.mountTwist[i]!);
  return {
    stampNs: tracked.stampNs,
    frameId: m.odomFrame,
    childFrameId: m.baseFrame,
    pose,
    poseCovariance: floored(transformCovariance(tracked.covariance, m.origin, arm)),
    twist: transformTwist(m.mount, own),
    // In the base's axes the arm from sensor to base is −t of T_base_sensor.
    twistCovariance: floored(
      transformCovariance(twistCovariance, m.mount, [-m.mount[3]!, -m.mount[7]!, -m.mount[11]!]),
    ),
  };
}

/** J·Σ·Jᵀ with J = [R, −[r]ₓR; 0, R], R the rotation of `T` and r = `arm` in the rotated axes. */
export function transformCovariance(S: Float64Array, T: Pose, arm: ArrayLike<number>): Float64Array {
  const J = new Float64Array(36);
  const [x, y, z] = [arm[0]!, arm[1]!, arm[2]!];
  const skew = [0, -z, y, z, 0, -x, -y, x, 0];
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++) {
      J[r * 6 + c] = J[(r + 3) * 6 + c + 3] = T[r * 4 + c]!;
      for (let k = 0; k < 3; k++) J[r * 6 + c + 3]! -= skew[r * 3 + k]! * T[k * 4 + c]!;
    }
  const JS = multiply(J, S, false);
  return multiply(JS, J, true);
}

/**
 * 6×6 covariance of the velocity (sensor frame) as the difference of two independent poses over `dt` seconds:
 * (Σ₁ + Σ₂)/dt², turned into the sensor's axes.
 */
export function twistCovariance(
  before: Float64Array,
  now: Float64Array,
  pose: Pose,
  dt: number,
): Float64Array {
  const sum = now.map((v, i) => (v + before[i]!) / (dt * dt));
  return transformCovariance(sum, inverse(pose), [0, 0, 0]);
}

/** 10 m, 1 rad, 10 m/s, 1 rad/s: what is said of a robot that is lost. */
export function unknownCovariance(): Float64Array {
  return Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? (i < 21 ? 100 : 1) : 0));
}

/** A·B, or A·Bᵀ. */
function multiply(A: Float64Array, B: Float64Array, transposed: boolean): Float64Array {
  const out = new Float64Array(36);
  for (let r = 0; r < 6; r++)
    for (let c = 0; c < 6; c++)
      for (let k = 0; k < 6; k++)
        out[r * 6 + c]! += A[r * 6 + k]! * (transposed ? B[c * 6 + k]! : B[k * 6 + c]!);
  return out;
}

function floored(S: Float64Array): Float64Array {
  const out = S.slice();
  for (let i = 0; i < 6; i++) out[i * 7] = Math.max(out[i * 7]!, FLOOR[i]! ** 2);
  return out;
}
