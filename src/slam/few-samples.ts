import type { Observation, ObservationCounts } from '../sensors/observation.js';
import { noPixels, whyUnusable } from '../sensors/camera/depth-quality.js';
import type { LidarRangeSetting } from '../config/touch.js';
import { MIN_SAMPLES } from './estimate.js';

/** Of the points that came, so many must have been dropped for a cause to be told. */
const TELLING = 0.02;
/** Points of which nearly all are out of range are hardly in metres. */
const NEARLY_ALL = 0.9;

/** Of points of LiDARs; what is wrong with pixels: {@link whyUnusable}. */
const CAUSES: readonly (readonly [keyof ObservationCounts, string])[] = [
  ['tooFar', 'lie beyond'],
  ['tooNear', 'are nearer than sensor.minRange'],
  ['invalid', 'have no coordinates (not a number)'],
  ['noReturn', 'are infinite (nothing came back)'],
  ['zero', 'lie at the origin (nothing measured)'],
  ['onVehicle', 'lie on the vehicle'],
];

/**
 * What there is to say of an observation with too few samples for a pose: how many there were, and what became of the rest.
 *
 * @param range the setting that drops far points of LiDARs
 * @returns undefined where there are enough
 */
export function tooFewSamples(
  { kind, surface, counts }: Pick<Observation, 'kind' | 'surface' | 'counts'>,
  range: LidarRangeSetting = 'sensor.maxRange',
): string | undefined {
  const samples = surface.keypoints.length;
  if (samples >= MIN_SAMPLES) return undefined;
  const { input } = counts;
  if (kind === 'rgbd') {
    const why = whyUnusable({ ...noPixels(), ...counts });
    return `Only ${samples} places of ${input} pixels are usable${why === '' ? '' : `: ${why}`}.`;
  }
  const causes = CAUSES.flatMap(([cause, text]) => {
    const n = counts[cause] ?? 0;
    return n > TELLING * input ? `${n} ${text}${cause === 'tooFar' ? ` ${range}` : ''}` : [];
  });
  const hint = (counts.tooFar ?? 0) > NEARLY_ALL * input ? '; are they in metres?' : '.';
  const why = causes.length === 0 ? '' : `: ${causes.join(', ')}`;
  return `Only ${samples} of ${input} points are usable${why}${why === '' ? '.' : hint}`;
}
