import { FeltmapError } from '../../geometry/errors.js';
import type { PointCloud2, PointField } from '../../messages/pointcloud2.js';
import { ColumnReader, checkField, checkLayout, findField } from './point-columns.js';
import { TIME_FIELDS, relativeTimes } from './point-times.js';
import type { LidarScan, ScanStorage } from './scan.js';

const INTENSITY_FIELDS = ['intensity', 'intensities', 'reflectivity', 'reflectance', 'i'] as const;
const RING_FIELDS = ['ring', 'channel', 'line', 'laser_id', 'ring_id', 'scan_id'] as const;
const FLOAT32 = 7;

/**
 * A LidarScan from a PointCloud2 of any field order, numeric type, endianness and padding.
 *
 * Times come from the field that holds them, in seconds relative to the stamp whatever its unit (point-times.ts);
 * without one `timing` is 'none'. Coordinates stay as they are, NaN and Inf included (REP-117).
 * Throws FeltmapError 'bad-input' where x, y or z is missing, or sizes do not agree.
 *
 * @param storage where coordinates, float32 times and rings go if they fit; else the scan has arrays of its own
 */
export function scanFromPointCloud2(cloud: PointCloud2, storage?: ScanStorage): LidarScan {
  const layout = checkLayout(cloud);
  const { count } = layout;
  const reader = new ColumnReader(cloud, layout);
  const coordinate = (axis: 'x' | 'y' | 'z'): PointField => {
    const field = findField(cloud, [axis]);
    if (!field) {
      const names = cloud.fields.map((f) => f.name).join(', ') || 'none';
      throw new FeltmapError(
        'bad-input',
        `PointCloud2 in '${cloud.frameId}' has no field '${axis}' (fields: ${names}); it is not a cloud of 3D points`,
      );
    }
    checkField(cloud, field);
    return field;
  };
  const stored = storage && storage.positions.length >= 3 * count ? storage : undefined;
  const positions = stored?.positions.subarray(0, 3 * count) ?? new Float32Array(3 * count);
  reader.readTriples([coordinate('x'), coordinate('y'), coordinate('z')], positions);

  const optional = (names: readonly string[]): PointField | undefined => {
    const field = findField(cloud, names);
    if (field) checkField(cloud, field);
    return field;
  };
  const time = optional(TIME_FIELDS);
  const intensity = optional(INTENSITY_FIELDS);
  const ring = optional(RING_FIELDS);
  const times = time && readTimes(cloud, reader, time, positions, stored);
  const intensities = intensity && new Float32Array(count);
  if (intensities) reader.read(intensity, intensities);
  const rings = ring && (stored?.rings.subarray(0, count) ?? new Uint16Array(count));
  if (rings) reader.read(ring, rings);

  return {
    stampNs: cloud.stampNs,
    frameId: cloud.frameId,
    count,
    positions,
    ...(times && { times }),
    ...(intensities && { intensities }),
    ...(rings && { rings }),
    ...(layout.height > 1 && { height: layout.height, width: layout.width }),
    timing: times ? 'field' : 'none',
  };
}

function readTimes(
  cloud: PointCloud2,
  reader: ColumnReader,
  field: PointField,
  positions: Float32Array,
  stored: ScanStorage | undefined,
): Float32Array | undefined {
  const { count } = reader.layout;
  const raw =
    field.datatype === FLOAT32
      ? (stored?.times.subarray(0, count) ?? new Float32Array(count))
      : new Float64Array(count);
  reader.read(field, raw);
  return relativeTimes(raw, field.datatype >= FLOAT32, positions, cloud.stampNs);
}
