import { FeltmapError } from '../../geometry/errors.js';
import { checkSize } from './image-check.js';

/**
 * Decodes depth in RVL: runs of zeros and runs of differences to the value before, in digits of three bits (A. D. Wilson,
 * "Fast Lossless Depth Image Compression", ISS 2017).
 *
 * @param bytes little-endian words of eight nibbles, the first in the highest bits
 * @throws FeltmapError bad-input where the data ends too early or makes more pixels than there are
 */
export function decodeRvl(bytes: Uint8Array, width: number, height: number): Uint16Array {
  checkSize(width, height, 'A depth image in RVL');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = bytes.length >> 2;
  const count = width * height;
  let next = 0;
  let word = 0;
  let nibbles = 0;

  const damaged = (done: number): FeltmapError =>
    new FeltmapError(
      'bad-input',
      `A depth image in RVL of ${width}×${height} holds ${done} of its ${count} pixels or runs over its end; it is damaged`,
    );

  /** A number of digits of three bits, the lowest first; −1 at the end of the data. */
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 30; shift += 3) {
      if (nibbles === 0) {
        if (next === words) return -1;
        word = view.getUint32(4 * next++, true);
        nibbles = 8;
      }
      const nibble = word >>> 28;
      word <<= 4;
      nibbles--;
      value |= (nibble & 7) << shift;
      if (nibble < 8) return value;
    }
    return -1;
  };

  // Nothing is allocated before the data has shown a first run.
  let zeros = number();
  if (zeros < 0) throw damaged(0);
  const out = new Uint16Array(count);
  let at = 0;
  let previous = 0;
  for (;;) {
    if (zeros < 0 || zeros > count - at) throw damaged(at);
    at += zeros;
    if (at === count) return out;
    let run = number();
    if (run < 0 || run > count - at || (run === 0 && zeros === 0)) throw damaged(at);
    for (; run > 0; run--) {
      const zigzag = number();
      if (zigzag < 0) throw damaged(at);
      previous += (zigzag >> 1) ^ -(zigzag & 1);
      out[at++] = previous;
    }
    if (at === count) return out;
    zeros = number();
  }
}
