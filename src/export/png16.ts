import { deflateSync } from 'node:zlib';

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

/**
 * A grey PNG of 16 bits a pixel, as depth images are kept. Rows are filtered by the difference to the pixel above
 * ("Up"): of noisy depth in few steps that compresses best.
 *
 * @param data width·height values, row by row.
 * @param level of zlib, 0…9.
 */
export function encodePng16(
  width: number,
  height: number,
  data: Uint16Array,
  level = 6,
): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array(height * (2 * width + 1));
  let at = 0;
  for (let v = 0; v < height; v++) {
    rows[at++] = 2;
    for (let u = 0; u < width; u++) {
      const i = v * width + u;
      const value = data[i]!;
      const above = v > 0 ? data[i - width]! : 0;
      rows[at++] = (value >> 8) - (above >> 8);
      rows[at++] = (value & 255) - (above & 255);
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([16, 0, 0, 0, 0], 8); // 16 bits, grey, deflate, adaptive filters, not interlaced
  return joined([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = name.charCodeAt(i);
  out.set(data, 8);
  let c = 0xffffffff;
  for (let i = 4; i < 8 + data.length; i++) c = TABLE[(c ^ out[i]!) & 255]! ^ (c >>> 8);
  view.setUint32(8 + data.length, (c ^ 0xffffffff) >>> 0);
  return out;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
