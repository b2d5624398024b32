import { Decompress } from 'fzstd';
import { type RandomAccessFile, WindowedReader } from './files.js';
import {
  BLOCK_HEADER,
  FRAME_HEADER_MAX,
  parseBlockHeader,
  parseFrameHeader,
  skippableLength,
} from './zstd-frame.js';

/** What zstd's own program takes without an option for more memory, bytes. */
const LARGEST_WINDOW = 128 * 1024 * 1024;
/** The decoder moves its window with every block: bytes to move that no sensible frame needs, beside those … */
const MOVES_FREE = 8 * 1024 ** 3;
/** … for every byte that comes out. */
const MOVES_PER_BYTE = 128;

/** How a stream of frames ended. */
export interface ZstdEnd {
  /** Bytes of the input that were used. */
  readonly used: number;
  /** Why it ended before the end of the input; absent where it did not. */
  readonly damage?: string;
}

/**
 * Unpacks a file of zstd frames piece by piece; memory is that of one window. What comes before damage is handed out.
 *
 * @param take gets each piece, valid until it returns
 * @throws what `take` throws; FeltmapError io
 */
export async function unpackZstdFile(
  file: RandomAccessFile,
  take: (part: Uint8Array) => Promise<void>,
): Promise<ZstdEnd> {
  const input = new WindowedReader(file, 1 << 20);
  let at = 0;
  while (at < file.size) {
    const start = await input.read(at, FRAME_HEADER_MAX);
    const skip = skippableLength(start);
    if (skip > 0) {
      at += skip;
      continue;
    }
    const head = parseFrameHeader(start);
    if (!head) return { used: at, damage: 'what follows is no zstd frame' };
    if (head.window > LARGEST_WINDOW)
      return { used: at, damage: `its window of ${head.window} bytes is larger than any that is in use` };
    const parts: Uint8Array[] = [];
    const stream = new Decompress((part) => parts.push(part));
    let [moved, out] = [0, 0];
    let piece = start.subarray(0, head.length);
    let last = false;
    at += head.length;
    for (;;) {
      try {
        stream.push(piece, last);
      } catch {
        return { used: at, damage: 'its content is damaged' };
      }
      for (const part of parts.splice(0)) {
        out += part.length;
        await take(part);
      }
      if (last) break;
      const block = parseBlockHeader(await input.read(at, BLOCK_HEADER));
      if (!block) return { used: at, damage: at >= file.size ? 'it is cut off' : 'its content is damaged' };
      moved += head.window;
      if (moved > MOVES_FREE + MOVES_PER_BYTE * out) return { used: at, damage: 'it is made of tiny pieces' };
      const length = BLOCK_HEADER + block.length + (block.last && head.hasChecksum ? 4 : 0);
      piece = await input.read(at, length);
      if (piece.length < length) return { used: at, damage: 'it is cut off' };
      last = block.last;
      at += length;
    }
  }
  return { used: Math.min(at, file.size), ...(at > file.size && { damage: 'it is cut off' }) };
}
