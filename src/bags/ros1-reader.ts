import { rosTypeName } from '../messages/types.js';
import { LARGEST_CHUNK, decompress, loadCompression } from './compression.js';
import { RandomAccessFile } from './files.js';
import { mergeExtents } from './merge.js';
import { type Ros1Extent, type Ros1Index, readRos1Index, scanRos1Records } from './ros1-index.js';
import { Ros1Op, fieldCursor, forEachRos1Record, readTime } from './ros1-records.js';
import { timeSpan } from './time-span.js';
import type { BagMessage, BagReader, MessageQuery, TopicInfo } from './types.js';
import { WarningList } from './warnings.js';

/**
 * ROS 1 bags, format 2.0: any compression, with an index or cut off.
 *
 * @example
 * const bag = await Ros1BagReader.open('drive.bag');
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

  static async open(path: string): Promise<Ros1BagReader> {
    await loadCompression();
    const file = await RandomAccessFile.open(path);
    const warnings = new WarningList();
    try {
      const index =
        (await readRos1Index(file)) ??
        (await scanRos1Records(
          file,
          (extent) => loadChunk(file, extent, () => undefined), // warns when it is read
          (text) => warnings.add(text),
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
    const wanted = new Map<number, { topic: string; type: string; schema: string }>();
    for (const { id, topic, type, schema } of this.index.connections.values()) {
      if (!query.topics || query.topics.includes(topic))
        wanted.set(id, { topic, type: rosTypeName(type), schema });
    }
    const inTime = (from: bigint, to: bigint): boolean =>
      (startNs === undefined || to >= startNs) && (endNs === undefined || from < endNs);
    const extents = this.index.extents.filter(
      (e) =>
        inTime(e.startNs, e.endNs) && (!e.connections || [...e.connections].some((id) => wanted.has(id))),
    );
    const load = async (extent: Ros1Extent): Promise<BagMessage[]> => {
      const out: BagMessage[] = [];
      const records = await loadChunk(this.file, extent, (text) => this.warningList.add(text));
      forEachRos1Record(records ?? new Uint8Array(0), (op, header, data) => {
        if (op !== Ros1Op.Message) return;
        const connection = wanted.get(fieldCursor(header, 'conn').u32());
        const logTimeNs = readTime(fieldCursor(header, 'time'));
        if (connection && inTime(logTimeNs, logTimeNs))
          out.push({ ...connection, logTimeNs, data, encoding: 'ros1' });
      });
      return out;
    };
    const unordered = `${this.file.path}: too many chunks overlap in time; some messages come out of order`;
    return mergeExtents(extents, load, () => this.warningList.add(unordered));
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
