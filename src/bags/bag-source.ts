import { FeltmapError } from '../geometry/errors.js';
import { decodeLivoxCloud, isLivoxCloud } from '../messages/livox.js';
import { decodePointCloud2 } from '../messages/pointcloud2.js';
import { frameName, type TfBuffer } from '../messages/tf-buffer.js';
import { ROS_TYPES } from '../messages/types.js';
import { steadyNs } from '../sensors/clock-shift.js';
import { scanFromPointCloud2 } from '../sensors/lidar/pointcloud2.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import type { Measurement } from '../sensors/measurement.js';
import { Frames } from './frames.js';
import { openImu, staticTransforms } from './imu-topic.js';
import { openOdometry } from './odometry-topic.js';
import { type ScanRange, type ScanSource, type ScanSourceOptions, rangeBounds } from './scan-source.js';
import { StampedScans } from './stamped-scans.js';
import { isTouchName } from './tactile/topics.js';
import type { BagMessage, BagReader, MessageQuery, TopicInfo } from './types.js';

type Bounds = Pick<MessageQuery, 'startNs' | 'endNs'>;
type Intakes = Map<string, (message: BagMessage) => void>;

/** Topics that are named where one must be chosen. */
const NAMED = 20;
/** What drivers of Velodyne, Hesai, Ouster and RoboSense send before they decode it. */
const PACKETS = /\/(VelodyneScan|PandarScan|UdpFrame|NebulaPackets|PacketMsg|Rslidar(Packet|Scan))$/i;
/** Messages that cannot be read, one after the other, before a topic is given up. */
const HOPELESS = 10_000;

/** How far stamps and log times may drift apart over a recording. */
const CLOCK_SLACK_NS = 10_000_000_000n;

/**
 * The scans of a bag's PointCloud2 topic, and the readings of its IMU and of an external odometry.
 *
 * @throws FeltmapError not-found for a wanted topic that is missing; ambiguous where there are several and none is wanted
 */
export async function bagScanSource(
  bag: BagReader,
  path: string,
  wanted: Pick<ScanSourceOptions, 'topic' | 'imu' | 'odometry' | 'base'> = {},
): Promise<ScanSource> {
  const topic = chooseTopic(bag, path, wanted.topic);
  const imu = await openImu(bag, path, wanted.imu);
  const odometry = await openOdometry(bag, path, wanted.odometry);
  const decode = isLivoxCloud(topic.type) ? decodeLivoxCloud : decodePointCloud2;
  let stamped = new StampedScans(topic.name);
  const { base } = wanted;
  let tf: TfBuffer | undefined;
  const transforms = async (): Promise<TfBuffer> => (tf ??= await staticTransforms(bag));
  let frames = new Frames(topic.name, transforms, { base });
  let skipped = 0;
  let firstProblem = '';
  let readable = false;

  function read({ data, encoding }: BagMessage): LidarScan | undefined {
    try {
      return scanFromPointCloud2(decode(data, encoding));
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      skipped++;
      firstProblem ||= error.message;
      return undefined;
    }
  }

  /** @param others take the messages of other sensors that come before each scan, by topic */
  async function* decoded(bounds: Bounds = {}, others: Intakes = new Map()): AsyncGenerator<LidarScan> {
    const topics = [topic.name, ...others.keys()];
    for await (const message of bag.messages({ topics, ...bounds })) {
      if (message.topic !== topic.name) {
        others.get(message.topic)?.(message);
        continue;
      }
      const scan = read(message);
      if (!scan && skipped >= HOPELESS && !readable) break;
      readable ||= scan !== undefined;
      const mounted = scan && (await frames.mounted(scan));
      if (mounted) yield* stamped.take(mounted, message.logTimeNs);
    }
    yield* stamped.end();
  }

  let first: LidarScan | undefined;
  let firstInterval: number | undefined;
  for await (const scan of decoded()) {
    if (first) firstInterval = Number(steadyNs(scan) - steadyNs(first)) * 1e-9;
    first ??= scan;
    if (firstInterval !== undefined) break;
  }
  let firstLogNs = 0n;
  for await (const message of bag.messages({ topics: [topic.name] })) {
    firstLogNs = message.logTimeNs;
    break;
  }
  if (!first) {
    const why = firstProblem || bag.warnings[0] || 'the topic is empty';
    throw new FeltmapError('bad-input', `${path}: no scan on ${topic.name} can be read: ${why}`);
  }
  const firstNs = steadyNs(first);
  const body = frames.body!;
  const scanCount = topic.count;
  skipped = 0;

  async function* inRange(range?: ScanRange, others?: Intakes): AsyncGenerator<LidarScan> {
    skipped = 0;
    stamped = new StampedScans(topic.name, firstNs === 0n);
    frames = new Frames(topic.name, transforms, { first: first!.frameId, base });
    const { startNs, endNs } = rangeBounds(firstNs, range);
    // Log times run along with the stamps, but on another clock: they only bound what is read from the disk.
    const shift = firstLogNs - firstNs - CLOCK_SLACK_NS;
    // A recording that is read whole is compared with what its index promises.
    const whole = !range?.startS && (range?.durationS ?? Infinity) === Infinity;
    const bounds = whole ? {} : { startNs: startNs + shift, endNs: endNs + shift + 2n * CLOCK_SLACK_NS };
    for await (const scan of decoded(bounds, others))
      if (steadyNs(scan) >= startNs && steadyNs(scan) < endNs) yield scan;
  }
  async function* measurements(range?: ScanRange): AsyncGenerator<Measurement> {
    const readings = imu?.intake();
    const poses = odometry?.intake(body);
    const others: Intakes = new Map();
    if (imu) others.set(imu.topic, (message) => readings!.add(message.data, message.encoding));
    for (const name of odometry?.topics ?? []) others.set(name, (message) => poses!.add(message));
    for await (const scan of inRange(range, others)) {
      for (const intake of [readings, poses]) {
        const batch = intake?.take(body, scan.stampNs, scan.clockShiftNs);
        if (batch) yield batch;
      }
      yield scan;
    }
  }

  const timing = first.timing === 'field' ? 'with point times' : 'without point times';
  return {
    sensor: 'lidar',
    description: `${bag.format} ${path}, topic ${topic.name}${scanCount ? `: ${scanCount} scans` : ''} ${timing}`,
    sensorFrame: first.frameId,
    ...(body !== frameName(first.frameId) && { bodyFrame: body }),
    topic: topic.name,
    locate: (frame) => frames.locate(frame),
    ...(scanCount !== undefined && { scanCount }),
    get warnings() {
      const unreadable = `${topic.name}: ${skipped} message(s) skipped, the first because: ${firstProblem}`;
      const unread = skipped === 0 ? [] : [unreadable];
      return [
        ...bag.warnings,
        ...unread,
        ...stamped.notes,
        ...frames.notes,
        ...(imu?.warnings ?? []),
        ...(odometry?.warnings ?? []),
      ];
    },
    ...(firstInterval !== undefined && { firstInterval }),
    scans: (range) => inRange(range),
    measurements,
    close: () => bag.close(),
  };
}

