import { type PointCloud2, type PointField, PointType } from '../../messages/pointcloud2.js';
import type { LidarScan } from './scan.js';

export interface PointCloud2Options {
  /** Intensities (0…255) and rings in a byte each: 20 instead of 24 bytes a point. */
  readonly compact?: boolean;
}

/**
 * A PointCloud2 (little-endian) with x, y, z and what the scan has of `intensity`, `time` (float32 seconds relative
 * to the stamp, which keeps negative ones) and `ring`. The inverse of {@link scanFromPointCloud2}.
 */
export function pointCloud2FromScan(scan: LidarScan, options: PointCloud2Options = {}): PointCloud2 {
  const { count, positions, intensities, times, rings } = scan;
  const compact = options.compact === true;
  const fields: PointField[] = [];
  let end = 0;
  const add = (name: string, datatype: number, size: number): number => {
    const offset = end;
    fields.push({ name, offset, datatype, count: 1 });
    end += size;
    return offset;
  };
  for (const axis of ['x', 'y', 'z']) add(axis, PointType.FLOAT32, 4);
  // Four-byte fields come first so that they stay aligned.
  const timeAt = times && add('time', PointType.FLOAT32, 4);
  const [byteType, wide] = [PointType.UINT8, !compact];
  const intensityAt = intensities && add('intensity', wide ? PointType.FLOAT32 : byteType, wide ? 4 : 1);
  const ringAt = rings && add('ring', wide ? PointType.UINT16 : byteType, wide ? 2 : 1);
  const pointStep = Math.ceil(end / 4) * 4;

  const data = new Uint8Array(count * pointStep);
  const view = new DataView(data.buffer);
  for (let i = 0; i < count; i++) {
    const at = i * pointStep;
    view.setFloat32(at, positions[3 * i]!, true);
    view.setFloat32(at + 4, positions[3 * i + 1]!, true);
    view.setFloat32(at + 8, positions[3 * i + 2]!, true);
    if (timeAt !== undefined) view.setFloat32(at + timeAt, times![i]!, true);
    if (intensityAt !== undefined) {
      if (wide) view.setFloat32(at + intensityAt, intensities![i]!, true);
      else view.setUint8(at + intensityAt, intensities![i]!);
    }
    if (ringAt !== undefined) {
      if (wide) view.setUint16(at + ringAt, rings![i]!, true);
      else view.setUint8(at + ringAt, rings![i]!);
    }
  }
  const organised =
    scan.height !== undefined && scan.width !== undefined && scan.height * scan.width === count;
  const [height, width] = organised ? [scan.height!, scan.width!] : [1, count];
  return {
    stampNs: scan.stampNs,
    frameId: scan.frameId,
    height,
    width,
    fields,
    bigEndian: false,
    pointStep,
    rowStep: width * pointStep,
    data,
    isDense: positions.every(Number.isFinite),
  };
}
