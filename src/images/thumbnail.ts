import sharp from 'sharp';
import { readColor } from './pictures.js';

/**
 * An image's brightness at a small size, one byte a pixel, row by row.
 *
 * @param what names the image in errors
 * @throws FeltmapError as {@link readColor}
 */
export async function readThumbnail(
  bytes: Uint8Array,
  what: string,
  [width, height]: readonly [number, number],
): Promise<Uint8Array> {
  const color = await readColor(bytes, what);
  const raw = { width: color.width, height: color.height, channels: 3 as const };
  const small = sharp(color.data, { raw }).resize(width, height, { fit: 'fill' }).greyscale();
  return new Uint8Array(await small.raw().toBuffer());
}
