import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';
import { fileError, readWhole } from './files.js';
import { LARGEST_METADATA, type Rosbag2Metadata, parseRosbag2Metadata } from './rosbag2-metadata.js';
import { SqliteBagReader } from './sqlite-reader.js';
import { timeSpan } from './time-span.js';
import { WarningList } from './warnings.js';
import type { BagMessage, BagReader, MessageQuery, TopicInfo } from './types.js';

const BAG_FILE = /\.(mcap|db3)(\.(zstd|zst))?$/;
const PACKED = /\.(zstd|zst)$/;

/**
 * The bag files of a rosbag2 directory in order, packed ones (`.db3.zstd`) only where they are not there unpacked;
 * undefined where it is none.
 *
 * @throws FeltmapError io; not-found where none of the files is there
 */
export async function findRosbag2Files(
  path: string,
): Promise<{ files: string[]; metadata?: Rosbag2Metadata; warnings: string[] } | undefined> {
  const names = await readdir(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  const there = names
    .filter((n) => BAG_FILE.test(n) && !(PACKED.test(n) && names.includes(n.replace(PACKED, ''))))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const metadata = names.includes('metadata.yaml') ? await readMetadata(path) : undefined;
  const byName = there.map((n) => join(path, n));
  if (!metadata || typeof metadata === 'string') {
    if (there.length === 0) return undefined;
    const why = metadata ?? 'was the recording cut off?';
    const warnings = [`${path} has no usable metadata.yaml (${why}); its bag files are used by name`];
    return { files: byName, warnings };
  }
  const listed = metadata.files.map((n) => basename(n));
  const found = listed.map((n) => {
    const plain = n.replace(PACKED, '');
    return [plain, n, `${plain}.zstd`, `${plain}.zst`].find((name) => names.includes(name));
  });
  const files = found.filter((n) => n !== undefined);
  const warnings = listed
    .filter((_, i) => found[i] === undefined)
    .map((n) => `${path}: ${n} is listed in metadata.yaml but missing`);
  if (files.length === 0) {
    if (there.length === 0)
      throw new FeltmapError('not-found', `${path}: none of the bag files in metadata.yaml is there`);
    return { files: byName, metadata, warnings };
  }
  return { files: files.map((n) => join(path, n)), metadata, warnings };
}

/** What metadata.yaml says, or why it says nothing. */
async function readMetadata(folder: string): Promise<Rosbag2Metadata | string> {
  try {
    const bytes = await readWhole(join(folder, 'metadata.yaml'), LARGEST_METADATA);
    return parseRosbag2Metadata(new TextDecoder().decode(bytes)) ?? 'it is no metadata of rosbag2';
  } catch (error) {
    if (error instanceof FeltmapError) return error.message;
    throw error;
  }
}

/**
 * Bag files that were recorded one after another, as one bag.
 *
 * @example
 * const parts = await Promise.all(files.map((file) => McapReader.open(file)));
 * const bag = new SplitBagReader(parts, [], 'drive'); // one part after another
 * for await (const message of bag.messages()) use(message);
 */
export class SplitBagReader implements BagReader {
  readonly #topics = new Map<string, TopicInfo>();
  readonly #warnings = new WarningList();

  constructor(
    readonly parts: readonly BagReader[],
    ownWarnings: readonly string[],
    /** For messages. */
    private readonly path: string,
    private readonly metadata?: Rosbag2Metadata,
  ) {
    for (const text of ownWarnings) this.#warnings.add(text);
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
    return [...this.#warnings.list, ...this.parts.flatMap((p) => p.warnings)];
  }

  get timeRange(): { startNs: bigint; endNs: bigint } | undefined {
    const ranges = this.parts.map((p) => p.timeRange);
    return ranges.some((r) => r === undefined) ? undefined : timeSpan(ranges.map((r) => r!));
  }

  topics(): TopicInfo[] {
    return [...this.#topics.values()];
  }

  async *messages(query: MessageQuery = {}): AsyncGenerator<BagMessage> {
    const read = new Map<string, number>();
    for (const part of this.parts)
      for await (const message of part.messages(query)) {
        read.set(message.topic, (read.get(message.topic) ?? 0) + 1);
        yield message;
      }
    if (query.startNs !== undefined || query.endNs !== undefined) return;
    for (const [topic, promised] of this.metadata?.counts ?? []) {
      if (query.topics && !query.topics.includes(topic)) continue;
      const lost = promised - (read.get(topic) ?? 0);
      if (lost > 0)
        this.#warnings.add(
          `${this.path}: ${topic}: ${lost} of the ${promised} messages that metadata.yaml lists are missing`,
        );
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.parts.map((p) => p.close()));
  }
}
