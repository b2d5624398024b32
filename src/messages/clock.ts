import { type Encoding, WireReader, WireWriter } from './wire.js';
import { readStamp, writeStamp } from './header.js';

/** rosgraph_msgs/Clock: nanoseconds of simulated time. */
export function decodeClock(bytes: Uint8Array, encoding: Encoding = 'cdr'): bigint {
  return readStamp(new WireReader(bytes, encoding, 'rosgraph_msgs/Clock'));
}

export function encodeClock(stampNs: bigint, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding, 16);
  writeStamp(w, stampNs);
  return w.finish();
}
