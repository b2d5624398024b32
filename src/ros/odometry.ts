import { inverse, type Pose } from '../geometry/se3.js';
import type { Odometry } from '../messages/poses.js';
import { transformCovariance } from '../geometry/covariance.js';
import type { PoseEvent } from '../slam/events.js';

/** Smallest standard deviations published: a perfect measurement makes filters divide by zero (m, rad, m/s, rad/s). */
const FLOOR = [1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4] as const;

/**
 * nav_msgs/Odometry of the base, which is the body that is tracked. The twist is in its own frame (REP-105: child frame).
 *
 * @param twistCovariance 6×6 in the base frame
 */
export function odometryOf(
  { stampNs, pose, odomCovariance, twist }: Pick<PoseEvent, 'stampNs' | 'pose' | 'odomCovariance' | 'twist'>,
  twistCovariance: Float64Array,
  frames: { readonly odomFrame: string; readonly baseFrame: string },
): Odometry {
  return {
    stampNs,
    frameId: frames.odomFrame,
    childFrameId: frames.baseFrame,
    pose,
    poseCovariance: floored(odomCovariance),
    twist,
    twistCovariance: floored(twistCovariance),
  };
}

/**
 * 6×6 covariance of the velocity (body frame) as the difference of two independent poses over `dt` seconds:
 * (Σ₁ + Σ₂)/dt², turned into the body's axes.
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

function floored(S: Float64Array): Float64Array {
  const out = S.slice();
  for (let i = 0; i < 6; i++) out[i * 7] = Math.max(out[i * 7]!, FLOOR[i]! ** 2);
  return out;
}
