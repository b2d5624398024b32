import { ByteCursor } from './byte-cursor.js';
import { type RandomAccessFile, WindowedReader } from './files.js';
import type { Extent } from './merge.js';
import {
  ROS1_MAGIC,
  type Ros1Connection,
  type Ros1Header,
  Ros1Op,
  fieldCursor,
  fieldText,
  forEachRos1Record,
  parseConnection,
  parseFields,
  readTime,
} from './ros1-records.js';

export interface Ros1Extent extends Extent {
  /** Where the chunk's compressed data starts, and its length. */
  readonly dataAt: number;
  readonly dataLength: number;
  readonly compression: string;
  /** Messages by connection, as the index says. */
  readonly connections?: ReadonlyMap<number, number>;
}

export interface Ros1Index {
  readonly connections: Map<number, Ros1Connection>;
  readonly counts: Map<number, number>;
  readonly extents: Ros1Extent[];
}

/** Record headers are a few short fields; connections' data are message definitions. */
const LARGEST_HEADER = 1 << 20;
const LARGEST_DEFINITION = 1 << 24;
/** Larger indexes than that of a terabyte are not read in one piece. */
const LARGEST_INDEX = 1 << 26;
/** A window for walking: chunks are skipped, so that more would be read in vain. */
const WINDOW = 1 << 14;

interface RecordAt {
  readonly op: number;
  readonly header: Ros1Header;
  readonly dataAt: number;
  readonly dataLength: number;
}

async function readRecordHead(window: WindowedReader, at: number): Promise<RecordAt> {
  const headerLength = new ByteCursor(await window.read(at, 4)).u32();
  if (headerLength > LARGEST_HEADER) throw new RangeError('the record header is too large');
  const c = new ByteCursor(await window.read(at + 4, headerLength + 4));
  const header = parseFields(c.take(headerLength));
  const dataLength = c.u32();
  return { op: fieldCursor(header, 'op').u8(), header, dataAt: at + 8 + headerLength, dataLength };
}

