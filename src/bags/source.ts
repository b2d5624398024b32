import { stat } from 'node:fs/promises';
import { bagScanSource } from './bag-source.js';
import { fileError } from './files.js';
import { findKittiLayout, openKitti } from './kitti-source.js';
import { openBag } from './reader.js';
import type { ScanSource } from './scan-source.js';

export type { ScanRange, ScanSource } from './scan-source.js';

/**
 * Opens any recording of LiDAR scans: a bag (MCAP, rosbag2, ROS 1), a KITTI raw or odometry folder, or a folder of
 * .pcd, .ply or .bin scans.
 * Throws FeltmapError: 'not-found', 'ambiguous' (several PointCloud2 topics and no `topic`), 'unsupported', 'io'.
 */
export async function openScanSource(path: string, options: { topic?: string } = {}): Promise<ScanSource> {
  const info = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  if (info.isDirectory()) {
    const kitti = await findKittiLayout(path);
    if (kitti) return openKitti(path, kitti);
  }
  const bag = await openBag(path);
  try {
    return await bagScanSource(bag, path, options.topic);
  } catch (error) {
    await bag.close();
    throw error;
  }
}
