import { FrameWriter, ProtocolError, type FrameReader } from './bytes.js';
import { FRAME } from './constants.js';
import { readBox, writeBox } from './mesh-block.js';
import type { Box } from './quantise.js';

/** A completed object; replaces an earlier one with the same id. It is no part of the map. */
export interface ObjectFrame {
  readonly type: 'object';
  readonly id: number;
  readonly box: Box;
  /** 3·V steps of the box in the world frame, see dequantisePositions. */
  readonly positions: Uint16Array;
  /** 2·V, see decodeNormals. */
  readonly normals: Int8Array;
  /** 3·V, 0…255 sRGB: how sure the surface is. */
  readonly colors: Uint8Array;
  /** 3·T into the vertices. */
  readonly indices: Uint32Array;
}

/** The object is gone. */
export interface ObjectRemovedFrame {
  readonly type: 'objectRemoved';
  readonly id: number;
}

const ACTIONS = ['around', 'again', 'clear'] as const;

/** From a client: complete the object around a point, complete all again, or take all away. */
export interface CompleteFrame {
  readonly type: 'complete';
  readonly action: (typeof ACTIONS)[number];
  /** World frame (m); zeros unless `around`. */
  readonly point: readonly [number, number, number];
}

export function encodeObject({
  id,
  box,
  positions,
  normals,
  colors,
  indices,
}: ObjectFrame): Uint8Array<ArrayBuffer> {
  const vertices = positions.length / 3;
  const writer = new FrameWriter(FRAME.object, 36 + 11 * vertices + indices.byteLength);
  writer.u32(id);
  writer.u32(vertices);
  writer.u32(indices.length / 3);
  writeBox(writer, box);
  // The wider arrays first, so that each lies aligned.
  writer.array(indices);
  writer.array(positions);
  writer.array(normals);
  writer.array(colors);
  return writer.done();
}

export function decodeObject(reader: FrameReader): ObjectFrame {
  const id = reader.u32();
  const vertices = reader.u32();
  const triangles = reader.u32();
  const box = readBox(reader);
  const indices = reader.u32s(3 * triangles);
  const positions = reader.u16s(3 * vertices);
  const normals = reader.i8s(2 * vertices);
  const colors = reader.u8s(3 * vertices);
  for (const index of indices)
    if (index >= vertices) throw new ProtocolError('an object has an index beyond its vertices');
  return { type: 'object', id, box, positions, normals, colors, indices };
}

export function encodeObjectRemoved({ id }: ObjectRemovedFrame): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(FRAME.objectRemoved, 4);
  writer.u32(id);
  return writer.done();
}

export function encodeComplete({ action, point }: CompleteFrame): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(FRAME.complete, 16);
  writer.u32(ACTIONS.indexOf(action));
  for (const value of point) writer.f32(value);
  return writer.done();
}

export function decodeComplete(reader: FrameReader): CompleteFrame {
  const action = ACTIONS[reader.u32()];
  if (!action) throw new ProtocolError('a complete frame has an unknown action');
  const point = [reader.f32(), reader.f32(), reader.f32()] as const;
  if (action !== 'around' && point.some((v) => v !== 0))
    throw new ProtocolError('a complete frame has a point where none is meant');
  return { type: 'complete', action, point };
}
