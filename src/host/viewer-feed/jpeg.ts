import type { ColorImage } from '../../sensors/camera/frame.js';

const QUALITY = 80;

/** On a thread of the library's own; loaded with the first picture, since runs without one need none. */
export async function encodeJpeg({ data, width, height }: ColorImage): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}
