import { FeltmapError } from '../geometry/errors.js';
import { type PointField, PointType } from '../messages/pointcloud2.js';
import type { PointTable } from './point-table.js';

/** How the points of a file without a header lie in its bytes: little-endian, one after the other. */
export interface BinLayout {
  /** As it is written on the command line: `x,y,z,intensity,ring:u16`. */
  readonly text: string;
  readonly fields: readonly PointField[];
  /** Bytes of a point. */
  readonly pointStep: number;
}

const TYPES: Readonly<Record<string, readonly [datatype: number, bytes: number]>> = {
  i8: [PointType.INT8, 1],
  u8: [PointType.UINT8, 1],
  i16: [PointType.INT16, 2],
  u16: [PointType.UINT16, 2],
  i32: [PointType.INT32, 4],
  u32: [PointType.UINT32, 4],
  f32: [PointType.FLOAT32, 4],
  f64: [PointType.FLOAT64, 8],
};
/** More columns than any sensor has. */
const MOST_COLUMNS = 64;

/**
 * A layout from its text: names with commas between, each with its type unless that is f32. What is called `_` is passed over.
 *
 * @throws FeltmapError bad-config for a type that is unknown, or without x, y and z
 */
export function parseBinLayout(text: string): BinLayout {
  const bad = (why: string): FeltmapError =>
    new FeltmapError(
      'bad-config',
      `--layout '${text.slice(0, 80)}': ${why}; expected columns such as x,y,z,intensity,ring:u16,time:f64 ` +
        `(types: ${Object.keys(TYPES).join(', ')}; f32 unless given; _ for what is not needed)`,
    );
  const columns = text.split(',').map((column) => column.trim().split(':'));
  if (columns.length > MOST_COLUMNS) throw bad(`there are more than ${MOST_COLUMNS} columns`);
  const fields: PointField[] = [];
  let pointStep = 0;
  for (const [name = '', type = 'f32', ...more] of columns) {
    const known = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
    if (!known || more.length > 0 || name === '')
      throw bad(`'${[name, type, ...more].join(':')}' is no column`);
    if (name !== '_') fields.push({ name, offset: pointStep, datatype: known[0], count: 1 });
    pointStep += known[1];
  }
  const names = fields.map((field) => field.name.toLowerCase());
  if (!['x', 'y', 'z'].every((axis) => names.includes(axis))) throw bad('it has no x, y and z');
  if (new Set(names).size < names.length) throw bad('a name comes twice');
  return { text, fields, pointStep };
}

/** Points of a file in a layout. @throws FeltmapError bad-input where the file holds no whole number of them */
export function parseBin(
  bytes: Uint8Array,
  { text, fields, pointStep }: BinLayout,
  path: string,
): PointTable {
  if (bytes.length % pointStep !== 0)
    throw new FeltmapError(
      'bad-input',
      `${path} has ${bytes.length} bytes, not a multiple of ${pointStep} (${text}); it is cut off or of another layout (--layout)`,
    );
  return { fields, pointStep, bigEndian: false, data: bytes, width: bytes.length / pointStep, height: 1 };
}
