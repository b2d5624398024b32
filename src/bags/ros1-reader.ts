import { rosTypeName } from '../messages/types.js';
import { LARGEST_CHUNK, decompress, loadCompression } from './compression.js';
import type { RandomAccessFile } from './files.js';
import { ByteCursor } from './byte-cursor.js';
import { isOutside, outsideNote, tellLost } from './lost-messages.js';
import { mergeExtents } from './merge.js';
import { MessageList, type Piece } from './piece.js';
import { type Ros1Extent, type Ros1Index, readRos1Index, scanRos1Records } from './ros1-index.js';
import {
  type Ros1Connection,
  Ros1Op,
  fieldCursor,
  forEachRos1Record,
  parseConnection,
  parseFields,
  readTime,
} from './ros1-records.js';
import { timeSpan } from './time-span.js';
import type { BagMessage, BagReader, MessageQuery, TopicInfo } from './types.js';
import { WarningList } from './warnings.js';

/**
 * ROS 1 bags, format 2.0: any compression, with an index or cut off.
 *
 * @example
 * const bag = await Ros1BagReader.open(await RandomAccessFile.open('drive.bag'));
 * console.log(bag.topics(), bag.warnings);
 * await bag.close();
 */
export class Ros1BagReader implements BagReader {
  readonly format = 'ros1-bag';

  private constructor(
    readonly file: RandomAccessFile,
    readonly index: Ros1Index,
    readonly warningList: WarningList,
  ) {}

  /** Takes the file over, and closes it where it cannot be read. */
  static async open(file: RandomAccessFile): Promise<Ros1BagReader> {
    await loadCompression();
    const warnings = new WarningList();
    try {
      const warn = (text: string): void => warnings.add(text);
      const index =
        (await readRos1Index(file, warn)) ??
        (await scanRos1Records(
          file,
          (extent) => loadChunk(file, extent, () => undefined), // warns when it is read
          warn,
        ));
      return new Ros1BagReader(file, index, warnings);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get warnings(): readonly string[] {
    return this.warningList.list;
  }

  get timeRange(): { startNs: bigint; endNs: bigint } | undefined {
    return timeSpan(this.index.extents);
  }

  topics(): TopicInfo[] {
    const byName = new Map<string, TopicInfo>();
    for (const { id, topic, type, schema } of this.index.connections.values()) {
      const count = (byName.get(topic)?.count ?? 0) + (this.index.counts.get(id) ?? 0);
      byName.set(topic, { name: topic, type: rosTypeName(type), count, schema, encoding: 'ros1' });
    }
    return [...byName.values()];
  }

  messages(query: MessageQuery = {}): AsyncIterable<BagMessage> {
    const { startNs, endNs } = query;
    for (const [id, n] of this.index.counts)
      if (n > 0 && !this.index.connections.has(id)) this.warningList.add(this.#undefinedConnection(id));
    const wanted = new Map<number, { topic: string; type: string; schema: string }>();
    for (const { id, topic, type, schema } of this.index.connections.values()) {
      if (!query.topics || query.topics.includes(topic))
        wanted.set(id, { topic, type: rosTypeName(type), schema });
    }
    const inTime = (from: bigint, to: bigint): boolean =>
      (startNs === undefined || to >= startNs) && (endNs === undefined || from < endNs);
    const extents = this.index.extents.filter(
      (e) =>
        inTime(e.startNs, e.endNs) &&
        (!e.connections?.size || [...e.connections.keys()].some((id) => wanted.has(id))),
    );
    const load = async (extent: Ros1Extent): Promise<Piece | undefined> => {
      const records = await loadChunk(this.file, extent, (text) => this.warningList.add(text));
      if (!records) return undefined;
      const list = new MessageList();
      const left = forEachRos1Record(records, (op, header, data, at) => {
        if (op === Ros1Op.Connection) this.#compareConnection(parseConnection(header, data));
        if (op !== Ros1Op.Message) return;
        const id = fieldCursor(header, 'conn').u32();
        if (!this.index.connections.has(id)) this.warningList.add(this.#undefinedConnection(id));
        if (!wanted.has(id)) return;
        const logTimeNs = readTime(fieldCursor(header, 'time'));
        if (isOutside(logTimeNs, extent)) this.warningList.add(outsideNote(this.file.path, extent.dataAt));
        if (inTime(logTimeNs, logTimeNs)) list.add(logTimeNs, at);
      });
      if (left > 0)
        this.warningList.add(
          `${this.file.path}: the chunk at byte ${extent.dataAt} has ${left} bytes that make no sense; messages in them are lost`,
        );
      return list.piece(records.length, (at, logTimeNs) => {
        const c = new ByteCursor(records, at);
        const header = parseFields(c.take(c.u32()));
        const connection = wanted.get(fieldCursor(header, 'conn').u32())!;
        return { ...connection, logTimeNs, data: c.take(c.u32()), encoding: 'ros1' };
      });
    };
    const unordered = `${this.file.path}: too many chunks overlap in time; some messages come out of order`;
    const messages = mergeExtents(extents, {
      load,
      onUnordered: () => this.warningList.add(unordered),
    });
    if (startNs !== undefined || endNs !== undefined) return messages;
    const promised = { path: this.file.path, counts: this.index.counts, channels: wanted };
    return tellLost(messages, promised, (text) => this.warningList.add(text));
  }

  #undefinedConnection(id: number): string {
    return `${this.file.path}: messages of connection ${id} are left out: the file does not say what it is`;
  }

  /** A chunk defines its connections once more: there is no checksum that would tell a changed name. */
  #compareConnection({ id, topic, type }: Ros1Connection): void {
    const known = this.index.connections.get(id);
    if (known && (known.topic !== topic || known.type !== type))
      this.warningList.add(
        `${this.file.path}: connection ${id} is once ${known.topic} (${known.type}), once ${topic} (${type}): the file is damaged; the former is used`,
      );
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** A chunk's records, or what is whole of them; undefined where nothing is. */
async function loadChunk(
  file: RandomAccessFile,
  extent: Ros1Extent,
  warn: (text: string) => void,
): Promise<Uint8Array | undefined> {
  const where = `${file.path}: the chunk at byte ${extent.dataAt}`;
  if (extent.dataLength > LARGEST_CHUNK) {
    warn(`${where} is too large (${extent.dataLength} bytes); it is left out`);
    return undefined;
  }
  try {
    const records = decompress(
      extent.compression,
      await file.read(extent.dataAt, extent.dataLength),
      extent.size,
    );
    const lost = extent.size - records.length;
    if (lost > 0) warn(`${where} is damaged or cut off; ${lost} of its ${extent.size} bytes are lost`);
    return records;
  } catch (error) {
    warn(
      `${where} cannot be read (${error instanceof Error ? error.message : String(error)}); it is left out`,
    );
    return undefined;
  }
}
