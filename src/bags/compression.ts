import zstd from '@foxglove/wasm-zstd';
import { Decompress } from 'fzstd';
import { FeltmapError } from '../geometry/errors.js';
import { decodeBzip2 } from './bzip2.js';
import { decodeLz4Frame } from './lz4.js';
import { parseFrameHeader } from './zstd-frame.js';

/**
 * Largest chunk and largest message that is read, bytes: a hundred times what writers make. A few bytes of a damaged or
 * hostile file can claim any size, and unpacking takes up to three times this.
 */
export const LARGEST_CHUNK = 128 * 1024 * 1024;
/** Bytes of window that a damaged frame may make the decoder move. */
const LARGEST_MOVES = 8 * 1024 ** 3;

/** Waits for the WebAssembly codec; needed once before {@link decompress} and {@link compressZstd}. */
export async function loadCompression(): Promise<void> {
  await zstd.isLoaded;
}

/**
 * Decompresses one chunk, compressed as its bag names it ('' or 'none', 'lz4', 'zstd', 'bz2').
 * Returns `size` bytes, or as many as could be recovered from damaged or cut-off input (lz4, zstd and none).
 * Throws FeltmapError 'unsupported' for an unknown compression, 'bad-input' where nothing can be recovered.
 */
export function decompress(compression: string, bytes: Uint8Array, size: number): Uint8Array {
  if (compression === '' || compression === 'none') return bytes;
  if (size > LARGEST_CHUNK) {
    throw new FeltmapError(
      'bad-input',
      `it claims to unpack to ${size} bytes, more than the ${LARGEST_CHUNK} that are read at once`,
    );
  }
  switch (compression) {
    case 'lz4': {
      const out = new Uint8Array(size);
      return out.subarray(0, decodeLz4Frame(bytes, out));
    }
    case 'zstd':
      return decompressZstd(bytes, size);
    case 'bz2':
      return decodeBzip2(bytes, size);
    default:
      throw new FeltmapError(
        'unsupported',
        `the compression '${compression}' is unknown; supported are none, lz4, zstd and (ROS 1) bz2`,
      );
  }
}

function decompressZstd(bytes: Uint8Array, size: number): Uint8Array {
  try {
    const out = zstd.decompress(bytes, size);
    return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  } catch {
    return salvageZstd(bytes, size);
  }
}

/** The leading blocks of a damaged zstd frame: slower, but it hands out what it has before it fails. */
function salvageZstd(bytes: Uint8Array, size: number): Uint8Array {
  const head = parseFrameHeader(bytes);
  if (!head || head.window > LARGEST_CHUNK) return new Uint8Array(0);
  const out = new Uint8Array(size);
  let written = 0;
  let moved = 0;
  try {
    const stream = new Decompress((part) => {
      const n = Math.min(part.length, size - written);
      out.set(part.subarray(0, n), written);
      written += n;
      // The decoder moves its whole window with every block, however small.
      moved += head.window;
      if (written === size || moved > LARGEST_MOVES) throw new RangeError('enough');
    });
    // Small pieces: what a piece decodes to is lost when the piece fails.
    for (let i = 0; i < bytes.length; i += 1024) stream.push(bytes.subarray(i, i + 1024));
  } catch {
    // What was decoded so far is what can be saved.
  }
  return out.subarray(0, written);
}

/** One zstd frame; deterministic for the same input and level. */
export function compressZstd(bytes: Uint8Array, level: number): Uint8Array {
  const out = zstd.compress(bytes, level);
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
}
