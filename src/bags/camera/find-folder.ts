import { findArkitScenes } from './arkit-scenes.js';
import { namesIn } from './image-names.js';
import { asKeyFrames } from './key-frames.js';
import { findPairedFolder } from './paired-folder.js';
import { findPolycam } from './polycam.js';
import type { RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';
import { findScannerApp } from './scanner-app.js';
import { findSevenScenes } from './seven-scenes.js';
import { findStrayScanner } from './stray-scanner.js';
import { findTransforms } from './transforms-folder.js';
import { findTum } from './tum.js';

/**
 * What a folder of colour and depth images holds, whatever its layout; undefined for other folders.
 *
 * @throws FeltmapError for one that is of a known layout, but cannot be read
 */
export async function findRgbdFolder(
  path: string,
  options: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  const names = await namesIn(path);
  for (const find of [
    findTum,
    findSevenScenes,
    findStrayScanner,
    findScannerApp,
    findArkitScenes,
    findPolycam,
    findTransforms,
    findPairedFolder,
  ]) {
    const found = await find(path, names, options);
    if (found) return asKeyFrames(found, path);
  }
  return undefined;
}
