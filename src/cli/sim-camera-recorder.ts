import { imuMessage } from './sim-imu-message.js';
import type { McapBagWriter } from '../bags/mcap-writer.js';
import { compose, inverse } from '../geometry/se3.js';
import { encodeCameraInfo, encodeCompressedImage, encodeImage, type CameraInfo } from '../messages/images.js';
import type { Odometry } from '../messages/poses.js';
import { ROS_TYPES } from '../messages/types.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import type { CameraIntrinsics } from '../sensors/camera/frame.js';
import type { RgbdSimulation } from '../sim/camera/rgbd-simulation.js';
import type { ImuSample } from '../sim/imu.js';
import type { ArmTouches } from './sim-arm.js';
import type { EncodedFrame, ImageCoding } from './sim-frames.js';

const TOPICS = {
  color: '/camera/color/image_raw',
  colorInfo: '/camera/color/camera_info',
  depth: '/camera/depth/image_raw',
  depthInfo: '/camera/depth/camera_info',
  imu: '/imu',
  points: '/points',
  truth: '/ground_truth',
} as const;
const FRAMES = {
  odom: 'odom',
  base: 'base_link',
  camera: 'camera_link',
  lidar: 'lidar',
  color: 'camera_color_optical_frame',
  depth: 'camera_depth_optical_frame',
} as const;

/** A LiDAR on the same carrier. */
export interface LidarOptions {
  readonly beams?: number;
  readonly columns?: number;
  /** Turns per second, default 10. */
  readonly rate?: number;
}

/** Nanoseconds that an image is under way before it is recorded. */
const LATENCY_NS = 12_000_000n;

/**
 * Writes a simulated RGB-D recording into a bag, message by message in order of time.
 *
 * @example
 * const recorder = new CameraRecorder(simulation, writer, coding, { imu: true });
 * await recorder.begin();
 * let done = 0;
 * for await (const frame of encodedFrames(simulation, coding)) await recorder.frame(done++, frame);
 */
export class CameraRecorder {
  private readonly readings: Iterator<ImuSample>;
  private readonly sweeps: Iterator<LidarScan>;
  private reading: IteratorResult<ImuSample>;
  private sweep: IteratorResult<LidarScan>;

  constructor(
    private readonly simulation: RgbdSimulation,
    private readonly writer: McapBagWriter,
    private readonly coding: ImageCoding,
    private readonly others: {
      readonly imu: boolean;
      readonly lidar?: LidarOptions;
      readonly arm?: ArmTouches;
    },
  ) {
    this.readings = others.imu ? simulation.imu() : [][Symbol.iterator]();
    this.sweeps = others.lidar ? simulation.scans(others.lidar) : [][Symbol.iterator]();
    this.reading = this.readings.next();
    this.sweep = this.sweeps.next();
  }

  /** The frames that do not move. */
  async begin(): Promise<void> {
    const { simulation, writer } = this;
    const { mount } = simulation.carrier;
    const part = (childFrameId: string, T_body_part: Float64Array) => ({
      stampNs: simulation.startNs,
      frameId: FRAMES.camera,
      childFrameId,
      transform: compose(inverse(mount), T_body_part),
    });
    const lidar = {
      stampNs: simulation.startNs,
      frameId: FRAMES.base,
      childFrameId: FRAMES.lidar,
      transform: simulation.carrier.lidarMount,
    };
    await writer.writeTransforms(
      [
        { stampNs: simulation.startNs, frameId: FRAMES.base, childFrameId: FRAMES.camera, transform: mount },
        part(FRAMES.depth, simulation.depthMount),
        part(FRAMES.color, simulation.colorMount),
        ...(this.others.lidar ? [lidar] : []),
      ],
      true,
    );
  }

  /** Frame k with its camera infos and truth, and the inertial readings until then. */
  async frame(k: number, frame: EncodedFrame): Promise<void> {
    const { simulation } = this;
    const [depthNs, colorNs] = [simulation.depthStampNs(k), simulation.colorStampNs(k)];
    await this.upTo(depthNs);
    await this.writer.writeOdometry(TOPICS.truth, this.truth(k));
    await this.upTo(depthNs + LATENCY_NS);
    await this.depth(depthNs, frame.depth);
    await this.upTo(colorNs + LATENCY_NS);
    await this.color(colorNs, frame.color);
  }

