import { FeltmapError } from '../geometry/errors.js';
import { type Imu, decodeImu } from '../messages/imu.js';
import { decodePointCloud2 } from '../messages/pointcloud2.js';
import { ROS_TYPES } from '../messages/types.js';
import { scanFromPointCloud2 } from '../sensors/lidar/pointcloud2.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { type ScanRange, type ScanSource, rangeBounds } from './scan-source.js';
import type { BagReader, TopicInfo } from './types.js';

/** How far stamps and log times may drift apart over a recording. */
const CLOCK_SLACK_NS = 10_000_000_000n;

/** The scans of a bag's PointCloud2 topic. Throws FeltmapError 'not-found' or 'ambiguous'. */
export async function bagScanSource(bag: BagReader, path: string, wanted?: string): Promise<ScanSource> {
  const topic = chooseTopic(bag, path, wanted);
  const imuTopics = bag.topics().filter((t) => t.type === ROS_TYPES.imu && t.count !== 0);
  let skipped = 0;
  let firstProblem = '';

  async function* decoded(startNs?: bigint, endNs?: bigint): AsyncGenerator<LidarScan> {
    const bounds = { ...(startNs !== undefined && { startNs }), ...(endNs !== undefined && { endNs }) };
    for await (const message of bag.messages({ topics: [topic.name], ...bounds })) {
      try {
        yield scanFromPointCloud2(decodePointCloud2(message.data, message.encoding));
      } catch (error) {
        if (!(error instanceof FeltmapError)) throw error;
        skipped++;
        firstProblem ||= error.message;
      }
    }
  }

  let first: LidarScan | undefined;
  for await (const scan of decoded()) {
    first = scan;
    break;
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
  const firstNs = first.stampNs;
  const scanCount = topic.count;
  skipped = 0;

  async function* scans(range?: ScanRange): AsyncGenerator<LidarScan> {
    skipped = 0;
    const { startNs, endNs } = rangeBounds(firstNs, range);
    // Log times run along with the stamps, but on another clock: they only bound what is read from the disk.
    const shift = firstLogNs - firstNs;
    for await (const scan of decoded(startNs + shift - CLOCK_SLACK_NS, endNs + shift + CLOCK_SLACK_NS)) {
      if (scan.stampNs >= startNs && scan.stampNs < endNs) yield scan;
    }
  }
  async function* imu(): AsyncGenerator<Imu> {
    for await (const message of bag.messages({ topics: [imuTopics[0]!.name] })) {
      try {
        yield decodeImu(message.data, message.encoding);
      } catch (error) {
        if (!(error instanceof FeltmapError)) throw error;
      }
    }
  }

  const timing = first.timing === 'field' ? 'with point times' : 'without point times';
  return {
    description: `${bag.format} ${path}, topic ${topic.name}${scanCount ? `: ${scanCount} scans` : ''} ${timing}`,
    sensorFrame: first.frameId,
    topic: topic.name,
    ...(scanCount !== undefined && { scanCount }),
    get warnings() {
      if (skipped === 0) return bag.warnings;
      return [
        ...bag.warnings,
        `${topic.name}: ${skipped} message(s) skipped, the first because: ${firstProblem}`,
      ];
    },
    scans,
    ...(imuTopics.length === 1 && { imu }),
    close: () => bag.close(),
  };
}

function chooseTopic(bag: BagReader, path: string, wanted?: string): TopicInfo {
  const clouds = bag.topics().filter((t) => t.type === ROS_TYPES.pointCloud2);
  const list = (topics: readonly TopicInfo[]): string =>
    topics.map((t) => `${t.name}${t.count === undefined ? '' : ` (${t.count})`}`).join(', ');
  if (wanted !== undefined) {
    const found = clouds.find((t) => t.name === wanted);
    if (found) return found;
    const other = bag.topics().find((t) => t.name === wanted);
    throw new FeltmapError(
      'not-found',
      other
        ? `${path}: topic ${wanted} is a ${other.type}, not a PointCloud2; PointCloud2 topics: ${list(clouds) || 'none'}`
        : `${path} has no topic ${wanted}; PointCloud2 topics: ${list(clouds) || 'none'}`,
    );
  }
  const filled = clouds.filter((t) => t.count !== 0);
  if (filled.length === 1) return filled[0]!;
  if (filled.length > 1) {
    throw new FeltmapError(
      'ambiguous',
      `${path} has several PointCloud2 topics: ${list(filled)}; choose one with --topic`,
    );
  }
  const types = [...new Set(bag.topics().map((t) => t.type))].join(', ') || 'none';
  throw new FeltmapError(
    'not-found',
    `${path} has no PointCloud2 messages (types in it: ${types}); record the LiDAR's topic`,
  );
}
