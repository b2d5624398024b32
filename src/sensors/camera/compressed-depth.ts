import { FeltmapError } from '../../geometry/errors.js';
import type { CompressedImage } from '../../messages/images.js';
import { MILLIMETRE } from './decode-depth.js';
import type { DepthImage } from './frame.js';
import { decodeRvl } from './rvl.js';

/** Bytes before the data: an int32 and the two float32 of the quantisation. */
const HEADER = 12;
const PNG = [0x89, 0x50, 0x4e, 0x47];

/** Whole numbers as a PNG or RVL holds them. */
export interface Words {
  readonly width: number;
  readonly height: number;
  readonly data: Uint16Array;
}

/** How a compressed depth image is to be read on. */
export interface DepthPayload {
  readonly codec: 'png' | 'rvl';
  readonly bytes: Uint8Array;
  /** Depth = a / (value − b) metres, 0 unknown; absent for millimetres. */
  readonly quantisation?: { readonly a: number; readonly b: number };
}

/** Whether a CompressedImage of this format was written by compressed_depth_image_transport. */
export function isCompressedDepth(format: string): boolean {
  return format.includes('compressedDepth');
}

/** Whether bytes are a PNG. */
function isPng(bytes: Uint8Array): boolean {
  return PNG.every((byte, i) => bytes[i] === byte);
}

/**
 * Takes a depth image of compressed_depth_image_transport apart: 12 bytes of header, then a PNG of 16 bits or RVL. A plain
 * PNG of 16 bits (compressed_image_transport on a depth topic) is taken for millimetres.
 *
 * @throws FeltmapError bad-input for what is cut off; unsupported for other encodings and codecs
 */
export function depthPayload({ format, data }: CompressedImage): DepthPayload {
  if (isPng(data)) return { codec: 'png', bytes: data };
  if (!isCompressedDepth(format))
    throw new FeltmapError(
      'unsupported',
      `A depth image is compressed as '${format.slice(0, 60)}', which does not keep depth; record compressedDepth or the raw topic`,
    );
  if (data.length <= HEADER)
    throw new FeltmapError(
      'bad-input',
      `A compressed depth image has ${data.length} bytes, but its header alone takes ${HEADER}; the message is cut off`,
    );
  const bytes = data.subarray(HEADER);
  const codec = isPng(bytes) ? 'png' : 'rvl';
  if (codec === 'rvl' && !/\brvl\b/i.test(format))
    throw new FeltmapError(
      'bad-input',
      `A compressed depth image ('${format.slice(0, 60)}') holds no PNG after its header; the message is damaged`,
    );
  if (!format.trimStart().startsWith('32FC1')) return { codec, bytes };
  const view = new DataView(data.buffer, data.byteOffset, HEADER);
  const [a, b] = [view.getFloat32(4, true), view.getFloat32(8, true)];
  if (!(a > 0 && Number.isFinite(a) && Number.isFinite(b)))
    throw new FeltmapError(
      'bad-input',
      `A compressed depth image of 32FC1 has the quantisation ${a}, ${b}, which means no distances; the message is damaged`,
    );
  return { codec, bytes, quantisation: { a, b } };
}

/**
 * The words of an RVL payload, whose size stands before them.
 *
 * @throws FeltmapError bad-input
 */
export function rvlWords(bytes: Uint8Array): Words {
  if (bytes.length < 8)
    throw new FeltmapError(
      'bad-input',
      `A depth image in RVL ends within its size (${bytes.length} bytes); it is cut off`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const [width, height] = [view.getUint32(0, true), view.getUint32(4, true)];
  return { width, height, data: decodeRvl(bytes.subarray(8), width, height) };
}

/** The depth that words stand for. */
export function depthOfWords(
  { width, height, data }: Words,
  quantisation?: DepthPayload['quantisation'],
): DepthImage {
  if (!quantisation) return { width, height, data, scale: MILLIMETRE };
  const { a, b } = quantisation;
  const metres = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) metres[i] = data[i] === 0 ? NaN : a / (data[i]! - b);
  return { width, height, data: metres, scale: 1 };
}