/** Raw packets of a LiDAR, which its driver makes clouds of. */
export function isPackets({ type }: TopicInfo): boolean {
  return PACKETS.test(type);
}

/** Whether a topic brings point clouds that Feltmap reads. */
export function isCloud(topic: TopicInfo): boolean {
  return topic.type === ROS_TYPES.pointCloud2 || isLivoxCloud(topic.type);
}

function chooseTopic(bag: BagReader, path: string, wanted?: string): TopicInfo {
  const clouds = bag.topics().filter(isCloud);
  const list = (topics: readonly TopicInfo[]): string => {
    const names = topics
      .slice(0, NAMED)
      .map((t) => `${t.name}${t.count === undefined ? '' : ` (${t.count})`}`);
    return `${names.join(', ')}${topics.length > NAMED ? `, and ${topics.length - NAMED} more` : ''}`;
  };
  if (wanted !== undefined) {
    const found = clouds.find((t) => t.name === wanted);
    if (found) return found;
    const other = bag.topics().find((t) => t.name === wanted);
    throw new FeltmapError(
      'not-found',
      other
        ? `${path}: topic ${wanted} is a ${other.type}, no point cloud; point cloud topics: ${list(clouds) || 'none'}`
        : `${path} has no topic ${wanted}; point cloud topics: ${list(clouds) || 'none'}`,
    );
  }
  const all = clouds.filter((t) => t.count !== 0 && !isTouchName(t.name));
  const standard = all.filter((t) => t.type === ROS_TYPES.pointCloud2);
  // Drivers that send both send the same points twice.
  const filled = standard.length > 0 ? standard : all;
  if (filled.length === 1) return filled[0]!;
  if (filled.length > 1) {
    throw new FeltmapError(
      'ambiguous',
      `${path} has several point cloud topics: ${list(filled)}; choose with --topic, several LiDARs of one body with commas between`,
    );
  }
  // One without messages: reading it tells why.
  const empty = clouds.find((t) => !isTouchName(t.name));
  if (empty) return empty;
  const packets = bag.topics().filter(isPackets);
  if (packets.length > 0)
    throw new FeltmapError(
      'not-found',
      `${path} holds the LiDAR's raw packets (${list(packets)}), but no clouds of points; play it through the driver of the LiDAR and record the topic of type sensor_msgs/msg/PointCloud2 that comes out`,
    );
  const types = [...new Set(bag.topics().map((t) => t.type))].join(', ') || 'none';
  throw new FeltmapError(
    'not-found',
    `${path} has no PointCloud2 messages (types in it: ${types}), nor CustomMsg of Livox; record the LiDAR's topic`,
  );
}
