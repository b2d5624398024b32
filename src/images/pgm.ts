import { FeltmapError } from '../geometry/errors.js';
import type { Words } from '../sensors/camera/compressed-depth.js';
import { checkSize } from '../sensors/camera/image-check.js';

/** P5, width, height and the largest value, with white space or comments between; one byte of space ends it. */
const HEADER = /^P5(?:\s+|\s*#[^\n]*\n)+(\d+)(?:\s+|\s*#[^\n]*\n)+(\d+)(?:\s+|\s*#[^\n]*\n)+(\d+)\s/;
const LONGEST_HEADER = 1024;
const BYTE = 255;
const WORD = 65535;

/** Whether a file is a binary PGM, as OpenCV and older Kinect recorders write depth. */
export function isPgm(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x35; // P5
}

/** Width and height by the header. @throws FeltmapError bad-input */
export function pgmSize(bytes: Uint8Array, what: string): { width: number; height: number } {
  const { width, height } = header(bytes, what);
  return { width, height };
}

/** The values of a PGM of 16 bits, which stand with their high byte first. @throws FeltmapError bad-input */
export function readPgm(bytes: Uint8Array, what: string): Words {
  const { width, height, most, begin } = header(bytes, what);
  if (most <= BYTE)
    throw new FeltmapError(
      'bad-input',
      `${what} has values of 8 bits, but depth has 16; check that it is the depth image`,
    );
  const pixels = width * height;
  if (bytes.length - begin < 2 * pixels)
    throw new FeltmapError(
      'bad-input',
      `${what} ends after ${bytes.length - begin} of ${2 * pixels} bytes of ${width}×${height} pixels; the image is cut off`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset + begin, 2 * pixels);
  return { width, height, data: Uint16Array.from({ length: pixels }, (_, i) => view.getUint16(2 * i)) };
}

function header(
  bytes: Uint8Array,
  what: string,
): { width: number; height: number; most: number; begin: number } {
  const text = Buffer.from(bytes.subarray(0, LONGEST_HEADER)).toString('latin1');
  const found = HEADER.exec(text);
  const [width, height, most] = found ? found.slice(1).map(Number) : [];
  if (!found || !(most! > 0 && most! <= WORD))
    throw new FeltmapError(
      'bad-input',
      `${what} begins like a PGM, but has no size and largest value; the image is damaged`,
    );
  checkSize(width!, height!, what);
  return { width: width!, height: height!, most: most!, begin: found[0].length };
}
