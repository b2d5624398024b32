import { FeltmapError } from '../geometry/errors.js';

/** Points of a file, before it becomes a scan. */
export interface PointFile {
  readonly count: number;
  /** 3·count, metres. */
  readonly positions: Float32Array;
  readonly intensities: Float32Array;
}

/** KITTI's .bin: count × (x, y, z, reflectance), float32 little-endian. Throws FeltmapError 'bad-input'. */
export function parseVelodyneBin(bytes: Uint8Array, path: string): PointFile {
  if (bytes.length % 16 !== 0) {
    throw new FeltmapError(
      'bad-input',
      `${path} has ${bytes.length} bytes, not a multiple of 16 (x, y, z, reflectance as float32); it is cut off or of another layout`,
    );
  }
  const count = bytes.length / 16;
  const positions = new Float32Array(3 * count);
  const intensities = new Float32Array(count);
  const values = floats(bytes);
  for (let i = 0; i < count; i++) {
    positions[3 * i] = values[4 * i]!;
    positions[3 * i + 1] = values[4 * i + 1]!;
    positions[3 * i + 2] = values[4 * i + 2]!;
    intensities[i] = values[4 * i + 3]!;
  }
  return { count, positions, intensities };
}

/** Little-endian float32: a view where the machine and the address allow. */
function floats(bytes: Uint8Array): Float32Array {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}
