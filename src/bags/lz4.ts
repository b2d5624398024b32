/**
 * LZ4 frame decoder (format description: lz4 repository, doc/lz4_Frame_format.md and lz4_Block_format.md).
 *
 * Writes into `out` and returns how many bytes it wrote. Stops at the first byte that makes no sense, so that the
 * whole part of a damaged or cut-off frame is recovered; the caller compares with the size it expects. Checksums are
 * not verified: MCAP chunks carry their own.
 */
export function decodeLz4Frame(src: Uint8Array, out: Uint8Array): number {
  const view = new DataView(src.buffer, src.byteOffset, src.byteLength);
  let at = 0;
  let written = 0;
  while (at + 7 <= src.length) {
    const magic = view.getUint32(at, true);
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
      at += 8 + view.getUint32(at + 4, true); // skippable frame
      continue;
    }
    if (magic !== 0x184d2204) return written;
    const flags = src[at + 4]!;
    const blockChecksum = (flags & 0x10) !== 0;
    at += 6 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0) + 1;
    for (;;) {
      if (at + 4 > src.length) return written;
      const word = view.getUint32(at, true);
      at += 4;
      if (word === 0) break; // end mark
      const size = word & 0x7fffffff;
      const end = Math.min(at + size, src.length);
      if (word >>> 31 === 1) {
        const n = Math.min(end - at, out.length - written);
        out.set(src.subarray(at, at + n), written);
        written += n;
        if (n < size) return written;
      } else {
        const before = written;
        written = decodeBlock(src, at, end, out, written);
        if (end < at + size || written === before) return written;
      }
      at = end + (blockChecksum ? 4 : 0);
    }
    if ((flags & 0x04) !== 0) at += 4; // content checksum
  }
  return written;
}

/** Decodes one block from src[at…end) to out[to…); returns the new end of the output. Stops at damage. */
function decodeBlock(src: Uint8Array, at: number, end: number, out: Uint8Array, to: number): number {
  while (at < end) {
    const token = src[at++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && at < end) literals += more = src[at++]!;
    }
    const n = Math.min(literals, end - at, out.length - to);
    if (n <= 16) for (let i = 0; i < n; i++) out[to + i] = src[at + i]!;
    else out.set(src.subarray(at, at + n), to);
    at += literals;
    to += n;
    if (n < literals || at + 2 > end) return to; // the last sequence has literals only
    const distance = src[at]! | (src[at + 1]! << 8);
    at += 2;
    if (distance === 0 || distance > to) return to;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255 && at < end) length += more = src[at++]!;
    }
    const stop = Math.min(to + length, out.length);
    if (stop - to > 32) {
      // A match that overlaps itself repeats: each copy doubles what there is to copy from.
      const from = to - distance;
      while (to < stop) {
        const n = Math.min(to - from, stop - to);
        out.copyWithin(to, from, from + n);
        to += n;
      }
    } else for (; to < stop; to++) out[to] = out[to - distance]!;
  }
  return to;
}
