import sharp from 'sharp';

/** A grey PNG of 16 bits. */
export async function png16(words: Uint16Array, width: number, height: number): Promise<Uint8Array> {
  const image = sharp(words, { raw: { width, height, channels: 1 } });
  return new Uint8Array(await image.toColourspace('grey16').png().toBuffer());
}

/** A colour PNG or JPEG. @param rgb 3 bytes a pixel */
export async function picture(
  rgb: Uint8Array,
  width: number,
  height: number,
  format: 'png' | 'jpeg' = 'png',
): Promise<Uint8Array> {
  const image = sharp(rgb, { raw: { width, height, channels: 3 } });
  const encoded = format === 'png' ? image.png() : image.jpeg({ quality: 100, chromaSubsampling: '4:4:4' });
  return new Uint8Array(await encoded.toBuffer());
}

/** Bytes of a big-endian number of four bytes put into a copy. */
export function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(at, value);
  return copy;
}

/** CRC-32 of a PNG chunk, so that a lie about the size is a good chunk. */
export function withPngSize(png: Uint8Array, width: number, height: number): Uint8Array {
  const copy = patched(patched(png, 16, width), 20, height);
  let crc = 0xffffffff;
  for (let i = 12; i < 29; i++) {
    crc ^= copy[i]!;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return patched(copy, 29, ~crc >>> 0);
}
