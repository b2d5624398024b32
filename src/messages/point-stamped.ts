import { type Encoding, WireReader, WireWriter } from './wire.js';
import { type Header, readHeader, writeHeader } from './header.js';

/** geometry_msgs/PointStamped. */
export interface PointStamped extends Header {
  /** m, frame of the header. */
  readonly point: readonly [number, number, number];
}

export function decodePointStamped(bytes: Uint8Array, encoding: Encoding = 'cdr'): PointStamped {
  const r = new WireReader(bytes, encoding, 'geometry_msgs/PointStamped');
  return { ...readHeader(r), point: [r.float64(), r.float64(), r.float64()] };
}

export function encodePointStamped(m: PointStamped, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding);
  writeHeader(w, m);
  w.float64s(m.point);
  return w.finish();
}
