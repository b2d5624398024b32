import { describe, expect, it } from 'vitest';
import * as m from '../../src/messages/index.js';
import { bytes, expectEveryCutRefused, json } from './helpers.js';

/** Cyclone pads messages to a multiple of four bytes. */
const padded = (b: Uint8Array): Uint8Array => {
  const out = new Uint8Array(Math.ceil(b.length / 4) * 4);
  out.set(b);
  return out;
};

interface JsonHeader {
  stamp: { sec: number; nanosec: number };
  frame_id: string;
}
const STAMP = 1_700_000_000_123_456_789n;

describe('more messages from a real ROS 2', () => {
  for (const name of ['image_rgb8', 'image_16uc1', 'image_32fc1']) {
    it(`Image ${name}`, () => {
      const truth = json<{
        header: JsonHeader;
        height: number;
        width: number;
        encoding: string;
        is_bigendian: number;
        step: number;
        data: number[];
      }>(name);
      const raw = bytes(name);
      const image = m.decodeImage(raw);
      expect(image.stampNs).toBe(STAMP);
      expect(image.frameId).toBe(truth.header.frame_id);
      expect([image.height, image.width, image.step]).toEqual([truth.height, truth.width, truth.step]);
      expect(image.encoding).toBe(truth.encoding);
      expect(image.bigEndian).toBe(truth.is_bigendian !== 0);
      expect([...image.data]).toEqual(truth.data);
      expect(image.data.buffer).toBe(raw.buffer);
      expect(padded(m.encodeImage(image))).toEqual(raw);
    });
  }

  it('CompressedImage', () => {
    const truth = json<{ format: string; data: number[] }>('compressed');
    const image = m.decodeCompressedImage(bytes('compressed'));
    expect([image.stampNs, image.frameId, image.format]).toEqual([STAMP, 'cam', truth.format]);
    expect([...image.data]).toEqual(truth.data);
    expect(padded(m.encodeCompressedImage(image))).toEqual(bytes('compressed'));
  });

  it('CameraInfo', () => {
    const truth = json<Record<'d' | 'k' | 'r' | 'p', number[]> & { distortion_model: string }>('camera_info');
    const info = m.decodeCameraInfo(bytes('camera_info'));
    expect([info.width, info.height, info.distortionModel]).toEqual([640, 480, truth.distortion_model]);
    for (const key of ['d', 'k', 'r', 'p'] as const) expect([...info[key]]).toEqual(truth[key]);
    expect(info.roi).toEqual({ x: 0, y: 0, height: 0, width: 0, rectify: false });
    expect(padded(m.encodeCameraInfo(info))).toEqual(bytes('camera_info'));
  });

  it('Clock', () => {
    expect(m.decodeClock(bytes('clock'))).toBe(STAMP);
    expect(padded(m.encodeClock(STAMP))).toEqual(bytes('clock'));
  });

  it('DiagnosticArray', () => {
    const truth = json<{
      status: { level: number; name: string; message: string; hardware_id: string; values: object[] }[];
    }>('diagnostics');
    const array = m.decodeDiagnosticArray(bytes('diagnostics'));
    expect(array.stampNs).toBe(STAMP);
    expect(array.status).toEqual(
      truth.status.map(({ hardware_id: hardwareId, ...rest }) => ({ ...rest, hardwareId })),
    );
    expect(padded(m.encodeDiagnosticArray(array))).toEqual(bytes('diagnostics'));
  });

  it('MarkerArray', () => {
    const markers = m.decodeMarkerArray(bytes('marker_array'));
    expect(markers).toHaveLength(1);
    const [marker] = markers;
    expect(marker).toMatchObject({
      frameId: 'odom',
      ns: 'mesh',
      id: 42,
      type: 11,
      action: 0,
      stampNs: STAMP,
    });
    expect([...marker!.points]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0]);
    expect([...marker!.colors]).toEqual([1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1]);
    expect(marker!.scale).toEqual([1, 1, 1]);
    expect([...marker!.pose]).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    // The recorded texture carries a stamp of its own, which Feltmap writes as zero.
    const again = m.decodeMarkerArray(m.encodeMarkerArray(markers));
    expect(again).toEqual(markers);
    const ours = padded(m.encodeMarkerArray(markers));
    const theirs = bytes('marker_array');
    expect(ours.length).toBe(theirs.length);
    const differing = [...ours.keys()].filter((i) => ours[i] !== theirs[i]);
    expect(differing.length).toBeLessThanOrEqual(8);
  });

  it('the header of any message, without the rest', () => {
    for (const name of ['pointcloud2', 'image_rgb8', 'imu', 'odometry']) {
      const raw = bytes(name);
      expect(m.peekHeader(raw).stampNs).toBe(STAMP);
      expect(m.peekHeader(raw.subarray(0, 64)).frameId).toBe(m.peekHeader(raw).frameId);
    }
  });
});

