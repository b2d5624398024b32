import { FeltmapError } from '../../geometry/errors.js';
import type { TouchCalibration } from '../../sensors/tactile/calibration.js';
import { LOOK_CELLS, lookOf, type GelLook } from '../../sensors/tactile/gel-look.js';
import { readImage } from './press-folder.js';

/** So many images are looked at. */
const MOST_IMAGES = 40;
/** Cells that a touch changes first: of the largest deviations so many are averaged. */
const CELLS = 8;
/** Grey levels by which they deviate at most where nothing touches: noise, wear, another day. */
const UNTOUCHED = 12;

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
    const deviation = deviationOf(lookOf(image.data, width, height), look);
    if (deviation < least) [best, least] = [{ path, certain: deviation < UNTOUCHED }, deviation];
  }
  return best;
}

/** Mean of the largest deviations of cells, grey levels. */
function deviationOf(look: GelLook, untouched: GelLook): number {
  const cells = LOOK_CELLS * LOOK_CELLS;
  const deviations = new Float32Array(cells);
  for (let c = 0; c < 3; c++) {
    const ratios = Float32Array.from(
      { length: cells },
      (_, i) => (look[3 * i + c]! + 1) / (untouched[3 * i + c]! + 1),
    );
    const gain = ratios.sort()[cells >> 1]!;
    for (let i = 0; i < cells; i++)
      deviations[i] = Math.max(deviations[i]!, Math.abs(look[3 * i + c]! - gain * untouched[3 * i + c]!));
  }
  return (
    deviations
      .sort()
      .slice(-CELLS)
      .reduce((sum, d) => sum + d, 0) / CELLS
  );
}
