import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { GroundTruth } from '../types.js';
import { findRgbdFolder } from './find-folder.js';
import { bodyTruth } from './rgbd-folder.js';

/** Names of files with the true poses of a folder of images. */
const FILES = ['groundtruth.txt', 'traj.txt', 'trajectory.log'];

/**
 * The true poses of the body in a folder of colour and depth images, by the folder or by its file of poses, whose poses
 * are those of the camera. undefined for everything else.
 *
 * @throws FeltmapError for poses that cannot be read
 */
export async function readFolderTruth(source: string): Promise<GroundTruth | undefined> {
  const info = await stat(source).catch(() => undefined);
  const isFile = info?.isFile() === true && FILES.includes(basename(source));
  if (!info?.isDirectory() && !isFile) return undefined;
  const path = isFile ? dirname(source) : source;
  const folder = await findRgbdFolder(path);
  return folder?.poses && bodyTruth(source, folder.poses);
}
