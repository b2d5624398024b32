import { stat } from 'node:fs/promises';
import type { SensorSet } from '../config/sensor-sets.js';
import { FeltmapError } from '../geometry/errors.js';
import { frameName } from '../messages/tf-buffer.js';
import { type SpinModel, rebuildTimesFromAzimuth } from '../sensors/lidar/azimuth-times.js';
import { ScanGatherer } from '../sensors/lidar/gather.js';
import { PointTimer } from '../sensors/lidar/point-timer.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { isScan, type Measurement } from '../sensors/measurement.js';
import { bagScanSource, isCloud } from './bag-source.js';
import { findRgbdFolder } from './camera/find-folder.js';
import { rgbdBagSource } from './camera/rgbd-bag.js';
import { rgbdFolderSource } from './camera/rgbd-folder.js';
import { chooseCamera, imageTopics } from './camera/topics.js';
import { fileError } from './files.js';
import { staticTransforms } from './imu-topic.js';
import { jointBody, jointSource, noJointBody } from './joint-source.js';
import { findScanFiles, openScanFolder } from './folder-source.js';
import { findKittiLayout, openKitti } from './kitti-source.js';
import { openBag } from './reader.js';
import type { ScanRange, ScanSource } from './scan-source.js';
import type { BagReader } from './types.js';

export type { ScanRange, ScanSource } from './scan-source.js';

export interface ScanSourceOptions {
  /** PointCloud2 topic of a bag; needed only where there are several. */
  readonly topic?: string;
  /** IMU topic of a bag, or 'none'; the first one unless given. */
  readonly imu?: string;
  /** External odometry of a bag: a nav_msgs/Odometry topic, or tf:FRAME; none unless given. */
  readonly odometry?: string;
  /** Whether to find point times also for scans that are known to be corrected for motion, or that carry none. */
  readonly deskewAlways?: boolean;
  /** Which sensor of a recording that has both; both unless given, where fixed transforms connect them. */
  readonly sensor?: ScanSource['sensor'];
  /** Depth topic of a bag; needed only where there are several cameras. */
  readonly depth?: string;
  /** Colour topic of a bag, or 'none'. */
  readonly color?: string;
  /** How the sensor spins, for clouds without point times that have not been undistorted yet. */
  readonly spin?: SpinModel;
}

/**
 * Opens any recording of a LiDAR or a depth camera: a bag (MCAP, rosbag2, ROS 1), a KITTI raw or odometry folder, a folder
 * of .pcd, .ply or .bin scans, or one of colour and depth images (camera/find-folder.ts).
 *
 * KITTI raw's point times are rebuilt from azimuth; the scans of KITTI odometry are compensated already. Other clouds without point times stay without (a warning says so):
 * whether the driver has undistorted them already cannot be told from the points, and a wrong guess is worse than none.
 * Who knows passes `spin`. Where there is a field for times, but it holds none, they come from the order of the points
 * where that tells (sensors/lidar/point-timer.ts).
 *
 * Throws FeltmapError: 'not-found', 'ambiguous' (several topics and none chosen), 'unsupported', 'io'.
 */
export async function openScanSource(path: string, options: ScanSourceOptions = {}): Promise<ScanSource> {
  const info = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  if (info.isDirectory()) {
    const kitti = await findKittiLayout(path);
    if (kitti) return openKitti(path, kitti, options.deskewAlways);
    const images = await findRgbdFolder(path);
    if (images) return rgbdFolderSource(path, images);
    const files = await findScanFiles(path);
    if (files.length > 0) return withPointTimes(await openScanFolder(path, files), options);
  }
  const bag = await openBag(path);
  try {
    let sensor = await sensorOf(bag, options);
    let note: string | undefined;
    if (sensor === 'either') {
      const both = await bothOf(bag, path, options).catch(reasonOf);
      if (typeof both !== 'string') return both;
      sensor = 'lidar';
      note = `has a depth camera as well, which is not used: ${both}`;
    }
    if (sensor === 'rgbd') return await rgbdBagSource(bag, path, options);
    if (sensor === 'lidar+rgbd') return await bothOf(bag, path, options);
    const source = withPointTimes(await bagScanSource(bag, path, options), options);
    return note === undefined ? source : withNote(source, `${path} ${note}`);
  } catch (error) {
    await bag.close();
    throw error;
  }
}

/** Which sensors of a bag are used; a camera's own clouds are none of a LiDAR. */
async function sensorOf(
  bag: BagReader,
  { sensor, topic, depth, color }: ScanSourceOptions,
): Promise<SensorSet | 'either'> {
  if (sensor !== undefined) return sensor;
  if (depth !== undefined || color !== undefined) return 'rgbd';
  if (topic !== undefined) return 'lidar';
  const images = await imageTopics(bag);
  const depths = images.filter(({ kind }) => kind === 'depth');
  if (depths.length === 0) return 'lidar';
  const clouds = bag.topics().filter((t) => isCloud(t) && t.count !== 0 && !/depth/i.test(t.name));
  return clouds.length === 0 ? 'rgbd' : 'either';
}

/** Why LiDAR and camera cannot be used together. @throws what is no FeltmapError */
function reasonOf(error: unknown): string {
  if (error instanceof FeltmapError) return error.message;
  throw error;
}

/** LiDAR and depth camera of a bag, on one body. */
async function bothOf(bag: BagReader, path: string, options: ScanSourceOptions): Promise<ScanSource> {
  const lidar = withPointTimes(await bagScanSource(bag, path, options), options);
  const depth = chooseCamera(path, await imageTopics(bag), options).depth.frameId;
  const body = jointBody(await staticTransforms(bag), frameName(lidar.sensorFrame), frameName(depth));
  if (!body) throw noJointBody(path, lidar.sensorFrame, depth);
  // Each stream reads on its own.
  const again = await openBag(path);
  try {
    const { depth: topic, color } = options;
    const camera = await rgbdBagSource(again, path, {
      ...(topic !== undefined && { depth: topic }),
      ...(color !== undefined && { color }),
      imu: 'none',
      base: body.frame,
    });
    return jointSource(lidar, camera, body);
  } catch (error) {
    await again.close();
    throw error;
  }
}

/** A source with one more warning. */
function withNote(source: ScanSource, note: string): ScanSource {
  return Object.defineProperty({ ...source }, 'warnings', {
    enumerable: true,
    get: () => [note, ...source.warnings],
  });
}

/** Adds times to scans that have none where that can be done, and says what is wrong with the others. */
function withPointTimes(source: ScanSource, { spin, deskewAlways = false }: ScanSourceOptions): ScanSource {
  let timer = new PointTimer({ always: deskewAlways });
  function timed(scan: LidarScan): LidarScan {
    if (scan.timing !== 'none' || !spin) return timer.complete(scan);
    const times = rebuildTimesFromAzimuth(scan.positions, scan.count, spin);
    return { ...scan, times, timing: 'azimuth' };
  }
  async function* scans(range?: ScanRange): AsyncGenerator<LidarScan> {
    timer = new PointTimer({ always: deskewAlways });
    for await (const scan of source.scans(range)) yield timed(scan);
  }
  async function* measurements(range?: ScanRange): AsyncGenerator<Measurement> {
    timer = new PointTimer({ always: deskewAlways });
    const gatherer = new ScanGatherer(source.firstInterval);
    for await (const one of source.measurements(range)) {
      if (isScan(one)) yield* gatherer.add(timed(one));
      else yield one;
    }
    yield* gatherer.end();
  }
  return {
    ...source,
    get warnings() {
      return [...source.warnings, ...timer.notes];
    },
    scans,
    measurements,
  };
}