  /** What the other sensors delivered until then; a sweep is recorded when it is complete. */
  private async upTo(untilNs: bigint): Promise<void> {
    const period = BigInt(Math.round(1e9 / (this.others.lidar?.rate ?? 10)));
    for (
      ;
      !this.sweep.done && this.sweep.value.stampNs + period <= untilNs;
      this.sweep = this.sweeps.next()
    ) {
      const end = this.sweep.value.stampNs + period;
      await this.imu(end);
      await this.writer.writeScan(TOPICS.points, this.sweep.value, undefined, end);
    }
    await this.imu(untilNs);
    await this.others.arm?.writeUntil(untilNs, this.writer);
  }

  private async imu(untilNs: bigint): Promise<void> {
    for (; !this.reading.done && this.reading.value.stampNs <= untilNs; this.reading = this.readings.next()) {
      await this.writer.writeImu(TOPICS.imu, imuMessage(this.reading.value, FRAMES.camera));
    }
  }

  private async depth(stampNs: bigint, data: Uint8Array): Promise<void> {
    const { simulation, writer, coding } = this;
    const { width, height } = simulation.model.depth;
    const header = { stampNs, frameId: FRAMES.depth };
    const at = stampNs + LATENCY_NS;
    if (coding.png > 0) {
      const packed = new Uint8Array(12 + data.length); // compressedDepth's header: zero for 16UC1
      packed.set(data, 12);
      const message = { ...header, format: '16UC1; compressedDepth png', data: packed };
      await writer.writeRaw(
        `${TOPICS.depth}/compressedDepth`,
        ROS_TYPES.compressedImage,
        at,
        encodeCompressedImage(message),
      );
    } else {
      const message = {
        ...header,
        width,
        height,
        encoding: '16UC1',
        bigEndian: false,
        step: 2 * width,
        data,
      };
      await writer.writeRaw(TOPICS.depth, ROS_TYPES.image, at, encodeImage(message));
    }
    const info = cameraInfo(stampNs, FRAMES.depth, simulation.model.depth);
    await writer.writeRaw(TOPICS.depthInfo, ROS_TYPES.cameraInfo, at, encodeCameraInfo(info));
  }

  private async color(stampNs: bigint, data: Uint8Array): Promise<void> {
    const { simulation, writer, coding } = this;
    const { width, height } = simulation.model.color;
    const header = { stampNs, frameId: FRAMES.color };
    const at = stampNs + LATENCY_NS;
    if (coding.jpeg > 0) {
      const message = { ...header, format: 'rgb8; jpeg compressed bgr8', data };
      await writer.writeRaw(
        `${TOPICS.color}/compressed`,
        ROS_TYPES.compressedImage,
        at,
        encodeCompressedImage(message),
      );
    } else {
      const message = { ...header, width, height, encoding: 'rgb8', bigEndian: false, step: 3 * width, data };
      await writer.writeRaw(TOPICS.color, ROS_TYPES.image, at, encodeImage(message));
    }
    const info = cameraInfo(stampNs, FRAMES.color, simulation.model.color);
    await writer.writeRaw(TOPICS.colorInfo, ROS_TYPES.cameraInfo, at, encodeCameraInfo(info));
  }

  private truth(k: number): Odometry {
    const { simulation } = this;
    return {
      stampNs: simulation.depthStampNs(k),
      frameId: FRAMES.odom,
      childFrameId: FRAMES.base,
      pose: simulation.odomPose(k),
      poseCovariance: new Float64Array(36),
      twist: simulation.carrier.twist(simulation.time(k)),
      twistCovariance: new Float64Array(36),
    };
  }
}

/** The CameraInfo of an undistorted camera. */
export function cameraInfo(stampNs: bigint, frameId: string, camera: CameraIntrinsics): CameraInfo {
  const { width, height, fx, fy, cx, cy } = camera;
  return {
    stampNs,
    frameId,
    width,
    height,
    distortionModel: 'plumb_bob',
    d: new Float64Array(5),
    k: Float64Array.of(fx, 0, cx, 0, fy, cy, 0, 0, 1),
    r: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    p: Float64Array.of(fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0),
    binningX: 0,
    binningY: 0,
    roi: { x: 0, y: 0, width: 0, height: 0, rectify: false },
  };
}
