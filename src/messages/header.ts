import type { WireReader, WireWriter } from './wire.js';

/** std_msgs/Header: an instant and the frame the data is in. */
export interface Header {
  readonly stampNs: bigint;
  readonly frameId: string;
}

/** Smallest possible header in bytes: stamp and the length of an empty frame id. */
export const HEADER_MIN_BYTES = 12;

export function readHeader(r: WireReader): Header {
  if (r.encoding === 'ros1') r.uint32(); // seq
  // ROS 1 seconds are unsigned, ROS 2 seconds signed.
  const sec = r.encoding === 'ros1' ? r.uint32() : r.int32();
  const nanosec = r.uint32();
  return { stampNs: BigInt(sec) * 1_000_000_000n + BigInt(nanosec), frameId: r.string() };
}

export function writeHeader(w: WireWriter, header: Header): void {
  if (w.encoding === 'ros1') w.uint32(0);
  writeStamp(w, header.stampNs);
  w.string(header.frameId);
}

/** builtin_interfaces/Time with nanoseconds in [0, 1e9), also for instants before 1970. */
function writeStamp(w: WireWriter, stampNs: bigint): void {
  const nanosec = ((stampNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const sec = Number((stampNs - nanosec) / 1_000_000_000n);
  if (w.encoding === 'ros1') w.uint32(sec >>> 0);
  else w.int32(sec);
  w.uint32(Number(nanosec));
}
