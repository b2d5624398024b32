import { rosTypeName } from '../messages/types.js';
import type { Encoding } from '../messages/wire.js';
import { ByteCursor } from './byte-cursor.js';
import { loadCompression } from './compression.js';
import { RandomAccessFile } from './files.js';
import { loadRecords } from './mcap-chunk.js';
import { type McapExtent, type McapIndex, readSummary } from './mcap-index.js';
import { Op, forEachRecord } from './mcap-records.js';
import { scanRecords } from './mcap-scan.js';
import { mergeExtents } from './merge.js';
import { isZstdFrame, unpackFrame } from './message-zstd.js';
import { timeSpan } from './time-span.js';
import type { BagMessage, BagReader, MessageQuery, TopicInfo } from './types.js';
import { WarningList } from './warnings.js';

/**
 * MCAP files: chunked or not, any compression, with an index or without, whole or cut off.
 *
 * @example
 * const bag = await McapReader.open('drive.mcap');
 * for await (const { topic, logTimeNs } of bag.messages({ topics: ['/points'] })) console.log(topic, logTimeNs);
 * await bag.close();
 */
export class McapReader implements BagReader {
  readonly format = 'mcap';
  readonly #warnings = new WarningList();

  private constructor(
    readonly file: RandomAccessFile,
    readonly index: McapIndex,
  ) {}

  static async open(path: string): Promise<McapReader> {
    await loadCompression();
    const file = await RandomAccessFile.open(path);
    try {
      const warnings: string[] = [];
      const index = (await readSummary(file)) ?? (await scanRecords(file, (text) => warnings.push(text)));
      const reader = new McapReader(file, index);
      for (const text of warnings) reader.#warnings.add(text);
      return reader;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get warnings(): readonly string[] {
    return this.#warnings.list;
  }

  get timeRange(): { startNs: bigint; endNs: bigint } | undefined {
    return timeSpan(this.index.extents);
  }

  topics(): TopicInfo[] {
    const byName = new Map<string, TopicInfo>();
    for (const channel of this.index.channels.values()) {
      const schema = this.index.schemas.get(channel.schemaId);
      const count = (byName.get(channel.topic)?.count ?? 0) + (this.index.counts.get(channel.id) ?? 0);
      byName.set(channel.topic, {
        name: channel.topic,
        type: rosTypeName(schema?.name ?? ''),
        count,
        schema: schema?.text ?? '',
        encoding: channel.encoding,
      });
    }
    return [...byName.values()];
  }

  messages(query: MessageQuery = {}): AsyncIterable<BagMessage> {
    const wanted = new Map<number, Omit<BagMessage, 'data' | 'logTimeNs' | 'publishTimeNs'>>();
    for (const { id, topic, schemaId, encoding } of this.index.channels.values()) {
      if (query.topics && !query.topics.includes(topic)) continue;
      if (encoding !== 'cdr' && encoding !== 'ros1') {
        this.#warnings.add(
          `${topic}: messages are encoded as '${encoding}', not cdr or ros1; they are left out`,
        );
        continue;
      }
      const schema = this.index.schemas.get(schemaId);
      const [type, text] = [rosTypeName(schema?.name ?? ''), schema?.text ?? ''];
      wanted.set(id, { topic, type, encoding: encoding as Encoding, schema: text });
    }
    const { startNs, endNs } = query;
    const inTime = (from: bigint, to: bigint): boolean =>
      (startNs === undefined || to >= startNs) && (endNs === undefined || from < endNs);
    const extents = this.index.extents.filter(
      (e) => inTime(e.startNs, e.endNs) && (!e.channels || [...e.channels].some((id) => wanted.has(id))),
    );
    const load = async (extent: McapExtent): Promise<BagMessage[]> => {
      const out: BagMessage[] = [];
      const records = await loadRecords(this.file, extent, (text) => this.#warnings.add(text));
      if (!records) return out;
      forEachRecord(records, (op, content) => {
        if (op !== Op.Message || content.length < 22) return;
        const c = new ByteCursor(content);
        const channel = wanted.get(c.u16());
        if (!channel) return;
        c.u32(); // sequence
        const [logTimeNs, publishTimeNs] = [c.u64(), c.u64()];
        if (inTime(logTimeNs, logTimeNs)) {
          out.push({ ...channel, logTimeNs, publishTimeNs, data: c.take(c.remaining) });
        }
      });
      return out;
    };
    const unordered = `${this.file.path}: too many chunks overlap in time; some messages come out of order`;
    return this.#unpacked(mergeExtents(extents, load, () => this.#warnings.add(unordered)));
  }

  /** rosbag2 may compress messages one by one; the file does not say so. */
  async *#unpacked(messages: AsyncIterable<BagMessage>): AsyncGenerator<BagMessage> {
    for await (const message of messages) {
      if (!isZstdFrame(message.data)) {
        yield message;
        continue;
      }
      const data = unpackFrame(message.data);
      if (data) yield { ...message, data };
      else this.#warnings.add(`${message.topic}: messages that are no whole zstd frames are left out`);
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
