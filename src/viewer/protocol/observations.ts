import { FrameWriter, ProtocolError, type FrameReader } from './bytes.js';
import { FRAME } from './constants.js';
import { readBox, writeBox } from './mesh-block.js';
import type { Box } from './quantise.js';

/** The newest scan, thinned; replaces the one before from the same sensor. */
export interface ScanFrame {
  readonly type: 'scan';
  readonly sensor: number;
  readonly submap: number;
  readonly stamp: bigint;
  /** T_submap_sensor, row-major [R|t]. */
  readonly pose: Float64Array;
  /** In the sensor's frame. */
  readonly box: Box;
  /** 3·N steps of the box. */
  readonly positions: Uint16Array;
}

/** The newest picture of a stream. */
export interface ImageFrame {
  readonly type: 'image';
  /** Number of the stream; its name and kind stand in the hello frame's `streams`. */
  readonly stream: number;
  readonly stamp: bigint;
  readonly width: number;
  readonly height: number;
  readonly jpeg: Uint8Array;
}

/** Where a camera was when it took the newest picture of its stream; replaces what was known before. */
export interface CameraFrame {
  readonly type: 'camera';
  readonly stream: number;
  readonly submap: number;
  readonly stamp: bigint;
  /** T_submap_camera, row-major [R|t]; the camera's frame is optical: x right, y down, z forward. */
  readonly pose: Float64Array;
  /** Full angles of view across and down, radians, between 0 and π. */
  readonly fovX: number;
  readonly fovY: number;
}

/** A place that was touched; replaces an earlier patch with the same id. */
export interface TouchFrame {
  readonly type: 'touch';
  readonly id: number;
  readonly submap: number;
  readonly stamp: bigint;
  /** Middle of the patch in the submap's frame, metres; normal out of the surface; radius, metres. */
  readonly center: readonly [number, number, number];
  readonly normal: readonly [number, number, number];
  readonly radius: number;
  /** Felt points in the submap's frame, 3·N steps of the box; may be empty. */
  readonly box: Box;
  readonly positions: Uint16Array;
}

export function encodeScan(frame: ScanFrame): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(FRAME.scan, 144 + frame.positions.byteLength);
  writer.i64(frame.stamp);
  writer.array(frame.pose);
  writer.u32(frame.sensor);
  writer.u32(frame.submap);
  writeBox(writer, frame.box);
  writer.u32(frame.positions.length / 3);
  writer.u32(0);
  writer.array(frame.positions);
  return writer.done();
}

export function decodeScan(reader: FrameReader): ScanFrame {
  const stamp = reader.i64();
  const pose = reader.f64s(12);
  const sensor = reader.u32();
  const submap = reader.u32();
  const box = readBox(reader);
  const count = reader.u32();
  if (reader.u32() !== 0) throw new ProtocolError('a scan has unknown flags');
  return { type: 'scan', stamp, pose, sensor, submap, box, positions: reader.u16s(3 * count) };
}

export function encodeImage(frame: ImageFrame): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(FRAME.image, 20 + frame.jpeg.length);
  writer.i64(frame.stamp);
  writer.u32(frame.stream);
  writer.u16(frame.width);
  writer.u16(frame.height);
  writer.u32(frame.jpeg.length);
  writer.array(frame.jpeg);
  return writer.done();
}

export function decodeImage(reader: FrameReader): ImageFrame {
  const stamp = reader.i64();
  const stream = reader.u32();
  const width = reader.u16();
  const height = reader.u16();
  return { type: 'image', stamp, stream, width, height, jpeg: reader.u8s(reader.u32()) };
}

export function encodeCamera(frame: CameraFrame): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(FRAME.camera, 120);
  writer.i64(frame.stamp);
  writer.array(frame.pose);
  writer.u32(frame.stream);
  writer.u32(frame.submap);
  writer.f32(frame.fovX);
  writer.f32(frame.fovY);
  return writer.done();
}

export function decodeCamera(reader: FrameReader): CameraFrame {
  const stamp = reader.i64();
  const pose = reader.f64s(12);
  const stream = reader.u32();
  const submap = reader.u32();
  const [fovX, fovY] = [reader.f32(), reader.f32()];
  if (!(fovX > 0 && fovX < Math.PI && fovY > 0 && fovY < Math.PI))
    throw new ProtocolError('a camera has an angle of view out of range');
  return { type: 'camera', stamp, pose, stream, submap, fovX, fovY };
}

export function encodeTouch(frame: TouchFrame): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(FRAME.touch, 72 + frame.positions.byteLength);
  writer.i64(frame.stamp);
  writer.u32(frame.id);
  writer.u32(frame.submap);
  for (const value of frame.center) writer.f32(value);
  for (const value of frame.normal) writer.f32(value);
  writer.f32(frame.radius);
  writeBox(writer, frame.box);
  writer.u32(frame.positions.length / 3);
  writer.array(frame.positions);
  return writer.done();
}

export function decodeTouch(reader: FrameReader): TouchFrame {
  const stamp = reader.i64();
  const id = reader.u32();
  const submap = reader.u32();
  const center = [reader.f32(), reader.f32(), reader.f32()] as const;
  const normal = [reader.f32(), reader.f32(), reader.f32()] as const;
  const radius = reader.f32();
  if (![...center, ...normal, radius].every(Number.isFinite) || radius < 0)
    throw new ProtocolError('a touch has no place or a negative radius');
  const box = readBox(reader);
  const positions = reader.u16s(3 * reader.u32());
  return { type: 'touch', stamp, id, submap, center, normal, radius, box, positions };
}
