// Messages that rosbag2 has compressed one by one (compression_mode: message).
import zstd from '@foxglove/wasm-zstd';
import { LARGEST_CHUNK } from './compression.js';
import { parseFrameHeader, unpackedBound } from './zstd-frame.js';

export { isZstdFrame } from './zstd-frame.js';

/** Said of a topic. */
export const UNREADABLE_FRAMES =
  'messages that are no whole zstd frames, or unpack to too much, are left out';

/**
 * What a frame holds; undefined for one that is damaged, cut off or too large. Memory is taken for what the blocks can
 * hold, not for what the header claims.
 */
export function unpackFrame(data: Uint8Array, largest = LARGEST_CHUNK): Uint8Array | undefined {
  const head = parseFrameHeader(data);
  if (!head) return undefined;
  const bound = unpackedBound(data);
  const size = head.contentSize ?? Math.min(bound, largest);
  if (size > largest || size > bound) return undefined;
  try {
    const out = zstd.decompress(data, size);
    return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  } catch {
    return undefined;
  }
}
