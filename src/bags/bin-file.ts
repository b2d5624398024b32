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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < count; i++) {
    positions[3 * i] = view.getFloat32(16 * i, true);
    positions[3 * i + 1] = view.getFloat32(16 * i + 4, true);
    positions[3 * i + 2] = view.getFloat32(16 * i + 8, true);
    intensities[i] = view.getFloat32(16 * i + 12, true);
  }
  return { count, positions, intensities };
}
