import { McapWriter } from '@mcap/core';
import { FeltmapError } from '../geometry/errors.js';
import { type Imu, encodeImu } from '../messages/imu.js';
import { encodePointCloud2 } from '../messages/pointcloud2.js';
import {
  type Odometry,
  type PoseStamped,
  type TransformStamped,
  encodeOdometry,
  encodePoseStamped,
  encodeTFMessage,
} from '../messages/poses.js';
import { ROS_TYPES } from '../messages/types.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { type PointCloud2Options, pointCloud2FromScan } from '../sensors/lidar/to-pointcloud2.js';
import { AtomicFile } from '../export/atomic-file.js';
import { compressZstd, loadCompression } from './compression.js';
import { ros2Schema } from './schemas.js';

export interface McapBagWriterOptions {
  /** Default 'zstd'. */
  readonly compression?: 'zstd' | 'none';
  /** zstd level, 1…22; default 3. */
  readonly level?: number;
  /** Bytes of messages gathered into one chunk; default 4 MiB. */
  readonly chunkSize?: number;
}

const TRANSIENT_LOCAL_QOS =
  '- history: keep_last\n  depth: 1\n  reliability: reliable\n  durability: transient_local\n';

/**
 * Writes an MCAP file with ROS 2 messages (profile ros2, CDR), indexed, with statistics: readable by `ros2 bag`,
 * Foxglove and {@link openBag}. The same calls give the same bytes. The file appears under its name at `close()`.
 * Methods must be awaited one after the other. All throw FeltmapError 'io' where the disk fails.
 *
 * @example
 * const writer = await McapBagWriter.create('drive.mcap');
 * for await (const scan of source.scans()) await writer.writeScan('/points', scan);
 * await writer.close();
 */
export class McapBagWriter {
  readonly #channels = new Map<string, { id: number; type: string; sequence: number }>();

  private constructor(
    readonly file: AtomicFile,
    readonly writer: McapWriter,
  ) {}

  static async create(path: string, options: McapBagWriterOptions = {}): Promise<McapBagWriter> {
    await loadCompression();
    const file = await AtomicFile.create(path);
    const { compression = 'zstd', level = 3, chunkSize = 4 * 1024 * 1024 } = options;
    const writer = new McapWriter({
      writable: file,
      chunkSize,
      ...(compression === 'zstd' && {
        compressChunk: (bytes) => ({ compression: 'zstd', compressedData: compressZstd(bytes, level) }),
      }),
    });
    await writer.start({ profile: 'ros2', library: 'feltmap' });
    return new McapBagWriter(file, writer);
  }

  /**
   * A message that is already CDR.
   * @param schema ros2msg definition; may be left out for the types of {@link ros2Schema}
   */
  async writeRaw(
    topic: string,
    type: string,
    timeNs: bigint,
    data: Uint8Array,
    schema?: string,
  ): Promise<void> {
    const channel = this.#channels.get(topic) ?? (await this.#register(topic, type, schema));
    if (channel.type !== type) {
      throw new FeltmapError(
        'bad-input',
        `topic ${topic} holds ${channel.type} and cannot take a ${type}; use another topic name`,
      );
    }
    const time = timeNs < 0n ? 0n : timeNs; // MCAP stamps are unsigned
    const sequence = channel.sequence++;
    await this.writer.addMessage({ channelId: channel.id, sequence, logTime: time, publishTime: time, data });
  }

  async #register(topic: string, type: string, schema?: string) {
    const text = schema ?? ros2Schema(type);
    if (text === undefined) {
      throw new FeltmapError(
        'unsupported',
        `no definition of ${type} is known, so ${topic} cannot be written`,
      );
    }
    const data = new TextEncoder().encode(text);
    const schemaId = await this.writer.registerSchema({
      name: type,
      encoding: text.includes('\nIDL: ') ? 'ros2idl' : 'ros2msg',
      data,
    });
    const qos = topic === '/tf_static' ? TRANSIENT_LOCAL_QOS : '';
    const metadata = new Map([['offered_qos_profiles', qos]]);
    const id = await this.writer.registerChannel({ schemaId, topic, messageEncoding: 'cdr', metadata });
    const channel = { id, type, sequence: 0 };
    this.#channels.set(topic, channel);
    return channel;
  }

  /** @param timeNs when it was recorded; the stamp unless given */
  async writeScan(
    topic: string,
    scan: LidarScan,
    options?: PointCloud2Options,
    timeNs = scan.stampNs,
  ): Promise<void> {
    const data = encodePointCloud2(pointCloud2FromScan(scan, options));
    await this.writeRaw(topic, ROS_TYPES.pointCloud2, timeNs, data);
  }

  async writeImu(topic: string, imu: Imu): Promise<void> {
    await this.writeRaw(topic, ROS_TYPES.imu, imu.stampNs, encodeImu(imu));
  }

  async writeOdometry(topic: string, odometry: Odometry): Promise<void> {
    await this.writeRaw(topic, ROS_TYPES.odometry, odometry.stampNs, encodeOdometry(odometry));
  }

  async writePose(topic: string, pose: PoseStamped): Promise<void> {
    await this.writeRaw(topic, ROS_TYPES.poseStamped, pose.stampNs, encodePoseStamped(pose));
  }

  /** To /tf, or /tf_static. The log time is the first transform's stamp. */
  async writeTransforms(transforms: readonly TransformStamped[], isStatic = false): Promise<void> {
    const stamp = transforms[0]?.stampNs ?? 0n;
    await this.writeRaw(isStatic ? '/tf_static' : '/tf', ROS_TYPES.tf, stamp, encodeTFMessage(transforms));
  }

  /** Writes the index and gives the file its name. */
  async close(): Promise<void> {
    await this.writer.end();
    await this.file.commit();
  }

  /** Gives up: nothing is left on the disk. */
  async abort(): Promise<void> {
    await this.file.abort();
  }
}
