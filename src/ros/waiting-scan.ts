import type { Pose, Twist } from '../geometry/se3.js';
import type { PosedMeasurement } from '../sensors/measurement.js';

/** A cloud, a frame of a depth camera or a touch that waits for its transform and its turn. */
export type WaitingScan = WaitingCloud | WaitingFrame;

interface Waiting {
  readonly topic: string;
  /** Position among the LiDARs or cameras; 0 leads. */
  readonly index: number;
  /** The stamp that it is used with, and how far its clock has stepped (sensors/stamps.ts). */
  readonly stampNs: bigint;
  readonly clockShiftNs: bigint;
  readonly frameId: string;
  /** Monotonic milliseconds of arrival. */
  readonly arrivedMs: number;
  /** Readings of IMU and odometry that had come before it: as in a recording, only these go before it. */
  readonly readings?: Readings;
}

export interface Readings {
  readonly imu: number;
  readonly odometry: number;
}

interface WaitingCloud extends Waiting {
  /** sensor_msgs/PointCloud2 in CDR. */
  readonly bytes: Uint8Array;
}

interface WaitingFrame extends Waiting {
  readonly images: FrameImages;
}

/** Images of one instant, or a touch, not decoded yet. */
export interface FrameImages {
  /** What they wait for besides the camera's transform; undefined when nothing is missing. */
  lacks(): FrameLack | undefined;
  /** Decodes them; undefined where that cannot be done, which the camera says. */
  build(at: Mount): Promise<PosedMeasurement | undefined>;
}

export interface FrameLack {
  readonly text: string;
  /** After patience has run out: goes on without it. A frame without this is dropped. */
  readonly without?: () => void;
}

/** T_base_sensor at the stamp, and the sensor's velocity relative to the base (sensor frame). */
interface Mount {
  readonly mount: Pose;
  readonly mountTwist: Twist;
}

/** A scan with everything the SLAM thread needs. */
export type ReadyScan = (WaitingCloud & Mount) | ReadyFrame;
export type ReadyFrame = WaitingFrame & Mount;

/** A message with the stamp that it is used with. */
export type StampedArrival = Pick<Waiting, 'stampNs' | 'clockShiftNs' | 'frameId' | 'arrivedMs' | 'readings'>;
