import { stat } from 'node:fs/promises';
import { findRgbdFolder } from '../bags/camera/find-folder.js';
import { type RgbdFolder, rgbdFolderSource } from '../bags/camera/rgbd-folder.js';
import { fixedFrameNote } from '../bags/fixed-frames.js';
import { bodyOfCloud } from '../bags/frames.js';
import { staticTransforms } from '../bags/imu-topic.js';
import { openBag } from '../bags/reader.js';
import { openScanSource, type ScanSourceOptions, unitOfOther } from '../bags/source.js';
import type { BagMessage, BagReader } from '../bags/types.js';
import { FeltmapError } from '../geometry/errors.js';
import { readHeader } from '../messages/header.js';
import { decodePointCloud2, type PointCloud2 } from '../messages/pointcloud2.js';
import { decodeTFMessage } from '../messages/poses.js';
import type { TfBuffer } from '../messages/tf-buffer.js';
import { ROS_TYPES } from '../messages/types.js';
import { WireReader } from '../messages/wire.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import {
  BagCameras,
  type CameraReport,
  describeCameras,
  describeImage,
  folderCamera,
} from './info-cameras.js';
import { lookAtDepth } from './info-depth.js';
import { type IntervalSummary, IntervalCollector } from './intervals.js';
import { printable } from './printable.js';

export interface TopicReport extends IntervalSummary {
  readonly name: string;
  readonly type: string;
  /** Frames of the headers; `parent → child` for transforms. */
  readonly frames: readonly string[];
  /** Point clouds: fields with datatype and offset, and points in the first cloud. */
  readonly points?: string;
  /** Point clouds: whose poses a replay writes, and where the sensor is on it. */
  readonly poses?: string;
  /** Images: size and encoding of the first; camera_info: its calibration. */
  readonly image?: string;
}

export interface RecordingInfo {
  readonly path: string;
  readonly format: string;
  readonly startNs: bigint;
  readonly durationS: number;
  readonly messages: number;
  readonly topics: readonly TopicReport[];
  /** Depth cameras. */
  readonly cameras: readonly CameraReport[];
  readonly warnings: readonly string[];
}

/** More frames than this on one topic are not listed. */
const MOST_FRAMES = 8;
/** A topic with more messages that cannot be decoded is only counted. */
const MOST_DAMAGED = 1000;
/** Types that begin with a header, also where the recording holds no definitions. */
const STAMPED: readonly string[] = [
  ROS_TYPES.pointCloud2,
  ROS_TYPES.imu,
  ROS_TYPES.odometry,
  ROS_TYPES.image,
  ROS_TYPES.compressedImage,
  ROS_TYPES.cameraInfo,
];
const TYPE_NAMES = ['?', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'float32', 'float64'];

type FolderOptions = Pick<ScanSourceOptions, 'layout' | 'depthScale'>;

/**
 * Reads a recording through once and reports what it holds. Throws FeltmapError as {@link openBag} does.
 *
 * @param options columns of .bin files and metres of a unit of depth images, where they are given
 */
export async function collectInfo(path: string, options: FolderOptions = {}): Promise<RecordingInfo> {
  const bag = await openBag(path).catch(async (error: unknown) => {
    const isDir = await stat(path).then(
      (s) => s.isDirectory(),
      () => false,
    );
    if (isDir && error instanceof FeltmapError && error.code === 'unsupported') return undefined;
    throw error;
  });
  if (!bag) return folderInfo(path, options);
  if (options.depthScale === undefined) return bagInfo(path, bag);
  await bag.close();
  throw unitOfOther(path);
}

/** What is gathered about one topic while reading. */
class TopicCollector {
  readonly intervals = new IntervalCollector();
  readonly frames = new Set<string>();
  points: string | undefined;
  image: string | undefined;
  #damaged = 0;

  constructor(
    readonly name: string,
    readonly type: string,
    readonly hasHeader: boolean,
  ) {}

