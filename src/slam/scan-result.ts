import type { Pose, Twist } from '../geometry/se3.js';
import type { Observation } from '../sensors/observation.js';
import { sensorTwist } from './body-frame.js';
import type { Estimate } from './estimate.js';
import type { ScanResult, StageTimes } from './types.js';

/**
 * The result of an observation, once it is mapped.
 *
 * @param how `pose`: T_odom_sensor, refined; `twist`: of the body
 */
export function scanResult(
  observation: Observation,
  { covariance, state, reason, iterations, inlierRatio, touch }: Estimate,
  how: {
    readonly index: number;
    readonly pose: Pose;
    readonly odomCovariance: Float64Array;
    readonly twist: Twist;
    readonly times: StageTimes;
  },
): ScanResult {
  const { stampNs, clockShiftNs = 0n, counts, surface } = observation;
  return {
    index: how.index,
    stampNs: stampNs + clockShiftNs,
    pose: how.pose,
    covariance,
    odomCovariance: how.odomCovariance,
    twist: sensorTwist(how.twist, observation),
    state,
    reason,
    ...(observation.kind === 'rgbd' && { camera: observation.frameId }),
    points: { ...counts, mapped: surface.count, registered: surface.keypoints.length },
    iterations,
    inlierRatio,
    times: how.times,
    ...(touch && { touch }),
  };
}
