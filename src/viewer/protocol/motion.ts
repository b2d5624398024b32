import { FrameWriter, ProtocolError, type FrameReader } from './bytes.js';
import { FRAME } from './constants.js';

/** Tracking states by their byte. */
export const TRACKING_STATES = ['tracking', 'degraded', 'lost'] as const;
export type ViewerTrackingState = (typeof TRACKING_STATES)[number];

/** Where a submap lies; its blocks, poses, scans and touches move with it. */
export interface SubmapPoseFrame {
  readonly type: 'submapPose';
  readonly submap: number;
  readonly version: number;
  /** T_world_submap, row-major [R|t], 12 numbers. A submap without such a frame lies at identity. */
  readonly pose: Float64Array;
}

/** Poses start … start+N−1 of the trajectory; replaces those known, extends it where it was shorter. */
export interface TrajectoryFrame {
  readonly type: 'trajectory';
  readonly start: number;
  /** N, nanoseconds. */
  readonly stamps: BigInt64Array;
  /** 3·N, metres: position of the body in its submap's frame. */
  readonly positions: Float64Array;
  /** 4·N, x y z w: orientation of the body in its submap's frame. */
  readonly orientations: Float32Array;
  /** N. */
  readonly submaps: Uint32Array;
  /** N, index into TRACKING_STATES. */
  readonly states: Uint8Array;
}

/** Keyframes start … start+N−1, each as index of its pose in the trajectory. */
export interface KeyframesFrame {
  readonly type: 'keyframes';
  readonly start: number;
  readonly poses: Uint32Array;
}

export function encodeSubmapPose({ submap, version, pose }: SubmapPoseFrame): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(FRAME.submapPose, 8 + 96);
  writer.u32(submap);
  writer.u32(version);
  writer.array(pose);
  return writer.done();
}

export function decodeSubmapPose(reader: FrameReader): SubmapPoseFrame {
  return { type: 'submapPose', submap: reader.u32(), version: reader.u32(), pose: reader.f64s(12) };
}

export function encodeTrajectory(frame: TrajectoryFrame): Uint8Array<ArrayBuffer> {
  const { start, stamps, positions, orientations, submaps, states } = frame;
  const writer = new FrameWriter(FRAME.trajectory, 8 + stamps.length * 53);
  writer.u32(start);
  writer.u32(stamps.length);
  writer.array(stamps);
  writer.array(positions);
  writer.array(orientations);
  writer.array(submaps);
  writer.array(states);
  return writer.done();
}

export function decodeTrajectory(reader: FrameReader): TrajectoryFrame {
  const start = reader.u32();
  const count = reader.u32();
  const stamps = reader.i64s(count);
  const positions = reader.f64s(3 * count);
  const orientations = reader.f32s(4 * count);
  const submaps = reader.u32s(count);
  const states = reader.u8s(count);
  if (states.some((state) => state >= TRACKING_STATES.length))
    throw new ProtocolError('a pose has an unknown tracking state');
  return { type: 'trajectory', start, stamps, positions, orientations, submaps, states };
}

export function encodeKeyframes({ start, poses }: KeyframesFrame): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(FRAME.keyframes, 8 + poses.byteLength);
  writer.u32(start);
  writer.u32(poses.length);
  writer.array(poses);
  return writer.done();
}

export function decodeKeyframes(reader: FrameReader): KeyframesFrame {
  const start = reader.u32();
  return { type: 'keyframes', start, poses: reader.u32s(reader.u32()) };
}
