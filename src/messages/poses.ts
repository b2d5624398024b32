import { type Pose, fromQuaternion, toQuaternion } from '../geometry/se3.js';
import { FeltmapError } from '../geometry/errors.js';
import { type Encoding, WireReader, WireWriter } from './wire.js';
import { HEADER_MIN_BYTES, type Header, readHeader, writeHeader } from './header.js';

/** geometry_msgs/PoseStamped: T_frame_object at a stamp. */
export interface PoseStamped extends Header {
  readonly pose: Pose;
}

/** nav_msgs/Odometry: T_frame_child with covariance, and the twist in the child frame. */
export interface Odometry extends Header {
  readonly childFrameId: string;
  readonly pose: Pose;
  /** 36 row-major, order x y z rotX rotY rotZ. */
  readonly poseCovariance: Float64Array;
  /** [vx vy vz wx wy wz] in the child frame. */
  readonly twist: Float64Array;
  readonly twistCovariance: Float64Array;
}

/** geometry_msgs/TransformStamped: T_frame_child. */
export interface TransformStamped extends Header {
  readonly childFrameId: string;
  readonly transform: Pose;
}

/** nav_msgs/Path. */
export interface Path extends Header {
  readonly poses: readonly PoseStamped[];
}

/** geometry_msgs/Pose and Transform have the same bytes: 3 + 4 float64. An all-zero quaternion is the identity. */
export function readPose(r: WireReader): Pose {
  const t = [r.float64(), r.float64(), r.float64()];
  const q = [r.float64(), r.float64(), r.float64(), r.float64()];
  const norm = Math.hypot(...q);
  if (norm === 0) return fromQuaternion(t, [0, 0, 0, 1]);
  if (!Number.isFinite(norm) || !t.every(Number.isFinite)) {
    throw new FeltmapError('bad-input', `${r.what}: the pose holds numbers that are not finite`);
  }
  return fromQuaternion(t, q);
}

export function writePose(w: WireWriter, pose: Pose): void {
  w.float64s([pose[3]!, pose[7]!, pose[11]!]);
  w.float64s(toQuaternion(pose));
}

export function decodePoseStamped(bytes: Uint8Array, encoding: Encoding = 'cdr'): PoseStamped {
  return readPoseStamped(new WireReader(bytes, encoding, 'geometry_msgs/PoseStamped'));
}

function readPoseStamped(r: WireReader): PoseStamped {
  return { ...readHeader(r), pose: readPose(r) };
}

export function encodePoseStamped(m: PoseStamped, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding);
  writeHeader(w, m);
  writePose(w, m.pose);
  return w.finish();
}

export function decodeOdometry(bytes: Uint8Array, encoding: Encoding = 'cdr'): Odometry {
  const r = new WireReader(bytes, encoding, 'nav_msgs/Odometry');
  return {
    ...readHeader(r),
    childFrameId: r.string(),
    pose: readPose(r),
    poseCovariance: r.float64s(36),
    twist: r.float64s(6),
    twistCovariance: r.float64s(36),
  };
}

export function encodeOdometry(m: Odometry, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding, 800);
  writeHeader(w, m);
  w.string(m.childFrameId);
  writePose(w, m.pose);
  w.float64s(m.poseCovariance);
  w.float64s(m.twist);
  w.float64s(m.twistCovariance);
  return w.finish();
}

export function decodeTFMessage(bytes: Uint8Array, encoding: Encoding = 'cdr'): TransformStamped[] {
  const r = new WireReader(bytes, encoding, 'tf2_msgs/TFMessage');
  const out: TransformStamped[] = [];
  for (let n = r.sequenceLength(HEADER_MIN_BYTES + 60); n > 0; n--) {
    out.push({ ...readHeader(r), childFrameId: r.string(), transform: readPose(r) });
  }
  return out;
}

export function encodeTFMessage(
  transforms: readonly TransformStamped[],
  encoding: Encoding = 'cdr',
): Uint8Array {
  const w = new WireWriter(encoding);
  w.uint32(transforms.length);
  for (const t of transforms) {
    writeHeader(w, t);
    w.string(t.childFrameId);
    writePose(w, t.transform);
  }
  return w.finish();
}

export function decodePath(bytes: Uint8Array, encoding: Encoding = 'cdr'): Path {
  const r = new WireReader(bytes, encoding, 'nav_msgs/Path');
  const header = readHeader(r);
  const poses: PoseStamped[] = [];
  for (let n = r.sequenceLength(HEADER_MIN_BYTES + 56); n > 0; n--) poses.push(readPoseStamped(r));
  return { ...header, poses };
}

export function encodePath(m: Path, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding);
  writeHeader(w, m);
  w.uint32(m.poses.length);
  for (const p of m.poses) {
    writeHeader(w, p);
    writePose(w, p.pose);
  }
  return w.finish();
}
