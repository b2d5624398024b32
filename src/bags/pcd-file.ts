import { FeltmapError } from '../geometry/errors.js';
import { LARGEST_CHUNK } from './compression.js';
import { type PointField, PointType } from '../messages/pointcloud2.js';
import { type PointTable, asciiTable, numericType } from './point-table.js';

/** Values of a point; descriptors of points have some hundred. */
const MOST_VALUES = 10_000;

/** PCD 0.6 and 0.7: ascii, binary and binary_compressed. Throws FeltmapError 'bad-input' or 'unsupported'. */
export function parsePcd(bytes: Uint8Array, path: string): PointTable {
  const bad = (why: string): FeltmapError =>
    new FeltmapError('bad-input', `${path} is no whole PCD file: ${why}; it is damaged or cut off`);
  const header = new Map<string, string[]>();
  let at = 0;
  while (!header.has('DATA')) {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0 || end > 65536) throw bad('its header has no DATA line');
    const [key, ...values] = new TextDecoder().decode(bytes.subarray(at, end)).trim().split(/\s+/);
    if (key && !key.startsWith('#')) header.set(key.toUpperCase(), values);
    at = end + 1;
  }
  const names = header.get('FIELDS') ?? header.get('COLUMNS') ?? [];
  const sizes = (header.get('SIZE') ?? []).map(Number);
  const types = header.get('TYPE') ?? [];
  const counts = names.map((_, i) => Number(header.get('COUNT')?.[i] ?? 1));
  const [width, height] = [Number(header.get('WIDTH')?.[0]), Number(header.get('HEIGHT')?.[0] ?? 1)];
  const count = Number(header.get('POINTS')?.[0] ?? width * height);
  if (names.length === 0 || sizes.length !== names.length || types.length !== names.length) {
    throw bad('FIELDS, SIZE and TYPE do not agree');
  }
  if (![count, ...sizes, ...counts].every((v) => Number.isInteger(v) && v >= 0))
    throw bad('its sizes are no numbers');
  if (counts.reduce((sum, n) => sum + n, 0) > MOST_VALUES)
    throw bad(`a point has more than ${MOST_VALUES} values`);

  const data = bytes.subarray(at);
  const kind = header.get('DATA')![0]?.toLowerCase();
  const organised = width * height === count && height > 1;
  const shape = organised ? { width, height } : { width: count, height: 1 };
  if (kind === 'ascii') {
    const columns = names.flatMap((n, i) => Array.from({ length: counts[i]! }, (_, j) => (j === 0 ? n : '')));
    return { ...asciiTable(data, columns, count, path), ...shape };
  }
  const fields: PointField[] = [];
  const longs: Long[] = [];
  let step = 0;
  names.forEach((name, i) => {
    const isLong = sizes[i] === 8 && /^[UI]$/i.test(types[i]!);
    const datatype = isLong ? PointType.FLOAT64 : numericType(types[i]!, sizes[i]!);
    // What is no number and '_' padding are passed over.
    if (datatype && name !== '_') fields.push({ name, offset: step, datatype, count: counts[i]! });
    if (isLong && name !== '_') longs.push({ offset: step, signed: types[i]!.toUpperCase() === 'I' });
    step += sizes[i]! * counts[i]!;
  });
  if (kind !== 'binary' && kind !== 'binary_compressed') {
    throw new FeltmapError(
      'unsupported',
      `${path}: PCD data of kind '${kind}' is unknown; use ascii, binary or binary_compressed`,
    );
  }
  const points = kind === 'binary' ? data : rows(decompressLzf(data, bad), count, sizes, counts, bad);
  if (points.length < count * step)
    throw bad(`${count} points of ${step} bytes need more than ${points.length} bytes`);
  const whole = longs.length === 0 ? points.subarray(0, count * step) : points.slice(0, count * step);
  for (const long of longs) toFloats(whole, step, long);
  return { fields, pointStep: step, bigEndian: false, data: whole, ...shape };
}

/** Where a point has an integer of eight bytes. */
interface Long {
  readonly offset: number;
  readonly signed: boolean;
}

/** Integers of eight bytes become float64, which PointCloud2 has: times of today are exact to 0.3 µs. */
function toFloats(points: Uint8Array, step: number, { offset, signed }: Long): void {
  const view = new DataView(points.buffer, points.byteOffset, points.byteLength);
  for (let at = offset; at + 8 <= points.length; at += step) {
    const value = signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
    view.setFloat64(at, Number(value), true);
  }
}

/** binary_compressed stores field after field; this puts point after point. */
function rows(
  columns: Uint8Array,
  count: number,
  sizes: readonly number[],
  counts: readonly number[],
  bad: (why: string) => FeltmapError,
): Uint8Array {
  const step = sizes.reduce((sum, s, i) => sum + s * counts[i]!, 0);
  if (columns.length < count * step)
    throw bad(`it unpacks to ${columns.length} bytes instead of ${count * step}`);
  const out = new Uint8Array(count * step);
  let from = 0;
  let offset = 0;
  for (const [i, size] of sizes.entries()) {
    const n = size * counts[i]!;
    for (let p = 0; p < count; p++, from += n) {
      for (let b = 0; b < n; b++) out[p * step + offset + b] = columns[from + b]!;
    }
    offset += n;
  }
  return out;
}

/** LZF: two 32-bit sizes, then runs of literals (control < 32) and back references. */
function decompressLzf(data: Uint8Array, bad: (why: string) => FeltmapError): Uint8Array {
  if (data.length < 8) throw bad('its compressed sizes are missing');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [packed, size] = [view.getUint32(0, true), view.getUint32(4, true)];
  if (packed + 8 > data.length || size > packed * 300 || size > LARGEST_CHUNK)
    throw bad('its compressed sizes do not fit');
  const out = new Uint8Array(size);
  let [at, to] = [8, 0];
  const end = 8 + packed;
  while (at < end) {
    const control = data[at++]!;
    if (control < 32) {
      const n = control + 1;
      if (at + n > end || to + n > size) throw bad('its compressed data is damaged');
      out.set(data.subarray(at, at + n), to);
      at += n;
      to += n;
      continue;
    }
    let length = control >> 5;
    if (length === 7) length += data[at++] ?? 0;
    const from = to - ((control & 31) << 8) - (data[at++] ?? 0) - 1;
    length += 2;
    if (from < 0 || to + length > size || at > end) throw bad('its compressed data is damaged');
    for (let i = 0; i < length; i++, to++) out[to] = out[from + i]!;
  }
  return out.subarray(0, to);
}