/** The index at the end of the bag; undefined where it is missing, not whole or too large. */
export async function readRos1Index(
  file: RandomAccessFile,
  warn: (text: string) => void,
): Promise<Ros1Index | undefined> {
  const window = new WindowedReader(file, WINDOW);
  const index: Ros1Index = { connections: new Map(), counts: new Map(), extents: [] };
  try {
    const head = await readRecordHead(window, ROS1_MAGIC.length);
    if (head.op !== Ros1Op.Header) return undefined;
    const indexAt = Number(fieldCursor(head.header, 'index_pos').u64());
    const chunks = fieldCursor(head.header, 'chunk_count').u32();
    if (indexAt === 0 || indexAt >= file.size || file.size - indexAt > LARGEST_INDEX) return undefined;
    const infos: { at: number; startNs: bigint; endNs: bigint; connections: Map<number, number> }[] = [];
    const left = forEachRos1Record(await file.read(indexAt, file.size - indexAt), (op, header, data) => {
      if (op === Ros1Op.Connection) {
        const connection = parseConnection(header, data);
        index.connections.set(connection.id, connection);
      } else if (op === Ros1Op.ChunkInfo) {
        const at = Number(fieldCursor(header, 'chunk_pos').u64());
        const startNs = readTime(fieldCursor(header, 'start_time'));
        const endNs = readTime(fieldCursor(header, 'end_time'));
        const c = new ByteCursor(data);
        const connections = new Map<number, number>();
        while (c.remaining >= 8) {
          const [id, n] = [c.u32(), c.u32()];
          connections.set(id, n);
          addCount(index.counts, id, n);
        }
        infos.push({ at, startNs, endNs, connections });
      }
    });
    if (left > 0 || infos.length !== chunks) return undefined;
    for (const { at, ...info } of infos) {
      if ([...info.connections.keys()].some((id) => !index.connections.has(id))) return undefined;
      const extent = await readChunkHead(window, at);
      if (extent) index.extents.push({ ...extent, ...info });
      else warn(`${file.path}: the chunk at byte ${at} is damaged; it is left out`);
    }
    return index;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What the record of a chunk says; undefined where there is none. */
async function readChunkHead(window: WindowedReader, at: number) {
  try {
    const chunk = await readRecordHead(window, at);
    return chunk.op === Ros1Op.Chunk ? chunkExtent(chunk, chunk.dataLength) : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function chunkExtent(chunk: RecordAt, dataLength: number) {
  const size = fieldCursor(chunk.header, 'size').u32();
  return { dataAt: chunk.dataAt, dataLength, compression: fieldText(chunk.header, 'compression'), size };
}

/**
 * Builds the index of a bag without one (`.bag.active`, or cut off) by walking from record to record. Every chunk is
 * opened, as its connections are defined inside.
 */
export async function scanRos1Records(
  file: RandomAccessFile,
  load: (extent: Ros1Extent) => Promise<Uint8Array | undefined>,
  warn: (text: string) => void,
): Promise<Ros1Index> {
  const window = new WindowedReader(file, WINDOW);
  const index: Ros1Index = { connections: new Map(), counts: new Map(), extents: [] };
  let at = ROS1_MAGIC.length;
  let chunks = 0;
  /** Messages found in the last chunk, by connection; the records behind it say how many there were. */
  let last: ReadonlyMap<number, number> | undefined;
  while (at < file.size) {
    try {
      const record = await readRecordHead(window, at);
      const end = record.dataAt + record.dataLength;
      const here = Math.min(record.dataLength, file.size - record.dataAt);
      if (record.dataLength > LARGEST_DEFINITION && record.op === Ros1Op.Connection)
        throw new RangeError('the definition is too large');
      if (record.op === Ros1Op.Connection && end <= file.size) {
        const connection = parseConnection(
          record.header,
          await window.read(record.dataAt, record.dataLength),
        );
        index.connections.set(connection.id, connection);
      } else if (record.op === Ros1Op.Chunk) {
        chunks++;
        const extent = { ...chunkExtent(record, here), startNs: 0n, endNs: 0n };
        last = addScannedChunk(index, extent, await load(extent));
      } else if (record.op === Ros1Op.Index && last && end <= file.size) {
        const n = fieldCursor(record.header, 'count').u32();
        const id = fieldCursor(record.header, 'conn').u32();
        const found = last.get(id) ?? 0;
        if (n > found) addCount(index.counts, id, n - found);
      }
      if (end > file.size) throw new RangeError('the record is not whole');
      at = end;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const left = file.size - at;
      warn(
        `${file.path} is cut off or damaged at byte ${at} (${left} bytes after it); everything whole is used`,
      );
      return index;
    }
  }
  warn(`${file.path} has no usable index; its ${chunks} chunks were searched`);
  return index;
}

function addScannedChunk(
  index: Ros1Index,
  extent: Ros1Extent,
  records: Uint8Array | undefined,
): ReadonlyMap<number, number> {
  let [startNs, endNs] = [1n << 62n, 0n];
  const connections = new Map<number, number>();
  forEachRos1Record(records ?? new Uint8Array(0), (op, header, data) => {
    if (op === Ros1Op.Connection) {
      const connection = parseConnection(header, data);
      index.connections.set(connection.id, connection);
    } else if (op === Ros1Op.Message) {
      const id = fieldCursor(header, 'conn').u32();
      const time = readTime(fieldCursor(header, 'time'));
      if (time < startNs) startNs = time;
      if (time > endNs) endNs = time;
      addCount(connections, id, 1);
      addCount(index.counts, id, 1);
    }
  });
  // Also where nothing was found: what is wrong with it is reported when it is read.
  index.extents.push({ ...extent, startNs: connections.size > 0 ? startNs : 0n, endNs, connections });
  return connections;
}

function addCount(counts: Map<number, number>, id: number, n: number): void {
  counts.set(id, (counts.get(id) ?? 0) + n);
}
