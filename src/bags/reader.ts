import { stat } from 'node:fs/promises';
import { FeltmapError } from '../geometry/errors.js';
import { RandomAccessFile, fileError } from './files.js';
import { MCAP_MAGIC } from './mcap-records.js';
import { McapReader } from './mcap-reader.js';
import type { BagReader } from './types.js';

const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean => prefix.every((b, i) => bytes[i] === b);
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * Opens a recording, whatever its name: MCAP, rosbag2 SQLite or ROS 1 bag, told apart by content, or a rosbag2
 * directory with its metadata.yaml.
 * Throws FeltmapError: 'not-found', 'io', or 'unsupported' for files that are no bag.
 */
export async function openBag(path: string): Promise<BagReader> {
  const info = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  void info;
  const file = await RandomAccessFile.open(path);
  const head = await file.read(0, 16);
  await file.close();
  if (startsWith(head, MCAP_MAGIC)) return McapReader.open(path);
  void ascii;
  throw new FeltmapError(
    'unsupported',
    `${path} is no recording that Feltmap knows (MCAP, rosbag2 SQLite, ROS 1 bag); check that it is the right file`,
  );
}
