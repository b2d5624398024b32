import type { Pose } from '../../geometry/se3.js';

/**
 * Poses of an external odometry (wheels, legs, a camera) in the order of their stamps, as they are handed to the core.
 * Only the motion between them counts: their frame may lie anywhere, and drifts.
 */
export interface OdometryBatch {
  readonly stampsNs: BigInt64Array;
  /** T_frame_child, 12 per stamp. */
  readonly poses: Float64Array;
  /** Of the poses, 36 per stamp, [x y z rotX rotY rotZ] about the child, axes of the odometry's frame; 0: not known. */
  readonly poseCovariances?: Float64Array;
  /** Of the velocity, 36 per stamp, axes of the child; 0: not known. */
  readonly twistCovariances?: Float64Array;
  /** Where the child frame is on the body. */
  readonly T_body_child: Pose;
}
