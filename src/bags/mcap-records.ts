import { ByteCursor } from './byte-cursor.js';

/** Record types of MCAP, https://mcap.dev/spec. */
export const Op = {
  Footer: 0x02,
  Schema: 0x03,
  Channel: 0x04,
  Message: 0x05,
  Chunk: 0x06,
  MessageIndex: 0x07,
  ChunkIndex: 0x08,
  Statistics: 0x0b,
  DataEnd: 0x0f,
} as const;

export const MCAP_MAGIC = Uint8Array.of(0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a);
/** Opcode and 64-bit length in front of every record. */
export const RECORD_HEADER = 9;

export interface McapSchema {
  readonly id: number;
  readonly name: string;
  readonly encoding: string;
  readonly text: string;
}

export interface McapChannel {
  readonly id: number;
  readonly schemaId: number;
  readonly topic: string;
  readonly encoding: string;
}

/** The fields in front of a chunk's records. */
export interface ChunkHeader {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly uncompressedSize: number;
  readonly crc: number;
  readonly compression: string;
  readonly recordsLength: number;
  /** Where the records start, from the start of the chunk record's content. */
  readonly recordsAt: number;
}

export interface ChunkIndex {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly offset: number;
  readonly length: number;
  /** Channels with messages in the chunk; empty where the writer left the index out. */
  readonly channels: ReadonlySet<number>;
  readonly uncompressedSize: number;
}

export function parseSchema(bytes: Uint8Array): McapSchema {
  const c = new ByteCursor(bytes);
  const [id, name, encoding] = [c.u16(), c.string(), c.string()];
  return { id, name, encoding, text: c.string() };
}

export function parseChannel(bytes: Uint8Array): McapChannel {
  const c = new ByteCursor(bytes);
  return { id: c.u16(), schemaId: c.u16(), topic: c.string(), encoding: c.string() };
}

/** Longest possible chunk header: its fixed part and a compression name of reasonable length. */
export const CHUNK_HEADER_MAX = 8 + 8 + 8 + 4 + 4 + 32 + 8;

export function parseChunkHeader(bytes: Uint8Array): ChunkHeader {
  const c = new ByteCursor(bytes);
  const head = { startNs: c.u64(), endNs: c.u64(), uncompressedSize: c.size(), crc: c.u32() };
  const compression = c.string();
  const recordsLength = c.size();
  return { ...head, compression, recordsLength, recordsAt: c.at };
}

export function parseChunkIndex(bytes: Uint8Array): ChunkIndex {
  const c = new ByteCursor(bytes);
  const [startNs, endNs, offset, length] = [c.u64(), c.u64(), c.size(), c.size()];
  const map = new ByteCursor(c.take(c.u32()));
  const channels = new Set<number>();
  while (map.remaining > 0) {
    channels.add(map.u16());
    map.u64();
  }
  c.u64(); // length of the message indexes
  c.string(); // compression, again in the chunk
  c.u64(); // compressed size
  return { startNs, endNs, offset, length, channels, uncompressedSize: c.size() };
}

/** Messages per channel id, and how many chunks there are. */
export function parseStatistics(bytes: Uint8Array): { counts: Map<number, number>; chunks: number } {
  const c = new ByteCursor(bytes, 8 + 2 + 4 + 4 + 4);
  const chunks = c.u32();
  c.take(8 + 8); // first and last time
  const map = new ByteCursor(c.take(c.u32()));
  const counts = new Map<number, number>();
  while (map.remaining > 0) counts.set(map.u16(), map.size());
  return { counts, chunks };
}

/** A message index: which channel, how many messages. */
export function parseMessageIndex(bytes: Uint8Array): { channel: number; count: number } {
  const c = new ByteCursor(bytes);
  return { channel: c.u16(), count: Math.floor(c.u32() / 16) };
}

/**
 * Calls `visit` with each whole record in `bytes`; returns how many bytes are left over at the end (0 unless the
 * bytes are cut off or damaged).
 */
export function forEachRecord(bytes: Uint8Array, visit: (op: number, content: Uint8Array) => void): number {
  const c = new ByteCursor(bytes);
  while (c.remaining >= RECORD_HEADER) {
    const start = c.at;
    const op = c.u8();
    const length = c.size();
    if (length > c.remaining) return bytes.length - start;
    visit(op, c.take(length));
  }
  return c.remaining;
}
