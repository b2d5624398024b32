import { FeltmapError } from '../geometry/errors.js';

export type PlyType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float32' | 'float64';

export interface PlyProperty {
  readonly name: string;
  readonly type: PlyType;
  /** Type of the length, for a list. */
  readonly list?: PlyType;
}

export interface PlyElement {
  readonly name: string;
  readonly count: number;
  readonly properties: PlyProperty[];
}

export interface PlyHeader {
  readonly format: 'ascii' | 'little' | 'big';
  readonly elements: PlyElement[];
  /** Offset of the first byte after the header. */
  readonly end: number;
}

const TYPES: ReadonlyMap<string, PlyType> = new Map<string, PlyType>([
  ['char', 'int8'],
  ['uchar', 'uint8'],
  ['short', 'int16'],
  ['ushort', 'uint16'],
  ['int', 'int32'],
  ['uint', 'uint32'],
  ['float', 'float32'],
  ['double', 'float64'],
  ...(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'float32', 'float64'] as const).map(
    (t) => [t, t] as const,
  ),
]);

const FORMATS: ReadonlyMap<string, PlyHeader['format']> = new Map([
  ['ascii', 'ascii'],
  ['binary_little_endian', 'little'],
  ['binary_big_endian', 'big'],
] as const);

const LONGEST_HEADER = 1 << 16;

/** @throws FeltmapError bad-input with what the header lacks */
export function parsePlyHeader(bytes: Uint8Array, source: string): PlyHeader {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, LONGEST_HEADER)).toString(
    'latin1',
  );
  const bad = (what: string) =>
    new FeltmapError('bad-input', `${source} is not a readable PLY file: ${what}.`);
  const end = /(?:^|\n)end_header\r?\n/.exec(text);
  if (!/^ply\r?\n/.test(text)) throw bad('it does not begin with "ply"');
  if (!end) throw bad('its header has no end');
  let format: PlyHeader['format'] | undefined;
  const elements: PlyElement[] = [];
  for (const line of text.slice(0, end.index).split(/\r?\n/).slice(1)) {
    const words = line.trim().split(/\s+/);
    const element = elements[elements.length - 1];
    if (words[0] === 'format') format = FORMATS.get(words[1] ?? '');
    else if (words[0] === 'element') {
      const count = Number(words[2]);
      if (!Number.isInteger(count) || count < 0) throw bad(`its header says "${line.slice(0, 60)}"`);
      elements.push({ name: words[1]!, count, properties: [] });
    } else if (words[0] === 'property') {
      const isList = words[1] === 'list';
      const type = TYPES.get(words[isList ? 3 : 1] ?? '');
      const list = TYPES.get(words[2] ?? '');
      const name = words[isList ? 4 : 2];
      if (!element || !type || !name || (isList && !list))
        throw bad(`its header says "${line.slice(0, 60)}"`);
      element.properties.push(isList ? { name, type, list: list! } : { name, type });
    }
  }
  if (!format) throw bad('its format is none of ascii, binary_little_endian, binary_big_endian');
  return { format, elements, end: end.index + end[0].length };
}
