import { fileURLToPath } from 'node:url';
import { openBag } from '../../src/bags/reader.js';

export const BAG = fileURLToPath(new URL('../../bags/kitti_0005.mcap', import.meta.url));
export const TRUTH = fileURLToPath(new URL('../../bags/kitti_0005.tum', import.meta.url));
export const ROOM_BAG = fileURLToPath(new URL('../../bags/rgbd_room.mcap', import.meta.url));
export const ROOM_TRUTH = fileURLToPath(new URL('../../bags/rgbd_room.tum', import.meta.url));

/** A serialised message of a recording. */
export interface Recorded {
  readonly topic: string;
  readonly type: string;
  /** Nanoseconds. */
  readonly logTimeNs: bigint;
  readonly data: Buffer;
}

/** All messages of these topics, in order of log time. */
export async function readMessages(file: string, topics: readonly string[]): Promise<Recorded[]> {
  const bag = await openBag(file);
  const messages: Recorded[] = [];
  for await (const { topic, type, logTimeNs, data } of bag.messages({ topics }))
    messages.push({ topic, type, logTimeNs, data: ownBuffer(data) });
  await bag.close();
  return messages;
}

/** The clouds of the shipped recording as they lie in it: serialised PointCloud2, frame `velodyne`, 0.1 s apart. */
export async function readClouds(count = Infinity): Promise<Buffer[]> {
  const bag = await openBag(BAG);
  const clouds: Buffer[] = [];
  for await (const message of bag.messages({ topics: ['/velodyne_points'] })) {
    if (clouds.length >= count) break;
    clouds.push(ownBuffer(message.data));
  }
  await bag.close();
  return clouds;
}

/** Header stamp (ns) of a serialised message that begins with a Header. */
export function stampOf(message: Buffer): bigint {
  return BigInt(message.readInt32LE(4)) * 1_000_000_000n + BigInt(message.readUInt32LE(8));
}

/** A copy of the message with another header stamp (ns). */
export function withStamp(message: Buffer, stampNs: bigint): Buffer {
  const copy = ownBuffer(message);
  copy.writeInt32LE(Number(stampNs / 1_000_000_000n), 4);
  copy.writeUInt32LE(Number(stampNs % 1_000_000_000n), 8);
  return copy;
}

/** rclnodejs publishes views of larger buffers wrongly: every message gets memory of its own. */
export function ownBuffer(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
