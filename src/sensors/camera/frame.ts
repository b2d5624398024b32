import type { Pinhole } from '../../geometry/pinhole.js';
import type { Pose, Twist } from '../../geometry/se3.js';

/** Models of what a lens does, by the names of sensor_msgs/CameraInfo; `none`: a pinhole. */
export type DistortionModel = 'none' | 'plumb_bob' | 'rational_polynomial' | 'equidistant';

/** A pinhole with a lens. */
export interface CameraIntrinsics extends Pinhole {
  readonly distortion: DistortionModel;
  /** k1 k2 p1 p2 k3 (k4 k5 k6), or k1 … k4 of the equidistant model; empty for a pinhole. */
  readonly coefficients: readonly number[];
}

/** Distances along the optical axis (REP-118), row by row. */
export interface DepthImage {
  readonly width: number;
  readonly height: number;
  /** width·height; 0, NaN and infinite are unknown. */
  readonly data: Uint16Array | Float32Array;
  /** Metres of one unit of `data`. */
  readonly scale: number;
}

/** An sRGB image, row by row: 3 bytes a pixel, red first. */
export interface ColorImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** What a colour camera beside the depth camera saw. */
export interface FrameColor {
  readonly image: ColorImage;
  readonly camera: CameraIntrinsics;
  /** Pose of the colour camera in the depth camera's frame; the identity where depth is registered to colour. */
  readonly T_depth_color: Pose;
  /** Stamp of the colour image minus that of the depth image, seconds. */
  readonly delay: number;
}

/**
 * A depth image, with colour where there is one, as read from messages or files, before any preparation. Frames are
 * optical: x right, y down, z forward (REP-103).
 */
export interface RgbdFrame {
  readonly kind: 'rgbd';
  /** Stamp of the depth image in nanoseconds: the instant to which the frame's pose belongs. */
  readonly stampNs: bigint;
  /** How far the clock of the stamps has stepped so far, ns (sensors/stamps.ts); left out where it has not. */
  readonly clockShiftNs?: bigint;
  /** Frame of the depth camera, header.frame_id. */
  readonly frameId: string;
  readonly depth: DepthImage;
  readonly camera: CameraIntrinsics;
  readonly color?: FrameColor;
  /** T_body_sensor at the stamp, the sensor being the depth camera. Without it, see {@link CAMERA_ON_BODY}. */
  readonly mount?: Pose;
  /** The camera's velocity relative to the body, [v, ω] in the camera's frame; absent where it is fixed. */
  readonly mountTwist?: Twist;
}

/** An image of a camera that measures no depth: it colours what other sensors map. */
export interface ColorFrame {
  readonly kind: 'color';
  /** Stamp of the image in nanoseconds. */
  readonly stampNs: bigint;
  /** As {@link RgbdFrame.clockShiftNs}. */
  readonly clockShiftNs?: bigint;
  /** Frame of the camera, header.frame_id. */
  readonly frameId: string;
  readonly image: ColorImage;
  readonly camera: CameraIntrinsics;
  /** T_body_camera at the stamp. */
  readonly mount: Pose;
}

/**
 * T_body_camera of a camera that nobody placed: it is the body, whose axes are x forward, y left, z up (REP-103), while
 * those of the camera are optical.
 */
export const CAMERA_ON_BODY: Pose = Float64Array.of(0, 0, 1, 0, -1, 0, 0, 0, 0, -1, 0, 0);
