import { FeltmapError } from '../geometry/errors.js';
import { type PointCloud2, type PointField, PointType } from '../messages/pointcloud2.js';

/** Points of a file as rows of bytes: what a PointCloud2 is without its header. */
export type PointTable = Pick<
  PointCloud2,
  'fields' | 'pointStep' | 'bigEndian' | 'data' | 'width' | 'height'
>;

/** The PointField datatype of PCD's type letter (F, I, U) and size; undefined for 64-bit integers. */
export function numericType(letter: string, size: number): number | undefined {
  return NUMERIC_TYPES[`${letter.toUpperCase()}${size}`];
}

const NUMERIC_TYPES: Record<string, number> = {
  F4: PointType.FLOAT32,
  F8: PointType.FLOAT64,
  I1: PointType.INT8,
  I2: PointType.INT16,
  I4: PointType.INT32,
  U1: PointType.UINT8,
  U2: PointType.UINT16,
  U4: PointType.UINT32,
};

/**
 * Rows of numbers as text, as float64 fields; columns without a name are passed over.
 * Throws FeltmapError 'bad-input' where there are fewer than `count` rows or columns are missing.
 */
export function asciiTable(
  text: Uint8Array,
  columns: readonly string[],
  count: number,
  path: string,
): PointTable {
  const pointStep = 8 * columns.length;
  const bad = (line: number, why: string): FeltmapError =>
    new FeltmapError(
      'bad-input',
      `${path}, point ${line + 1} of ${count}: ${why}; the file is damaged or cut off`,
    );
  // A number takes at least two bytes: a count that cannot be true must not allocate.
  if (count * columns.length * 2 > text.length + 1)
    throw bad(Math.floor(text.length / (2 * columns.length)), 'it is missing');
  const values = new Float64Array(count * columns.length);
  const decoder = new TextDecoder();
  let row = 0;
  // Line by line: as many strings as a file has lines take twenty times its size.
  for (let at = 0; at < text.length && row < count;) {
    const newline = text.indexOf(0x0a, at);
    const end = newline < 0 ? text.length : newline;
    const line = decoder.decode(text.subarray(at, end)).trim();
    at = end + 1;
    if (line === '') continue;
    const numbers = line.split(/\s+/);
    if (numbers.length < columns.length)
      throw bad(row, `it has ${numbers.length} of ${columns.length} numbers`);
    for (let c = 0; c < columns.length; c++) values[row * columns.length + c] = Number(numbers[c]);
    row++;
  }
  if (row < count) throw bad(row, 'it is missing');
  const fields: PointField[] = [];
  columns.forEach((name, i) => {
    if (name !== '' && name !== '_')
      fields.push({ name, offset: 8 * i, datatype: PointType.FLOAT64, count: 1 });
  });
  const bigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;
  return { fields, pointStep, bigEndian, data: new Uint8Array(values.buffer), width: count, height: 1 };
}
