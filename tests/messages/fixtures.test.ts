import { describe, expect, it } from 'vitest';
import { fromQuaternion } from '../../src/geometry/se3.js';
import * as m from '../../src/messages/index.js';
import { bytes, expectEveryCutRefused, json } from './helpers.js';

interface Stamp {
  sec: number;
  nanosec: number;
}
interface JsonHeader {
  stamp: Stamp;
  frame_id: string;
}
interface Xyz {
  x: number;
  y: number;
  z: number;
  w?: number;
}

const ns = (s: Stamp): bigint => BigInt(s.sec) * 1_000_000_000n + BigInt(s.nanosec);
const list = (v: Xyz): number[] => (v.w === undefined ? [v.x, v.y, v.z] : [v.x, v.y, v.z, v.w]);
/** Cyclone pads messages to a multiple of four bytes. */
const padded = (b: Uint8Array): Uint8Array => {
  const out = new Uint8Array(Math.ceil(b.length / 4) * 4);
  out.set(b);
  return out;
};

describe('messages from a real ROS 2', () => {
  it('PointCloud2', () => {
    const truth = json<{
      header: JsonHeader;
      height: number;
      width: number;
      fields: object[];
      is_bigendian: boolean;
      point_step: number;
      row_step: number;
      data: number[];
      is_dense: boolean;
    }>('pointcloud2');
    const cloud = m.decodePointCloud2(bytes('pointcloud2'));
    expect(cloud.stampNs).toBe(ns(truth.header.stamp));
    expect(cloud.frameId).toBe(truth.header.frame_id);
    expect([cloud.height, cloud.width]).toEqual([truth.height, truth.width]);
    expect(cloud.fields).toEqual(truth.fields);
    expect([cloud.bigEndian, cloud.isDense]).toEqual([truth.is_bigendian, truth.is_dense]);
    expect([cloud.pointStep, cloud.rowStep]).toEqual([truth.point_step, truth.row_step]);
    expect([...cloud.data]).toEqual(truth.data);
    expect(padded(m.encodePointCloud2(cloud))).toEqual(bytes('pointcloud2'));
  });

  it('PointCloud2 data is a view, not a copy', () => {
    const raw = bytes('pointcloud2');
    expect(m.decodePointCloud2(raw).data.buffer).toBe(raw.buffer);
  });

  it('Imu', () => {
    const truth = json<{
      header: JsonHeader;
      orientation: Xyz;
      orientation_covariance: number[];
      angular_velocity: Xyz;
      linear_acceleration: Xyz;
    }>('imu');
    const imu = m.decodeImu(bytes('imu'));
    expect(imu.stampNs).toBe(ns(truth.header.stamp));
    expect(imu.frameId).toBe(truth.header.frame_id);
    expect([...imu.orientation]).toEqual(list(truth.orientation));
    expect([...imu.orientationCovariance]).toEqual(truth.orientation_covariance);
    expect([...imu.angularVelocity]).toEqual(list(truth.angular_velocity));
    expect([...imu.linearAcceleration]).toEqual(list(truth.linear_acceleration));
    expect(padded(m.encodeImu(imu))).toEqual(bytes('imu'));
  });

  it('Odometry', () => {
    const truth = json<{
      header: JsonHeader;
      child_frame_id: string;
      pose: { pose: { position: Xyz; orientation: Xyz }; covariance: number[] };
      twist: { twist: { linear: Xyz; angular: Xyz }; covariance: number[] };
    }>('odometry');
    const odometry = m.decodeOdometry(bytes('odometry'));
    expect(odometry.stampNs).toBe(ns(truth.header.stamp));
    expect([odometry.frameId, odometry.childFrameId]).toEqual([truth.header.frame_id, truth.child_frame_id]);
    const { position, orientation } = truth.pose.pose;
    expect(odometry.pose).toEqual(fromQuaternion(list(position), list(orientation)));
    expect([...odometry.poseCovariance]).toEqual(truth.pose.covariance);
    expect([...odometry.twist]).toEqual([
      ...list(truth.twist.twist.linear),
      ...list(truth.twist.twist.angular),
    ]);
    expect([...odometry.twistCovariance]).toEqual(truth.twist.covariance);
    const again = m.decodeOdometry(m.encodeOdometry(odometry));
    again.pose.forEach((v, i) => expect(v).toBeCloseTo(odometry.pose[i]!, 12));
    expect({ ...again, pose: 0 }).toEqual({ ...odometry, pose: 0 });
  });

  it('TFMessage', () => {
    const truth = json<{
      transforms: {
        header: JsonHeader;
        child_frame_id: string;
        transform: { translation: Xyz; rotation: Xyz };
      }[];
    }>('tf');
    const transforms = m.decodeTFMessage(bytes('tf'));
    expect(transforms).toEqual(
      truth.transforms.map((t) => ({
        stampNs: ns(t.header.stamp),
        frameId: t.header.frame_id,
        childFrameId: t.child_frame_id,
        transform: fromQuaternion(list(t.transform.translation), list(t.transform.rotation)),
      })),
    );
  });

  it('Path and PoseStamped', () => {
    const truth = json<{ header: JsonHeader; poses: { pose: { position: Xyz; orientation: Xyz } }[] }>(
      'path',
    );
    const path = m.decodePath(bytes('path'));
    expect(path.frameId).toBe(truth.header.frame_id);
    expect(path.poses.map((p) => p.pose)).toEqual(
      truth.poses.map((p) => fromQuaternion(list(p.pose.position), list(p.pose.orientation))),
    );
    expect(padded(m.encodePath(path))).toEqual(bytes('path'));
    const pose = path.poses[1]!;
    expect(m.decodePoseStamped(m.encodePoseStamped(pose))).toEqual(pose);
  });
});

