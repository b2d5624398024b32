import { join } from 'node:path';
import { McapBagWriter } from '../../../src/bags/mcap-writer.js';
import type { ScanSource } from '../../../src/bags/source.js';
import type { Pose } from '../../../src/geometry/se3.js';
import {
  type CameraInfo,
  type CompressedImage,
  encodeCameraInfo,
  encodeCompressedImage,
  encodeImage,
  type Image,
} from '../../../src/messages/images.js';
import { encodeTFMessage } from '../../../src/messages/poses.js';
import { ROS_TYPES } from '../../../src/messages/types.js';
import type { RgbdFrame } from '../../../src/sensors/camera/frame.js';
import { isFrame, type Measurement } from '../../../src/sensors/measurement.js';
import { collect } from '../helpers.js';

export const WIDTH = 8;
export const HEIGHT = 6;

/** A depth image whose pixel i holds 1000 + 10·k + i millimetres. */
export function depthMessage(stampNs: bigint, k = 0, frameId = 'depth_optical'): Image {
  const words = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => 1000 + 10 * k + i);
  return {
    stampNs,
    frameId,
    width: WIDTH,
    height: HEIGHT,
    encoding: '16UC1',
    bigEndian: false,
    step: 2 * WIDTH,
    data: new Uint8Array(words.buffer),
  };
}

/** A picture of one colour: red k, green 2k, blue 3k. */
export function colorMessage(stampNs: bigint, k = 0, frameId = 'color_optical'): Image {
  const data = Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => k * (1 + (i % 3)));
  return {
    stampNs,
    frameId,
    width: WIDTH,
    height: HEIGHT,
    encoding: 'rgb8',
    bigEndian: false,
    step: 3 * WIDTH,
    data,
  };
}

export function cameraInfo(frameId: string, changes: Partial<CameraInfo> = {}): CameraInfo {
  return {
    stampNs: 1n,
    frameId,
    width: WIDTH,
    height: HEIGHT,
    distortionModel: 'plumb_bob',
    d: new Float64Array(5),
    k: Float64Array.of(10, 0, 3.5, 0, 11, 2.5, 0, 0, 1),
    r: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    p: Float64Array.of(10, 0, 3.5, 0, 0, 11, 2.5, 0, 0, 0, 1, 0),
    binningX: 0,
    binningY: 0,
    roi: { x: 0, y: 0, width: 0, height: 0, rectify: false },
    ...changes,
  };
}

/** A message of a bag to be written. */
export type Written = readonly [topic: string, type: string, logTimeNs: bigint, data: Uint8Array];

export const image = (topic: string, m: Image, logTimeNs = m.stampNs): Written => [
  topic,
  ROS_TYPES.image,
  logTimeNs,
  encodeImage(m),
];
export const compressed = (topic: string, m: CompressedImage, logTimeNs = m.stampNs): Written => [
  topic,
  ROS_TYPES.compressedImage,
  logTimeNs,
  encodeCompressedImage(m),
];
export const info = (topic: string, m: CameraInfo): Written => [
  topic,
  ROS_TYPES.cameraInfo,
  m.stampNs,
  encodeCameraInfo(m),
];
export const fixed = (frameId: string, childFrameId: string, transform: Pose): Written => [
  '/tf_static',
  ROS_TYPES.tf,
  1n,
  encodeTFMessage([{ stampNs: 1n, frameId, childFrameId, transform }]),
];

/** Writes an MCAP in order of log time. */
export async function writeBag(folder: string, name: string, messages: readonly Written[]): Promise<string> {
  const path = join(folder, name);
  const writer = await McapBagWriter.create(path);
  const order = [...messages].sort((a, b) => (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0));
  for (const [topic, type, time, data] of order) await writer.writeRaw(topic, type, time, data, 'none');
  await writer.close();
  return path;
}

/** All that a source brings, and the frames among it. */
export async function measured(
  source: ScanSource,
  range?: Parameters<ScanSource['measurements']>[0],
): Promise<{ all: Measurement[]; frames: RgbdFrame[] }> {
  const all = await collect(source.measurements(range));
  return { all, frames: all.filter(isFrame) };
}
