import { stat } from 'node:fs/promises';
import { FeltmapError } from '../geometry/errors.js';
import { RandomAccessFile, fileError, refuseSpecial } from './files.js';
import { McapReader } from './mcap-reader.js';
import { MCAP_MAGIC } from './mcap-records.js';
import { recordingsBelow } from './recordings-below.js';
import { Ros1BagReader } from './ros1-reader.js';
import { ROS1_MAGIC } from './ros1-records.js';
import { SplitBagReader, findRosbag2Files } from './rosbag2-dir.js';
import { SQLITE_MAGIC } from './sqlite-file.js';
import { SqliteBagReader } from './sqlite-reader.js';
import type { BagReader } from './types.js';
import { unpackWholeFile } from './unpacked-file.js';
import { isZstdFrame } from './zstd-frame.js';

/** A hundred times what large robots record. */
const MOST_TOPICS = 20_000;

const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean => prefix.every((b, i) => bytes[i] === b);

/**
 * Opens a recording, whatever its name: MCAP, rosbag2 SQLite or ROS 1 bag, recognised by content, or a rosbag2
 * directory with its metadata.yaml; compressed as a whole (zstd), too. Memory stays flat however large it is.
 * Throws FeltmapError: 'not-found', 'io', 'bad-input', or 'unsupported' for files that are no bag.
 */
export async function openBag(path: string): Promise<BagReader> {
  const info = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  refuseSpecial(path, info);
  if (info.isDirectory()) return openDirectory(path);
  const warnings: string[] = [];
  const reader = await openFile(path, (text) => warnings.push(text));
  return warnings.length === 0 ? reader : new SplitBagReader([reader], warnings, path);
}

async function openDirectory(path: string): Promise<BagReader> {
  const found = await findRosbag2Files(path);
  if (!found) {
    const below = await recordingsBelow(path);
    const hint = below.length === 0 ? '' : `; give one of those inside, such as ${below.join(', ')}`;
    throw new FeltmapError(
      'unsupported',
      `${path} is a folder without a recording in it (no .mcap, no .db3)${hint}`,
    );
  }
  const parts: BagReader[] = [];
  const warnings = [...found.warnings];
  for (const file of found.files) {
    try {
      parts.push(await openFile(file, (text) => warnings.push(text)));
    } catch (error) {
      if (!(error instanceof FeltmapError) || found.files.length === 1) throw error;
      warnings.push(`${error.message}; this part is left out`);
    }
  }
  if (parts.length === 0)
    throw new FeltmapError('bad-input', `${path}: no part of the recording can be read: ${warnings[0]}`);
  return new SplitBagReader(parts, warnings, path, found.metadata);
}

async function openFile(path: string, warn: (text: string) => void): Promise<BagReader> {
  let file = await RandomAccessFile.open(path);
  let head = await file.read(0, 16);
  if (isZstdFrame(head)) {
    await file.close();
    file = await unpackWholeFile(path, warn);
    head = await file.read(0, 16);
  }
  if (startsWith(head, MCAP_MAGIC)) return bounded(path, await McapReader.open(file));
  if (startsWith(head, ROS1_MAGIC)) return bounded(path, await Ros1BagReader.open(file));
  if (startsWith(head, SQLITE_MAGIC)) return bounded(path, await SqliteBagReader.open(file));
  await file.close();
  throw new FeltmapError(
    'unsupported',
    `${path} is no recording that Feltmap knows (MCAP, rosbag2 SQLite, ROS 1 bag); check that it is the right file`,
  );
}

/** @throws FeltmapError bad-input for a file that claims more topics than there can be */
async function bounded(path: string, bag: BagReader): Promise<BagReader> {
  const { length } = bag.topics();
  if (length <= MOST_TOPICS) return bag;
  await bag.close();
  throw new FeltmapError(
    'bad-input',
    `${path} claims to have ${length} topics, more than the ${MOST_TOPICS} that are read: it is damaged, or made to keep readers busy`,
  );
}
