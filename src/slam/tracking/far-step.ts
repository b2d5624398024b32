import { compose, inverse, rotationAngle, translationNorm, type Pose } from '../../geometry/se3.js';
import type { Observation } from '../../sensors/observation.js';
import { sensorPose } from '../body-frame.js';
import type { Track } from './tracker.js';

/**
 * A narrow view's step from its prediction (m and rad) beyond which only a certain place counts: at most, and at once and after each second. A
 * camera shaken at 180°/s was 23 mm and 3° from its predictions at 15 Hz.
 */
const FAR_METRES = { most: 0.4, atOnce: 0.1, perSecond: 2.5 } as const;
const FAR_RADIANS = { most: Math.PI / 6, atOnce: Math.PI / 36, perSecond: 1.75 } as const;

/**
 * Whether a sensor with a narrow view was found farther from its prediction than it may have moved between frames: key frames that are 23 cm and
 * 17° apart are tracked without doubt.
 */
export function isFar(
  predicted: Pose,
  track: Track,
  { T_body_sensor }: Observation,
  elapsed: number,
): boolean {
  const away = compose(inverse(sensorPose(predicted, T_body_sensor)), track.pose);
  const beyond = (
    value: number,
    { most, atOnce, perSecond }: typeof FAR_METRES | typeof FAR_RADIANS,
  ): boolean => value > Math.min(most, atOnce + perSecond * Math.max(0, elapsed));
  return beyond(translationNorm(away), FAR_METRES) || beyond(rotationAngle(away), FAR_RADIANS);
}
