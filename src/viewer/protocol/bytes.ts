import { FeltmapError } from '../../geometry/errors.js';
import { ALIGNMENT, HEADER_BYTES, MAGIC, PROTOCOL_VERSION } from './constants.js';

/**
 * The bytes are no frame of this protocol. Whoever gets this closes the connection.
 *
 * @example
 * throw new ProtocolError('a text message where frames are binary');
 */
export class ProtocolError extends FeltmapError {
  constructor(
    message: string,
    /** Set when the other end speaks another version. */
    readonly version?: number,
  ) {
    super('bad-input', message);
    this.name = 'ProtocolError';
  }
}

type ArrayType<T> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, at: number, n: number): T;
};
type Numbers =
  Float64Array | BigInt64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array | Int8Array;

/**
 * Writes one frame. Sizes must be known before: `bytes` is the payload without padding. Arrays go in as they lie in
 * memory, which is little-endian on every platform that Node and browsers run on.
 *
 * @example
 * const writer = new FrameWriter(type, 8);
 * writer.u32(submap);
 * writer.u32(version);
 * const frame = writer.done();
 */
export class FrameWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = HEADER_BYTES;

  constructor(type: number, bytes: number) {
    const length = Math.ceil((HEADER_BYTES + bytes) / ALIGNMENT) * ALIGNMENT;
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
    this.#view.setUint16(0, MAGIC, true);
    this.#view.setUint8(2, PROTOCOL_VERSION);
    this.#view.setUint8(3, type);
    this.#view.setUint32(4, length, true);
  }

  u8(value: number): void {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
  }
  u16(value: number): void {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }
  u32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }
  f32(value: number): void {
    this.#view.setFloat32(this.#at, value, true);
    this.#at += 4;
  }
  f64(value: number): void {
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }
  i64(value: bigint): void {
    this.#view.setBigInt64(this.#at, value, true);
    this.#at += 8;
  }
  array(values: Numbers): void {
    this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), this.#at);
    this.#at += values.byteLength;
  }

  /** The finished frame. */
  done(): Uint8Array<ArrayBuffer> {
    if (this.#at > this.#bytes.length || this.#bytes.length - this.#at >= ALIGNMENT)
      throw new RangeError(`a frame of ${this.#bytes.length} bytes was filled with ${this.#at}`);
    return this.#bytes;
  }
}

/**
 * Reads the payload of one frame; every read past its end is a {@link ProtocolError}.
 *
 * @example
 * const reader = new FrameReader(message, at, end);
 * const submap = reader.u32();
 * const version = reader.u32();
 * reader.end(); // throws when something is left
 */
export class FrameReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  readonly #end: number;

  /** @param at first byte after the header @param end end of the frame, padding included */
  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
    this.#end = end;
  }

  /** Bytes not yet read, padding included. */
  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }
  /** A finite number. */
  f32(): number {
    return finite(this.#view.getFloat32(this.#take(4), true));
  }
  /** A finite number. */
  f64(): number {
    return finite(this.#view.getFloat64(this.#take(8), true));
  }
  f64s(count: number): Float64Array<ArrayBuffer> {
    return allFinite(this.#array(Float64Array, count));
  }
  f32s(count: number): Float32Array<ArrayBuffer> {
    return allFinite(this.#array(Float32Array, count));
  }
  i64s(count: number): BigInt64Array<ArrayBuffer> {
    return this.#array(BigInt64Array, count);
  }
  u32s(count: number): Uint32Array<ArrayBuffer> {
    return this.#array(Uint32Array, count);
  }
  u16s(count: number): Uint16Array<ArrayBuffer> {
    return this.#array(Uint16Array, count);
  }
  u8s(count: number): Uint8Array<ArrayBuffer> {
    return this.#array(Uint8Array, count);
  }
  i8s(count: number): Int8Array<ArrayBuffer> {
    return this.#array(Int8Array, count);
  }

  /** All is read: only zero padding may be left. */
  end(): void {
    if (this.left >= ALIGNMENT) throw new ProtocolError(`a frame has ${this.left} bytes too many`);
    while (this.left > 0) if (this.u8() !== 0) throw new ProtocolError('the padding of a frame is not zero');
  }

  #take(bytes: number): number {
    if (bytes > this.left) throw new ProtocolError(`a frame ends ${bytes - this.left} bytes early`);
    const at = this.#at;
    this.#at += bytes;
    return at;
  }

  /** A view where the memory's alignment allows it, a copy otherwise. */
  #array<T>(Type: ArrayType<T>, count: number): T {
    const bytes = count * Type.BYTES_PER_ELEMENT;
    const at = this.#bytes.byteOffset + this.#take(bytes);
    if (at % Type.BYTES_PER_ELEMENT === 0 && this.#bytes.buffer instanceof ArrayBuffer)
      return new Type(this.#bytes.buffer, at, count);
    return new Type(Uint8Array.from(new Uint8Array(this.#bytes.buffer, at, bytes)).buffer, 0, count);
  }
}

/** One frame's place in a message. */
export interface FrameSlice {
  readonly type: number;
  readonly reader: FrameReader;
}

/**
 * Splits a message into its frames.
 *
 * @param limit largest frame, bytes
 * @throws ProtocolError for a wrong magic, another version, or a length that does not fit
 */
export function splitFrames(message: Uint8Array, limit: number): FrameSlice[] {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (message.length === 0) throw new ProtocolError('an empty message');
  const frames: FrameSlice[] = [];
  for (let at = 0; at < message.length;) {
    if (message.length - at < HEADER_BYTES) throw new ProtocolError('a message ends within a frame header');
    if (view.getUint16(at, true) !== MAGIC) throw new ProtocolError('a frame does not start with "FM"');
    const version = view.getUint8(at + 2);
    if (version !== PROTOCOL_VERSION)
      throw new ProtocolError(
        `a frame of protocol version ${version}, this end speaks ${PROTOCOL_VERSION}`,
        version,
      );
    const length = view.getUint32(at + 4, true);
    if (length < HEADER_BYTES || length % ALIGNMENT !== 0 || length > limit || length > message.length - at)
      throw new ProtocolError(
        `a frame claims ${length} bytes where ${message.length - at} are left (limit ${limit})`,
      );
    frames.push({
      type: view.getUint8(at + 3),
      reader: new FrameReader(message, at + HEADER_BYTES, at + length),
    });
    at += length;
  }
  return frames;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new ProtocolError('a frame holds a number that is not finite');
  return value;
}

function allFinite<T extends Float32Array | Float64Array>(values: T): T {
  for (let i = 0; i < values.length; i++) finite(values[i]!);
  return values;
}
