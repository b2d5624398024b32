import { FeltmapError } from '../geometry/errors.js';

/** How a message's fields are laid out in bytes: ROS 2 (CDR, aligned) or ROS 1 (packed, little-endian). */
export type Encoding = 'cdr' | 'ros1';

const utf8 = new TextDecoder();
const utf8Encoder = new TextEncoder();

/**
 * Reads primitive fields one after another from a serialised ROS message. CDR after OMG DDS-XTypes 1.3 §7.4
 * (plain CDR and plain CDR2, either endianness); ROS 1 is the same without alignment, headers and terminators.
 * Every read checks bounds and throws FeltmapError 'bad-input'.
 *
 * @example
 * const reader = new WireReader(bytes, 'cdr', 'std_msgs/Header');
 * const seconds = reader.int32();
 * const nanoseconds = reader.uint32();
 * const frameId = reader.string();
 */
export class WireReader {
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #maxAlign: number;
  /** Offset from which alignment counts. */
  readonly #origin: number;
  offset: number;

  /** @param what names the message in errors, such as `sensor_msgs/Imu`. */
  constructor(
    readonly bytes: Uint8Array,
    readonly encoding: Encoding,
    readonly what: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (encoding === 'ros1') {
      [this.#little, this.#maxAlign, this.#origin, this.offset] = [true, 1, 0, 0];
      return;
    }
    if (bytes.length < 4) throw this.#truncated(4 - bytes.length);
    const kind = bytes[1]!;
    // Encapsulation identifiers: 0/1 CDR big/little-endian, 6/7 CDR2 (8-byte types align to 4 only).
    if (bytes[0] !== 0 || (kind !== 0 && kind !== 1 && kind !== 6 && kind !== 7)) {
      throw new FeltmapError(
        'unsupported',
        `${what}: the message starts with encapsulation ${bytes[0]!}.${kind}, but only plain CDR is understood; ` +
          'record it with a default ROS 2 middleware',
      );
    }
    this.#little = (kind & 1) === 1;
    this.#maxAlign = kind >= 6 ? 4 : 8;
    this.#origin = this.offset = 4;
  }

  get littleEndian(): boolean {
    return this.#little;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  #truncated(missing: number): FeltmapError {
    return new FeltmapError(
      'bad-input',
      `${this.what}: the message ends ${missing} byte(s) too early (${this.bytes.length} bytes); it is damaged or of another type`,
    );
  }

  /** Moves past `size` bytes aligned to `align` and returns where they start. */
  #take(size: number, align: number): number {
    const a = align < this.#maxAlign ? align : this.#maxAlign;
    const start = this.offset + ((a - ((this.offset - this.#origin) % a)) % a);
    const end = start + size;
    if (end > this.bytes.length) throw this.#truncated(end - this.bytes.length);
    this.offset = end;
    return start;
  }

  uint8(): number {
    return this.bytes[this.#take(1, 1)]!;
  }

  bool(): boolean {
    return this.uint8() !== 0;
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2, 2), this.#little);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4, 4), this.#little);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4, 4), this.#little);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#take(8, 8), this.#little);
  }

  float32(): number {
    return this.#view.getFloat32(this.#take(4, 4), this.#little);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8, 8), this.#little);
  }

  /** `n` float64 as a new array. */
  float64s(n: number): Float64Array {
    const out = new Float64Array(n);
    for (let i = 0; i < n; i++) out[i] = this.float64();
    return out;
  }

  string(): string {
    const length = this.uint32();
    const start = this.#take(length, 1);
    // CDR counts the terminating NUL; some writers leave it out for empty strings.
    const end = this.encoding === 'cdr' && length > 0 && this.bytes[start + length - 1] === 0 ? 1 : 0;
    return utf8.decode(this.bytes.subarray(start, start + length - end));
  }

  /** A view, not a copy, of a uint8[] field. */
  byteSequence(): Uint8Array {
    const length = this.uint32();
    const start = this.#take(length, 1);
    return this.bytes.subarray(start, start + length);
  }

  /** The next `length` bytes as a view, aligned to four. */
  raw(length: number): Uint8Array {
    const start = this.#take(length, 4);
    return this.bytes.subarray(start, start + length);
  }

  /** Length of a sequence whose elements take at least `minSize` bytes each; refuses lengths that cannot fit. */
  sequenceLength(minSize: number): number {
    const n = this.uint32();
    if (n * minSize > this.remaining) throw this.#truncated(n * minSize - this.remaining);
    return n;
  }
}

/**
 * Writes primitive fields one after another; the counterpart of {@link WireReader} (little-endian plain CDR).
 *
 * @example
 * const writer = new WireWriter();
 * writer.int32(seconds);
 * writer.string('lidar');
 * const bytes = writer.finish();
 */
export class WireWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #offset = 0;
  readonly #origin: number;

  constructor(
    readonly encoding: Encoding = 'cdr',
    capacity = 256,
  ) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
    this.#origin = encoding === 'cdr' ? 4 : 0;
    if (encoding === 'cdr') {
      this.#bytes[1] = 1; // CDR_LE
      this.#offset = 4;
    }
  }

  #take(size: number, align: number): number {
    let start = this.#offset;
    if (this.encoding === 'cdr') start += (align - ((start - this.#origin) % align)) % align;
    const end = start + size;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#offset = end;
    return start;
  }

  uint8(v: number): void {
    const at = this.#take(1, 1); // may replace the view
    this.#view.setUint8(at, v);
  }

  bool(v: boolean): void {
    this.uint8(v ? 1 : 0);
  }

  int32(v: number): void {
    const at = this.#take(4, 4); // may replace the view
    this.#view.setInt32(at, v, true);
  }

  uint32(v: number): void {
    const at = this.#take(4, 4); // may replace the view
    this.#view.setUint32(at, v, true);
  }

  float32(v: number): void {
    const at = this.#take(4, 4); // may replace the view
    this.#view.setFloat32(at, v, true);
  }

  float64(v: number): void {
    const at = this.#take(8, 8); // may replace the view
    this.#view.setFloat64(at, v, true);
  }

  /** A fixed-length array of float64, or the elements of a sequence whose length was written before. */
  float64s(values: ArrayLike<number>): void {
    if (values.length === 0) return;
    let at = this.#take(8 * values.length, 8);
    for (let i = 0; i < values.length; i++, at += 8) this.#view.setFloat64(at, values[i]!, true);
  }

  float32s(values: ArrayLike<number>): void {
    if (values.length === 0) return;
    let at = this.#take(4 * values.length, 4);
    for (let i = 0; i < values.length; i++, at += 4) this.#view.setFloat32(at, values[i]!, true);
  }

  string(s: string): void {
    const encoded = utf8Encoder.encode(s);
    const terminator = this.encoding === 'cdr' ? 1 : 0;
    this.uint32(encoded.length + terminator);
    const start = this.#take(encoded.length + terminator, 1);
    this.#bytes.set(encoded, start);
  }

  byteSequence(data: Uint8Array): void {
    this.uint32(data.length);
    const at = this.#take(data.length, 1); // may replace the bytes
    this.#bytes.set(data, at);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#offset;
  }

  /** The bytes written so far, as an array of its own. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#offset);
  }
}
