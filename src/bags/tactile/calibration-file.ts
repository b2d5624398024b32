import { join } from 'node:path';
import { decodeCalibration } from '../../calibration/tactile/file.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { TouchCalibration } from '../../sensors/tactile/calibration.js';
import { readText } from '../files.js';

/**
 * The calibration of a gel that `feltmap calibrate-touch` wrote.
 *
 * @throws FeltmapError not-found, io; bad-input for a file that is none
 */
export async function readCalibrationFile(path: string): Promise<TouchCalibration> {
  return decodeCalibration(await readText(path), path);
}

/**
 * Pictures that `feltmap calibrate-touch` drew beside a calibration (gel.png of gel.json): no images of a gel.
 *
 * @param names what the folder holds
 */
export async function calibrationPictures(folder: string, names: readonly string[]): Promise<Set<string>> {
  const [all, found] = [new Set(names), new Set<string>()];
  for (const name of names) {
    // --out may have been given without .json.
    const picture = `${name.replace(/\.json$/i, '')}.png`;
    if (!all.has(picture)) continue;
    const isOne = await readCalibrationFile(join(folder, name)).then(
      () => true,
      (error: unknown) => {
        if (error instanceof FeltmapError) return false;
        throw error;
      },
    );
    if (isOne) found.add(picture);
  }
  return found;
}
