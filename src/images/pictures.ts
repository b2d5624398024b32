import sharp, { type Metadata } from 'sharp';
import { FeltmapError } from '../geometry/errors.js';
import type { Words } from '../sensors/camera/compressed-depth.js';
import type { ColorImage } from '../sensors/camera/frame.js';
import { checkSize, MOST_PIXELS } from '../sensors/camera/image-check.js';
import { isPgm, pgmSize, readPgm } from './pgm.js';

// Images are decoded once each, several at a time: one thread for each, and nothing kept.
sharp.concurrency(1);
sharp.cache(false);

/** Deflate makes at most so many bytes of one: a PNG that claims more is lying. */
const MOST_INFLATED = 1032;
const KINDS = ['jpeg', 'png', 'webp', 'tiff'];

const OPTIONS = { failOn: 'error', limitInputPixels: MOST_PIXELS, sequentialRead: true } as const;

/** Width and height of a JPEG, PNG or PGM by its header. @throws FeltmapError as {@link readColor} */
export async function pictureSize(
  bytes: Uint8Array,
  what: string,
): Promise<{ width: number; height: number }> {
  if (isPgm(bytes)) return pgmSize(bytes, what);
  const { width, height } = await header(bytes, what);
  return { width, height };
}

/**
 * Decodes a colour JPEG or PNG (also WebP and TIFF), off the main thread.
 *
 * @param what names the image in errors, such as its topic or file
 * @throws FeltmapError bad-input for what is damaged, cut off or too large; unsupported for other formats
 */
export async function readColor(bytes: Uint8Array, what: string): Promise<ColorImage> {
  const { width, height } = await header(bytes, what);
  const { data, info } = await decoded(what, () =>
    sharp(bytes, OPTIONS)
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true }),
  );
  const pixels = width * height;
  if (info.width !== width || info.height !== height || data.length < pixels * info.channels)
    throw damaged(what, `${info.width}×${info.height} pixels instead of ${width}×${height}`);
  if (info.channels === 3) return { width, height, data: new Uint8Array(data.subarray(0, 3 * pixels)) };
  const grey = new Uint8Array(3 * pixels);
  for (let i = 0; i < pixels; i++) grey.fill(data[i * info.channels]!, 3 * i, 3 * i + 3);
  return { width, height, data: grey };
}

/**
 * Decodes a grey PNG of 16 bits off the main thread, or a PGM of 16 bits.
 *
 * @throws FeltmapError bad-input for what is damaged, cut off, too large or has other pixels; unsupported for other formats
 */
export async function readWords(bytes: Uint8Array, what: string): Promise<Words> {
  if (isPgm(bytes)) return readPgm(bytes, what);
  const { width, height, depth, channels } = await header(bytes, what);
  if (depth !== 'ushort' || channels !== 1)
    throw new FeltmapError(
      'bad-input',
      `${what} has ${channels} channel(s) of ${depth === 'ushort' ? 16 : 8} bits, but depth is one channel of 16 bits; ` +
        'check that it is the depth image',
    );
  // Without both, libvips turns the values into 8-bit sRGB and back.
  const { data, info } = await decoded(what, () =>
    sharp(bytes, OPTIONS)
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true }),
  );
  const pixels = width * height;
  if (info.channels !== 1 || data.length < 2 * pixels)
    throw damaged(what, `${data.length} bytes for ${width}×${height} pixels`);
  // A copy: a Buffer may begin at an odd byte of a larger block.
  return { width, height, data: new Uint16Array(new Uint8Array(data.subarray(0, 2 * pixels)).buffer) };
}

/** What the header claims, checked before anything is allocated. */
async function header(
  bytes: Uint8Array,
  what: string,
): Promise<{ width: number; height: number; depth: string; channels: number }> {
  if (bytes.length === 0) throw damaged(what, 'no bytes');
  const found: Metadata = await decoded(what, () => sharp(bytes, OPTIONS).metadata());
  const { width = 0, height = 0, format = 'unknown', depth = 'uchar', channels = 3 } = found;
  if (!KINDS.includes(format))
    throw new FeltmapError(
      'unsupported',
      `${what} is an image of format ${format}; JPEG and PNG can be read`,
    );
  checkSize(width, height, what);
  const needed = width * height * channels * (depth === 'ushort' ? 2 : 1);
  // Palettes and 1-bit PNGs take as little as an eighth of a byte a pixel.
  if (format === 'png' && needed / 24 > bytes.length * MOST_INFLATED)
    throw damaged(what, `${width}×${height} pixels claimed by ${bytes.length} bytes`);
  return { width, height, depth, channels };
}

async function decoded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof FeltmapError) throw cause;
    const why = (cause instanceof Error ? cause.message : String(cause)).trim().split('\n')[0]!;
    throw damaged(what, why, cause);
  }
}

function damaged(what: string, why: string, cause?: unknown): FeltmapError {
  return new FeltmapError(
    'bad-input',
    `${what} cannot be decoded (${why.slice(0, 160)}); the image is damaged or cut off`,
    cause === undefined ? undefined : { cause },
  );
}
