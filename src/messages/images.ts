import { type Encoding, WireReader, WireWriter } from './wire.js';
import { type Header, readHeader, writeHeader } from './header.js';

/** sensor_msgs/Image; `data` is a view into the message, not a copy. */
export interface Image extends Header {
  readonly height: number;
  readonly width: number;
  /** rgb8, bgr8, mono8, 16UC1, 32FC1, … (sensor_msgs/image_encodings.hpp). */
  readonly encoding: string;
  readonly bigEndian: boolean;
  /** Bytes of a row. */
  readonly step: number;
  readonly data: Uint8Array;
}

/** sensor_msgs/CompressedImage; `data` is a view into the message, not a copy. */
export interface CompressedImage extends Header {
  /** Such as `jpeg`, `rgb8; jpeg compressed bgr8` or `16UC1; compressedDepth png`. */
  readonly format: string;
  readonly data: Uint8Array;
}

/** sensor_msgs/CameraInfo: the pinhole model of a camera. */
export interface CameraInfo extends Header {
  readonly height: number;
  readonly width: number;
  readonly distortionModel: string;
  /** Distortion coefficients, as many as the model has. */
  readonly d: Float64Array;
  /** 3×3 row-major intrinsics of the raw image. */
  readonly k: Float64Array;
  /** 3×3 row-major rectification. */
  readonly r: Float64Array;
  /** 3×4 row-major projection of the rectified image. */
  readonly p: Float64Array;
  readonly binningX: number;
  readonly binningY: number;
  readonly roi: RegionOfInterest;
}

/** sensor_msgs/RegionOfInterest, in pixels; all zero for the whole image. */
export interface RegionOfInterest {
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly width: number;
  readonly rectify: boolean;
}

/** Decodes sensor_msgs/Image. Throws FeltmapError 'bad-input' where bytes are missing. */
export function decodeImage(bytes: Uint8Array, encoding: Encoding = 'cdr'): Image {
  const r = new WireReader(bytes, encoding, 'sensor_msgs/Image');
  return {
    ...readHeader(r),
    height: r.uint32(),
    width: r.uint32(),
    encoding: r.string(),
    bigEndian: r.bool(),
    step: r.uint32(),
    data: r.byteSequence(),
  };
}

export function encodeImage(m: Image, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding, m.data.length + 256);
  writeHeader(w, m);
  w.uint32(m.height);
  w.uint32(m.width);
  w.string(m.encoding);
  w.bool(m.bigEndian);
  w.uint32(m.step);
  w.byteSequence(m.data);
  return w.finish();
}

export function decodeCompressedImage(bytes: Uint8Array, encoding: Encoding = 'cdr'): CompressedImage {
  return readCompressedImage(new WireReader(bytes, encoding, 'sensor_msgs/CompressedImage'));
}

/** A CompressedImage inside another message. */
export function readCompressedImage(r: WireReader): CompressedImage {
  return { ...readHeader(r), format: r.string(), data: r.byteSequence() };
}

export function encodeCompressedImage(m: CompressedImage, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding, m.data.length + 256);
  writeHeader(w, m);
  w.string(m.format);
  w.byteSequence(m.data);
  return w.finish();
}

export function decodeCameraInfo(bytes: Uint8Array, encoding: Encoding = 'cdr'): CameraInfo {
  const r = new WireReader(bytes, encoding, 'sensor_msgs/CameraInfo');
  return {
    ...readHeader(r),
    height: r.uint32(),
    width: r.uint32(),
    distortionModel: r.string(),
    d: r.float64s(r.sequenceLength(8)),
    k: r.float64s(9),
    r: r.float64s(9),
    p: r.float64s(12),
    binningX: r.uint32(),
    binningY: r.uint32(),
    roi: {
      x: r.uint32(),
      y: r.uint32(),
      height: r.uint32(),
      width: r.uint32(),
      rectify: r.bool(),
    },
  };
}

export function encodeCameraInfo(m: CameraInfo, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding, 512);
  writeHeader(w, m);
  w.uint32(m.height);
  w.uint32(m.width);
  w.string(m.distortionModel);
  w.uint32(m.d.length);
  w.float64s(m.d);
  w.float64s(m.k);
  w.float64s(m.r);
  w.float64s(m.p);
  w.uint32(m.binningX);
  w.uint32(m.binningY);
  for (const v of [m.roi.x, m.roi.y, m.roi.height, m.roi.width]) w.uint32(v);
  w.bool(m.roi.rectify);
  return w.finish();
}
