import { FeltmapError } from '../../geometry/errors.js';
import type { Image } from '../../messages/images.js';
import type { DepthImage } from './frame.js';
import { checkRows } from './image-check.js';

/** Metres of one unit of a depth image of whole numbers (REP-118). */
export const MILLIMETRE = 0.001;

/** Whether this machine stores the low byte first. */
const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Whether an Image of this encoding can be nothing but depth. */
export function isDepthEncoding(encoding: string): boolean {
  return encoding === '16UC1' || encoding === '32FC1';
}

/**
 * The depth of a sensor_msgs/Image: 16UC1 (or mono16) in millimetres, 32FC1 in metres (REP-118), of either endianness.
 *
 * @returns an array of its own, not a view of the message
 * @throws FeltmapError bad-input where bytes are missing or sizes are wrong; unsupported for other encodings
 */
export function depthFromImage(image: Image): DepthImage {
  const { width, height, encoding } = image;
  if (encoding === '16UC1' || encoding === 'mono16')
    return { width, height, data: new Uint16Array(values(image, 2)), scale: MILLIMETRE };
  if (encoding === '32FC1') return { width, height, data: new Float32Array(values(image, 4)), scale: 1 };
  throw new FeltmapError(
    'unsupported',
    `A depth image has encoding '${encoding.slice(0, 40)}'; depth is 16UC1 in millimetres or 32FC1 in metres (REP-118)`,
  );
}

/** The values of the rows without padding, in this machine's order of bytes. */
function values(image: Image, size: 2 | 4): ArrayBuffer {
  const step = checkRows(image, size);
  const { width, height, data, bigEndian } = image;
  const row = width * size;
  const out = new Uint8Array(row * height);
  if (step === row) out.set(data.subarray(0, row * height));
  else for (let y = 0; y < height; y++) out.set(data.subarray(y * step, y * step + row), y * row);
  if (bigEndian === LITTLE) reverse(out, size);
  return out.buffer;
}

/** Turns the bytes of each value round. */
function reverse(bytes: Uint8Array, size: 2 | 4): void {
  for (let i = 0; i < bytes.length; i += size) {
    for (let a = i, b = i + size - 1; a < b; a++, b--) {
      const kept = bytes[a]!;
      bytes[a] = bytes[b]!;
      bytes[b] = kept;
    }
  }
}
