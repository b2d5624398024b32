import { crc32 } from 'node:zlib';
import { FeltmapError } from '../geometry/errors.js';
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

/** Larger indexes than that of a terabyte are not read in one piece. */
const LARGEST_SUMMARY = 64 * 1024 * 1024;
/** Definitions beyond this many bytes are left out: they only describe. */
const LARGEST_SCHEMAS = 64 * 1024 * 1024;

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
  /** Messages by channel, as the statistics or the message indexes say. */
  readonly counts = new Map<number, number>();
  extents: McapExtent[] = [];
  /** Chunks that the statistics speak of; undefined without statistics. */
  statedChunks: number | undefined;
  #schemaBytes = 0;

  /** Takes up schema and channel records; true if the record was one. */
  learn(op: number, content: Uint8Array): boolean {
    if (op === Op.Schema) {
      const schema = parseSchema(content);
      this.#schemaBytes += content.length;
      const text = this.#schemaBytes > LARGEST_SCHEMAS ? '' : schema.text;
      this.schemas.set(schema.id, { ...schema, text });
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

  /** Takes up the statistics: where they know of more messages than were found, these are lost. */
  learnStatistics(content: Uint8Array): void {
    const { counts, chunks } = parseStatistics(content);
    this.statedChunks = chunks;
    for (const [channel, n] of counts) this.counts.set(channel, Math.max(n, this.counts.get(channel) ?? 0));
  }
}

/**
 * The index at the end of the file; undefined where it is missing or does not list the chunks, or where it is damaged,
 * which is reported.
 */
export async function readSummary(
  file: RandomAccessFile,
  warn: (text: string) => void,
): Promise<McapIndex | undefined> {
  const footerSize = RECORD_HEADER + 20;
  const tailAt = file.size - footerSize - MCAP_MAGIC.length;
  if (tailAt < MCAP_MAGIC.length) return undefined;
  const tail = await file.read(tailAt, footerSize + MCAP_MAGIC.length);
  if (!MCAP_MAGIC.every((b, i) => tail[footerSize + i] === b) || tail[0] !== Op.Footer) return undefined;
  const footer = new DataView(tail.buffer, tail.byteOffset);
  const summaryStart = Number(footer.getBigUint64(RECORD_HEADER, true));
  if (summaryStart === 0) return undefined;
  const damaged = `${file.path}: the index at its end is damaged; the file was searched instead`;
  if (summaryStart >= tailAt || tailAt - summaryStart > LARGEST_SUMMARY) {
    warn(damaged);
    return undefined;
  }
  const index = new McapIndex();
  try {
    const summary = await file.read(summaryStart, tailAt - summaryStart);
    const stated = footer.getUint32(RECORD_HEADER + 16, true);
    if (stated !== 0 && crc32(tail.subarray(0, RECORD_HEADER + 16), crc32(summary)) !== stated)
      throw new RangeError('checksum');
    const left = forEachRecord(summary, (op, content) => {
      if (index.learn(op, content)) return;
      if (op === Op.ChunkIndex) {
        const { channels, uncompressedSize, ...where } = parseChunkIndex(content);
        if (where.offset + where.length > summaryStart) throw new RangeError('chunk outside of the file');
        index.extents.push({
          kind: 'chunk',
          ...where,
          size: uncompressedSize,
          ...(channels.size > 0 && { channels }),
        });
      } else if (op === Op.Statistics) index.learnStatistics(content);
    });
    if (left > 0) throw new RangeError('not whole');
  } catch (error) {
    if (error instanceof FeltmapError) throw error;
    warn(damaged);
    return undefined;
  }
  const { channels, counts, statedChunks, extents } = index;
  // Where it lists no chunks, or not all of them, the file has to be walked through, unless that is empty.
  const empty = statedChunks !== undefined && [...counts.values()].every((n) => n === 0);
  const listed = extents.length > 0 && (statedChunks ?? extents.length) <= extents.length;
  return channels.size > 0 && (listed || empty) ? index : undefined;
}
