import type { Pose, Twist } from '../../geometry/se3.js';
import type { TimeIssue } from './point-times.js';

/** How the per-point times of a scan came about. */
export type PointTiming = 'field' | 'azimuth' | 'none';

/** One LiDAR sweep as read from a message or a file, before any preparation. */
export interface LidarScan {
  /** Header stamp in nanoseconds: the instant to which the scan's pose belongs. */
  readonly stampNs: bigint;
  /** How far the clock of the stamps has stepped so far, ns (sensors/stamps.ts); left out where it has not. */
  readonly clockShiftNs?: bigint;
  /** Sensor frame, header.frame_id. */
  readonly frameId: string;
  readonly count: number;
  /** 3·count, metres, sensor frame; REP-117: NaN invalid, ±Inf no return. */
  readonly positions: Float32Array;
  /** count, seconds relative to the stamp; absent where the sensor gives none. */
  readonly times?: Float32Array;
  /** count, in the sensor's own units. */
  readonly intensities?: Float32Array;
  /** count, laser index. */
  readonly rings?: Uint16Array;
  /** Rows and columns where the cloud is organised (height > 1). */
  readonly height?: number;
  readonly width?: number;
  readonly timing: PointTiming;
  /** Put together of several messages (gather.ts), which may be turns with the same columns. */
  readonly gathered?: boolean;
  /** What the cloud says of the order of its bytes is false: it was read the other way. */
  readonly falseByteOrder?: boolean;
  /** Absolute time of the first point, ns since 1970, where the points carry such times. */
  readonly firstPointNs?: bigint;
  /** What is wrong with the times in this field of the cloud; absent where nothing is. */
  readonly timeIssues?: { readonly field: string; readonly issues: readonly TimeIssue[] };
  /**
   * T_body_sensor at the stamp. Without it the sensor is the body.
   */
  readonly mount?: Pose;
  /** The sensor's velocity relative to the body, [v, ω] in the sensor frame; absent where it is fixed. */
  readonly mountTwist?: Twist;
}

/**
 * Arrays that scans are read into, so that each need not bring its own: what is read is valid until the next scan is read.
 */
export interface ScanStorage {
  readonly positions: Float32Array;
  readonly times: Float32Array;
  readonly rings: Uint16Array;
}
