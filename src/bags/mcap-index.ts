import type { RandomAccessFile } from './files.js';
import {
  MCAP_MAGIC,
  type McapChannel,
  type McapSchema,
  Op,
  RECORD_HEADER,
  forEachRecord,
  parseChannel,
  parseChunkIndex,
  parseSchema,
  parseStatistics,
} from './mcap-records.js';
import type { Extent } from './merge.js';

/** A chunk, or a run of messages outside of chunks. */
export interface McapExtent extends Extent {
  readonly kind: 'chunk' | 'run';
  /** Where its record (chunk) or its first message (run) starts in the file. */
  readonly offset: number;
  readonly length: number;
  /** Channels it holds; undefined where not known. */
  readonly channels?: ReadonlySet<number>;
}

/**
 * What a file holds and where, from its summary or from walking through its records.
 *
 * @example
 * const index = new McapIndex();
 * index.learnSafely(op, content); // schemas and channels; other records are passed over
 * index.addCount(channelId, 1); // a message
 */
export class McapIndex {
  readonly schemas = new Map<number, McapSchema>();
  readonly channels = new Map<number, McapChannel>();
  readonly counts = new Map<number, number>();
  extents: McapExtent[] = [];

  /** Takes up schema and channel records; true if the record was one. */
  learn(op: number, content: Uint8Array): boolean {
    if (op === Op.Schema) {
      const schema = parseSchema(content);
      this.schemas.set(schema.id, schema);
    } else if (op === Op.Channel) {
      const channel = parseChannel(content);
      this.channels.set(channel.id, channel);
    } else return false;
    return true;
  }

  /** As {@link learn}, but passes over damaged records: the messages that need them are left out later. */
  learnSafely(op: number, content: Uint8Array): boolean {
    try {
      return this.learn(op, content);
    } catch {
      return true;
    }
  }

  addCount(channel: number, n: number): void {
    this.counts.set(channel, (this.counts.get(channel) ?? 0) + n);
  }
}

/** The index at the end of the file; undefined where it is missing, damaged or does not list the chunks. */
export async function readSummary(file: RandomAccessFile): Promise<McapIndex | undefined> {
  const footerSize = RECORD_HEADER + 20;
  const tailAt = file.size - footerSize - MCAP_MAGIC.length;
  if (tailAt < MCAP_MAGIC.length) return undefined;
  const tail = await file.read(tailAt, footerSize + MCAP_MAGIC.length);
  if (!MCAP_MAGIC.every((b, i) => tail[footerSize + i] === b) || tail[0] !== Op.Footer) return undefined;
  const summaryStart = Number(new DataView(tail.buffer).getBigUint64(RECORD_HEADER, true));
  if (summaryStart === 0 || summaryStart >= tailAt) return undefined;
  const index = new McapIndex();
  let listed = false;
  try {
    const left = forEachRecord(await file.read(summaryStart, tailAt - summaryStart), (op, content) => {
      if (index.learn(op, content)) return;
      if (op === Op.ChunkIndex) {
        const { channels, uncompressedSize, ...where } = parseChunkIndex(content);
        if (where.offset + where.length > summaryStart) throw new RangeError('chunk outside of the file');
        listed = true;
        index.extents.push({
          kind: 'chunk',
          ...where,
          size: uncompressedSize,
          ...(channels.size > 0 && { channels }),
        });
      } else if (op === Op.Statistics) {
        for (const [channel, n] of parseStatistics(content)) index.counts.set(channel, n);
      }
    });
    if (left > 0) return undefined;
  } catch {
    return undefined;
  }
  // Without chunk indexes (or without channels) the file has to be walked through, unless it is empty.
  const empty = [...index.counts.values()].every((n) => n === 0) && index.channels.size > 0;
  return (listed && index.channels.size > 0) || empty ? index : undefined;
}
