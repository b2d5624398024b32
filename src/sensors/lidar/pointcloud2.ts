import { FeltmapError } from '../../geometry/errors.js';
import { decodePointCloud2, type PointCloud2, type PointField } from '../../messages/pointcloud2.js';
import { isBigEndian } from './byte-order.js';
import { ColumnReader, checkField, checkLayout, findField, findFields } from './point-columns.js';
import { type PointTimes, TIME_FIELDS, relativeTimes } from './point-times.js';
import type { LidarScan, ScanStorage } from './scan.js';

const INTENSITY_FIELDS = ['intensity', 'intensities', 'reflectivity', 'reflectance', 'i'] as const;
const RING_FIELDS = ['ring', 'channel', 'line', 'laser_id', 'ring_id', 'scan_id'] as const;
const UINT32 = 6;
const FLOAT32 = 7;

/**
 * A LidarScan from a PointCloud2 of any field order, numeric type, endianness (even a false one) and padding.
 *
 * Times come from the field that holds them, in seconds relative to the stamp whatever its unit (point-times.ts);
 * without one `timing` is 'none'. Coordinates stay as they are, NaN and Inf included (REP-117), but for points whose
 * time cannot be true: they become NaN.
 * Throws FeltmapError 'bad-input' where x, y or z is missing, or sizes do not agree.
 *
 * @param storage where coordinates, float32 times and rings go if they fit; else the scan has arrays of its own
 */
export function scanFromPointCloud2(cloud: PointCloud2, storage?: ScanStorage): LidarScan {
  const layout = checkLayout(cloud);
  const { count } = layout;
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
  const xyz = [coordinate('x'), coordinate('y'), coordinate('z')] as const;
  const bigEndian = isBigEndian(cloud, layout, xyz);
  const reader = new ColumnReader({ ...cloud, bigEndian }, layout);
  const stored = storage && storage.positions.length >= 3 * count ? storage : undefined;
  const positions = stored?.positions.subarray(0, 3 * count) ?? new Float32Array(3 * count);
  reader.readTriples(xyz, positions);

  const optional = (names: readonly string[]): PointField | undefined => {
    const field = findField(cloud, names);
    if (field) checkField(cloud, field);
    return field;
  };
  const intensity = optional(INTENSITY_FIELDS);
  const ring = optional(RING_FIELDS);
  const { time, times, firstNs, issues } = readTimes(cloud, reader, positions, stored);
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
    ...(bigEndian !== cloud.bigEndian && { falseByteOrder: true }),
    ...(firstNs !== undefined && { firstPointNs: firstNs }),
    ...(time && issues.length > 0 && { timeIssues: { field: time.name, issues } }),
  };
}

/** The times of the first field that holds some; where none does, what is wrong with the first one there is. */
function readTimes(
  cloud: PointCloud2,
  reader: ColumnReader,
  positions: Float32Array,
  stored: ScanStorage | undefined,
): PointTimes & { readonly time?: PointField } {
  let first: (PointTimes & { readonly time: PointField }) | undefined;
  for (const time of findFields(cloud, TIME_FIELDS)) {
    checkField(cloud, time);
    const read = { ...readTimeField(cloud, reader, time, positions, stored), time };
    if (read.times) return read;
    first ??= read;
  }
  return first ?? { issues: [] };
}

function readTimeField(
  cloud: PointCloud2,
  reader: ColumnReader,
  field: PointField,
  positions: Float32Array,
  stored: ScanStorage | undefined,
): PointTimes {
  const { count } = reader.layout;
  const raw =
    field.datatype === FLOAT32
      ? (stored?.times.subarray(0, count) ?? new Float32Array(count))
      : new Float64Array(count);
  reader.read(field, raw);
  const column = {
    isFloat: field.datatype >= FLOAT32,
    wrapsAt: field.datatype === UINT32 ? 2 ** 32 : 0,
  };
  const read = relativeTimes(raw, column, positions, cloud.stampNs);
  const { times } = read;
  if (times && read.issues.some(({ kind }) => kind === 'outliers'))
    for (let i = 0; i < times.length; i++)
      if (times[i] !== times[i]) {
        positions.fill(NaN, 3 * i, 3 * i + 3);
        times[i] = 0;
      }
  return read;
}

/** Points that are read to find the first one's time. */
const TIME_SAMPLES = 1024;

/**
 * Absolute time of the first point of a PointCloud2 (CDR), ns since 1970, from a sample of its points, the first among
 * them; undefined where it carries no such times.
 */
export function firstPointNs(bytes: Uint8Array): bigint | undefined {
  try {
    const cloud = decodePointCloud2(bytes);
    const { count, width, height, pointStep, rowStep } = checkLayout(cloud);
    if (count === 0 || (height > 1 && rowStep !== width * pointStep)) return undefined;
    // Every n-th point, as if the others were padding.
    const step = Math.max(1, Math.floor(count / TIME_SAMPLES));
    const sampled = { height: 1, width: Math.floor(count / step), pointStep: pointStep * step };
    return scanFromPointCloud2({ ...cloud, ...sampled, rowStep: sampled.width * sampled.pointStep })
      .firstPointNs;
  } catch (error) {
    if (error instanceof FeltmapError) return undefined; // told when the cloud itself is read
    throw error;
  }
}
