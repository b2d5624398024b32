import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';
import { type Rosbag2Metadata, parseRosbag2Metadata } from './rosbag2-metadata.js';
import { SqliteBagReader } from './sqlite-reader.js';
import { timeSpan } from './time-span.js';
import type { BagMessage, BagReader, MessageQuery, TopicInfo } from './types.js';

const BAG_FILE = /\.(mcap|db3)$/;

/** The bag files of a rosbag2 directory in order; undefined where it is none. */
export async function findRosbag2Files(
  path: string,
): Promise<{ files: string[]; metadata?: Rosbag2Metadata; warnings: string[] } | undefined> {
  const names = await readdir(path);
  const there = names
    .filter((n) => BAG_FILE.test(n))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const text = await readFile(join(path, 'metadata.yaml'), 'utf8').catch(() => undefined);
  const metadata = text === undefined ? undefined : parseRosbag2Metadata(text);
  if (!metadata) {
    if (there.length === 0) return undefined;
    const warnings = [
      `${path} has no usable metadata.yaml (was the recording cut off?); its bag files are used by name`,
    ];
    return { files: there.map((n) => join(path, n)), warnings };
  }
  if (metadata.compressionMode === 'file') {
    throw new FeltmapError(
      'unsupported',
      `${path} holds bag files compressed as a whole (${metadata.compressionFormat}); unpack them with 'zstd -d' or ` +
        "'ros2 bag convert' first",
    );
  }
  const listed = metadata.files.map((n) => basename(n));
  const files = listed.filter((n) => names.includes(n));
  const warnings = listed
    .filter((n) => !names.includes(n))
    .map((n) => `${path}: ${n} is listed in metadata.yaml but missing`);
  if (files.length === 0) {
    if (there.length === 0)
      throw new FeltmapError('not-found', `${path}: none of the bag files in metadata.yaml is there`);
    return { files: there.map((n) => join(path, n)), metadata, warnings };
  }
  return { files: files.map((n) => join(path, n)), metadata, warnings };
}

/**
 * Bag files that were recorded one after another, as one bag.
 *
 * @example
 * const parts = await Promise.all(paths.map((path) => McapReader.open(path)));
 * const bag = new SplitBagReader(parts, []); // one part after another
 * for await (const message of bag.messages()) use(message);
 */
export class SplitBagReader implements BagReader {
  readonly #topics = new Map<string, TopicInfo>();

  constructor(
    readonly parts: readonly BagReader[],
    readonly ownWarnings: readonly string[],
    metadata?: Rosbag2Metadata,
  ) {
    const zstd = metadata?.compressionMode === 'message' && metadata.compressionFormat === 'zstd';
    for (const part of parts) {
      if (part instanceof SqliteBagReader) part.messagesAreZstd = zstd;
      for (const topic of part.topics()) {
        const before = this.#topics.get(topic.name);
        const listed = metadata?.counts.get(topic.name);
        const summed = topic.count === undefined ? undefined : topic.count + (before?.count ?? 0);
        const count = part.format === 'mcap' ? summed : (listed ?? summed);
        this.#topics.set(topic.name, { ...topic, ...(count !== undefined && { count }) });
      }
    }
  }

  get format() {
    return this.parts[0]!.format;
  }

  get warnings(): readonly string[] {
    return [...this.ownWarnings, ...this.parts.flatMap((p) => p.warnings)];
  }

  get timeRange(): { startNs: bigint; endNs: bigint } | undefined {
    const ranges = this.parts.map((p) => p.timeRange);
    return ranges.some((r) => r === undefined) ? undefined : timeSpan(ranges.map((r) => r!));
  }

  topics(): TopicInfo[] {
    return [...this.#topics.values()];
  }

  async *messages(query?: MessageQuery): AsyncGenerator<BagMessage> {
    for (const part of this.parts) yield* part.messages(query);
  }

  async close(): Promise<void> {
    await Promise.all(this.parts.map((p) => p.close()));
  }
}
