import { crc32 } from 'node:zlib';
import { LARGEST_CHUNK, decompress } from './compression.js';
import type { RandomAccessFile, WindowedReader } from './files.js';
import type { McapExtent } from './mcap-index.js';
import { CHUNK_HEADER_MAX, Op, RECORD_HEADER, parseChunkHeader } from './mcap-records.js';

/**
 * The records of a chunk or run, decompressed; as much as is whole of a damaged or cut-off chunk, with a warning.
 * undefined where nothing of it can be used. A small one may be a view of the reader's window: copy what is kept.
 */
export async function loadRecords(
  reader: WindowedReader,
  extent: McapExtent,
  warn: (text: string) => void,
): Promise<Uint8Array | undefined> {
  const { file } = reader;
  const what = extent.kind === 'chunk' ? 'the chunk' : 'the message';
  if (extent.length > LARGEST_CHUNK + CHUNK_HEADER_MAX) {
    warn(
      `${file.path}: ${what} at byte ${extent.offset} is too large (${extent.length} bytes); it is left out`,
    );
    return undefined;
  }
  const bytes = await reader.piece(extent.offset, extent.length);
  if (extent.kind === 'run') return bytes;
  try {
    if (bytes[0] !== Op.Chunk) throw new RangeError('there is none');
    const content = bytes.subarray(RECORD_HEADER);
    const head = parseChunkHeader(content);
    const stored = content.subarray(head.recordsAt, head.recordsAt + head.recordsLength);
    const records = decompress(head.compression, stored, head.uncompressedSize);
    const lost = head.uncompressedSize - records.length;
    if (lost > 0) {
      warn(
        `${file.path}: the chunk at byte ${extent.offset} is damaged or cut off; ` +
          `${records.length} of its ${head.uncompressedSize} bytes were saved, ${lost} are lost`,
      );
    } else if (head.crc !== 0 && crc32(records) !== head.crc) {
      warn(`${file.path}: the chunk at byte ${extent.offset} does not match its checksum; it is left out`);
      return undefined;
    }
    return records;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    warn(`${file.path}: the chunk at byte ${extent.offset} cannot be read (${why}); it is left out`);
    return undefined;
  }
}

/** Bytes that a chunk takes once it is unpacked, by its own header: an index may claim less. */
export async function measureChunk(file: RandomAccessFile, extent: McapExtent): Promise<number> {
  if (extent.kind === 'run') return extent.length;
  try {
    const head = parseChunkHeader(await file.read(extent.offset + RECORD_HEADER, CHUNK_HEADER_MAX));
    return Math.max(head.uncompressedSize, extent.size);
  } catch {
    return extent.size; // reported when it is loaded
  }
}