  add(message: BagMessage): void {
    this.intervals.add(message.logTimeNs);
    if (this.#damaged > MOST_DAMAGED) return;
    try {
      if (this.type === ROS_TYPES.tf) {
        for (const t of decodeTFMessage(message.data, message.encoding))
          this.#frame(`${t.frameId} → ${t.childFrameId}`);
      } else if (this.hasHeader) {
        this.#frame(readHeader(new WireReader(message.data, message.encoding, this.type)).frameId);
      }
      if (this.type === ROS_TYPES.pointCloud2 && this.points === undefined) {
        this.points = describeCloud(decodePointCloud2(message.data, message.encoding));
      }
      this.image ??= describeImage(message);
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error; // a damaged message still counts
      this.#damaged++;
    }
  }

  #frame(name: string): void {
    if (this.frames.size < MOST_FRAMES) this.frames.add(name);
  }

  report(): TopicReport {
    return {
      name: this.name,
      type: this.type,
      frames: [...this.frames],
      ...(this.points !== undefined && { points: this.points }),
      ...(this.image !== undefined && { image: this.image }),
      ...this.intervals.summary(),
    };
  }
}

async function bagInfo(path: string, bag: BagReader): Promise<RecordingInfo> {
  try {
    const collectors = new Map(
      bag.topics().map((t) => {
        const hasHeader = /^\s*(std_msgs\/(msg\/)?)?Header\s+header/m.test(t.schema.split('\nMSG:')[0]!);
        return [t.name, new TopicCollector(t.name, t.type, hasHeader || STAMPED.includes(t.type))];
      }),
    );
    const seen = await BagCameras.of(bag, path);
    for await (const message of bag.messages()) {
      collectors.get(message.topic)?.add(message);
      seen.add(message);
    }
    const tf = await staticTransforms(bag);
    const topics = [...collectors.values()].map((c) => withBody(c.report(), tf));
    const cameras = await withLook(seen.reports(), path);
    const fixed = topics.flatMap(({ name, frames: [frame], points }) => {
      const note = points === undefined || frame === undefined ? undefined : fixedFrameNote(name, frame);
      return note === undefined ? [] : [note];
    });
    const warnings = [...bag.warnings, ...fixed];
    return { path, format: bag.format, ...totals(topics), topics, cameras, warnings };
  } finally {
    await bag.close();
  }
}

/** Noise and reach of a recording's one depth camera; of several nothing would say whose they are. */
async function withLook(
  cameras: readonly CameraReport[],
  path: string,
  options: FolderOptions = {},
): Promise<readonly CameraReport[]> {
  const [camera, another] = cameras;
  if (!camera || another) return cameras;
  const { note, ...look } = (await lookAtDepth(path, options)) ?? {};
  return [{ ...camera, ...look, notes: note === undefined ? camera.notes : [...camera.notes, note] }];
}

/** A cloud's topic with what a replay of it would take for the body. */
function withBody(report: TopicReport, tf: TfBuffer): TopicReport {
  const frame = report.points === undefined ? undefined : report.frames[0];
  if (frame === undefined) return report;
  const { body, T_body_sensor: T } = bodyOfCloud(tf, frame);
  const at = T && [T[3]!, T[7]!, T[11]!].map((v) => v.toFixed(3)).join(', ');
  return { ...report, poses: at === undefined ? body : `${body}, with '${frame}' at (${at}) m` };
}

async function folderInfo(path: string, options: FolderOptions): Promise<RecordingInfo> {
  const images = await findRgbdFolder(path, options);
  if (images) return imageFolderInfo(path, images, options);
  const source = await openScanSource(path, options);
  try {
    const intervals = new IntervalCollector();
    let points: string | undefined;
    for await (const scan of source.scans()) {
      intervals.add(scan.stampNs);
      points ??= describeScan(scan);
    }
    const report: TopicReport = {
      name: path,
      type: 'scans',
      frames: [source.sensorFrame],
      ...(points !== undefined && { points }),
      ...intervals.summary(),
    };
    return {
      path,
      format: source.description,
      ...totals([report]),
      topics: [report],
      cameras: [],
      warnings: [...source.warnings],
    };
  } finally {
    await source.close();
  }
}

async function imageFolderInfo(
  path: string,
  folder: RgbdFolder,
  options: FolderOptions,
): Promise<RecordingInfo> {
  const intervals = new IntervalCollector();
  for (const { stampNs } of folder.frames) intervals.add(stampNs);
  const { description, sensorFrame } = rgbdFolderSource(path, folder);
  const report: TopicReport = { name: path, type: 'images', frames: [sensorFrame], ...intervals.summary() };
  return {
    path,
    format: description,
    ...totals([report]),
    topics: [report],
    cameras: await withLook([folderCamera(path, folder)], path, options),
    warnings: folder.notes,
  };
}