describe('hostile bytes', () => {
  const decoders: Record<string, (b: Uint8Array) => unknown> = {
    pointcloud2: m.decodePointCloud2,
    imu: m.decodeImu,
    odometry: m.decodeOdometry,
    tf: m.decodeTFMessage,
    path: m.decodePath,
  };
  for (const [name, decode] of Object.entries(decoders)) {
    it(`${name}: every cut gives a FeltmapError`, () => expectEveryCutRefused(name, decode));
  }

  it('refuses encapsulations it does not know', () => {
    const raw = bytes('imu');
    raw[1] = 3; // PL_CDR_LE
    expect(() => m.decodeImu(raw)).toThrow(/encapsulation/);
  });

  it('refuses sequence lengths that cannot fit, without allocating', () => {
    const w = new m.WireWriter();
    w.uint32(0xffffffff);
    expect(() => m.decodeTFMessage(w.finish())).toThrow(/ends .* too early/);
  });

  it('refuses poses that are not finite', () => {
    const pose = Float64Array.of(1, 0, 0, NaN, 0, 1, 0, 0, 0, 0, 1, 0);
    const raw = m.encodePoseStamped({ stampNs: 0n, frameId: 'a', pose });
    expect(() => m.decodePoseStamped(raw)).toThrow(/not finite/);
  });
});

describe('wire format', () => {
  it('reads big-endian CDR', () => {
    const raw = Uint8Array.of(0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 7);
    const r = new m.WireReader(raw, 'cdr', 'test');
    expect(r.uint16()).toBe(0x1234);
    expect(r.uint32()).toBe(7);
  });

  it('aligns 8-byte numbers to 8 in CDR and to 4 in CDR2', () => {
    const raw = new Uint8Array(4 + 16);
    new DataView(raw.buffer).setFloat64(4 + 8, 2.5, true);
    new DataView(raw.buffer).setUint8(4, 1);
    raw[1] = 1;
    const cdr = new m.WireReader(raw, 'cdr', 'test');
    cdr.uint8();
    expect(cdr.float64()).toBe(2.5);
    raw[1] = 7;
    new DataView(raw.buffer).setFloat64(4 + 4, 3.5, true);
    const cdr2 = new m.WireReader(raw, 'cdr', 'test');
    cdr2.uint8();
    expect(cdr2.float64()).toBe(3.5);
  });

  it('keeps stamps before 1970 and in both encodings', () => {
    const pose = Float64Array.of(1, 0, 0, 1, 0, 1, 0, 2, 0, 0, 1, 3);
    const early = { stampNs: -1_500_000_000n, frameId: 'ü', pose };
    expect(m.decodePoseStamped(m.encodePoseStamped(early))).toEqual(early);
    const late = { ...early, stampNs: 3_000_000_000_123_456_789n };
    expect(m.decodePoseStamped(m.encodePoseStamped(late, 'ros1'), 'ros1')).toEqual(late);
  });

  it('ROS 1 messages become the same CDR messages', () => {
    const imu = m.decodeImu(bytes('imu'));
    const cdr = m.ros1ToCdr(m.ROS_TYPES.imu)!(m.encodeImu(imu, 'ros1'));
    expect(cdr).toEqual(m.encodeImu(imu));
    const cloud = m.decodePointCloud2(bytes('pointcloud2'));
    const cloudCdr = m.ros1ToCdr(m.ROS_TYPES.pointCloud2)!(m.encodePointCloud2(cloud, 'ros1'));
    expect(cloudCdr).toEqual(m.encodePointCloud2(cloud));
    const header = { stampNs: 12_000_000_034n, frameId: 'camera' };
    const image = {
      ...header,
      width: 2,
      height: 1,
      encoding: 'mono8',
      bigEndian: false,
      step: 2,
      data: Uint8Array.of(7, 9),
    };
    const imageCdr = m.ros1ToCdr(m.ROS_TYPES.image)!(m.encodeImage(image, 'ros1'));
    expect(m.decodeImage(imageCdr)).toEqual(image);
    const jpeg = { ...header, format: 'jpeg', data: Uint8Array.of(1, 2, 3) };
    const jpegCdr = m.ros1ToCdr(m.ROS_TYPES.compressedImage)!(m.encodeCompressedImage(jpeg, 'ros1'));
    expect(m.decodeCompressedImage(jpegCdr)).toEqual(jpeg);
    const info = {
      ...header,
      ...{ width: 2, height: 1, distortionModel: 'plumb_bob', d: Float64Array.of(1, 2, 3, 4, 5) },
      ...{ k: new Float64Array(9).fill(1), r: new Float64Array(9).fill(2), p: new Float64Array(12).fill(3) },
      ...{ binningX: 1, binningY: 2, roi: { x: 3, y: 4, height: 5, width: 6, rectify: true } },
    };
    const infoCdr = m.ros1ToCdr(m.ROS_TYPES.cameraInfo)!(m.encodeCameraInfo(info, 'ros1'));
    expect(m.decodeCameraInfo(infoCdr)).toEqual(info);
    expect(m.ros1ToCdr('std_msgs/msg/String')).toBeUndefined();
  });
});
