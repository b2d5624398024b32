import { readHeader } from './header.js';
import { type PointCloud2, type PointField, PointType } from './pointcloud2.js';
import { type Encoding, WireReader } from './wire.js';

/** The cloud of Livox's own drivers, under the names of both and of the old ROS 2 one. */
const LIVOX_TYPES = [
  'livox_ros_driver2/msg/CustomMsg',
  'livox_ros_driver/msg/CustomMsg',
  'livox_interfaces/msg/CustomMsg',
] as const;

export function isLivoxCloud(type: string): boolean {
  return (LIVOX_TYPES as readonly string[]).includes(type);
}

/** CustomPoint: uint32 offset_time (ns), float32 x, y, z, uint8 reflectivity, tag, line. */
const POINT_BYTES = 19;
const field = (name: string, offset: number, datatype: number): PointField => ({
  name,
  offset,
  datatype,
  count: 1,
});
const FIELDS: readonly PointField[] = [
  field('offset_time', 0, PointType.UINT32),
  field('x', 4, PointType.FLOAT32),
  field('y', 8, PointType.FLOAT32),
  field('z', 12, PointType.FLOAT32),
  field('reflectivity', 16, PointType.UINT8),
  field('tag', 17, PointType.UINT8),
  field('line', 18, PointType.UINT8),
];

/**
 * Decodes CustomMsg of livox_ros_driver and livox_ros_driver2 as a PointCloud2. Its points lie in the bytes as those of a
 * PointCloud2 do: nothing but the last one's padding is copied.
 *
 * @throws FeltmapError bad-input where bytes are missing
 */
export function decodeLivoxCloud(bytes: Uint8Array, encoding: Encoding = 'cdr'): PointCloud2 {
  const r = new WireReader(bytes, encoding, 'livox CustomMsg');
  const { stampNs, frameId } = readHeader(r);
  const timebase = r.uint64();
  r.uint32(); // point_num: the length of the sequence says the same
  for (let i = 0; i < 4; i++) r.uint8(); // lidar_id, rsvd
  // CDR aligns each point to four bytes, which the last one need not fill.
  const pointStep = encoding === 'cdr' ? 20 : POINT_BYTES;
  const width = r.sequenceLength(POINT_BYTES);
  const size = width * pointStep;
  const whole = Math.max(0, size - (pointStep - POINT_BYTES));
  let data = r.raw(whole);
  if (whole < size) {
    const padded = new Uint8Array(size);
    padded.set(data);
    data = padded;
  }
  return {
    // The offsets count from the timebase, which is the header's stamp where that is set.
    stampNs: stampNs === 0n ? timebase : stampNs,
    frameId,
    height: 1,
    width,
    fields: FIELDS,
    bigEndian: !r.littleEndian,
    pointStep,
    rowStep: size,
    data,
    isDense: true,
  };
}
