import type { Pose, Twist } from '../geometry/se3.js';

/**
 * How far a pose can be trusted. `degraded`: usable, but badly conditioned or with few inliers (covariance says in
 * which directions). `lost`: the pose is a motion prediction; nothing is mapped.
 */
export type TrackingState = 'tracking' | 'degraded' | 'lost';

/** The submap that a map begins with. */
export const FIRST_SUBMAP = 0;

/** Where tracking put the body: sent before the observation is mapped, so that odometry does not wait for mapping. */
export interface PoseEvent {
  readonly type: 'pose';
  /** Number of the observation; the same as in its result. */
  readonly index: number;
  readonly sensor: string;
  /** As the sensor has it. */
  readonly stampNs: bigint;
  /** How far its clock has stepped so far, ns; absent where it has not. */
  readonly clockShiftNs?: bigint;
  readonly submap: number;
  /** T_odom_body at the stamp. */
  readonly pose: Pose;
  /**
   * Of the pose in the map around it, as it came out of this observation: 6×6 row-major, order x y z rotX rotY rotZ, fixed
   * axes of the odom frame (REP-103), about the body's origin.
   */
  readonly covariance: Float64Array;
  /** Of the pose in the odom frame, likewise: grows with the way from where the run began. */
  readonly odomCovariance: Float64Array;
  /** Velocity in the body frame [vx vy vz wx wy wz], m/s and rad/s. */
  readonly twist: Twist;
  readonly state: TrackingState;
  /** Empty while tracking; otherwise one sentence that says why not. */
  readonly reason: string;
}

/** The joint optimisation moved a pose, or a loop closure did: what the trajectory holds from now on. */
export interface PosesRefined {
  readonly type: 'refined';
  readonly poses: readonly { readonly index: number; readonly pose: Pose }[];
}

/** Submaps that were made, or moved by a loop closure. Their fields and meshes move with them. */
export interface SubmapsMoved {
  readonly type: 'submaps';
  readonly submaps: readonly { readonly id: number; readonly T_world_submap: Pose }[];
}

/** The mesh of a submap has a newer version. */
export interface MeshChanged {
  readonly type: 'mesh';
  readonly submap: number;
  readonly version: number;
}

/** The tracking state is another than before. */
export interface StateChanged {
  readonly type: 'state';
  readonly stampNs: bigint;
  readonly state: TrackingState;
  readonly reason: string;
}

/** The track was lost for so long that a new map starts here; how it lies to those before it is not known. */
export interface MapStarted {
  readonly type: 'new-map';
  readonly stampNs: bigint;
  readonly submap: number;
}

/** Everything that happens in the map, in order: for run log, ROS and viewer alike. */
export type SlamEvent = PoseEvent | PosesRefined | SubmapsMoved | MeshChanged | StateChanged | MapStarted;

export type SlamListener = (event: SlamEvent) => void;