describe('round trips', () => {
  it('several markers, deletions and unaligned names between them', () => {
    const header = { stampNs: 5n, frameId: 'odom' };
    const markers = ['', 'a', 'ab', 'abc', 'abcd'].map((ns, i) => ({
      ...m.bareMarker(header, ns, i - 2, i % 2 ? m.MarkerAction.add : m.MarkerAction.delete),
      points: Float64Array.from({ length: 9 * i }, (_, k) => k / 7),
      colors: Float32Array.from({ length: 12 * i }, (_, k) => k / 8),
    }));
    expect(m.decodeMarkerArray(m.encodeMarkerArray(markers))).toEqual(markers);
  });
});

describe('hostile bytes', () => {
  const decoders: Record<string, (b: Uint8Array) => unknown> = {
    image_rgb8: m.decodeImage,
    compressed: m.decodeCompressedImage,
    camera_info: m.decodeCameraInfo,
    diagnostics: m.decodeDiagnosticArray,
    marker_array: m.decodeMarkerArray,
    clock: m.decodeClock,
  };
  for (const [name, decode] of Object.entries(decoders)) {
    it(`${name}: every cut gives a FeltmapError`, () => expectEveryCutRefused(name, decode));
  }

  it('lengths that cannot fit are refused without allocating', () => {
    const w = new m.WireWriter();
    w.uint32(0xfffffff0);
    for (const decode of [m.decodeMarkerArray]) expect(() => decode(w.finish())).toThrow(/too early/);
  });
});

describe('WireWriter', () => {
  it('grows wherever the end of its memory falls', () => {
    for (let capacity = 5; capacity < 400; capacity += 3) {
      const pose = Float64Array.of(1, 0, 0, 1, 0, 1, 0, 2, 0, 0, 1, 3);
      const w = new m.WireWriter('cdr', capacity);
      m.writeHeader(w, { stampNs: 7n, frameId: 'odom' });
      m.writePose(w, pose);
      w.uint8(9);
      w.byteSequence(Uint8Array.of(1, 2, 3));
      w.float32(0.5);
      w.bool(true);
      w.int32(-4);
      const r = new m.WireReader(w.finish(), 'cdr', 'test');
      expect(m.readHeader(r)).toEqual({ stampNs: 7n, frameId: 'odom' });
      expect([...m.readPose(r)]).toEqual([...pose]);
      expect(r.uint8()).toBe(9);
      expect([...r.byteSequence()]).toEqual([1, 2, 3]);
      expect([r.float32(), r.bool(), r.int32()]).toEqual([0.5, true, -4]);
    }
  });

  it('a path of thousands of poses', () => {
    const poses = Array.from({ length: 5000 }, (_, i) => ({
      stampNs: BigInt(i),
      frameId: 'odom',
      pose: Float64Array.of(1, 0, 0, i, 0, 1, 0, 0, 0, 0, 1, 0),
    }));
    expect(m.decodePath(m.encodePath({ stampNs: 1n, frameId: 'odom', poses })).poses).toEqual(poses);
  });
});
