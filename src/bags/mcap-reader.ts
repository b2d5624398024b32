import { rosTypeName } from '../messages/types.js';
import type { Encoding } from '../messages/wire.js';
import { ByteCursor } from './byte-cursor.js';
import { loadCompression } from './compression.js';
import { type RandomAccessFile, WindowedReader } from './files.js';
import { isOutside, outsideNote, tellLost } from './lost-messages.js';
import { loadRecords, measureChunk } from './mcap-chunk.js';
import { type McapExtent, type McapIndex, readSummary } from './mcap-index.js';
import { Op, forEachRecord } from './mcap-records.js';
import { scanRecords } from './mcap-scan.js';
import { mergeExtents } from './merge.js';
import { UNREADABLE_FRAMES, isZstdFrame, unpackFrame } from './message-zstd.js';
import { MessageList, type Piece } from './piece.js';
import { RecordedOrder } from './recorded-order.js';
import { timeSpan } from './time-span.js';
import type { BagMessage, BagReader, MessageQuery, TopicInfo } from './types.js';
import { WarningList } from './warnings.js';

/** Channel, sequence, log time and publish time in front of a message's data. */
const MESSAGE_HEADER = 22;

/**
 * MCAP files: chunked or not, any compression, with an index or without, whole or cut off.
 *
 * @example
 * const bag = await McapReader.open(await RandomAccessFile.open('drive.mcap'));
 * for await (const { topic, logTimeNs } of bag.messages({ topics: ['/points'] })) console.log(topic, logTimeNs);
 * await bag.close();
 */
export class McapReader implements BagReader {
  readonly format = 'mcap';
  readonly #warnings: WarningList;

  private constructor(
    readonly file: RandomAccessFile,
    readonly index: McapIndex,
    warnings: WarningList,
  ) {
    this.#warnings = warnings;
  }

  /** Takes the file over, and closes it where it cannot be read. */
  static async open(file: RandomAccessFile): Promise<McapReader> {
    await loadCompression();
    try {
      const warnings = new WarningList();
      const warn = (text: string): void => warnings.add(text);
      return new McapReader(
        file,
        (await readSummary(file, warn)) ?? (await scanRecords(file, warn)),
        warnings,
      );
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
    for (const [id, n] of this.index.counts)
      if (n > 0 && !this.index.channels.has(id)) this.#warnings.add(this.#undefinedChannel(id));
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
    const reader = new WindowedReader(this.file);
    const order = new RecordedOrder();
    const load = async (extent: McapExtent): Promise<Piece | undefined> => {
      const records = await loadRecords(reader, extent, (text) => this.#warnings.add(text));
      if (!records) return undefined;
      const list = new MessageList();
      const left = forEachRecord(records, (op, content) => {
        if (op !== Op.Message || content.length < MESSAGE_HEADER) return;
        const c = new ByteCursor(content);
        const id = c.u16();
        if (!this.index.channels.has(id)) this.#warnings.add(this.#undefinedChannel(id));
        if (!wanted.has(id)) return;
        c.u32(); // sequence
        const logTimeNs = c.u64();
        if (isOutside(logTimeNs, extent)) this.#warnings.add(outsideNote(this.file.path, extent.offset));
        order.add(wanted.get(id)!.topic, extent.offset, logTimeNs);
        if (inTime(logTimeNs, logTimeNs)) list.add(logTimeNs, content.byteOffset - records.byteOffset);
      });
      if (left > 0)
        this.#warnings.add(
          `${this.file.path}: the ${extent.kind === 'chunk' ? 'chunk' : 'part'} at byte ${extent.offset} has ${left} bytes that make no sense; messages in them are lost`,
        );
      if (list.count === 0) return undefined;
      // A view of a window would hold all of it.
      const own = records.length < records.buffer.byteLength / 2 ? records.slice() : records;
      const view = new DataView(own.buffer, own.byteOffset, own.length);
      return list.piece(own.length, (at, logTimeNs) => {
        const { topic, type, encoding, schema } = wanted.get(view.getUint16(at, true))!;
        const publishTimeNs = view.getBigUint64(at + MESSAGE_HEADER - 8, true);
        const end = at + Number(view.getBigUint64(at - 8, true));
        const data = own.subarray(at + MESSAGE_HEADER, end);
        return { topic, type, encoding, schema, logTimeNs, publishTimeNs, data };
      });
    };
    const unordered = `${this.file.path}: too many chunks overlap in time; some messages come out of order`;
    const messages = mergeExtents(extents, {
      load,
      measure: (extent) => measureChunk(this.file, extent),
      onUnordered: () => this.#warnings.add(unordered),
    });
    const unpacked = this.#unpacked(this.#inOrder(messages, order));
    if (startNs !== undefined || endNs !== undefined) return unpacked;
    const { path } = this.file;
    const promised = { path, counts: this.index.counts, channels: wanted };
    return tellLost(unpacked, promised, (text) => this.#warnings.add(text));
  }

  #undefinedChannel(id: number): string {
    return `${this.file.path}: messages of channel ${id} are left out: the file does not say what it is`;
  }

  /** Tells at the end where log times go back in the file. */
  async *#inOrder(messages: AsyncIterable<BagMessage>, order: RecordedOrder): AsyncGenerator<BagMessage> {
    yield* messages;
    for (const note of order.notes) this.#warnings.add(note);
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
      else this.#warnings.add(`${message.topic}: ${UNREADABLE_FRAMES}`);
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
