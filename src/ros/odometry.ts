import { inverse, type Pose } from '../geometry/se3.js';
import type { Odometry } from '../messages/poses.js';
import type { PoseEvent } from '../slam/events.js';

/** Smallest standard deviations published: a perfect measurement makes filters divide by zero (m, rad, m/s, rad/s). */
const FLOOR = [1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4] as const;

/**
 * nav_msgs/Odometry of the base, which is the body that is tracked. The twist is in its own frame (REP-105: child frame).
 *
 * @param twistCovariance 6×6 in the base frame
 */
export function odometryOf(
  { stampNs, pose, covariance, twist }: Pick<PoseEvent, 'stampNs' | 'pose' | 'covariance' | 'twist'>,
  twistCovariance: Float64Array,
  frames: { readonly odomFrame: string; readonly baseFrame: string },
): Odometry {
  return {
    stampNs,
    frameId: frames.odomFrame,
    childFrameId: frames.baseFrame,
    pose,
    poseCovariance: floored(covariance),
    twist,
    twistCovariance: floored(twistCovariance),
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

/** 10 m, 1 rad, 10 m/s, 1 rad/s: published for a robot that is lost. */
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
