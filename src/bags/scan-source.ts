import type { SensorSet } from '../config/sensor-sets.js';
import type { Pose } from '../geometry/se3.js';
import { frameName } from '../messages/tf-buffer.js';
import type { SpinModel } from '../sensors/lidar/azimuth-times.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import type { Measurement } from '../sensors/measurement.js';
import type { GroundTruth } from './types.js';

/** Part of a recording, in seconds from its first scan. */
export interface ScanRange {
  readonly startS?: number;
  readonly durationS?: number;
}

/** A recording as a stream of LiDAR scans, frames of a depth camera and touches, whatever it is stored as. */
export interface ScanSource {
  /** What {@link ScanSource.measurements} brings beside readings of an IMU and an odometry. */
  readonly sensor: SensorSet;
  /** One line for people: what is read, from where. */
  readonly description: string;
  /** Frame of the points; for bags that of the first scan. */
  readonly sensorFrame: string;
  /** Frame of the body that measurements are mounted on, whose motion they show; absent where the sensor is the body. */
  readonly bodyFrame?: string;
  readonly topic?: string;
  /** T_body_frame of another frame, where fixed transforms say it. */
  readonly locate?: (frame: string) => Pose | undefined;
  /** Absent where only reading everything would tell. */
  readonly scanCount?: number;
  /** Seconds between the first two scans, where they were looked at. */
  readonly firstInterval?: number;
  readonly warnings: readonly string[];
  /** LiDAR scans in order of time. A scan that cannot be read is skipped and noted in `warnings`. */
  scans(range?: ScanRange): AsyncIterable<LidarScan>;
  /** The same to track, small scans put together (sensors/lidar/gather.ts), each scan after the readings of the IMU that were recorded before it, where there is one. */
  measurements(range?: ScanRange): AsyncIterable<Measurement>;
  /** True poses of the body, where the recording itself has them. */
  readonly truth?: () => Promise<GroundTruth>;
  close(): Promise<void>;
}

/** Frame whose motion a source shows. */
export function bodyOf({ bodyFrame, sensorFrame }: Pick<ScanSource, 'bodyFrame' | 'sensorFrame'>): string {
  return bodyFrame ?? frameName(sensorFrame);
}

export interface ScanSourceOptions {
  /** PointCloud2 topic of a bag, or topics of several LiDARs on one body with commas between, the first of which leads; needed only where there are several. */
  readonly topic?: string;
  /** IMU topic of a bag, or 'none'; the first one unless given. */
  readonly imu?: string;
  /** External odometry of a bag: a nav_msgs/Odometry topic, or tf:FRAME; none unless given. */
  readonly odometry?: string;
  /** Whether to find point times also for scans that are known to be corrected for motion, or that carry none. */
  readonly deskewAlways?: boolean;
  /**
   * Frame of the body, whose poses are wanted; else base_link where the fixed transforms of a bag connect it with its
   * sensors, or else the sensor.
   */
  readonly base?: string;
  /** Which sensor of a recording that has both; both unless given, where fixed transforms connect them. */
  readonly sensor?: ScanSource['sensor'];
  /** Depth topic of a bag, or those of several cameras on one body with commas between; needed only where there are several. */
  readonly depth?: string;
  /** Colour topic of a bag, or one for each depth topic with commas between, or 'none'. */
  readonly color?: string;
  /** Topics of tactile sensors, or none; by their names unless given. */
  readonly touch?: readonly string[];
  /** From one pixel to the next of tactile depth images (m), where it is known. */
  readonly touchPitch?: number;
  /** Whether there is a calibration for images of gels. */
  readonly touchCalibrated?: boolean;
  /** Frames of tf, of objects that move, that touches are also taken into (`TouchMeasurement.inFrames`). */
  readonly touchFrames?: readonly string[];
  /** Seconds without a transform on /tf over which the place of a touch is interpolated; 0.25 unless given. */
  readonly transformGap?: number;
  /** Columns of .bin files (bin-layout.ts); found out unless given. */
  readonly layout?: string;
  /** Metres of a unit of the depth images of a folder; by its files or its values unless given. */
  readonly depthScale?: number;
  /** How the sensor spins, for clouds without point times that have not been undistorted yet. */
  readonly spin?: SpinModel;
}

/** A source with one more warning. */
export function withNote(source: ScanSource, note: string): ScanSource {
  return Object.defineProperty({ ...source }, 'warnings', {
    enumerable: true,
    get: () => [note, ...source.warnings],
  });
}

const ENDLESS = 1n << 62n;

/**
 * Nanosecond bounds [startNs, endNs) of a range relative to the first stamp; open where nothing is asked for, so that
 * scans whose time goes back behind the first one still come through.
 */
export function rangeBounds(firstNs: bigint, range: ScanRange = {}): { startNs: bigint; endNs: bigint } {
  const { startS = 0, durationS = Infinity } = range;
  const startNs = firstNs + seconds(startS);
  return {
    startNs: startS > 0 ? startNs : -ENDLESS,
    endNs: durationS === Infinity ? ENDLESS : startNs + seconds(durationS),
  };
}

function seconds(s: number): bigint {
  return BigInt(Math.round(s * 1e9));
}
