const utf8 = new TextDecoder();

/**
 * Reads little-endian fields in order; throws RangeError past the end, which callers turn into a warning.
 *
 * @example
 * const cursor = new ByteCursor(bytes);
 * const name = cursor.string(); // a length (u32), then as many bytes
 * const rest = cursor.take(cursor.remaining);
 */
export class ByteCursor {
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  u8(): number {
    const v = this.#view.getUint8(this.at);
    this.at += 1;
    return v;
  }

  u16(): number {
    const v = this.#view.getUint16(this.at, true);
    this.at += 2;
    return v;
  }

  u32(): number {
    const v = this.#view.getUint32(this.at, true);
    this.at += 4;
    return v;
  }

  /** A 64-bit integer as bigint: stamps. */
  u64(): bigint {
    const v = this.#view.getBigUint64(this.at, true);
    this.at += 8;
    return v;
  }

  /** A 64-bit integer as number: lengths and offsets. Damaged ones come out huge and fail the caller's checks. */
  size(): number {
    return Number(this.u64());
  }

  take(length: number): Uint8Array {
    if (length > this.remaining) throw new RangeError(`${length} bytes wanted, ${this.remaining} left`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Text with a 32-bit length in front. */
  string(): string {
    const length = this.u32();
    return length === 0 ? '' : utf8.decode(this.take(length));
  }
}
