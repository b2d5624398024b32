import { FeltmapError } from '../geometry/errors.js';
import type { Mesh } from '../mesh/mesh.js';
import { parsePlyHeader, type PlyElement, type PlyType } from './ply-header.js';

const SIZE: Record<PlyType, number> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  float64: 8,
};

/** Reads one number after the other. */
interface Cursor {
  next(type: PlyType): number;
  /** Bytes (or words) left: an element cannot hold more entries than these. */
  readonly left: number;
}

/**
 * Mesh or point cloud (no triangles) of a PLY file: ascii or binary of either byte order, any further elements and
 * properties skipped, polygons cut into fans.
 *
 * @param source named in errors
 * @throws FeltmapError bad-input with what is wrong: no positions, cut off, a corner that does not exist
 */
export function decodePly(bytes: Uint8Array, source = 'PLY file'): Mesh {
  const header = parsePlyHeader(bytes, source);
  const body = bytes.subarray(header.end);
  const cursor = header.format === 'ascii' ? words(body) : binary(body, header.format === 'little');
  let vertices: Omit<Mesh, 'indices'> | undefined;
  let indices = new Uint32Array(0);
  try {
    for (const element of header.elements) {
      const least = element.properties.reduce((n, p) => n + SIZE[p.list ?? p.type], 0);
      if (element.count * (header.format === 'ascii' ? element.properties.length : least) > cursor.left)
        throw new RangeError();
      // A number of entries without content takes no bytes, and would take for ever to pass over.
      if (element.properties.length === 0) continue;
      if (element.name === 'vertex') vertices = readVertices(element, cursor, source);
      else if (element.name === 'face') indices = readFaces(element, cursor);
      else skip(element, cursor);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FeltmapError('bad-input', `${source} is cut off: it holds less than its header says.`);
  }
  if (!vertices) throw new FeltmapError('bad-input', `${source} holds no vertices.`);
  const count = vertices.positions.length / 3;
  for (const i of indices)
    if (i >= count)
      throw new FeltmapError(
        'bad-input',
        `${source} is damaged: a triangle names vertex ${i} of ${count} vertices.`,
      );
  return { ...vertices, indices };
}

function readVertices(element: PlyElement, cursor: Cursor, source: string): Omit<Mesh, 'indices'> {
  const column = (name: string) => element.properties.findIndex((p) => p.name === name && !p.list);
  const columns = (names: string[]) => {
    const found = names.map(column);
    return found.every((c) => c >= 0) ? found : undefined;
  };
  const xyz = columns(['x', 'y', 'z']);
  const nxyz = columns(['nx', 'ny', 'nz']);
  const rgb = columns(['red', 'green', 'blue']);
  if (!xyz) throw new FeltmapError('bad-input', `${source} has vertices without x, y and z.`);
  const positions = new Float32Array(3 * element.count);
  const normals = new Float32Array(nxyz ? 3 * element.count : 0);
  const colors = new Uint8Array(rgb ? 3 * element.count : 0);
  const row = new Float64Array(element.properties.length);
  // Colours as floats are 0…1, as whole numbers 0…255.
  const scale = rgb && element.properties[rgb[0]!]!.type.startsWith('float') ? 255 : 1;
  for (let v = 0; v < element.count; v++) {
    readRow(element, cursor, row);
    for (let k = 0; k < 3; k++) {
      positions[3 * v + k] = row[xyz[k]!]!;
      if (nxyz) normals[3 * v + k] = row[nxyz[k]!]!;
      if (rgb) colors[3 * v + k] = Math.round(scale * row[rgb[k]!]!);
    }
  }
  return { positions, ...(nxyz ? { normals } : {}), ...(rgb ? { colors } : {}) };
}

function readFaces(element: PlyElement, cursor: Cursor): Uint32Array<ArrayBuffer> {
  let out = new Uint32Array(3 * element.count);
  let n = 0;
  for (let f = 0; f < element.count; f++) {
    for (const property of element.properties) {
      const corners = property.list ? cursor.next(property.list) : 1;
      const wanted = property.list !== undefined && /^vertex_ind(ices|ex)$/.test(property.name);
      if (!(corners >= 0) || corners > cursor.left) throw new RangeError();
      let first = 0;
      let previous = 0;
      for (let k = 0; k < corners; k++) {
        const index = cursor.next(property.type);
        if (!wanted) continue;
        if (k === 0) first = index;
        else if (k > 1) {
          if (n + 3 > out.length) out = grown(out);
          out[n++] = first;
          out[n++] = previous;
          out[n++] = index;
        }
        previous = index;
      }
    }
  }
  return out.slice(0, n);
}

function skip(element: PlyElement, cursor: Cursor): void {
  const row = new Float64Array(element.properties.length);
  for (let i = 0; i < element.count; i++) readRow(element, cursor, row);
}

/** One entry of an element; lists are passed over. */
function readRow(element: PlyElement, cursor: Cursor, row: Float64Array): void {
  const { properties } = element;
  for (let c = 0; c < properties.length; c++) {
    const { type, list } = properties[c]!;
    if (list) for (let n = cursor.next(list); n > 0; n--) cursor.next(type);
    else row[c] = cursor.next(type);
  }
}

/** DataView throws RangeError past the end. */
function binary(body: Uint8Array, little: boolean): Cursor {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  const read: Record<PlyType, () => number> = {
    int8: () => view.getInt8(at),
    uint8: () => view.getUint8(at),
    int16: () => view.getInt16(at, little),
    uint16: () => view.getUint16(at, little),
    int32: () => view.getInt32(at, little),
    uint32: () => view.getUint32(at, little),
    float32: () => view.getFloat32(at, little),
    float64: () => view.getFloat64(at, little),
  };
  return {
    next(type) {
      const value = read[type]();
      at += SIZE[type];
      return value;
    },
    get left() {
      return body.length - at;
    },
  };
}

/** Word by word: as many strings as a file has words take twenty times its size. */
function words(body: Uint8Array): Cursor {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const isSpace = (at: number): boolean => text[at]! <= 0x20;
  let at = 0;
  return {
    next() {
      while (at < text.length && isSpace(at)) at++;
      const start = at;
      while (at < text.length && !isSpace(at)) at++;
      if (at === start) throw new RangeError();
      return Number(text.toString('latin1', start, at));
    },
    // At most: every word but the last needs a space behind it.
    get left() {
      return Math.floor((text.length - at + 1) / 2);
    },
  };
}

function grown(a: Uint32Array): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(2 * a.length + 96);
  out.set(a);
  return out;
}
