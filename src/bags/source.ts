import { stat } from 'node:fs/promises';
import { type SpinModel, rebuildTimesFromAzimuth } from '../sensors/lidar/azimuth-times.js';
import { ScanGatherer } from '../sensors/lidar/gather.js';
import { PointTimer } from '../sensors/lidar/point-timer.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { isScan, type Measurement } from '../sensors/measurement.js';
import { bagScanSource } from './bag-source.js';
import { findRgbdFolder } from './camera/find-folder.js';
import { rgbdFolderSource } from './camera/rgbd-folder.js';
import { fileError } from './files.js';
import { findScanFiles, openScanFolder } from './folder-source.js';
import { findKittiLayout, openKitti } from './kitti-source.js';
import { openBag } from './reader.js';
import type { ScanRange, ScanSource } from './scan-source.js';

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
  /** How the sensor spins, for clouds without point times that have not been undistorted yet. */
  readonly spin?: SpinModel;
}

/**
 * Opens any recording of LiDAR scans: a bag (MCAP, rosbag2, ROS 1), a KITTI raw or odometry folder, or a folder of
 * .pcd, .ply or .bin scans.
 *
 * KITTI raw's point times are rebuilt from azimuth; the scans of KITTI odometry are compensated already. Other clouds without point times stay without (a warning says so):
 * whether the driver has undistorted them already cannot be told from the points, and a wrong guess is worse than none.
 * Who knows passes `spin`. Where there is a field for times, but it holds none, they come from the order of the points
 * where that tells (sensors/lidar/point-timer.ts).
 *
 * Throws FeltmapError: 'not-found', 'ambiguous' (several PointCloud2 topics and no `topic`), 'unsupported', 'io'.
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
    return withPointTimes(await bagScanSource(bag, path, options), options);
  } catch (error) {
    await bag.close();
    throw error;
  }
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
