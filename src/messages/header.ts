import { WireReader, type WireWriter } from './wire.js';

/** std_msgs/Header: an instant and the frame the data is in. */
export interface Header {
  readonly stampNs: bigint;
  readonly frameId: string;
}

/** Smallest possible header in bytes: stamp and the length of an empty frame id. */
export const HEADER_MIN_BYTES = 12;

export function readHeader(r: WireReader): Header {
  if (r.encoding === 'ros1') r.uint32(); // seq
  return { stampNs: readStamp(r), frameId: r.string() };
}

/** builtin_interfaces/Time in nanoseconds. */
export function readStamp(r: WireReader): bigint {
  // ROS 1 seconds are unsigned, ROS 2 seconds signed.
  const sec = r.encoding === 'ros1' ? r.uint32() : r.int32();
  return BigInt(sec) * 1_000_000_000n + BigInt(r.uint32());
}

/** The header of any stamped message (CDR), without decoding the rest. */
export function peekHeader(bytes: Uint8Array): Header {
  return readHeader(new WireReader(bytes, 'cdr', 'std_msgs/Header'));
}

export function writeHeader(w: WireWriter, header: Header): void {
  if (w.encoding === 'ros1') w.uint32(0);
  writeStamp(w, header.stampNs);
  w.string(header.frameId);
}

/** builtin_interfaces/Time with nanoseconds in [0, 1e9), also for instants before 1970. */
export function writeStamp(w: WireWriter, stampNs: bigint): void {
  const nanosec = ((stampNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const sec = Number((stampNs - nanosec) / 1_000_000_000n);
  if (w.encoding === 'ros1') w.uint32(sec >>> 0);
  else w.int32(sec);
  w.uint32(Number(nanosec));
}
