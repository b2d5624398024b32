import { ByteCursor } from './byte-cursor.js';

/** Record types of ROS 1 bags, http://wiki.ros.org/Bags/Format/2.0. */
export const Ros1Op = { Message: 2, Header: 3, Index: 4, Chunk: 5, ChunkInfo: 6, Connection: 7 } as const;

export const ROS1_MAGIC = new TextEncoder().encode('#ROSBAG V2.0\n');

/** The named fields in front of a record's data. */
export type Ros1Header = ReadonlyMap<string, Uint8Array>;

const utf8 = new TextDecoder();

/** `name=value` fields, each with its length in front. Throws RangeError at damage. */
export function parseFields(bytes: Uint8Array): Ros1Header {
  const fields = new Map<string, Uint8Array>();
  const c = new ByteCursor(bytes);
  while (c.remaining > 0) {
    const field = c.take(c.u32());
    const equals = field.indexOf(0x3d);
    if (equals < 1) throw new RangeError('a header field has no name');
    fields.set(utf8.decode(field.subarray(0, equals)), field.subarray(equals + 1));
  }
  return fields;
}

export function fieldCursor(header: Ros1Header, name: string): ByteCursor {
  const value = header.get(name);
  if (!value) throw new RangeError(`the header has no field '${name}'`);
  return new ByteCursor(value);
}

export function fieldText(header: Ros1Header, name: string): string {
  const value = header.get(name);
  return value ? utf8.decode(value) : '';
}

/** Seconds and nanoseconds, 32 bits each, as nanoseconds. */
export function readTime(c: ByteCursor): bigint {
  const seconds = c.u32();
  return BigInt(seconds) * 1_000_000_000n + BigInt(c.u32());
}

export interface Ros1Connection {
  readonly id: number;
  readonly topic: string;
  readonly type: string;
  readonly schema: string;
}

export function parseConnection(header: Ros1Header, data: Uint8Array): Ros1Connection {
  const info = parseFields(data);
  return {
    id: fieldCursor(header, 'conn').u32(),
    topic: fieldText(header, 'topic') || fieldText(info, 'topic'),
    type: fieldText(info, 'type'),
    schema: fieldText(info, 'message_definition'),
  };
}

/** Calls `visit` with each whole record and its offset; returns how many bytes are left over at the end. */
export function forEachRos1Record(
  bytes: Uint8Array,
  visit: (op: number, header: Ros1Header, data: Uint8Array, at: number) => void,
): number {
  const c = new ByteCursor(bytes);
  while (c.remaining > 0) {
    const start = c.at;
    try {
      const header = parseFields(c.take(c.u32()));
      const data = c.take(c.u32());
      visit(fieldCursor(header, 'op').u8(), header, data, start);
    } catch (error) {
      if (error instanceof RangeError) return bytes.length - start;
      throw error;
    }
  }
  return 0;
}
