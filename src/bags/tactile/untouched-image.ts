import { FeltmapError } from '../../geometry/errors.js';
import type { TouchCalibration } from '../../sensors/tactile/calibration.js';
import { lookOf } from '../../sensors/tactile/gel-look.js';
import { deviationOf, UNTOUCHED } from '../../sensors/tactile/gel-touched.js';
import { readImage } from './press-folder.js';

/** So many images are looked at. */
const MOST_IMAGES = 40;

/** The image of a gel that looks most as if nothing touched it. */
export interface UntouchedImage {
  readonly path: string;
  /** Nothing seems to touch it. */
  readonly certain: boolean;
}

/**
 * Looks for the image that is nearest to what the gel looked like when it was calibrated, brightness of each colour apart.
 *
 * @param paths in the order in which they were taken
 * @returns the first, not certain, where the calibration does not remember what the gel looked like
 */
export async function findUntouched(
  paths: readonly string[],
  { look, width, height }: TouchCalibration,
): Promise<UntouchedImage> {
  let best = { path: paths[0]!, certain: false };
  if (!look) return best;
  let least = Infinity;
  const step = Math.max(1, paths.length / MOST_IMAGES);
  for (let i = 0; i < Math.min(paths.length, MOST_IMAGES); i++) {
    const path = paths[Math.floor(i * step)]!;
    const image = await readImage(path).catch((error: unknown) => {
      if (error instanceof FeltmapError) return undefined; // told when its turn comes
      throw error;
    });
    if (image?.width !== width || image.height !== height) continue;
    const deviation = deviationOf(lookOf(image.data, width, height), look).largest;
    if (deviation < least) [best, least] = [{ path, certain: deviation < UNTOUCHED }, deviation];
  }
  return best;
}
