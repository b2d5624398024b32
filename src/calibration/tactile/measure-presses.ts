import type { KernelPool } from '../../compute/pool.js';
import type { ColorImage } from '../../sensors/camera/frame.js';
import type { TouchCalibration } from '../../sensors/tactile/calibration.js';
import { GelReader } from '../../sensors/tactile/gel-reader.js';
import { fitBall } from './ball-fit.js';
import type { Circle } from './circle.js';
import type { LocatedPress } from './locate-presses.js';

/** How well one press was measured by a calibration that had not seen it; lengths in metres. */
export interface HeldOutPress {
  readonly name: string;
  readonly circle: Circle;
  /** Root mean square of the heights from those of the ball, inside 0.9 of the circle. */
  readonly rms: number;
  /** The same for a gel that stayed flat: what knows nothing is off by that much. */
  readonly flat: number;
  /** Radius of the ball that fits the heights best, relative to the true one, minus 1. */
  readonly radiusError: number;
  /** Depth found minus depth given, before the gain. */
  readonly depthError?: number;
}

/** Measures presses with a calibration; those outside the image are left out. */
export function measurePresses(
  pool: KernelPool,
  calibration: TouchCalibration,
  reference: ColorImage,
  presses: readonly LocatedPress[],
): HeldOutPress[] {
  const { width, height, pitch } = calibration;
  const reader = new GelReader(pool, calibration, '');
  const result: HeldOutPress[] = [];
  for (const { name, image, circle, ballRadius, depth } of presses) {
    reader.setReference(reference);
    const touch = reader.read({ width, height, data: image }, 0n);
    const heights = touch.depth.map((h) => h / pitch);
    const fit = fitBall(heights, width, height, circle, ballRadius);
    const free = fitBall(heights, width, height, circle, ballRadius, true);
    if (!fit) continue;
    result.push({
      name,
      circle,
      rms: fit.rms * pitch,
      flat: flatError(Math.min(circle.radius, 0.98 * ballRadius), ballRadius) * pitch,
      radiusError: free ? free.radius / ballRadius - 1 : NaN,
      ...(depth !== undefined && { depthError: fit.top * pitch - depth }),
    });
  }
  reader.close();
  return result;
}

/** The factor that brings found depths nearest to known ones. */
export function depthGain(
  pool: KernelPool,
  calibration: TouchCalibration,
  reference: ColorImage,
  known: readonly LocatedPress[],
): number {
  let [across, along] = [0, 0];
  const measured = new Map(
    measurePresses(pool, calibration, reference, known).map(({ name, depthError }) => [name, depthError]),
  );
  for (const { name, depth } of known) {
    const error = measured.get(name);
    if (error === undefined || depth === undefined) continue;
    across += depth * (depth + error);
    along += (depth + error) ** 2;
  }
  return along > 0 ? across / along : 1;
}

/** Standard deviation of the heights of a ball inside a circle: what a flat surface is off by at best. Lengths in pixels. */
export function flatError(radius: number, ballRadius: number): number {
  const [a2, R2] = [(0.9 * radius) ** 2, ballRadius ** 2];
  const mean = (2 * (R2 ** 1.5 - (R2 - a2) ** 1.5)) / (3 * a2);
  return Math.sqrt(Math.max(0, R2 - a2 / 2 - mean * mean));
}
