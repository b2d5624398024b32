// The outline of zstd frames (RFC 8878): how large they are and may become, without decoding them.

/** Largest output of one block, bytes. */
const BLOCK_MAX = 128 * 1024;
/** Magic number, descriptor, window, dictionary and content size. */
export const FRAME_HEADER_MAX = 18;
export const BLOCK_HEADER = 3;

export interface ZstdFrameHeader {
  /** Bytes that the header takes. */
  readonly length: number;
  /** How far back matches may reach, bytes. */
  readonly window: number;
  /** Bytes that the frame unpacks to, where it says so. */
  readonly contentSize: number | undefined;
  /** Whether four bytes of checksum follow the last block. */
  readonly hasChecksum: boolean;
}

export interface ZstdBlockHeader {
  readonly last: boolean;
  /** Bytes of the block behind this header. */
  readonly length: number;
  /** Most bytes that it unpacks to. */
  readonly most: number;
}

/** Whether bytes begin as a zstd frame does; no CDR and no ROS 1 message of a sensor does. */
export function isZstdFrame(data: Uint8Array): boolean {
  return data[0] === 0x28 && data[1] === 0xb5 && data[2] === 0x2f && data[3] === 0xfd;
}

/** Length of a skippable frame, 0 for all others. */
export function skippableLength(data: Uint8Array): number {
  const skippable = data.length >= 8 && (data[0]! & 0xf0) === 0x50 && data[1] === 0x2a && data[2] === 0x4d && data[3] === 0x18; // prettier-ignore
  return skippable ? 8 + littleEndian(data, 4, 4) : 0;
}

/** undefined where the bytes are no frame, or not all of a header. */
export function parseFrameHeader(data: Uint8Array): ZstdFrameHeader | undefined {
  if (!isZstdFrame(data) || data.length < 6) return undefined;
  const flags = data[4]!;
  const single = (flags & 0x20) !== 0;
  const sizeFlag = flags >> 6;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3]!;
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
  const sizeAt = 5 + (single ? 0 : 1) + dictionaryBytes;
  const length = sizeAt + sizeBytes;
  if ((flags & 8) !== 0 || data.length < length) return undefined;
  const size = littleEndian(data, sizeAt, sizeBytes) + (sizeFlag === 1 ? 256 : 0);
  const base = 2 ** (10 + (data[5]! >> 3));
  const window = single ? size : base + (base / 8) * (data[5]! & 7);
  return { length, window, contentSize: sizeBytes > 0 ? size : undefined, hasChecksum: (flags & 4) !== 0 };
}

/** undefined for a reserved type or a size beyond what a block may have. */
export function parseBlockHeader(data: Uint8Array, at = 0): ZstdBlockHeader | undefined {
  if (at + BLOCK_HEADER > data.length) return undefined;
  const word = littleEndian(data, at, BLOCK_HEADER);
  const [kind, size] = [(word >> 1) & 3, word >> 3];
  if (kind === 3 || size > BLOCK_MAX) return undefined;
  // Repeated bytes (1) are stored once; compressed blocks (2) unpack to a block at most.
  return { last: (word & 1) === 1, length: kind === 1 ? 1 : size, most: kind === 2 ? BLOCK_MAX : size };
}

/** Most bytes that the frames in `data` unpack to, as far as they are whole; Infinity is never returned. */
export function unpackedBound(data: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < data.length;) {
    const skip = skippableLength(data.subarray(at, at + 8));
    if (skip > 0) {
      at += skip;
      continue;
    }
    const head = parseFrameHeader(data.subarray(at, at + FRAME_HEADER_MAX));
    if (!head) return sum;
    at += head.length;
    for (let block = parseBlockHeader(data, at); ; block = parseBlockHeader(data, at)) {
      if (!block) return sum;
      sum += block.most;
      at += BLOCK_HEADER + block.length;
      if (block.last) break;
    }
    if (head.hasChecksum) at += 4;
  }
  return sum;
}

/** An unsigned integer of up to eight bytes; exact up to 2⁵³. */
function littleEndian(data: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + data[at + i]!;
  return value;
}
