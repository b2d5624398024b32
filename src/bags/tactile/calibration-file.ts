import { decodeCalibration } from '../../calibration/tactile/file.js';
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
