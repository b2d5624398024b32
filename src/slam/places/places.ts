import { compose, inverse, rotationAngle, translationNorm, type Pose } from '../../geometry/se3.js';

/**
 * Poses along the path, a step apart: where a later run may find itself again.
 *
 * @example
 * const places = new Places(2); // metres between two
 * places.add(T_odom_body);
 * console.log(places.poses.length);
 */
export class Places {
  readonly poses: Pose[];
  readonly #distance: number;

  /**
   * @param distance between places (m)
   * @param poses T_map_sensor of places that are known already
   */
  constructor(distance: number, poses: readonly Pose[] = []) {
    this.#distance = distance;
    this.poses = [...poses];
  }

  /** Keeps a pose if there is no place near it that looks the same way. */
  add(pose: Pose): void {
    const d = this.#distance;
    const known = this.poses.some((place) => {
      const far = (k: number): boolean => Math.abs(place[k]! - pose[k]!) >= d;
      if (far(3) || far(7) || far(11)) return false;
      const motion = compose(inverse(place), pose);
      return translationNorm(motion) < d && rotationAngle(motion) < Math.PI / 4;
    });
    if (!known) this.poses.push(pose);
  }

  clear(): void {
    this.poses.length = 0;
  }
}
