import { FeltmapError } from '../geometry/errors.js';
import type { PointField } from '../messages/pointcloud2.js';
import { type PointTable, asciiTable, numericType } from './point-table.js';

/** PLY's scalar types, by both of their names. */
const TYPES: Record<string, [letter: string, size: number]> = {
  char: ['I', 1],
  int8: ['I', 1],
  uchar: ['U', 1],
  uint8: ['U', 1],
  short: ['I', 2],
  int16: ['I', 2],
  ushort: ['U', 2],
  uint16: ['U', 2],
  int: ['I', 4],
  int32: ['I', 4],
  uint: ['U', 4],
  uint32: ['U', 4],
  float: ['F', 4],
  float32: ['F', 4],
  double: ['F', 8],
  float64: ['F', 8],
};

/** The vertices of a PLY file, ascii or binary. Throws FeltmapError 'bad-input' or 'unsupported'. */
export function parsePly(bytes: Uint8Array, path: string): PointTable {
  const bad = (why: string): FeltmapError =>
    new FeltmapError('bad-input', `${path} is no whole PLY file: ${why}; it is damaged or cut off`);
  let at = 0;
  let format = '';
  let count = -1;
  let element = '';
  let step = 0;
  const fields: PointField[] = [];
  const names: string[] = [];
  for (let line = ''; line !== 'end_header';) {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0 || end > 65536) throw bad('its header has no end');
    line = new TextDecoder().decode(bytes.subarray(at, end)).trim();
    if (at === 0 && line !== 'ply') throw bad("it does not start with 'ply'");
    at = end + 1;
    const words = line.split(/\s+/);
    if (words[0] === 'format') format = words[1] ?? '';
    else if (words[0] === 'element') {
      element = words[1] ?? '';
      if (element === 'vertex') count = Number(words[2]);
      else if (count < 0) {
        throw new FeltmapError(
          'unsupported',
          `${path}: element '${element}' comes before 'vertex'; write the vertices first`,
        );
      }
    } else if (words[0] === 'property' && element === 'vertex') {
      const type = TYPES[words[1] ?? ''];
      if (!type) throw new FeltmapError('unsupported', `${path}: vertex property '${line}' is no number`);
      // KITTI-360 and others write what ROS calls intensity as scalar_Intensity (CloudCompare's habit).
      const name = (words[2] ?? '').replace(/^scalar_/i, '');
      names.push(name);
      fields.push({ name, offset: step, datatype: numericType(...type)!, count: 1 });
      step += type[1];
    }
  }
  if (!Number.isInteger(count) || count < 0) throw bad('it names no number of vertices');
  const data = bytes.subarray(at);
  if (format === 'ascii') return asciiTable(data, names, count, path);
  if (format !== 'binary_little_endian' && format !== 'binary_big_endian') {
    throw new FeltmapError('unsupported', `${path}: PLY format '${format}' is unknown`);
  }
  if (data.length < count * step)
    throw bad(`${count} vertices of ${step} bytes need more than ${data.length} bytes`);
  const bigEndian = format === 'binary_big_endian';
  return {
    fields,
    pointStep: step,
    bigEndian,
    data: data.subarray(0, count * step),
    width: count,
    height: 1,
  };
}
