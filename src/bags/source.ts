import { stat } from 'node:fs/promises';
import { FeltmapError } from '../geometry/errors.js';
import { bagSource } from './bag-sensors.js';
import { findRgbdFolder } from './camera/find-folder.js';
import { type RgbdFolder, rgbdFolderSource } from './camera/rgbd-folder.js';
import { fileError } from './files.js';
import { findScanFiles, openScanFolder } from './folder-source.js';
import { findKittiLayout, openKittiColored } from './kitti-source.js';
import { openBag } from './reader.js';
import { withPointTimes } from './point-times.js';
import type { ScanSource, ScanSourceOptions } from './scan-source.js';

export { bodyOf, type ScanRange, type ScanSource, type ScanSourceOptions } from './scan-source.js';

/**
 * Opens any recording of a LiDAR, a depth camera or tactile sensors: a bag (MCAP, rosbag2, ROS 1), a KITTI raw or odometry folder, a folder
 * of .pcd, .ply or .bin scans, or one of colour and depth images (camera/find-folder.ts).
 *
 * KITTI raw's point times are rebuilt from azimuth; the scans of KITTI odometry are compensated already. Other clouds without point times stay without (a warning says so):
 * whether the driver has undistorted them already cannot be seen from the points, and a wrong guess is worse than none.
 * Who knows passes `spin`. Where there is a field for times, but it holds none, they come from the order of the points
 * where that shows it (sensors/lidar/point-timer.ts).
 *
 * Throws FeltmapError: 'not-found', 'ambiguous' (several topics and none chosen), 'unsupported', 'io'.
 */
export async function openScanSource(path: string, options: ScanSourceOptions = {}): Promise<ScanSource> {
  const info = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  if (info.isDirectory()) {
    const folder = await folderSource(path, options);
    if (folder?.sensor === 'lidar' && options.depthScale !== undefined) throw unitOfOther(path);
    if (folder && options.base !== undefined) throw noTransforms(path, folder, options.base);
    if (folder) return folder;
  }
  const bag = await openBag(path);
  try {
    if (options.depthScale !== undefined) throw unitOfOther(path);
    return await bagSource(bag, path, options);
  } catch (error) {
    await bag.close();
    throw error;
  }
}

/** What is no bag. */
async function folderSource(path: string, options: ScanSourceOptions): Promise<ScanSource | undefined> {
  const kitti = await findKittiLayout(path);
  if (kitti) return openKittiColored(path, kitti, options);
  const images = await findRgbdFolder(path, options);
  if (images) return rgbdFolderSource(path, withColors(images, path, options.color));
  const files = await findScanFiles(path);
  return files.length > 0
    ? withPointTimes(await openScanFolder(path, files, options.layout), options)
    : undefined;
}

/** Without its colour images where that is asked for. @throws FeltmapError bad-config for a topic, which folders have not */
function withColors({ color, ...rest }: RgbdFolder, path: string, wanted?: string): RgbdFolder {
  if (wanted === undefined) return { ...rest, ...(color && { color }) };
  if (wanted !== 'none')
    throw new FeltmapError(
      'bad-config',
      `${path} is a folder of images, which has no topics: leave out --color, or give --color none to use depth alone`,
    );
  const frames = rest.frames.map(({ stampNs, depth }) => ({ stampNs, depth }));
  return { ...rest, frames };
}

/** @param path of what has no depth images in files */
export function unitOfOther(path: string): FeltmapError {
  return new FeltmapError(
    'bad-config',
    `${path} is no folder of depth images (messages of a bag say their unit: 16UC1 mm, 32FC1 m): leave out --depth-scale`,
  );
}

function noTransforms(path: string, { sensorFrame }: ScanSource, base: string): FeltmapError {
  return new FeltmapError(
    'not-found',
    `${path} is a folder, which has no transforms that say where '${base}' is; poses are those of '${sensorFrame}': leave out --base-frame`,
  );
}
