import { stat } from 'node:fs/promises';
import { FeltmapError } from '../geometry/errors.js';
import { RandomAccessFile, fileError } from './files.js';
import { McapReader } from './mcap-reader.js';
import { MCAP_MAGIC } from './mcap-records.js';
import { Ros1BagReader } from './ros1-reader.js';
import { ROS1_MAGIC } from './ros1-records.js';
import { SplitBagReader, findRosbag2Files } from './rosbag2-dir.js';
import { SQLITE_MAGIC } from './sqlite-file.js';
import { SqliteBagReader } from './sqlite-reader.js';
import type { BagReader } from './types.js';

const ZSTD_MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);

const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean => prefix.every((b, i) => bytes[i] === b);

/**
 * Opens a recording, whatever its name: MCAP, rosbag2 SQLite or ROS 1 bag, told apart by content, or a rosbag2
 * directory with its metadata.yaml. Memory stays flat however large it is.
 * Throws FeltmapError: 'not-found', 'io', 'bad-input', or 'unsupported' for files that are no bag.
 */
export async function openBag(path: string): Promise<BagReader> {
  const info = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  return info.isDirectory() ? openDirectory(path) : openFile(path);
}

async function openDirectory(path: string): Promise<BagReader> {
  const found = await findRosbag2Files(path);
  if (!found) {
    throw new FeltmapError(
      'unsupported',
      `${path} is a folder without a recording in it (no .mcap, no .db3)`,
    );
  }
  const parts: BagReader[] = [];
  const warnings = [...found.warnings];
  for (const file of found.files) {
    try {
      parts.push(await openFile(file));
    } catch (error) {
      if (!(error instanceof FeltmapError) || found.files.length === 1) throw error;
      warnings.push(`${error.message}; this part is left out`);
    }
  }
  if (parts.length === 0)
    throw new FeltmapError('bad-input', `${path}: no part of the recording can be read: ${warnings[0]}`);
  return new SplitBagReader(parts, warnings, found.metadata);
}

async function openFile(path: string): Promise<BagReader> {
  const file = await RandomAccessFile.open(path);
  const head = await file.read(0, 16);
  await file.close();
  if (startsWith(head, MCAP_MAGIC)) return McapReader.open(path);
  if (startsWith(head, ROS1_MAGIC)) return Ros1BagReader.open(path);
  if (startsWith(head, SQLITE_MAGIC)) return SqliteBagReader.open(path);
  if (startsWith(head, ZSTD_MAGIC)) {
    throw new FeltmapError(
      'unsupported',
      `${path} is compressed as a whole; unpack it with 'zstd -d ${path}' first`,
    );
  }
  throw new FeltmapError(
    'unsupported',
    `${path} is no recording that Feltmap knows (MCAP, rosbag2 SQLite, ROS 1 bag); check that it is the right file`,
  );
}
