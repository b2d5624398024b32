import { type Encoding, WireReader, WireWriter } from './wire.js';
import { type Header, readHeader, writeHeader } from './header.js';

/** sensor_msgs/PointField datatype constants. */
export const PointType = {
  INT8: 1,
  UINT8: 2,
  INT16: 3,
  UINT16: 4,
  INT32: 5,
  UINT32: 6,
  FLOAT32: 7,
  FLOAT64: 8,
} as const;

export interface PointField {
  readonly name: string;
  /** Bytes from the start of the point. */
  readonly offset: number;
  /** One of {@link PointType}. */
  readonly datatype: number;
  readonly count: number;
}

/** sensor_msgs/PointCloud2; `data` is a view into the message, not a copy. */
export interface PointCloud2 extends Header {
  readonly height: number;
  readonly width: number;
  readonly fields: readonly PointField[];
  readonly bigEndian: boolean;
  readonly pointStep: number;
  readonly rowStep: number;
  readonly data: Uint8Array;
  readonly isDense: boolean;
}

/** Decodes sensor_msgs/PointCloud2. Throws FeltmapError 'bad-input' where bytes are missing. */
export function decodePointCloud2(bytes: Uint8Array, encoding: Encoding = 'cdr'): PointCloud2 {
  const r = new WireReader(bytes, encoding, 'sensor_msgs/PointCloud2');
  const header = readHeader(r);
  const height = r.uint32();
  const width = r.uint32();
  const fields: PointField[] = [];
  for (let n = r.sequenceLength(13); n > 0; n--) {
    fields.push({ name: r.string(), offset: r.uint32(), datatype: r.uint8(), count: r.uint32() });
  }
  const bigEndian = r.bool();
  const pointStep = r.uint32();
  const rowStep = r.uint32();
  const data = r.byteSequence();
  return { ...header, height, width, fields, bigEndian, pointStep, rowStep, data, isDense: r.bool() };
}

export function encodePointCloud2(cloud: PointCloud2, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding, cloud.data.length + 512);
  writeHeader(w, cloud);
  w.uint32(cloud.height);
  w.uint32(cloud.width);
  w.uint32(cloud.fields.length);
  for (const field of cloud.fields) {
    w.string(field.name);
    w.uint32(field.offset);
    w.uint8(field.datatype);
    w.uint32(field.count);
  }
  w.bool(cloud.bigEndian);
  w.uint32(cloud.pointStep);
  w.uint32(cloud.rowStep);
  w.byteSequence(cloud.data);
  w.bool(cloud.isDense);
  return w.finish();
}
