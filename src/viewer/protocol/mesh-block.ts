import { FrameWriter, ProtocolError, type FrameReader } from './bytes.js';
import { FRAME } from './constants.js';
import type { Box } from './quantise.js';

/** Triangles of one block in its submap's frame; replaces what the client has under (submap, key). */
export interface MeshBlockFrame {
  readonly type: 'meshBlock';
  readonly submap: number;
  /** Whole number below 2⁵³ that names the block within its submap. */
  readonly key: number;
  /** Rises with every change of a block; an older one than known is to be ignored. */
  readonly version: number;
  /** When the block was first and last changed, seconds of recording since the first scan: the age. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly box: Box;
  /** 3·V steps of the box, see dequantisePositions. */
  readonly positions: Uint16Array;
  /** 2·V, see decodeNormals. */
  readonly normals: Int8Array;
  /** 3·V, 0…255 sRGB; absent where the map has no colour. */
  readonly colors?: Uint8Array;
  /** 3·T into the block's vertices; the narrowest type that holds them. */
  readonly indices: Uint8Array | Uint16Array | Uint32Array;
}

/** A block without surface from `version` on. */
export interface BlockRemovedFrame {
  readonly type: 'blockRemoved';
  readonly submap: number;
  readonly key: number;
  readonly version: number;
}

const FIXED = 60;
const HAS_COLORS = 1;

export function encodeMeshBlock(block: MeshBlockFrame): Uint8Array<ArrayBuffer> {
  const { box, positions, normals, colors, indices } = block;
  const vertices = positions.length / 3;
  const narrow = narrowIndices(indices, vertices);
  const width = narrow.BYTES_PER_ELEMENT;
  const bytes = 8 * vertices + (colors ? 3 * vertices : 0) + narrow.byteLength;
  const writer = new FrameWriter(FRAME.meshBlock, FIXED + bytes);
  writer.f64(block.key);
  writer.u32(block.submap);
  writer.u32(block.version);
  writer.f32(block.firstSeen);
  writer.f32(block.lastSeen);
  writeBox(writer, box);
  writer.u32(vertices);
  writer.u32(narrow.length / 3);
  writer.u8(colors ? HAS_COLORS : 0);
  writer.u8(width);
  writer.u16(0);
  // The wider arrays first, so that each lies aligned: 60 bytes + 8 of the header leave 4.
  if (width === 4) writer.array(narrow);
  writer.array(positions);
  if (width === 2) writer.array(narrow);
  writer.array(normals);
  if (colors) writer.array(colors);
  if (width === 1) writer.array(narrow);
  return writer.done();
}

export function decodeMeshBlock(reader: FrameReader): MeshBlockFrame {
  const key = readKey(reader);
  const submap = reader.u32();
  const version = reader.u32();
  const firstSeen = reader.f32();
  const lastSeen = reader.f32();
  const box = readBox(reader);
  const vertices = reader.u32();
  const triangles = reader.u32();
  const flags = reader.u8();
  const width = reader.u8();
  if (flags > HAS_COLORS || reader.u16() !== 0) throw new ProtocolError('a mesh block has unknown flags');
  let indices: Uint8Array | Uint16Array | Uint32Array | undefined;
  if (width === 4) indices = reader.u32s(3 * triangles);
  const positions = reader.u16s(3 * vertices);
  if (width === 2) indices = reader.u16s(3 * triangles);
  const normals = reader.i8s(2 * vertices);
  const colors = flags & HAS_COLORS ? reader.u8s(3 * vertices) : undefined;
  if (width === 1) indices = reader.u8s(3 * triangles);
  if (!indices) throw new ProtocolError(`a mesh block has indices of ${width} bytes`);
  for (let i = 0; i < indices.length; i++)
    if (indices[i]! >= vertices) throw new ProtocolError('a mesh block has an index beyond its vertices');
  const block = { submap, key, version, firstSeen, lastSeen, box, positions, normals, indices };
  return { type: 'meshBlock', ...block, ...(colors ? { colors } : {}) };
}

export function encodeBlockRemoved({ submap, key, version }: BlockRemovedFrame): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(FRAME.blockRemoved, 16);
  writer.f64(key);
  writer.u32(submap);
  writer.u32(version);
  return writer.done();
}

export function decodeBlockRemoved(reader: FrameReader): BlockRemovedFrame {
  const key = readKey(reader);
  return { type: 'blockRemoved', key, submap: reader.u32(), version: reader.u32() };
}

export function writeBox(writer: FrameWriter, box: Box): void {
  for (const value of box.min) writer.f32(value);
  for (const value of box.size) writer.f32(value);
}

export function readBox(reader: FrameReader): Box {
  const [x, y, z] = [reader.f32(), reader.f32(), reader.f32()];
  const [a, b, c] = [reader.f32(), reader.f32(), reader.f32()];
  if (a < 0 || b < 0 || c < 0) throw new ProtocolError('a box has a negative size');
  return { min: [x, y, z], size: [a, b, c] };
}

function readKey(reader: FrameReader): number {
  const key = reader.f64();
  if (!Number.isSafeInteger(key) || key < 0)
    throw new ProtocolError('a block has a key that is no whole number');
  return key;
}

function narrowIndices(
  indices: Uint8Array | Uint16Array | Uint32Array,
  vertices: number,
): Uint8Array | Uint16Array | Uint32Array {
  if (vertices <= 0x100) return indices instanceof Uint8Array ? indices : Uint8Array.from(indices);
  if (vertices <= 0x10000) return indices instanceof Uint16Array ? indices : Uint16Array.from(indices);
  return indices instanceof Uint32Array ? indices : Uint32Array.from(indices);
}
