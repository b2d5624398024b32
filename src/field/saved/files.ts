// The binary files beside the manifest: found by name, checked by length and checksum.
import { crc32 } from 'node:zlib';
import { FeltmapError } from '../../geometry/errors.js';
import { damaged } from './damage.js';

export type MapFiles = ReadonlyMap<string, Uint8Array>;

/** A range of a file, and what the whole file must be. Since version 2 a range is always the whole file. */
export interface FilePart {
  readonly name: string;
  /** Size and CRC-32 of the whole file. */
  readonly bytes: number;
  readonly crc32: number;
  readonly from: number;
  readonly to: number;
}

/**
 * How the manifest refers to a file. The name holds the checksum: files of two maps can lie beside each other while one
 * replaces the other, and the manifest alone says which of them count.
 */
export function reference(what: string, content: Uint8Array): { name: string; bytes: number; crc32: number } {
  const sum = crc32(content);
  return { name: `${what}.${sum.toString(16).padStart(8, '0')}.bin`, bytes: content.length, crc32: sum };
}

/**
 * A part of a file that is complete and undamaged.
 *
 * @throws FeltmapError not-found without the file, bad-input when its length or checksum differ
 */
export function readPart(files: MapFiles, { name, bytes, crc32: expected, from, to }: FilePart): Uint8Array {
  const file = files.get(name);
  if (!file)
    throw new FeltmapError(
      'not-found',
      `There is no ${name} in the saved map: give the map/ folder of an earlier run.`,
    );
  if (file.length !== bytes)
    throw new FeltmapError(
      'bad-input',
      `${name} of the saved map has ${file.length} bytes instead of ${bytes}: it was cut off or belongs to another map.`,
    );
  if (crc32(file) !== expected)
    throw new FeltmapError(
      'bad-input',
      `${name} of the saved map is damaged (checksum differs); save the map again.`,
    );
  return file.subarray(from, to);
}

/** float32, little-endian. */
export function floatBytes(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i]!, true);
  return bytes;
}

/** @throws FeltmapError bad-input when a number is beyond ±10⁷ or none at all */
export function readFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
  if (!values.every((value) => Math.abs(value) < 1e7)) throw damaged('Numbers');
  return values;
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
