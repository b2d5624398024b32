import type { Field } from '../../field/field.js';
import type { Unknowns } from '../../field/linear-system.js';
import type { Exposure } from '../../field/terms/photometric.js';
import type { Pose } from '../../geometry/se3.js';

/** Between two places that are tried, in fine voxels: colours are told apart over one or two. */
const STEP = 0.75;
/** Most places in each direction. */
const MOST_STEPS = 40;

/** Places on both sides of a pose. */
export interface LinePlaces {
  readonly places: Unknowns[];
  /** Number of the pose itself. */
  readonly middle: number;
  /** From one to the next (m). */
  readonly step: number;
}

/**
 * Places along a line through a pose, at which a frame is compared with the map.
 *
 * @example
 * const { places, middle, step } = placesAlong(field, T_submap_sensor, [1, 0, 0], 0.4, exposure); // 40 cm each way
 * @param pose T_submap_sensor
 * @param direction unit vector, submap axes
 * @param reach farthest place (m)
 * @param expected what becomes of brightness at all of them
 */
export function placesAlong(
  field: Field,
  pose: Pose,
  direction: ArrayLike<number>,
  reach: number,
  expected: Exposure,
): LinePlaces {
  const step = STEP * field.levels[0]!.voxel;
  const middle = Math.min(MOST_STEPS, Math.ceil(reach / step));
  const own = Float64Array.of(expected.gain, expected.bias);
  const still = new Float64Array(6);
  const places = Array.from({ length: 2 * middle + 1 }, (_, k) => {
    const moved = pose.slice();
    for (let i = 0; i < 3; i++) moved[i * 4 + 3]! += (k - middle) * step * direction[i]!;
    return { pose: moved, undistorted: still, correction: still, own };
  });
  return { places, middle, step };
}
