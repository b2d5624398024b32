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
/** The same from the first frame of a map to the second: nothing is known of the velocity, so that all of the motion counts, of a hand that shakes. */
const FIRST_METRES = { most: 0.6, atOnce: 0.1, perSecond: 3 } as const;
const FIRST_RADIANS = { most: (65 * Math.PI) / 180, atOnce: Math.PI / 36, perSecond: 2 * Math.PI } as const;

/** Limits of a step. */
interface Limits {
  readonly most: number;
  readonly atOnce: number;
  readonly perSecond: number;
}

/**
 * Whether a sensor with a narrow view was found farther from its prediction than it may have moved between frames: key frames that are 23 cm and
 * 17° apart are tracked without doubt.
 */
export function isFar(predicted: Pose, track: Track, observation: Observation, elapsed: number): boolean {
  return isBeyond(predicted, track, observation, elapsed, FAR_METRES, FAR_RADIANS);
}

/** Whether it was found farther from where a map began than it may have moved until the second frame: turned by 90°, one corner of a room is like the next. */
export function isFarFromFirst(
  first: Pose,
  track: Track,
  observation: Observation,
  elapsed: number,
): boolean {
  return isBeyond(first, track, observation, elapsed, FIRST_METRES, FIRST_RADIANS);
}

function isBeyond(
  from: Pose,
  track: Track,
  { T_body_sensor }: Observation,
  elapsed: number,
  metres: Limits,
  radians: Limits,
): boolean {
  const away = compose(inverse(sensorPose(from, T_body_sensor)), track.pose);
  const beyond = (value: number, { most, atOnce, perSecond }: Limits): boolean =>
    value > Math.min(most, atOnce + perSecond * Math.max(0, elapsed));
  return beyond(translationNorm(away), metres) || beyond(rotationAngle(away), radians);
}
