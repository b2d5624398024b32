// Messages that rosbag2 has compressed one by one (compression_mode: message).
import { Decompress } from 'fzstd';

/** No sensor's message is larger, bytes; a small frame may claim to hold any amount. */
const LARGEST = 256 * 1024 * 1024;

/** Whether a message begins as a zstd frame does (RFC 8878); no CDR and no ROS 1 message of a sensor does. */
export function isZstdFrame(data: Uint8Array): boolean {
  return data[0] === 0x28 && data[1] === 0xb5 && data[2] === 0x2f && data[3] === 0xfd;
}

/** What a frame holds; undefined for one that is damaged, cut off or too large. */
export function unpackFrame(data: Uint8Array, largest = LARGEST): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let size = 0;
  let whole = false;
  try {
    const stream = new Decompress((part, last) => {
      whole ||= Boolean(last);
      size += part.length;
      if (size > largest) throw new RangeError('too large');
      parts.push(part);
    });
    stream.push(data, true);
  } catch {
    return undefined;
  }
  if (!whole) return undefined;
  if (parts.length === 1) return parts[0];
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