function totals(topics: readonly TopicReport[]): Pick<RecordingInfo, 'startNs' | 'durationS' | 'messages'> {
  const filled = topics.filter((t) => t.count > 0);
  let [startNs, endNs] = [filled[0]?.startNs ?? 0n, filled[0]?.endNs ?? 0n];
  for (const t of filled) {
    if (t.startNs < startNs) startNs = t.startNs;
    if (t.endNs > endNs) endNs = t.endNs;
  }
  const messages = filled.reduce((sum, t) => sum + t.count, 0);
  return { startNs, durationS: Number(endNs - startNs) / 1e9, messages };
}

function describeCloud(cloud: PointCloud2): string {
  const fields = cloud.fields.map(
    (f) => `${f.name} ${TYPE_NAMES[f.datatype] ?? '?'}${f.count > 1 ? `[${f.count}]` : ''} @${f.offset}`,
  );
  const endian = cloud.bigEndian ? ', big-endian' : '';
  return `${cloud.width}×${cloud.height} points of ${cloud.pointStep} bytes: ${fields.join(', ')}${endian}`;
}

function describeScan(scan: LidarScan): string {
  const fields = ['x y z'];
  if (scan.intensities) fields.push('intensity');
  if (scan.times) fields.push(`time (${scan.timing})`);
  if (scan.rings) fields.push('ring');
  return `${scan.count} points: ${fields.join(', ')}`;
}

/** What comes from the recording itself may hold anything. */
function withPrintableNames(info: RecordingInfo): RecordingInfo {
  const topics = info.topics.map((t) => ({
    ...t,
    name: printable(t.name),
    type: printable(t.type),
    frames: t.frames.map(printable),
    ...(t.points !== undefined && { points: printable(t.points) }),
    ...(t.poses !== undefined && { poses: printable(t.poses) }),
    ...(t.image !== undefined && { image: printable(t.image) }),
  }));
  const { path, format, warnings } = info;
  return {
    ...info,
    path: printable(path),
    format: printable(format),
    topics,
    warnings: warnings.map(printable),
  };
}

/** The report as text for people. */
export function describeInfo(recording: RecordingInfo): string {
  const info = withPrintableNames(recording);
  const start = new Date(Number(info.startNs / 1_000_000n))
    .toISOString()
    .replace('T', ' ')
    .replace('Z', ' UTC');
  const lines = [
    `${info.path}`,
    `format    ${info.format}`,
    `start     ${start}`,
    `duration  ${info.durationS.toFixed(2)} s`,
    `messages  ${info.messages}`,
    '',
  ];
  const nameWidth = Math.max(5, ...info.topics.map((t) => t.name.length));
  const typeWidth = Math.max(4, ...info.topics.map((t) => t.type.length));
  lines.push(
    `${'topic'.padEnd(nameWidth)}  ${'type'.padEnd(typeWidth)}  ${'count'.padStart(7)}  rate (Hz)  frames`,
  );
  for (const t of info.topics) {
    const rate = t.rateHz === undefined ? '-' : t.rateHz.toFixed(1);
    lines.push(
      `${t.name.padEnd(nameWidth)}  ${t.type.padEnd(typeWidth)}  ${String(t.count).padStart(7)}  ` +
        `${rate.padStart(9)}  ${t.frames.join(', ')}`.trimEnd(),
    );
    if (t.points !== undefined) lines.push(`  ${t.points}`);
    if (t.poses !== undefined) lines.push(`  poses of ${t.poses}`);
    if (t.image !== undefined) lines.push(`  ${t.image}`);
    if (t.gapCount > 0) {
      const list = t.gaps.map((g) => `${g.lengthS.toFixed(2)} s at ${g.atS.toFixed(2)} s`);
      const more = t.gapCount > t.gaps.length ? ', …' : '';
      lines.push(`  ${t.gapCount} gap(s) of more than three usual intervals: ${list.join(', ')}${more}`);
    }
  }
  lines.push(...describeCameras(info.cameras).map(printable));
  for (const warning of info.warnings) lines.push(`warning: ${warning}`);
  return lines.join('\n');
}
